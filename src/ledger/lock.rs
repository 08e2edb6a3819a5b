//! Proof that a process of this machine lives: a lock on a file, which the system frees when its holder
//! ends, however it ends. It is proof of death alone: a process that was stopped keeps its lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::platform;

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock at this path, which nobody else can want. `words` are for a person who looks.
    pub(super) fn hold(path: &Path, words: &str) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            platform::make_private_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = platform::private_file(&mut options).open(path)?;
        file.try_lock()?;
        writeln!(file, "{words}")?;
        file.flush()?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Whether somebody who lives holds the lock at this path. What can't be found out counts as held.
    pub(super) fn is_held(path: &Path) -> bool {
        match File::open(path) {
            // Closing the file would unlock it, but for a process that is just being started and has it open still.
            Ok(file) => file.try_lock().map(|()| drop(file.unlock())).is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Takes away what a dead holder left.
    pub(super) fn clear(path: &Path) {
        // It is of no use to anybody, and in nobody's way.
        let _ = fs::remove_file(path);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held, so nobody else can be holding what is removed.
        if platform::REMOVES_OPEN_FILES {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}
