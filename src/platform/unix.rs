//! Unix, as the standard library and rustix reach it.

#![expect(clippy::unnecessary_wraps, reason = "its portable twin can't tell")]

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

/// What may be a terminal.
pub use std::os::fd::AsFd as Handle;

pub(super) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

pub(super) fn private_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder.mode(0o700)
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    file.read_at(buffer, at)
}

pub(super) fn mode(metadata: &Metadata) -> Option<u32> {
    Some(metadata.mode() & 0o777)
}

/// Device and number on it.
pub(super) fn place(metadata: &Metadata) -> Option<(u64, u64)> {
    Some((metadata.dev(), metadata.ino()))
}

/// Seconds and nanoseconds.
pub(super) fn written(metadata: &Metadata) -> Option<(i64, i64)> {
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

pub(super) fn is_on_a_read_only_mount(file: &File) -> bool {
    use rustix::fs::StatVfsMountFlags;
    rustix::fs::fstatvfs(file).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
}

pub(super) fn host_name() -> Option<String> {
    Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(target_os = "linux")]
pub(super) fn since_boot() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn since_boot() -> Option<Duration> {
    None
}

/// The first half of Linux's random number for this start.
pub(super) fn boot() -> Option<u64> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    u64::from_str_radix(&digits, 16).ok()
}

pub(super) fn terminal_width(terminal: &impl Handle) -> Option<u16> {
    rustix::termios::tcgetwinsize(terminal).ok().map(|size| size.ws_col)
}

/// How the terminal was before.
pub(super) struct Typing(rustix::termios::Termios);

pub(super) fn hide_typing() -> io::Result<Typing> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let before = tcgetattr(io::stdin())?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
    Ok(Typing(before))
}

impl Drop for Typing {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/sys` is read-only in containers and nowhere else.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_only_mount_is_told_from_others() {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let read_only = |kind: &str| {
            mounts
                .lines()
                .map(|line| line.split(' ').collect::<Vec<_>>())
                .any(|mount| mount[2] == kind && mount[1] == "/sys" && mount[3].split(',').any(|option| option == "ro"))
        };
        let file = File::open("/sys/kernel/uevent_seqnum").unwrap();
        assert_eq!(is_on_a_read_only_mount(&file), read_only("sysfs"));
        assert!(!is_on_a_read_only_mount(&tempfile::tempfile().unwrap()));
    }

    #[test]
    fn what_is_made_private_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (below, path) = (folder.path().join("a"), folder.path().join("b"));
        private_folder(&mut DirBuilder::new()).create(&below).unwrap();
        private_file(&mut OpenOptions::new()).write(true).create(true).truncate(true).open(&path).unwrap();
        let mode = |path: &Path| mode(&std::fs::metadata(path).unwrap());
        assert_eq!((mode(&below), mode(&path)), (Some(0o700), Some(0o600)));
    }
}
