//! What a file is, by its first bytes.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::source_file::SourceFile;
pub use super::unreadable::{ContentFault, unreadable};
use crate::error::{Error, Result};

/// A file that was opened and recognised.
pub struct RecognizedFile {
    pub path: PathBuf,
    pub file: SourceFile,
    /// The bytes already taken from `file`.
    pub start: Vec<u8>,
    pub content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A zip file that holds a workbook.
    Workbook,
    /// What Office wrote until 2003, and what has a password since.
    OldOffice,
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

impl RecognizedFile {
    pub fn of(file: &SourceFile) -> Result<Self> {
        let mut file = file.from_start();
        let path = file.path().to_owned();
        let path = path.as_path();
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

const OLD_OFFICE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

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
    if start.starts_with(OLD_OFFICE) {
        return Ok(Content::OldOffice);
    }
    refuse_known(path, start)?;
    Ok(Content::Text(Packing::None))
}

/// Refuses what is known not to be text: also for what comes out of gzip and zstd.
pub fn refuse_known(path: &Path, start: &[u8]) -> Result<()> {
    let name = path.display();
    if start.starts_with(OLD_OFFICE) {
        return Err(Error::usage(format!("{name} is compressed and holds an old Excel workbook (.xls)"))
            .hint("unpack it once and hand over what is inside"));
    }
    if let Some((_, kind)) = NO_SPREADSHEETS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Error::usage(format!("{name} is {kind}, not a spreadsheet")).hint("hand over a .csv or .xlsx file"));
    }
    Ok(())
}
