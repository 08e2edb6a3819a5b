use std::fs::File;

use futures_util::StreamExt as _;
use object_store::{GetOptions, ObjectMeta};

use super::address::{Address, Scheme};
use super::bucket::Bucket;
use super::copying::{Copied, Copying, Pin};
use super::failure::Doing;
use super::{Storage, StorageOptions, failure, uploaded, web};
use crate::error::{Error, Result, StopReason};

impl Storage {
    /// Copies what the address names: the object that `wanted` pins, if that is given.
    ///
    /// # Errors
    /// Kind `Usage` if there is no such file; with the reason `SourceChanged` if the one that is wanted is gone or
    /// another stands in its place; else `Stopped`.
    pub fn copy(&self, address: &Address, wanted: Option<&Pin>) -> Result<Copied> {
        let (options, address, wanted) = (self.options.clone(), address.clone(), wanted.cloned());
        let file = self.temporary()?;
        self.wait(async move {
            let copied = match address.scheme {
                Scheme::Web => web::copy(&options, &address, file).await?,
                _ => copy(&options, &address, wanted.as_ref(), file).await?,
            };
            match wanted {
                Some(wanted) if !wanted.digest.is_empty() && wanted.digest != copied.pin.digest => Err(gone(&address)),
                _ => Ok(copied),
            }
        })
    }

    /// Whether what was copied still stands there. Nothing is known where that can't be asked.
    pub fn still_stands(&self, address: &Address, pin: &Pin) -> bool {
        if address.scheme == Scheme::Web {
            return true;
        }
        match self.standing(address) {
            Ok(Some(standing)) => standing.etag == pin.etag,
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

async fn copy(options: &StorageOptions, address: &Address, wanted: Option<&Pin>, file: File) -> Result<Copied> {
    let Bucket { store, key, client } = Storage::bucket(options, address, None).await?;
    let version = wanted.and_then(|pin| pin.version.clone());
    let if_match = wanted.and_then(|pin| pin.etag.clone());
    let failed = |error: object_store::Error| match error {
        object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. } if wanted.is_some() => {
            gone(address)
        }
        error => failure::words(address, Doing::Read, &error, &client),
    };
    let found =
        store.get_opts(&key, GetOptions { version, if_match, ..GetOptions::default() }).await.map_err(failed)?;
    let meta = found.meta.clone();
    let mut copying = Copying::new(options, file);
    let mut chunks = found.into_stream();
    // A connection that breaks is taken up again by the library, with what is left of the same object.
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => copying.add(&chunk)?,
            Err(_) if is_another(options, address, &meta).await => {
                return Err(if wanted.is_some() { gone(address) } else { failure::changed(address, Doing::Read) });
            }
            Err(error) => return Err(failed(error)),
        }
    }
    if copying.bytes != meta.size {
        return Err(Error::stopped(format!("{address} ended after {} of {} bytes", copying.bytes, meta.size))
            .at_path(address.path())
            .hint("give the command again"));
    }
    copying.finish(meta.version, meta.e_tag)
}

/// Whether something else stands there than what was being read.
async fn is_another(options: &StorageOptions, address: &Address, was: &ObjectMeta) -> bool {
    was.version.is_none()
        && uploaded::stored(options, address).await.is_ok_and(|now| now.and_then(|now| now.etag) != was.e_tag)
}

fn gone(address: &Address) -> Error {
    Error::usage(format!("{address} is no longer what the run began with: it was replaced, changed or removed"))
        .because(StopReason::SourceChanged)
        .at_path(address.path())
        .hint("give the command again for the file as it is now: nobody whom the service has already is made twice")
}
