//! Why a file can't be read on: its content, somebody who changes it, or the disk.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;

/// What went wrong while reading: the content, if a fault of the file says so, else the disk.
pub fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let name = path.display();
    if let Some(ContentFault { message, hint }) = cause.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Error::usage(format!("{name} {message}")).at_path(path).hint(*hint);
    }
    if let Some(inner) = cause.get_ref()
        && inner.is::<ChangedWhileRead>()
    {
        return Error::stopped(format!("{name} was changed while it was read"))
            .at_path(path)
            .hint("wait until nobody writes the file any more, then give the command again");
    }
    Error::stopped(format!("can't read {name}: {cause}"))
        .at_path(path)
        .hint("check the disk or the network drive the file is on")
        .caused_by(cause)
}

/// What to do about a spreadsheet that only its own program may be able to read.
pub const SAVE: &str = "open it in a spreadsheet program and save it as .xlsx or .csv";

/// A fault of the content, found below a [`Read`] and carried up through it.
#[derive(Debug)]
pub struct ContentFault {
    /// Follows the name of the file.
    pub message: String,
    pub hint: &'static str,
}

impl ContentFault {
    pub fn error(message: impl Into<String>, hint: &'static str) -> std::io::Error {
        Self { message: message.into(), hint }.into_error()
    }

    pub fn into_error(self) -> std::io::Error {
        std::io::Error::new(ErrorKind::InvalidData, self)
    }
}

impl std::fmt::Display for ContentFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ContentFault {}

/// The content is no longer what it was when reading began.
#[derive(Debug)]
pub struct ChangedWhileRead;

impl std::fmt::Display for ChangedWhileRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it was changed while it was read")
    }
}

impl std::error::Error for ChangedWhileRead {}
