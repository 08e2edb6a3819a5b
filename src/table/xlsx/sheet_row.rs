//! A row of a sheet as the cells that it has.

use crate::table::batch::TypedValue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Text,
    /// A number, date or boolean.
    Value,
    /// A number of which a spreadsheet has lost digits.
    DigitsLost,
    /// `#REF!` and its like.
    Error,
}

/// One row of a sheet: its cells that have content, by column.
#[derive(Clone, Debug, Default)]
pub struct SheetRow {
    /// From 1, as the spreadsheet program counts.
    pub number: u64,
    text: String,
    cells: Vec<SheetCell>,
    /// What cells hold that are no texts, by column.
    typed: Vec<(usize, TypedValue)>,
}

#[derive(Clone, Copy, Debug)]
struct SheetCell {
    column: usize,
    start: usize,
    end: usize,
    kind: CellKind,
}

impl SheetRow {
    /// Column from 0, text and kind of each cell, in column order.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = (usize, &str, CellKind)> {
        self.cells.iter().map(|cell| (cell.column, &self.text[cell.start..cell.end], cell.kind))
    }

    /// The cell at `column`; empty text where there is none.
    pub fn cell(&self, column: usize) -> (&str, CellKind) {
        match self.cells.binary_search_by_key(&column, |cell| cell.column) {
            Ok(at) => (&self.text[self.cells[at].start..self.cells[at].end], self.cells[at].kind),
            Err(_) => ("", CellKind::Text),
        }
    }

    /// Text and kind of the cell in each of `width` columns from `first` on; empty text where there is none.
    pub fn columns(&self, first: usize, width: usize) -> impl Iterator<Item = (&str, CellKind)> + Clone {
        let mut at = self.cells.partition_point(|cell| cell.column < first);
        (first..first + width).map(move |column| match self.cells.get(at) {
            Some(cell) if cell.column == column => {
                at += 1;
                (&self.text[cell.start..cell.end], cell.kind)
            }
            _ => ("", CellKind::Text),
        })
    }

    /// What the cell at `column` holds, if that is no text.
    pub fn typed(&self, column: usize) -> Option<&TypedValue> {
        self.typed.iter().find(|(typed, _)| *typed == column).map(|(_, value)| value)
    }

    /// Cells that are not blank.
    pub fn filled(&self) -> usize {
        self.cells().filter(|(_, text, _)| !text.trim().is_empty()).count()
    }

    /// First and last column that is not blank.
    pub fn extent(&self) -> Option<(usize, usize)> {
        let mut filled = self.cells().filter(|(_, text, _)| !text.trim().is_empty()).map(|(column, ..)| column);
        let first = filled.next()?;
        Some((first, filled.next_back().unwrap_or(first)))
    }

    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// One without cells yet.
    pub fn numbered(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// Begins another row in its place.
    pub fn begin(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
        self.typed.clear();
    }

    pub fn push(&mut self, column: usize, text: &str, kind: CellKind) {
        let start = self.text.len();
        self.text.push_str(text);
        self.cells.push(SheetCell { column, start, end: self.text.len(), kind });
    }

    /// Takes note of what the cell at `column` holds, which is no text.
    pub fn hold(&mut self, column: usize, value: TypedValue) {
        self.typed.push((column, value));
    }

    /// Puts cells that a program wrote out of order into order; of two in one place the last stays.
    pub fn put_in_order(&mut self) {
        if !self.cells.is_sorted_by(|one, next| one.column < next.column) {
            self.cells.reverse();
            self.cells.sort_by_key(|cell| cell.column);
            self.cells.dedup_by_key(|cell| cell.column);
        }
    }
}
