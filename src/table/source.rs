//! What a file is, by its first bytes.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file that was opened and recognised.
pub struct Source {
    pub path: PathBuf,
    pub file: File,
    /// The bytes already taken from `file`.
    pub start: Vec<u8>,
    pub content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A zip file that holds a workbook.
    Workbook,
    Text(Packing),
}

/// What is wrapped around the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd,
}

/// Bytes that decide what a file is.
const START_BYTES: u64 = 512;

impl Source {
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|cause| unopened(path, cause))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Error::usage(format!("{} is a folder, not a file", path.display()))
                .hint("name one file in it: a .csv or .xlsx"));
        }
        let mut start = Vec::new();
        (&mut file).take(START_BYTES).read_to_end(&mut start).map_err(|cause| unreadable(path, cause))?;
        if start.is_empty() {
            return Err(Error::usage(format!("{} is empty", path.display()))
                .hint("save the spreadsheet again, or check that its download was complete"));
        }
        let content = recognise(path, &start)?;
        Ok(Self { path: path.to_owned(), file, start, content })
    }

    /// All bytes from the first.
    pub fn into_bytes(self) -> impl Read + Send + use<> {
        Cursor::new(self.start).chain(self.file)
    }
}

/// First bytes of files that people hand over by mistake, with their names.
const NO_SPREADSHEETS: [(&[u8], &str); 8] = [
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
];

fn recognise(path: &Path, start: &[u8]) -> Result<Content> {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(Content::Workbook);
    }
    if start.starts_with(b"\x1f\x8b") {
        return Ok(Content::Text(Packing::Gzip));
    }
    if start.starts_with(b"\x28\xb5\x2f\xfd") {
        return Ok(Content::Text(Packing::Zstd));
    }
    refuse_known(path, start)?;
    Ok(Content::Text(Packing::None))
}

/// Refuses what is known not to be text: also for what comes out of gzip and zstd.
pub fn refuse_known(path: &Path, start: &[u8]) -> Result<()> {
    let name = path.display();
    if start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Err(Error::usage(format!("{name} is an old Excel workbook (.xls) or one with a password"))
            .hint("open it in a spreadsheet program and save it as .xlsx without a password, or as .csv"));
    }
    if let Some((_, kind)) = NO_SPREADSHEETS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Error::usage(format!("{name} is {kind}, not a spreadsheet")).hint("hand over a .csv or .xlsx file"));
    }
    Ok(())
}

fn unopened(path: &Path, cause: std::io::Error) -> Error {
    let name = path.display();
    let error = match cause.kind() {
        ErrorKind::NotFound => Error::usage(format!("there is no file {name}"))
            .hint("check the spelling and the folder the command runs in"),
        ErrorKind::PermissionDenied => Error::usage(format!("{name} can't be read: permission denied"))
            .hint("give yourself the right to read it, or copy it to a folder of yours"),
        _ => return unreadable(path, cause),
    };
    error.caused_by(cause)
}

/// What went wrong while reading: the content, if a [`Fault`] says so, else the disk.
pub fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let name = path.display();
    if let Some(Fault { message, hint }) = cause.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Error::usage(format!("{name} {message}")).hint(*hint);
    }
    Error::stopped(format!("can't read {name}: {cause}"))
        .hint("check the disk or the network drive the file is on")
        .caused_by(cause)
}

/// A fault of the content, found below a [`Read`] and carried up through it.
#[derive(Debug)]
pub struct Fault {
    /// Follows the name of the file.
    pub message: String,
    pub hint: &'static str,
}

impl Fault {
    pub fn error(message: impl Into<String>, hint: &'static str) -> std::io::Error {
        Self { message: message.into(), hint }.into_error()
    }

    pub fn into_error(self) -> std::io::Error {
        std::io::Error::new(ErrorKind::InvalidData, self)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
