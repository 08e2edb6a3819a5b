//! Files that are being written, and what is left of them when a run is killed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// How the name of a file that is being written begins.
const PREFIX: &str = ".rolo-";
/// Characters behind it.
const RANDOM: usize = 6;

/// A new file in `folder`, readable by its owner alone, which goes when it is dropped. It is locked as
/// long as somebody writes it, so that [`sweep`] knows one that is left from one that is under way.
pub fn create_in(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM).tempfile_in(folder)?;
        match file.as_file().try_lock() {
            // Somebody who sweeps had it first, and has removed it.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !file.path().exists() => {}
            // Where nothing can be locked, nothing is swept.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Removes what killed runs left in `folder`.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_one = name.to_str().is_some_and(|name| name.len() == PREFIX.len() + RANDOM && name.starts_with(PREFIX));
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_one
            && is_file
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            drop(fs::remove_file(entry.path()));
        }
    }
}
