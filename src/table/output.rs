//! A file that is there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::temporary;
use super::written::{Place, WrittenFiles};
use crate::error::{Error, Result};
use crate::storage::{self, Address, Expected};

/// A file being written beside its place: readable by its owner alone, synced, then renamed into
/// place. Left unfinished it vanishes, and what stood in its place stays.
///
/// What is there already and is no plain file, such as a pipe or a device, is written to as it is:
/// renaming would replace it. What goes to an address is made in a file without a name, and uploaded when it is whole.
pub struct Output {
    /// As the user named it, for messages.
    path: PathBuf,
    destination: Destination,
}

enum Destination {
    Beside {
        file: NamedTempFile,
        folder: PathBuf,
        target: PathBuf,
        /// Of what is written, for the record of what was.
        digest: Option<Box<(WrittenFiles, blake3::Hasher)>>,
    },
    Itself(File),
    Stored {
        file: File,
        address: Address,
        wanted: Expected,
        /// Where what belongs to the file may be made as well.
        folder: PathBuf,
    },
}

impl Output {
    pub fn create(place: &Place) -> Result<Self> {
        let path = place.path.as_path();
        if let Some(address) = Address::of(path) {
            storage::refuse_read_only(&address)?;
            let storage = storage::storage();
            let (file, folder) = (storage.temporary()?, storage.folder().unwrap_or(Path::new(".")).to_owned());
            let destination = Destination::Stored { file, address, wanted: place.wanted().clone(), folder };
            return Ok(Self { path: path.to_owned(), destination });
        }
        let there = std::fs::metadata(path).ok();
        if there.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(Error::usage(format!("can't write {}: it is a folder", path.display()))
                .at_path(path)
                .hint("name a file in it, such as results.csv"));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = OpenOptions::new().write(true).open(path).map_err(|cause| unwritable(path, cause))?;
            return Ok(Self { path: path.to_owned(), destination: Destination::Itself(file) });
        }
        // Behind a link, the file it leads to is replaced and the link stays.
        let target = if there.is_some() { path.canonicalize() } else { Ok(path.to_owned()) };
        let target = target.map_err(|cause| unwritable(path, cause))?;
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            return Err(Error::usage(format!("can't write {}: its folder does not exist", path.display()))
                .at_path(path)
                .hint("create the folder, or name a file elsewhere"));
        }
        // What a killed run left here goes first: it may hold people.
        temporary::sweep(&folder);
        let file = temporary::create_in(&folder).map_err(|cause| unwritable(path, cause))?;
        let digest = place.written().map(|written| Box::new((written.clone(), blake3::Hasher::new())));
        Ok(Self { path: path.to_owned(), destination: Destination::Beside { file, folder, target, digest } })
    }

    /// The folder the file is written in; none for a pipe or a device.
    pub fn folder(&self) -> Option<&Path> {
        match &self.destination {
            Destination::Beside { folder, .. } | Destination::Stored { folder, .. } => Some(folder),
            Destination::Itself(_) => None,
        }
    }

    /// Syncs the file, puts it in its place and syncs the folder, so that a power cut leaves
    /// either what was there or the whole file. What is for an address is uploaded.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        let (file, folder, target, digest) = match self.destination {
            Destination::Beside { file, folder, target, digest } => (file, folder, target, digest),
            Destination::Itself(_) => return Ok(()),
            Destination::Stored { file, address, wanted, .. } => {
                crash_point!("before_file");
                storage::storage().put(&address, file, wanted)?;
                crash_point!("after_file");
                return Ok(());
            }
        };
        file.as_file().sync_all().map_err(|cause| unwritable(&path, cause))?;
        if let Some((written, digest)) = digest.map(|digest| *digest) {
            written.about_to_write(&target, &digest.finalize());
        }
        crash_point!("before_file");
        file.persist(&target).map_err(|failed| unwritable(&path, failed.error))?;
        crash_point!("after_file");
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|cause| unwritable(&path, cause))
    }

    fn file(&mut self) -> &mut File {
        match &mut self.destination {
            Destination::Beside { file, .. } => file.as_file_mut(),
            Destination::Itself(file) | Destination::Stored { file, .. } => file,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file().write(bytes)?;
        if let Destination::Beside { digest: Some(digest), .. } = &mut self.destination {
            digest.1.update(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// The disk refused: full, read-only, gone.
pub fn unwritable(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let cause = cause.into();
    let cure = match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => "free some space",
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => "choose a folder that can be written to",
        _ => "free some space or choose another folder",
    };
    Error::stopped(format!("can't write {}: {cause}", path.display()))
        .at_path(path)
        .hint(format!("{cure}, then give the command again"))
        .caused_by(cause)
}
