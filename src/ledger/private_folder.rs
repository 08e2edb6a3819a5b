use std::fs;
use std::io;
use std::path::Path;

/// Makes a folder, and those above it, that its owner alone may read.
///
/// # Errors
///
/// What the system says.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
