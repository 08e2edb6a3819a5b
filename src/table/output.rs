//! A file that is there whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file being written beside its place: readable by its owner alone, synced, then renamed into
/// place. Left unfinished it vanishes, and what stood in its place stays.
pub struct Output {
    file: NamedTempFile,
    folder: PathBuf,
    path: PathBuf,
}

impl Output {
    pub fn create(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Err(Error::usage(format!("can't write {}: it is a folder", path.display()))
                .hint("name a file in it, such as results.csv"));
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if !folder.is_dir() {
            return Err(Error::usage(format!("can't write {}: its folder does not exist", path.display()))
                .hint("create the folder, or name a file elsewhere"));
        }
        let file =
            tempfile::Builder::new().prefix(".rolo-").tempfile_in(&folder).map_err(|cause| unwritable(path, cause))?;
        Ok(Self { file, folder, path: path.to_owned() })
    }

    /// The folder the file is written in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Syncs the file, puts it in its place and syncs the folder, so that a power cut leaves
    /// either what was there or the whole file.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        self.file.as_file().sync_all().map_err(|cause| unwritable(&path, cause))?;
        crash_point!("before_file");
        self.file.persist(&path).map_err(|failed| unwritable(&path, failed.error))?;
        crash_point!("after_file");
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(|cause| unwritable(&path, cause))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// The disk refused: full, read-only, gone.
pub fn unwritable(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let cause = cause.into();
    Error::stopped(format!("can't write {}: {cause}", path.display()))
        .hint("free some space or choose another folder, then give the command again")
        .caused_by(cause)
}
