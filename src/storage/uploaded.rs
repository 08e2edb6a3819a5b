use std::fs::File;
use std::io::{Read as _, Seek as _};

use object_store::{
    Attribute, Attributes, GetOptions, MultipartUpload, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    UpdateVersion,
};
use reqwest::header::{HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

use super::address::Address;
use super::bucket::Bucket;
use super::failure::Doing;
use super::{Storage, StorageOptions, failure, no_room};
use crate::error::{Error, Result};

/// Bytes of a part: ten thousand of them may be in one object, and two are in memory.
const PART: usize = 8 << 20;
/// What an object that we wrote says of itself. Whoever else writes the object leaves it out.
const MARK: &str = "rolo-written";

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    pub bytes: u64,
    pub etag: Option<String>,
    /// We wrote it, there, and nobody has put anything else in its place.
    pub is_ours: bool,
}

/// What must stand there for something to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Nothing,
    /// The object with this tag.
    Same(String),
    Anything,
}

impl Storage {
    /// What stands at the address, if anything does.
    ///
    /// # Errors
    /// Kind `Usage` if the address is none, or can't be written; `Stopped` if the storage doesn't say.
    pub fn standing(&self, address: &Address) -> Result<Option<StoredObject>> {
        let (options, address) = (self.options.clone(), address.clone());
        self.wait(async move { stored(&options, &address).await })
    }

    /// Puts a whole file there, if what stands there is what is wanted.
    ///
    /// # Errors
    /// Kind `Stopped` if something else stands there, or the storage takes nothing.
    pub fn put(&self, address: &Address, file: File, wanted: Expected) -> Result<()> {
        refuse_read_only(address)?;
        let (options, address) = (self.options.clone(), address.clone());
        self.wait(async move { put(&options, &address, file, &wanted).await })
    }
}

/// # Errors
/// Kind `Usage`, for an address that is only read.
pub fn refuse_read_only(address: &Address) -> Result<()> {
    if !address.is_read_only() {
        return Ok(());
    }
    Err(Error::usage(format!("nothing can be written to an address on the web: {address}"))
        .at_path(address.path())
        .hint("name a file, or a place in s3://, gs:// or az://"))
}

/// What stands there.
pub(super) async fn stored(options: &StorageOptions, address: &Address) -> Result<Option<StoredObject>> {
    refuse_read_only(address)?;
    let Bucket { store, key, client } = Storage::bucket(options, address, None).await?;
    let found = match store.get_opts(&key, GetOptions { head: true, ..GetOptions::default() }).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failure::words(address, Doing::Read, &error, &client)),
    };
    let mark = found.attributes.get(&Attribute::Metadata(MARK.into())).map(|value| value.as_ref().to_owned());
    let is_ours = mark.is_some_and(|mark| mark == self::mark(address, found.meta.size));
    Ok(Some(StoredObject { bytes: found.meta.size, etag: found.meta.e_tag, is_ours }))
}

/// A copy to another address, and another content, have another.
fn mark(address: &Address, bytes: u64) -> String {
    format!("{}-{bytes}", &blake3::hash(address.to_string().as_bytes()).to_hex()[..32])
}

fn attributes(address: &Address, bytes: u64) -> Attributes {
    Attributes::from_iter([(Attribute::Metadata(MARK.into()), mark(address, bytes))])
}

async fn put(options: &StorageOptions, address: &Address, mut file: File, wanted: &Expected) -> Result<()> {
    let unread = |cause: std::io::Error| no_room(options.folder.as_deref().unwrap_or(address.path()), cause);
    let bytes = file.metadata().map_err(unread)?.len();
    file.rewind().map_err(unread)?;
    let condition = condition(wanted);
    let bucket = Storage::bucket(options, address, condition).await?;
    if bytes <= PART as u64 {
        let mut whole = Vec::new();
        file.read_to_end(&mut whole).map_err(unread)?;
        return put_whole(&bucket, address, whole, wanted).await;
    }
    let failed = |error: &object_store::Error| failure::words(address, Doing::Write, error, &bucket.client);
    let begun = PutMultipartOptions { attributes: attributes(address, bytes), ..PutMultipartOptions::default() };
    let mut upload = bucket.store.put_multipart_opts(&bucket.key, begun).await.map_err(|error| failed(&error))?;
    let sent = match put_parts(upload.as_mut(), &mut file).await {
        Ok(()) => still_wanted(options, address, wanted).await,
        Err(Unsent::File(cause)) => Err(unread(cause)),
        Err(Unsent::Store(error)) => Err(failed(&error)),
    };
    let completed = match sent {
        Ok(()) => upload.complete().await.map(drop).map_err(|error| failed(&error)),
        Err(error) => Err(error),
    };
    if completed.is_err() {
        // What was uploaded is nobody's object, and would only cost; the storage's own rules remove it otherwise.
        drop(upload.abort().await);
    }
    completed
}

enum Unsent {
    File(std::io::Error),
    Store(object_store::Error),
}

async fn put_parts(upload: &mut dyn MultipartUpload, file: &mut File) -> std::result::Result<(), Unsent> {
    loop {
        let mut part = Vec::with_capacity(PART);
        file.by_ref().take(PART as u64).read_to_end(&mut part).map_err(Unsent::File)?;
        if part.is_empty() {
            return Ok(());
        }
        upload.put_part(PutPayload::from(part)).await.map_err(Unsent::Store)?;
    }
}

async fn put_whole(bucket: &Bucket, address: &Address, whole: Vec<u8>, wanted: &Expected) -> Result<()> {
    let mode = match wanted {
        Expected::Nothing => PutMode::Create,
        Expected::Same(etag) => PutMode::Update(UpdateVersion { e_tag: Some(etag.clone()), version: None }),
        Expected::Anything => PutMode::Overwrite,
    };
    let attributes = attributes(address, whole.len() as u64);
    let options = PutOptions { mode, attributes, ..PutOptions::default() };
    let put = bucket.store.put_opts(&bucket.key, PutPayload::from(whole), options).await;
    put.map(drop).map_err(|error| failure::words(address, Doing::Write, &error, &bucket.client))
}

/// Not every storage heeds the condition of an upload in parts: shortly before its end it is looked as well.
async fn still_wanted(options: &StorageOptions, address: &Address, wanted: &Expected) -> Result<()> {
    let there = match wanted {
        Expected::Anything => return Ok(()),
        Expected::Nothing | Expected::Same(_) => stored(options, address).await?,
    };
    let is_wanted = match (wanted, there) {
        (Expected::Nothing, None) => true,
        (Expected::Same(etag), Some(there)) => there.etag.as_ref() == Some(etag),
        _ => false,
    };
    if is_wanted { Ok(()) } else { Err(failure::changed(address, Doing::Write)) }
}

fn condition(wanted: &Expected) -> Option<(HeaderName, HeaderValue)> {
    match wanted {
        Expected::Nothing => Some((IF_NONE_MATCH, HeaderValue::from_static("*"))),
        Expected::Same(etag) => HeaderValue::from_str(etag).ok().map(|etag| (IF_MATCH, etag)),
        Expected::Anything => None,
    }
}
