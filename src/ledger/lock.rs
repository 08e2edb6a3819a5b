//! One holder at a time of a named piece of work, across processes: an import must not run twice at
//! once. The system frees the lock when its holder ends, however it ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::clock;
use crate::error::{Error, Result};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Takes the lock `name` in the state folder. `command` is for the one who comes second: what holds
/// it, in words and without a secret.
///
/// # Errors
///
/// Of kind `Usage` if it is held: the message says by which process and since when, and nothing has
/// been sent. Of kind `Stopped` if the file can't be made.
pub fn acquire(state_dir: &Path, name: &str, command: &str) -> Result<Lock> {
    let folder = state_dir.join("locks");
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let path = folder.join(format!("{}.lock", name.chars().map(plain).collect::<String>()));
    let told = |error: io::Error| {
        Error::stopped(format!("the lock file can't be made: {}", path.display()))
            .hint("check that the state folder exists and is yours, or name another with --state-dir")
            .caused_by(error)
    };
    make_private_folder(&folder).map_err(told)?;
    loop {
        let mut file = open_private(&path).map_err(told)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path) => {
                sign(&mut file, command).map_err(told)?;
                return Ok(Lock { file, path });
            }
            // The holder before removed the file between our opening and locking it.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only words for a person; a lock may be unreadable on some systems.
                let _ = file.read_to_string(&mut holder);
                return Err(held(holder.trim()));
            }
            Err(TryLockError::Error(error)) => return Err(told(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is held, so nobody else can be holding what is removed.
        #[cfg(unix)]
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

fn held(holder: &str) -> Error {
    let by = if holder.is_empty() { "another process" } else { holder };
    Error::usage(format!("this is already being done by {by}"))
        .hint("wait until it has ended, or stop it; then give the command again")
}

fn sign(file: &mut File, command: &str) -> io::Result<()> {
    let seconds = i64::try_from(clock::unix_now().as_secs()).unwrap_or_default();
    let since = jiff::Timestamp::from_second(seconds).map(|at| at.strftime("%F %T UTC").to_string());
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} since {}: {command}", std::process::id(), since.unwrap_or_default())?;
    file.flush()
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
