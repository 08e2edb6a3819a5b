//! Files that lie on no disk of this machine: `s3://`, `gs://`, `az://`, and `https://` to be read.
//!
//! [`Address::of`] is the one place at which it is decided where a file lies. What is read is copied first, as one
//! consistent version of the object, into a private file of the state folder that has no name there and goes with the
//! process: so each byte crosses the network once, a workbook can be read from any end, and who puts another object in
//! its place during a night changes nothing. What is written is made whole beside and uploaded then, on the condition
//! that what stands at its place is still what was found there when the run began.
//!
//! Credentials come from where each vendor's own programs look for them, handed in as [`StorageOptions`]; they are in
//! no address, no message and no log.

mod address;
mod bucket;
mod client;
mod copied;
mod copying;
mod failure;
mod matching;
mod profile;
mod uploaded;
mod web;

pub use address::{Address, Scheme, absolute};
pub use copying::{Copied, Pin};
pub use matching::{MatchedFile, is_pattern, matching};
pub use uploaded::{Expected, StoredObject, refuse_read_only};

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, mpsc};

use tokio::runtime::{Builder, Handle};

use crate::error::{Error, Result};
use crate::platform;
use crate::transport::Proxies;

/// What storage is reached with.
#[derive(Clone, Default)]
pub struct StorageOptions {
    /// Variables of the environment by which the vendors' own programs are told who they are, and `HOME`.
    pub variables: BTreeMap<String, String>,
    pub proxies: Proxies,
    /// Certificates (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Folder for what is copied or made, on the disk that has room for it.
    pub folder: Option<PathBuf>,
}

/// Reads and writes what addresses name. It is waited for as a disk is: by whichever thread asks.
#[derive(Debug, Default)]
pub struct Storage {
    options: StorageOptions,
    /// Of the thread on which the network is waited for.
    runtime: OnceLock<Handle>,
}

/// That of this process: like its environment, all of it shares one.
static STORAGE: RwLock<Option<Arc<Storage>>> = RwLock::new(None);

/// From now on storage is reached with these.
pub fn set_up(options: StorageOptions) {
    *STORAGE.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Storage::new(options)));
}

/// The storage of this process; without credentials before [`set_up`].
pub fn storage() -> Arc<Storage> {
    STORAGE.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

/// A small file that is read whole, wherever it lies: a mapping, edits.
///
/// # Errors
/// What the disk says; an address that can't be read has its words inside.
pub fn read(path: &Path, at_most: u64) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = match Address::of(path) {
        None => File::open(path)?,
        Some(address) => storage().copy(&address, None).map_err(std::io::Error::other)?.file,
    };
    let mut bytes = Vec::new();
    file.take(at_most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > at_most { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Whether there is a file of this name, wherever it would lie. What can't be asked for is not there.
pub fn is_there(path: &Path) -> bool {
    match Address::of(path) {
        None => path.is_file(),
        Some(address) if address.is_read_only() => false,
        Some(address) => storage().standing(&address).is_ok_and(|standing| standing.is_some()),
    }
}

/// Of the variables only the names: their values are secrets.
impl std::fmt::Debug for StorageOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StorageOptions").field("variables", &self.variables.keys()).finish_non_exhaustive()
    }
}

impl Storage {
    pub fn new(options: StorageOptions) -> Self {
        Self { options, runtime: OnceLock::new() }
    }

    /// A file of the state folder that nobody else can open and that goes with the last handle on it.
    ///
    /// # Errors
    /// Kind `Stopped` if the disk refuses.
    pub fn temporary(&self) -> Result<File> {
        let Some(folder) = &self.options.folder else {
            return Err(Error::usage("there is no folder to keep a copy in").hint("name one with --state-dir"));
        };
        let failed = |cause: std::io::Error| no_room(folder, cause);
        platform::make_private_folder(folder).map_err(failed)?;
        tempfile::tempfile_in(folder).map_err(failed)
    }

    /// The folder that temporary files are made in.
    pub fn folder(&self) -> Option<&Path> {
        self.options.folder.as_deref()
    }

    /// Does what waits for the network on a thread of its own, and blocks until it is done: whoever asks may be a
    /// plain thread, or one that drives other asynchronous work and then must not drive this.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let (done, came) = mpsc::channel();
        self.handle()?.spawn(async move { drop(done.send(work.await)) });
        came.recv().unwrap_or_else(|_| Err(Error::bug("reading from storage ended without a word")))
    }

    fn handle(&self) -> Result<Handle> {
        if let Some(handle) = self.runtime.get() {
            return Ok(handle.clone());
        }
        let failed =
            |cause: std::io::Error| Error::stopped("a thread for storage could not be started").caused_by(cause);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let drive = move || runtime.block_on(std::future::pending::<()>());
        std::thread::Builder::new().name("storage".into()).spawn(drive).map_err(failed)?;
        Ok(self.runtime.get_or_init(|| handle).clone())
    }
}

fn no_room(folder: &Path, cause: std::io::Error) -> Error {
    Error::stopped(format!("a copy can't be kept in {}: {cause}", folder.display()))
        .at_path(folder)
        .hint("make room on the disk, or name another folder with --state-dir")
        .caused_by(cause)
}
