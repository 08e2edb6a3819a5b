use super::{PlusNumbers, RowBatch, RowView, TypedValue};
use crate::error::Result;

/// Rows of one source, in order.
///
/// Rows in which every cell is blank are no rows: they are passed over and have no index.
pub trait RowReader: Send {
    /// Column names, in order, without those that begin with `_` (they are rolo's own) — see
    /// `own_columns` for these. None is empty and none stands there twice.
    fn headers(&self) -> &[String];

    /// Columns that begin with `_`, in order: no source of contact fields. [`RowView::own`](super::RowView::own) has
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

    /// What was taken for the header, in words.
    fn header_place(&self) -> String;

    /// Name of the sheet with index [`crate::contact::Position::sheet`]; `None` for text files.
    fn sheet_name(&self, _sheet: u16) -> Option<&str> {
        None
    }
}

/// A cell of a row of results.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResultCell<'a> {
    pub text: &'a str,
    /// What it holds in the source, if that is no text.
    pub typed: Option<&'a TypedValue>,
    /// What is wrong with it.
    pub wrong: Option<&'a str>,
}

impl<'a> From<&'a str> for ResultCell<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }
}

/// Rows of one file being written.
pub trait RowWriter: Send {
    /// Writes one row. Every cell is text and stays text in a spreadsheet, but for those of a workbook whose
    /// header says that they are numbers or booleans.
    fn write(&mut self, cells: &[&str]) -> Result<()>;

    /// Writes the cells of a row as they stand, and `more` behind them.
    fn write_behind(&mut self, row: RowView<'_>, more: &[&str]) -> Result<()> {
        self.write(&row.cells().chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Writes a row of results. Where the format can show what a cell holds and what is wrong with it, it
    /// does, and rows that a person has to look at stand apart as well; elsewhere this is `write`.
    fn write_result(&mut self, cells: &[ResultCell<'_>], _needs_attention: bool) -> Result<()> {
        self.write(&cells.iter().map(|cell| cell.text).collect::<Vec<_>>())
    }

    /// Writes what is left, syncs, and puts the file in its place.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// How to write a file.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Strict E.164 numbers in a text file.
    pub plus_numbers: PlusNumbers,
    /// What the cells of some columns of a workbook may be, by the column's index in the file.
    pub choices: Vec<(usize, Vec<String>)>,
}
