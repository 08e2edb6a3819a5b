//! What the system alone can do, or does in a way of its own: rights of files, places of files, signals, names and
//! clocks of the machine. No other room asks which system this is.
//!
//! `unix` and `portable` have the same functions. Where Unix has no twin elsewhere, the portable one says what
//! it can't do: a file is then as private as its folder, a lock's file stays behind, an uptime is not told. The
//! portable twin is compiled for the tests as well, so that it can't rot; but rolo is built and tested on Linux
//! alone, and no other system is claimed.

#![warn(missing_docs, clippy::missing_errors_doc)]

mod file_stamp;
#[cfg(any(not(unix), test))]
#[cfg_attr(unix, allow(dead_code, reason = "the tests alone use it here"))]
mod portable;
mod signals;
#[cfg(unix)]
mod unix;

pub use file_stamp::FileStamp;
#[cfg(not(unix))]
use portable as system;
pub use signals::StopSignals;
#[cfg(unix)]
use unix as system;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// Whether a file that somebody has open can be removed.
pub const REMOVES_OPEN_FILES: bool = cfg!(unix);

/// A file that these options make is its owner's alone to read and to write (mode 0600).
pub fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    system::private_file(options)
}

/// Makes a folder, and those above it, that its owner alone may read (mode 0700). One that is there stays as
/// it is.
///
/// # Errors
/// What the system says.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    system::private_folder(&mut builder);
    builder.recursive(true).create(folder)
}

/// Waits until the names in this folder would outlast a power cut.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    system::sync_folder(folder)
}

/// Reads from the byte `at`, wherever the file's own position is, as many bytes as come at once; 0 at the end.
///
/// # Errors
/// What the system says.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    system::read_at(file, buffer, at)
}

/// Fills the buffer from the byte `at`, wherever the file's own position is.
///
/// # Errors
/// `UnexpectedEof` if the file ends before that; else what the system says.
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, at) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                at += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The rights on a file as the nine bits of `chmod`; `None` where the system has no such rights.
pub fn mode(metadata: &Metadata) -> Option<u32> {
    system::mode(metadata)
}

/// Whether nobody can write to the file, since its file system is mounted so.
pub fn is_on_a_read_only_mount(file: &File) -> bool {
    system::is_on_a_read_only_mount(file)
}

/// The name of this machine in its network; `None` where the system isn't asked for it.
pub fn host_name() -> Option<String> {
    system::host_name()
}

/// How long the machine has been up, sleep included, by a clock that nobody can set; `None` where there is none.
pub fn since_boot() -> Option<Duration> {
    system::since_boot()
}

/// What is typed at the terminal is not shown as long as this is held.
pub struct HiddenTyping {
    _held: system::Typing,
}

/// Hides what is typed at the terminal of standard input; it is shown again when the result is dropped, also where
/// whoever waits for a line is interrupted.
///
/// # Errors
/// What the system says, such as that there is no terminal.
pub fn hide_typing() -> io::Result<HiddenTyping> {
    Ok(HiddenTyping { _held: system::hide_typing()? })
}

/// Columns of the terminal that this is, at this moment; `None` where it is none, or tells none.
pub fn terminal_width(terminal: &impl system::Handle) -> Option<u16> {
    system::terminal_width(terminal).filter(|width| *width > 0)
}

/// A number that is another after each start of the machine; `None` where the system tells none.
pub fn boot() -> Option<u64> {
    system::boot()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    type ReadAt = fn(&File, &mut [u8], u64) -> io::Result<usize>;

    #[test]
    fn a_file_is_read_at_a_place_by_either_twin_whatever_its_own_position_is() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        for read_at in [system::read_at as ReadAt, portable::read_at] {
            let mut bytes = [0; 4];
            assert_eq!(read_at(&file, &mut bytes, 3).unwrap(), 4);
            assert_eq!(&bytes, b"3456");
            assert_eq!(read_at(&file, &mut bytes, 8).unwrap(), 2);
            assert_eq!(read_at(&file, &mut bytes, 10).unwrap(), 0);
        }
        let mut bytes = [0; 3];
        read_exact_at(&file, &mut bytes, 7).unwrap();
        assert_eq!(&bytes, b"789");
        assert_eq!(read_exact_at(&file, &mut bytes, 8).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn either_twin_makes_folders_and_files_and_what_exists_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        for _ in 0..2 {
            make_private_folder(&below).unwrap();
            sync_folder(&below).unwrap();
            portable::sync_folder(&below).unwrap();
        }
        portable::private_folder(fs::DirBuilder::new().recursive(true)).create(below.join("c")).unwrap();
        for (name, options) in [
            ("one", private_file(&mut OpenOptions::new()).clone()),
            ("two", portable::private_file(&mut OpenOptions::new()).clone()),
        ] {
            options.clone().write(true).create(true).truncate(true).open(below.join(name)).unwrap();
        }
        assert!(!is_on_a_read_only_mount(&File::open(below.join("one")).unwrap()));
    }

    #[test]
    fn a_stamp_changes_with_the_content_and_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let stamp = || FileStamp::of(&fs::metadata(&path).unwrap());
        fs::write(&path, "one").unwrap();
        let first = stamp();
        assert_eq!((first, first.bytes()), (stamp(), 3));
        fs::write(&path, "other").unwrap();
        assert_ne!(stamp(), first);
    }
}
