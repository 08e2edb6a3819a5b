//! Spreadsheets in and out: rows of text with positions, whatever the file is.
//!
//! [`open`] looks at a file's content, not at its name, and gives a [`RowReader`]; [`create`] goes
//! by the name and gives a [`RowWriter`].
//!
//! Reading streams: a [`RowReader`] fills a [`RowBatch`] that the caller owns, hundreds of rows at a time, so no row
//! allocates on its own. A row that the format itself makes unusable (too few cells, bytes that
//! are not text) is still a row: it carries its [`crate::contact::RowError`]s and goes on to the
//! results file. Memory is bounded by [`ReadLimits`] whatever the file holds.
//!
//! Writing is atomic: the file appears, whole and synced, when [`RowWriter::finish`] returns.
//! Whatever was written reads back as the same values; `formula` says how, for cells that a
//! spreadsheet would run.

mod batch;
mod biff;
mod cell_error;
mod closing_line;
mod columns;
mod csv;
mod data_cell;
mod edited;
mod edits;
mod entries;
mod footer;
mod formula;
mod header;
mod inflate;
mod ods;
mod options;
mod output;
mod packed;
mod rows;
mod source;
mod source_file;
mod temporary;
mod text;
mod text_kind;
mod unreadable;
mod written;
mod xls;
mod xlsb;
mod xlsx;

use std::path::Path;

pub use batch::{CellFlag, RowBatch, RowView, TypedValue};
pub use columns::MARK_COLUMN;
pub use edited::EditedReader;
pub use edits::{EditAction, SourceEdit, SourceEdits, row_digest};
pub use formula::PlusNumbers;
pub use options::{ReadLimits, ReadOptions};
pub use output::Output;
pub use rows::{ResultCell, RowReader, RowWriter, WriteOptions};
pub use source_file::{OpenedOnce, SourceFile};
pub use temporary::{create_in as temporary_in, sweep};
pub use text::may_be_garbled;
pub use unreadable::unreadable;
pub use written::{IfTaken, Place, PlaceState, WrittenFiles};
pub use xlsx::{ATTENTION_SHEET, RESULTS_SHEET};

use crate::error::{Error, Result};
use entries::{EntryReader, JsonLinesWriter, VcardWriter};
use footer::FooterReader;
use text::OpenText;
use text_kind::TextKind;

/// Opens a source. Its content decides how it is read: workbook, text, or either of gzip and zstd
/// around text.
///
/// # Errors
/// Kind `Usage`, with a hint, if there is no such file, it can't be read, is no spreadsheet, asks
/// for more than `options.limits`, or has not one row of data: nothing can be sent from it.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
    open_file(&SourceFile::open(path)?, options)
}

/// Like [`open`], for a file that was opened before.
pub fn open_file(file: &SourceFile, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
    open_content(file, options).map_err(|error| error.at_path(file.path()))
}

fn open_content(file: &SourceFile, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
    let source = source::RecognizedFile::of(file)?;
    let is_workbook = !matches!(source.content, source::Content::Text(_));
    let table: Box<dyn RowReader> = match source.content {
        source::Content::Workbook => {
            let held = || match ods::read(&source.path, file, options)? {
                None => xlsb::read(&source.path, file, options),
                sheets => Ok(sheets),
            };
            match xlsx::contained(&source.path, held)?? {
                Some(sheets) => Box::new(xlsx::XlsxReader::of_sheets(source.path, sheets, options)?),
                None => Box::new(xlsx::XlsxReader::open(source, options)?),
            }
        }
        source::Content::OldOffice => {
            let sheets = xlsx::contained(&source.path, || xls::read(&source.path, file, options))??;
            Box::new(xlsx::XlsxReader::of_sheets(source.path, sheets, options)?)
        }
        source::Content::Text(packing) => {
            let text = OpenText::open(source, packing, options)?;
            match text.kind {
                TextKind::Table => Box::new(csv::CsvReader::open(text, options)?),
                TextKind::JsonLines | TextKind::Cards => {
                    return Ok(Box::new(EntryReader::open(file, packing, text, options)?));
                }
            }
        }
    };
    Ok(Box::new(FooterReader::new(table, !is_workbook, options.limit)))
}

/// The sheets of a workbook that `reader` doesn't read, with the columns that each seems to have. Empty
/// for any other file, and where a sheet can't be read: this is for those who look for the right one.
pub fn other_sheets(file: &SourceFile, options: &ReadOptions, reader: &dyn RowReader) -> Vec<(String, Vec<String>)> {
    /// Sheets that are looked into.
    const MOST: usize = 8;
    let names = (0..).map_while(|index| reader.sheet_name(index));
    let names: Vec<String> = names.map(str::to_owned).collect();
    let look = |sheet: &String| {
        let options = ReadOptions { sheet: Some(sheet.clone()), header_row: None, limit: Some(1), ..options.clone() };
        let found = open_file(file, &options).ok()?;
        (found.header_place() != reader.header_place()).then(|| (sheet.clone(), found.headers().to_vec()))
    };
    names.iter().take(MOST).filter_map(look).collect()
}

/// Creates a file with `headers` as its first row: `.xlsx` is a workbook, `.tsv` text with tabs, `.jsonl`
/// and `.ndjson` JSON Lines, `.vcf` vCard, any other name text with commas, and `.gz` or `.zst` behind it compresses the
/// text.
///
/// # Errors
/// Kind `Usage` if the place can't hold such a file, `Stopped` if the disk refuses.
pub fn create(place: impl Into<Place>, headers: &[&str]) -> Result<Box<dyn RowWriter>> {
    create_with(place, headers, &WriteOptions::default())
}

/// Like [`create`], with options.
pub fn create_with(place: impl Into<Place>, headers: &[&str], options: &WriteOptions) -> Result<Box<dyn RowWriter>> {
    let place = &place.into();
    if is_workbook(&place.path)? {
        Ok(Box::new(xlsx::XlsxWriter::create(place, headers)?))
    } else if is_called(&place.path, &["jsonl", "ndjson"]) {
        Ok(Box::new(JsonLinesWriter::create(place, headers)?))
    } else if is_called(&place.path, &["vcf"]) {
        Ok(Box::new(VcardWriter::create(place, headers)?))
    } else {
        Ok(Box::new(csv::CsvWriter::create(place, headers, options)?))
    }
}

/// Like [`create_with`], for the results of a run: in a workbook numbers and moments are what they were in
/// the source, the rows that need attention have their wrong cells marked, and stand on a second sheet as well.
pub fn create_results(place: impl Into<Place>, headers: &[&str], options: &WriteOptions) -> Result<Box<dyn RowWriter>> {
    let place = &place.into();
    if is_workbook(&place.path)? {
        Ok(Box::new(xlsx::ResultsWorkbook::create(place, headers, &options.choices)?))
    } else {
        Ok(Box::new(csv::CsvWriter::create(place, headers, options)?))
    }
}

/// Whether the name ends in one of these, without what compresses it.
fn is_called(path: &Path, extensions: &[&str]) -> bool {
    let is = |path: &Path, extensions: &[&str]| {
        path.extension().is_some_and(|found| extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
    };
    if is(path, &["gz", "zst"]) { is(&path.with_extension(""), extensions) } else { is(path, extensions) }
}

/// Whether a file of this name is a workbook.
///
/// # Errors
/// Kind `Usage` if it would be one of a kind that is not made here.
pub fn is_workbook(path: &Path) -> Result<bool> {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    match extension.as_deref().and_then(std::ffi::OsStr::to_str) {
        Some(other @ ("xls" | "xlsm" | "xlsb" | "ods" | "numbers")) => {
            Err(Error::usage(format!("can't write {}: .{other} files are not made here", path.display()))
                .at_path(path)
                .hint("name it .xlsx or .csv"))
        }
        extension => Ok(extension == Some("xlsx")),
    }
}

/// Writes a small file whole: synced, put in its place at once, and readable by its owner alone.
pub fn write_private(place: impl Into<Place>, content: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let place = place.into();
    let mut output = output::Output::create(&place)?;
    output.write_all(content).map_err(|error| output::unwritable(&place.path, error))?;
    output.finish()
}
