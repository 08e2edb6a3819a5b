//! OpenDocument spreadsheets (.ods), as LibreOffice and others save them.
//!
//! They tell of each cell what it shows and what it holds, which calamine reduces to the latter, so that
//! leading zeros are gone; and it reads all sheets into grids as large as two cells far apart make them. So
//! the table is read here, with quick-xml, and only cells that hold something are kept.

mod cell;
mod content;

use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use crate::error::{Error, Result};
use crate::table::inflate::MeasuredPart;
use crate::table::options::ReadOptions;
use crate::table::source::{ContentFault, unreadable};
use crate::table::source_file::SourceFile;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::SheetInMemory;

/// Bytes between two tags, which no cell has.
const LONGEST_RUN: usize = 4 << 20;

/// The sheets of the file, if it is one of these.
///
/// # Errors
/// Kind `Usage` if it is damaged, has a password, or is larger than the limits allow.
pub fn read(path: &Path, file: &SourceFile, options: &ReadOptions) -> Result<Option<Vec<SheetInMemory>>> {
    // What can't be opened is told by those who know workbooks.
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file.from_start())) else { return Ok(None) };
    if archive.index_for_name("content.xml").is_none() || archive.index_for_name("META-INF/manifest.xml").is_none() {
        return Ok(None);
    }
    let refused = |kind: &str, hint: &str| Error::usage(format!("{} {kind}", path.display())).hint(hint);
    if text_of(&mut archive, "META-INF/manifest.xml").contains("encryption-data") {
        return Err(refused("has a password", "save it without a password, as .xlsx or .csv"));
    }
    let kind = text_of(&mut archive, "mimetype");
    if !kind.contains("opendocument.spreadsheet") {
        return Err(refused(
            "is an OpenDocument file and no spreadsheet",
            "copy its table into a spreadsheet and save that",
        ));
    }
    let part = archive.by_name("content.xml").map_err(|cause| refused(&format!("is damaged: {cause}"), SAVE))?;
    let (packed, mut all) = (part.compressed_size(), 0);
    let measured = ShortRuns { inner: MeasuredPart::new(part, packed, &mut all, &options.limits), run: 0 };
    let sheets = content::read(BufReader::new(measured), options).map_err(|cause| unreadable(path, cause))?;
    Ok(Some(sheets))
}

/// The first of a small part; empty if there is none.
fn text_of(archive: &mut ZipArchive<BufReader<SourceFile>>, name: &str) -> String {
    let mut bytes = Vec::new();
    if let Ok(part) = archive.by_name(name) {
        drop(part.take(1 << 20).read_to_end(&mut bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A part whose tags and texts are of a size that a reader can hold.
struct ShortRuns<R> {
    inner: R,
    /// Bytes since the last tag began.
    run: usize,
}

impl<R: Read> Read for ShortRuns<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for byte in &buffer[..count] {
            self.run = if *byte == b'<' { 0 } else { self.run + 1 };
            if self.run > LONGEST_RUN {
                return Err(ContentFault::error("has a cell longer than any spreadsheet has", SAVE));
            }
        }
        Ok(count)
    }
}
