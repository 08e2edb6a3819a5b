use std::sync::Arc;

use super::text::may_be_garbled;
use crate::contact::{Position, RowError};

/// What reading noticed about one cell and its text no longer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellFlag {
    /// The cell holds a number of 16 digits or more, of which a spreadsheet keeps 15: the digits
    /// behind are gone. Harmless in a column of amounts, wrong in a phone number or an id.
    DigitsLost,
    /// The entry doesn't say anything of this column: that empties no field, as a blank cell may.
    Absent,
}

/// What a cell of a workbook holds, where that is no text.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedValue {
    /// A number or a moment, and the code of the format that it is shown by.
    Number {
        number: f64,
        format: Arc<str>,
    },
    Boolean(bool),
}

/// Codes of rows that stand in a table and are no contacts.
const NO_CONTACTS: [&str; 5] =
    ["row.repeated_header", "row.second_header", "row.total", "row.footer", "edit.row_left_out"];

/// Bytes of text and cells at which a batch counts as full.
const FULL_BYTES: usize = 4 << 20;

/// Some rows of a source, their text in one buffer.
#[derive(Debug, Default)]
pub struct RowBatch {
    text: String,
    /// Where each cell begins and ends in `text`.
    cells: Vec<(usize, usize)>,
    rows: Vec<RowSlot>,
    /// Errors found while reading, with the row in this batch they belong to, in row order.
    errors: Vec<(usize, RowError)>,
    /// What reading did to a row and the person is to be told, in row order.
    remarks: Vec<(usize, RowError)>,
    /// What empty cells show because they are merged with one above, as (row in this batch, column,
    /// text), in row order.
    covered: Vec<(usize, usize, String)>,
    /// Flagged cells as (row in this batch, column, flag), in row order.
    flags: Vec<(usize, usize, CellFlag)>,
    /// What cells hold that are no texts, as (row in this batch, column, value), in row order.
    typed: Vec<(usize, usize, TypedValue)>,
    /// Names of rolo's own columns, whose cells follow each row's cells.
    own_columns: Arc<[String]>,
}

#[derive(Clone, Copy, Debug)]
struct RowSlot {
    position: Position,
    first_cell: usize,
    cells: usize,
    own_cells: usize,
    /// The row came as one text of plain bytes, none of its cells in quotation marks.
    plain: bool,
    /// The row came as one text, which was not read in a wrong encoding before. See [`may_be_garbled`].
    sound: bool,
    /// A cell is more than its text: flagged, wrong, covered, or no text at all.
    noticed: bool,
}

/// Whether a byte tells nothing but the text it belongs to: it is no quotation mark, and neither a control
/// character nor what one is written with or may begin with.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != 0x7f && byte != 0xc2 && byte != b'"' && byte != b'<'
}

impl RowBatch {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.rows.clear();
        self.errors.clear();
        self.remarks.clear();
        self.covered.clear();
        self.flags.clear();
        self.typed.clear();
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
        let held = self.text_len() + self.cells.len() * size_of::<(usize, usize)>();
        self.len() >= max_rows || held >= FULL_BYTES
    }

    /// Copies a row of another batch, with its own cells, errors and flags.
    pub fn push_row(&mut self, row: RowView<'_>) {
        self.push_row_at(row, row.position());
    }

    /// Copies a row of another batch, to stand at another position.
    pub fn push_row_at(&mut self, row: RowView<'_>, position: Position) {
        self.begin_row(position);
        row.cells().for_each(|cell| self.push_cell(cell));
        let own_from = row.slot.first_cell + row.slot.cells;
        (own_from..own_from + row.slot.own_cells).for_each(|at| self.push_own_cell(row.text_at(at)));
        row.errors().iter().for_each(|(_, error)| self.push_error(error.clone()));
        row.remarks().iter().for_each(|(_, remark)| self.push_remark(remark.clone()));
        row.all_covered().for_each(|(column, text)| self.push_covered(column, text));
        row.all_typed().for_each(|(column, value)| self.push_typed(column, value.clone()));
        let flags = &row.batch.flags;
        let from = flags.partition_point(|(flagged, ..)| *flagged < row.index);
        let here = flags[from..].iter().take_while(|(flagged, ..)| *flagged == row.index);
        here.for_each(|(_, column, flag)| self.push_flag(*column, *flag));
    }

    /// Begins a row; cells pushed from here on are its cells.
    pub fn begin_row(&mut self, position: Position) {
        self.rows.push(RowSlot {
            position,
            first_cell: self.cells.len(),
            cells: 0,
            own_cells: 0,
            plain: false,
            sound: false,
            noticed: false,
        });
    }

    /// Adds a cell to the row begun last.
    ///
    /// # Panics
    /// If no row was begun: an error in the reader, not in the source.
    pub fn push_cell(&mut self, cell: &str) {
        self.push_text(cell);
        let row = self.rows.last_mut().expect("a reader begins a row before it pushes cells");
        row.cells += 1;
        (row.plain, row.sound) = (false, false);
    }

    /// Adds a copy of another row's cell to the row begun last, with what reading noticed about it.
    pub fn push_cell_of(&mut self, row: RowView<'_>, column: usize) {
        let at = self.rows.last().map_or(0, |row| row.cells);
        self.push_cell(row.cell(column));
        if let Some(flag) = row.flag(column) {
            self.push_flag(at, flag);
        }
        if let Some(shown) = row.covered(column) {
            self.push_covered(at, shown);
        }
        if let Some(value) = row.typed(column) {
            self.push_typed(at, value.clone());
        }
        let here = |error: &&RowError| error.column.is_some() && error.column_index == column;
        for error in row.errors().iter().map(|(_, error)| error).filter(here) {
            self.push_error(RowError { column_index: at, ..error.clone() });
        }
    }

    /// Adds a cell of rolo's own columns to the row begun last, in the order of `set_own_columns`
    /// and after all of the row's cells.
    ///
    /// # Panics
    /// If no row was begun: an error in the reader, not in the source.
    pub fn push_own_cell(&mut self, cell: &str) {
        self.push_text(cell);
        let row = self.rows.last_mut().expect("a reader begins a row before it pushes cells");
        row.own_cells += 1;
    }

    /// Adds cells to the row begun last: `text` at each of `ranges`. What stands between them is kept and
    /// never seen, which is quicker than to copy each cell.
    ///
    /// # Panics
    /// If no row was begun, or a range is none of `text`: an error in the reader, not in the source.
    pub fn push_cells(&mut self, text: &str, ranges: &[(usize, usize)]) {
        let at = self.text.len();
        self.text.push_str(text);
        self.cells.extend(ranges.iter().map(|(from, to)| (at + from, at + to)));
        let row = self.rows.last_mut().expect("a reader begins a row before it pushes cells");
        // Of text that is looked at as a whole, since that is quicker than to stop at a byte.
        row.plain = row.cells == 0 && text.bytes().fold(true, |plain, byte| plain & is_plain(byte));
        row.sound = row.cells == 0 && !may_be_garbled(text);
        row.cells += ranges.len();
    }

    fn push_text(&mut self, cell: &str) {
        let at = self.text.len();
        self.text.push_str(cell);
        self.cells.push((at, self.text.len()));
    }

    /// A cell of the row begun last is more than its text.
    fn notice_cell(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.noticed = true;
        }
    }

    /// Flags the cell at `column` of the row begun last.
    pub fn push_flag(&mut self, column: usize, flag: CellFlag) {
        self.notice_cell();
        self.flags.push((self.rows.len().saturating_sub(1), column, flag));
    }

    /// Says what the cell at `column` of the row begun last holds.
    pub fn push_typed(&mut self, column: usize, value: TypedValue) {
        self.notice_cell();
        self.typed.push((self.rows.len().saturating_sub(1), column, value));
    }

    /// Says that the empty cell at `column` of the row begun last shows `text`, since it is merged with a
    /// cell above.
    pub fn push_covered(&mut self, column: usize, text: &str) {
        self.notice_cell();
        self.covered.push((self.rows.len().saturating_sub(1), column, text.to_owned()));
    }

    /// Adds an error to the row begun last.
    pub fn push_error(&mut self, error: RowError) {
        if error.column.is_some() {
            self.notice_cell();
        }
        self.errors.push((self.rows.len().saturating_sub(1), error));
    }

    /// Leaves `error` as the only one of the row begun last: the row is no contact at all.
    pub fn replace_errors(&mut self, error: RowError) {
        self.refuse(self.rows.len().saturating_sub(1), error);
    }

    /// Leaves `error` as the only one of the row at `index`: the row is no contact at all.
    pub fn refuse(&mut self, index: usize, error: RowError) {
        self.errors.retain(|(of, _)| *of != index);
        let at = self.errors.partition_point(|(of, _)| *of < index);
        self.errors.insert(at, (index, error));
    }

    /// Adds what the person is to be told of the row begun last, which can be used all the same.
    pub fn push_remark(&mut self, remark: RowError) {
        self.remarks.push((self.rows.len().saturating_sub(1), remark));
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

    /// The cell at `column`, if it is nothing but a text without quotation marks, control characters, line
    /// breaks and `<`, and reading noticed nothing about any cell of its row. Most rows of a text file have no
    /// other cells, and one look at the row spares one at each of them.
    #[inline]
    pub fn plain_cell(&self, column: usize) -> Option<&'a str> {
        let cell = self.cell(column);
        // All of it is looked at, since that is quicker than to stop at a byte.
        let is_plain = || cell.bytes().fold(true, |plain, byte| plain & is_plain(byte));
        (!self.slot.noticed && (self.slot.plain || is_plain())).then_some(cell)
    }

    /// Whether no cell may have been read in a wrong encoding before, as far as one look at the row tells.
    pub fn is_sound(&self) -> bool {
        self.slot.sound
    }

    /// Whether a cell is more than its text. Of most rows none is, and nobody has to ask after each.
    #[inline]
    fn is_noticed(&self) -> bool {
        self.slot.noticed
    }

    /// The row's cells in stretches, in each of which they stand side by side in one text, `delimiter` between
    /// them and nowhere else: how many cells, and the text.
    pub fn stretches(&self, delimiter: u8) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let batch = self.batch;
        let mut rest = &batch.cells[self.slot.first_cell..][..self.slot.cells];
        let bytes = batch.text.as_bytes();
        std::iter::from_fn(move || {
            let first = rest.first()?;
            let is_beside = |pair: &[(usize, usize)]| pair[0].1 + 1 == pair[1].0 && bytes[pair[0].1] == delimiter;
            let beside = rest.windows(2).take_while(|pair| is_beside(pair)).count();
            let whole = &batch.text[first.0..rest[beside].1];
            // A cell holds its own delimiter only in quotation marks, but may hold that of another file.
            let divides = beside == 0 || memchr::memchr_iter(delimiter, whole.as_bytes()).count() == beside;
            let (cells, text) = if divides { (beside + 1, whole) } else { (1, &batch.text[first.0..first.1]) };
            rest = &rest[cells..];
            Some((cells, text))
        })
    }

    /// The cell at `column`, from 0; empty text where the row is too short.
    #[inline]
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
        let flags = if self.is_noticed() { self.batch.flags.as_slice() } else { &[] };
        let from = flags.partition_point(|(row, ..)| *row < self.index);
        let mut here = flags[from..].iter().take_while(|(row, ..)| *row == self.index);
        here.find(|(_, flagged, _)| *flagged == column).map(|(.., flag)| *flag)
    }

    /// What the cell at `column` holds, if that is no text.
    pub fn typed(&self, column: usize) -> Option<&'a TypedValue> {
        self.all_typed().find(|(typed, _)| *typed == column).map(|(_, value)| value)
    }

    fn all_typed(&self) -> impl Iterator<Item = (usize, &'a TypedValue)> + use<'a> {
        let (typed, index) = (if self.is_noticed() { self.batch.typed.as_slice() } else { &[] }, self.index);
        let from = typed.partition_point(|(row, ..)| *row < index);
        typed[from..].iter().take_while(move |(row, ..)| *row == index).map(|(_, column, value)| (*column, value))
    }

    /// Whether the row's entry says nothing of `column`.
    pub fn is_absent(&self, column: usize) -> bool {
        self.flag(column) == Some(CellFlag::Absent)
    }

    /// What the empty cell at `column` shows, as it is merged with a cell above.
    pub fn covered(&self, column: usize) -> Option<&'a str> {
        self.all_covered().find(|(covered, _)| *covered == column).map(|(_, text)| text)
    }

    /// Column and text of each empty cell that is merged with a cell above.
    pub fn all_covered(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let (covered, index) = (if self.is_noticed() { self.batch.covered.as_slice() } else { &[] }, self.index);
        let from = covered.partition_point(|(row, ..)| *row < index);
        let here = covered[from..].iter().take_while(move |(row, ..)| *row == index);
        here.map(|(_, column, text)| (*column, text.as_str()))
    }

    #[inline]
    fn text_at(&self, at: usize) -> &'a str {
        let (from, to) = self.batch.cells[at];
        &self.batch.text[from..to]
    }

    pub fn cells(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let row = *self;
        (0..row.len()).map(move |column| row.cell(column))
    }

    /// Whether the row stands in the table and is no contact: a header again, a total, a line below it.
    pub fn is_no_contact(&self) -> bool {
        self.errors().iter().any(|(_, error)| NO_CONTACTS.contains(&error.code.as_ref()))
    }

    /// Whether reading found something wrong with the cell at `column`.
    pub fn is_wrong(&self, column: usize) -> bool {
        self.is_noticed() && self.errors().iter().any(|(_, error)| error.column_index == column)
    }

    /// What reading found wrong with this row.
    pub fn errors(&self) -> &'a [(usize, RowError)] {
        self.of_this(&self.batch.errors)
    }

    /// What reading did to this row, which can be used all the same.
    pub fn remarks(&self) -> &'a [(usize, RowError)] {
        self.of_this(&self.batch.remarks)
    }

    fn of_this<'t>(&self, told: &'t [(usize, RowError)]) -> &'t [(usize, RowError)] {
        let from = told.partition_point(|(row, _)| *row < self.index);
        let to = told.partition_point(|(row, _)| *row <= self.index);
        &told[from..to]
    }
}
