//! Binary workbooks of Excel 2007 and later (.xlsb).
//!
//! A zip file as `.xlsx` is one, with records in place of XML, read here by [MS-XLSB]. calamine reads them
//! as well, but drops the formats of numbers, so that the leading zeros and signs of phone numbers are gone
//! without a word.
//!
//! A formula always has a value saved with it here, so one that nothing computed yet can't be told from
//! one that gave 0 or no text.
//!
//! [MS-XLSB]: https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/

mod record;
mod relations;
mod sheet;
mod workbook;

use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use crate::error::Result;
use crate::table::biff::Shared;
use crate::table::inflate::MeasuredPart;
use crate::table::options::ReadOptions;
use crate::table::source::{ContentFault, unreadable};
use crate::table::source_file::SourceFile;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::{Room, SheetInMemory};

const WORKBOOK: &str = "xl/workbook.bin";

/// The sheets of the file, if it is one of these.
///
/// # Errors
/// Kind `Usage` if it is damaged, or larger than the limits allow.
pub fn read(path: &Path, file: &SourceFile, options: &ReadOptions) -> Result<Option<Vec<SheetInMemory>>> {
    // What can't be opened is told by those who know workbooks.
    let Ok(archive) = ZipArchive::new(BufReader::new(file.from_start())) else { return Ok(None) };
    if archive.index_for_name(WORKBOOK).is_none() {
        return Ok(None);
    }
    let mut parts = Parts { archive, unpacked: 0, options };
    sheets(&mut parts).map(Some).map_err(|cause| unreadable(path, cause))
}

fn sheets(parts: &mut Parts<'_>) -> io::Result<Vec<SheetInMemory>> {
    let relations = relations::read(&parts.text("xl/_rels/workbook.bin.rels")?)?;
    let mut shared = Shared::default();
    let places = parts.with(WORKBOOK, |part, _| workbook::places(part, &mut shared))?;
    if let Some(part) = relations.of_kind("/styles") {
        shared.formats = parts.with(part, |part, _| workbook::formats(part))?;
    }
    if let Some(part) = relations.of_kind("/sharedStrings") {
        shared.strings = parts.with(part, |part, options| workbook::strings(part, &options.limits))?;
    }
    let mut room = Room::new(parts.options);
    let mut read: Vec<&str> = Vec::new();
    let mut sheets = Vec::new();
    for place in places {
        // Of all kinds of sheets only those with cells.
        let Some(part) = relations.sheet(&place.relation) else { continue };
        if read.contains(&part) {
            return Err(ContentFault::error("is damaged: two sheets of it are one part", SAVE));
        }
        read.push(part);
        let (rows, seen) = parts.with(part, |part, options| sheet::read(part, &shared, &mut room, &options.limits))?;
        sheets.push(SheetInMemory { name: place.name, is_visible: place.is_visible, rows, seen });
    }
    Ok(sheets)
}

/// The parts of the file, with what was unpacked of them.
struct Parts<'a> {
    archive: ZipArchive<BufReader<SourceFile>>,
    unpacked: u64,
    options: &'a ReadOptions,
}

impl Parts<'_> {
    fn with<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read, &ReadOptions) -> io::Result<T>,
    ) -> io::Result<T> {
        let part = self.archive.by_name(name).map_err(|cause| {
            ContentFault::error(format!("is damaged: its part {}: {cause}", name.escape_debug()), SAVE)
        })?;
        let packed = part.compressed_size();
        let measured = MeasuredPart::new(part, packed, &mut self.unpacked, &self.options.limits);
        read(&mut BufReader::new(measured), self.options)
    }

    /// A small part that is text.
    fn text(&mut self, name: &str) -> io::Result<String> {
        let mut bytes = Vec::new();
        self.with(name, |part, _| part.take(4 << 20).read_to_end(&mut bytes))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
