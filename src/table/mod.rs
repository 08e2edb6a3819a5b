//! Spreadsheets in and out: rows of text with positions, whatever the file is.
//!
//! [`open`] looks at a file's content, not at its name, and gives a [`RowReader`]; [`create`] goes
//! by the name and gives a [`RowWriter`].
//!
//! Reading streams: a [`RowReader`] fills a [`RowBatch`] that the caller owns and reuses, so no row
//! allocates on its own. A row that the format itself makes unusable (too few cells, bytes that
//! are not text) is still a row: it carries its [`crate::contact::RowError`]s and goes on to the
//! results file. Memory is bounded by [`ReadLimits`] whatever the file holds.
//!
//! Writing is atomic: the file appears, whole and synced, when [`RowWriter::finish`] returns.
//! Whatever was written reads back as the same values; `formula` says how, for cells that a
//! spreadsheet would run.

mod batch;
mod cell_error;
mod columns;
mod csv;
mod formula;
mod inflate;
mod options;
mod output;
mod source;
mod xlsx;

use std::path::Path;

pub use batch::{CellFlag, RowBatch, RowView};
pub use columns::MARK_COLUMN;
pub use formula::PlusNumbers;
pub use options::{ReadLimits, ReadOptions};

use crate::error::{Error, Result};

/// Rows of one source, in order.
///
/// Rows in which every cell is blank are no rows: they are passed over and have no index.
pub trait RowReader: Send {
    /// Column names, in order, without those that begin with `_` (they are rolo's own) — see
    /// `own_columns` for these. None is empty and none stands there twice.
    fn headers(&self) -> &[String];

    /// Columns that begin with `_`, in order: no source of contact fields. [`RowView::own`] has
    /// their cells.
    fn own_columns(&self) -> &[String] {
        &[]
    }

    /// Replaces what `batch` holds by at most `max_rows` further rows; returns how many. 0 is the end.
    ///
    /// # Errors
    /// When the source can't be read on: kind `Usage` if its content is at fault, `Stopped` if the
    /// disk is.
    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize>;

    /// What was guessed or noticed about the source, in words: delimiter, encoding, sheet, header
    /// row. Grows while reading, so ask again at the end.
    fn notes(&self) -> &[String];

    /// Name of the sheet with index [`crate::contact::Position::sheet`]; `None` for text files.
    fn sheet_name(&self, _sheet: u16) -> Option<&str> {
        None
    }
}

/// Rows of one file being written.
pub trait RowWriter: Send {
    /// Writes one row. Every cell is text and stays text in a spreadsheet.
    fn write(&mut self, cells: &[&str]) -> Result<()>;

    /// Writes a row that a person has to look at, with what is wrong in the cells at `marked`. Where
    /// the format can show that, it does; elsewhere this is `write`.
    fn write_needing_attention(&mut self, cells: &[&str], _marked: &[usize]) -> Result<()> {
        self.write(cells)
    }

    /// Writes what is left, syncs, and puts the file in its place.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Opens a source. Its content decides how it is read: workbook, text, or either of gzip and zstd
/// around text.
///
/// # Errors
/// Kind `Usage`, with a hint, if there is no such file, it can't be read, is no spreadsheet, asks
/// for more than `options.limits`, or has not one row of data: nothing can be sent from it.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn RowReader>> {
    let source = source::Source::open(path)?;
    match source.content {
        source::Content::Workbook => Ok(Box::new(xlsx::XlsxReader::open(source, options)?)),
        source::Content::Text(packing) => Ok(Box::new(csv::CsvReader::open(source, packing, options)?)),
    }
}

/// How to write a file.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Strict E.164 numbers in a text file.
    pub plus_numbers: PlusNumbers,
}

/// Creates a file with `headers` as its first row: `.xlsx` is a workbook, `.tsv` text with tabs,
/// any other name text with commas, and `.gz` or `.zst` behind it compresses the text.
///
/// # Errors
/// Kind `Usage` if the place can't hold such a file, `Stopped` if the disk refuses.
pub fn create(path: &Path, headers: &[&str]) -> Result<Box<dyn RowWriter>> {
    create_with(path, headers, &WriteOptions::default())
}

/// Like [`create`], with options.
pub fn create_with(path: &Path, headers: &[&str], options: &WriteOptions) -> Result<Box<dyn RowWriter>> {
    if is_workbook(path)? {
        Ok(Box::new(xlsx::XlsxWriter::create(path, headers)?))
    } else {
        Ok(Box::new(csv::CsvWriter::create(path, headers, options)?))
    }
}

/// Like [`create_with`], for the results of a run: in a workbook the rows that need attention have
/// their wrong cells marked, and stand on a second sheet as well.
pub fn create_results(path: &Path, headers: &[&str], options: &WriteOptions) -> Result<Box<dyn RowWriter>> {
    if is_workbook(path)? {
        Ok(Box::new(xlsx::ResultsWorkbook::create(path, headers)?))
    } else {
        Ok(Box::new(csv::CsvWriter::create(path, headers, options)?))
    }
}

fn is_workbook(path: &Path) -> Result<bool> {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    match extension.as_deref().and_then(std::ffi::OsStr::to_str) {
        Some(other @ ("xls" | "xlsm" | "xlsb" | "ods" | "numbers")) => {
            Err(Error::usage(format!("can't write {}: .{other} files are not made here", path.display()))
                .hint("name it .xlsx or .csv"))
        }
        extension => Ok(extension == Some("xlsx")),
    }
}

/// Writes a small file whole: synced, put in its place at once, and readable by its owner alone.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    use std::io::Write as _;
    let mut output = output::Output::create(path)?;
    output.write_all(content).map_err(|error| output::unwritable(path, error))?;
    output.finish()
}
