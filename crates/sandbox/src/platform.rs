//! What the system does in a way of its own: rights of files. Elsewhere than on Unix there are none.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// A file that these options make is its owner's alone (mode 0600).
pub(crate) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a folder, and those above it, that its owner alone may read (mode 0700).
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
