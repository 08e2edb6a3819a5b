//! Any system, by the standard library alone. What it can't do is said in the room's documentation.

#![expect(clippy::unnecessary_wraps, reason = "its twin of Unix can fail, and can tell")]

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// What may be a terminal.
pub trait Handle {}

impl<T> Handle for T {}

pub(super) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn private_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder
}

/// Elsewhere a folder can't be opened; its names are the file system's care.
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A file has one position, which all who read it share: one reads at a time.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = file;
    file.seek(SeekFrom::Start(at))?;
    file.read(buffer)
}

pub(super) fn mode(_: &Metadata) -> Option<u32> {
    None
}

pub(super) struct Typing;

pub(super) fn hide_typing() -> io::Result<Typing> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn terminal_width(_: &impl Handle) -> Option<u16> {
    None
}

/// A file that takes another's place is told by its length and time alone.
pub(super) fn place(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Seconds and nanoseconds.
pub(super) fn written(metadata: &Metadata) -> Option<(i64, i64)> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, i64::from(since.subsec_nanos())))
}

pub(super) fn is_on_a_read_only_mount(_: &File) -> bool {
    false
}

pub(super) fn host_name() -> Option<String> {
    None
}

pub(super) fn since_boot() -> Option<Duration> {
    None
}

pub(super) fn boot() -> Option<u64> {
    None
}
