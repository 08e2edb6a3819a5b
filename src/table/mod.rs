//! Spreadsheets in and out: rows of text with positions, whatever the file is.
//!
//! Reading streams: a [`RowReader`] fills a [`RowBatch`] that the caller owns and reuses, so no row
//! allocates on its own. A row that the format itself makes unusable (too few cells, bytes that
//! are not text) is still a row: it carries its [`RowError`]s and goes on to the results file.

mod batch;

pub use batch::{RowBatch, RowView};

use crate::error::Result;

/// Rows of one source, in order.
pub trait RowReader: Send {
    /// Column names, in order, without those that begin with `_` (they are rolo's own) — see
    /// `own_columns` for these.
    fn headers(&self) -> &[String];

    /// Replaces what `batch` holds by at most `max_rows` further rows; returns how many. 0 is the end.
    ///
    /// # Errors
    /// When the source can't be read on: kind `Usage` if its content is at fault, `Stopped` if the
    /// disk is.
    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize>;

    /// What was guessed or noticed about the source, in words: delimiter, encoding, sheet, header row.
    fn notes(&self) -> &[String];
}

/// Rows of one file being written.
pub trait RowWriter: Send {
    /// Writes one row. Every cell is text and stays text in a spreadsheet.
    fn write(&mut self, cells: &[&str]) -> Result<()>;

    /// Writes what is left, syncs, and puts the file in its place.
    fn finish(self: Box<Self>) -> Result<()>;
}
