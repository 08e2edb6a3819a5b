use std::sync::Arc;

use crate::contact::{Position, RowError};

/// What reading noticed about one cell and its text no longer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellFlag {
    /// The cell holds a number of 16 digits or more, of which a spreadsheet keeps 15: the digits
    /// behind are gone. Harmless in a column of amounts, wrong in a phone number or an id.
    DigitsLost,
}

/// Bytes of text and cells at which a batch counts as full.
const FULL_BYTES: usize = 4 << 20;

/// Some rows of a source, their text in one buffer.
#[derive(Debug, Default)]
pub struct RowBatch {
    text: String,
    /// End of each cell in `text`.
    ends: Vec<usize>,
    rows: Vec<RowSlot>,
    /// Errors found while reading, with the row in this batch they belong to, in row order.
    errors: Vec<(usize, RowError)>,
    /// Flagged cells as (row in this batch, column, flag), in row order.
    flags: Vec<(usize, usize, CellFlag)>,
    /// Names of rolo's own columns, whose cells follow each row's cells.
    own_columns: Arc<[String]>,
}

#[derive(Clone, Copy, Debug)]
struct RowSlot {
    position: Position,
    first_cell: usize,
    cells: usize,
    own_cells: usize,
}

impl RowBatch {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.rows.clear();
        self.errors.clear();
        self.flags.clear();
    }

    /// Says which of rolo's own columns the rows carry, for [`RowView::own`]. Kept by `clear`.
    pub fn set_own_columns(&mut self, names: &Arc<[String]>) {
        self.own_columns = Arc::clone(names);
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of text held.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Whether a reader stops filling: `max_rows` are there, or so much that a file of huge rows
    /// would cost too much memory.
    pub fn is_full(&self, max_rows: usize) -> bool {
        let held = self.text_len() + self.ends.len() * size_of::<usize>();
        self.len() >= max_rows || held >= FULL_BYTES
    }

    /// Copies a row of another batch, with its own cells, errors and flags.
    pub fn push_row(&mut self, row: RowView<'_>) {
        self.begin_row(row.position());
        row.cells().for_each(|cell| self.push_cell(cell));
        let own_from = row.slot.first_cell + row.slot.cells;
        (own_from..own_from + row.slot.own_cells).for_each(|at| self.push_own_cell(row.text_at(at)));
        row.errors().iter().for_each(|(_, error)| self.push_error(error.clone()));
        let flags = &row.batch.flags;
        let from = flags.partition_point(|(flagged, ..)| *flagged < row.index);
        let here = flags[from..].iter().take_while(|(flagged, ..)| *flagged == row.index);
        here.for_each(|(_, column, flag)| self.push_flag(*column, *flag));
    }

    /// Begins a row; cells pushed from here on are its cells.
    pub fn begin_row(&mut self, position: Position) {
        self.rows.push(RowSlot { position, first_cell: self.ends.len(), cells: 0, own_cells: 0 });
    }

    /// Adds a cell to the row begun last.
    ///
    /// # Panics
    /// If no row was begun: an error in the reader, not in the source.
    pub fn push_cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
        let row = self.rows.last_mut().expect("a reader begins a row before it pushes cells");
        row.cells += 1;
    }

    /// Adds a cell of rolo's own columns to the row begun last, in the order of `set_own_columns`
    /// and after all of the row's cells.
    ///
    /// # Panics
    /// If no row was begun: an error in the reader, not in the source.
    pub fn push_own_cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
        let row = self.rows.last_mut().expect("a reader begins a row before it pushes cells");
        row.own_cells += 1;
    }

    /// Flags the cell at `column` of the row begun last.
    pub fn push_flag(&mut self, column: usize, flag: CellFlag) {
        self.flags.push((self.rows.len().saturating_sub(1), column, flag));
    }

    /// Adds an error to the row begun last.
    pub fn push_error(&mut self, error: RowError) {
        self.errors.push((self.rows.len().saturating_sub(1), error));
    }

    /// The row at `index`, from 0, in this batch.
    pub fn row(&self, index: usize) -> RowView<'_> {
        RowView { batch: self, index, slot: self.rows[index] }
    }

    pub fn rows(&self) -> impl Iterator<Item = RowView<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }
}

/// One row of a [`RowBatch`].
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    batch: &'a RowBatch,
    index: usize,
    slot: RowSlot,
}

impl<'a> RowView<'a> {
    pub fn position(&self) -> Position {
        self.slot.position
    }

    /// Number of cells, which may differ from the number of headers in a ragged row.
    pub fn len(&self) -> usize {
        self.slot.cells
    }

    pub fn is_empty(&self) -> bool {
        self.slot.cells == 0
    }

    /// The cell at `column`, from 0; empty text where the row is too short.
    pub fn cell(&self, column: usize) -> &'a str {
        if column >= self.slot.cells {
            return "";
        }
        self.text_at(self.slot.first_cell + column)
    }

    /// The cell of rolo's own column `name`, such as `_line`; `None` if the source has no such
    /// column or the row is too short for it.
    pub fn own(&self, name: &str) -> Option<&'a str> {
        let column = self.batch.own_columns.iter().position(|own| own == name)?;
        (column < self.slot.own_cells).then(|| self.text_at(self.slot.first_cell + self.slot.cells + column))
    }

    /// What reading noticed about the cell at `column`.
    pub fn flag(&self, column: usize) -> Option<CellFlag> {
        let flags = &self.batch.flags;
        let from = flags.partition_point(|(row, ..)| *row < self.index);
        let mut here = flags[from..].iter().take_while(|(row, ..)| *row == self.index);
        here.find(|(_, flagged, _)| *flagged == column).map(|(.., flag)| *flag)
    }

    fn text_at(&self, at: usize) -> &'a str {
        let start = if at == 0 { 0 } else { self.batch.ends[at - 1] };
        &self.batch.text[start..self.batch.ends[at]]
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let row = *self;
        (0..row.len()).map(move |column| row.cell(column))
    }

    /// What reading found wrong with this row.
    pub fn errors(&self) -> &'a [(usize, RowError)] {
        let errors = &self.batch.errors;
        let from = errors.partition_point(|(row, _)| *row < self.index);
        let to = errors.partition_point(|(row, _)| *row <= self.index);
        &errors[from..to]
    }
}
