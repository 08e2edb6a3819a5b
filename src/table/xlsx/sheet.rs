//! Rows of one sheet, out of its cells.

use std::path::Path;
use std::sync::Arc;

use calamine::{Cell, DataRef, XlsxCellReader, XlsxError};

use super::number::{NumberFormat, Shown};
use super::package::{Gated, damaged};
use crate::error::{Error, Result};
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

    /// The cells of `width` columns from `first` on; empty text where there is none.
    pub fn cells_of(&self, first: usize, width: usize) -> impl Iterator<Item = (&str, CellKind)> + Clone {
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

    fn begin(&mut self, number: u64) {
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

fn typed(value: &DataRef<'_>, code: Option<&Arc<str>>) -> Option<TypedValue> {
    let number = match value {
        DataRef::Bool(value) => return Some(TypedValue::Boolean(*value)),
        DataRef::Float(number) => *number,
        DataRef::DateTime(date) => date.as_f64(),
        _ => return None,
    };
    Some(TypedValue::Number { number, format: code.map_or_else(|| "General".into(), Arc::clone) })
}

/// Rows from the cells of a sheet.
pub struct SheetRows<'a> {
    path: &'a Path,
    cells: XlsxCellReader<'a, Gated>,
    /// What each style shows numbers by, and its code.
    formats: Vec<(NumberFormat, Arc<str>)>,
    row_bytes: usize,
    /// The first cell of the next row.
    next: Option<(Cell<DataRef<'a>>, usize)>,
    last_number: u64,
    /// Behind the last cell the reader finds fault with the end of the part.
    ended: bool,
}

impl<'a> SheetRows<'a> {
    pub fn new(path: &'a Path, cells: XlsxCellReader<'a, Gated>, row_bytes: usize) -> Self {
        let formats = cells.styles().iter().map(|style| {
            let code = style.number_format.as_ref().map_or("General", |format| format.format_code.as_str());
            (NumberFormat::parse(code), Arc::from(code))
        });
        let formats = formats.collect();
        Self { path, cells, formats, row_bytes, next: None, last_number: 0, ended: false }
    }

    /// Reads the next row that has a cell; false at the end.
    pub fn read(&mut self, row: &mut SheetRow) -> Result<bool> {
        let first = match self.next.take() {
            Some(cell) => Some(cell),
            None => self.next_cell()?,
        };
        let Some(first) = first else { return Ok(false) };
        let number = u64::from(first.0.get_position().0) + 1;
        if number <= self.last_number {
            return Err(Error::usage(format!(
                "{}: its sheet has row {number} behind row {}",
                self.path.display(),
                self.last_number
            ))
            .at_line(number)
            .hint("open it in a spreadsheet program and save it again as .xlsx"));
        }
        self.last_number = number;
        row.begin(number);
        self.push(row, &first)?;
        while let Some(cell) = self.next_cell()? {
            if u64::from(cell.0.get_position().0) + 1 != number {
                self.next = Some(cell);
                break;
            }
            self.push(row, &cell)?;
        }
        row.put_in_order();
        Ok(true)
    }

    fn next_cell(&mut self) -> Result<Option<(Cell<DataRef<'a>>, usize)>> {
        if self.ended {
            return Ok(None);
        }
        let cell = self.cells.next_cell_with_style_id().map_err(|cause: XlsxError| damaged(self.path, &cause))?;
        self.ended = cell.is_none();
        Ok(cell)
    }

    fn push(&self, row: &mut SheetRow, (cell, style): &(Cell<DataRef<'_>>, usize)) -> Result<()> {
        let general = NumberFormat::default();
        let (format, code) = self.formats.get(*style).map_or((&general, None), |(format, code)| (format, Some(code)));
        let column = cell.get_position().1 as usize;
        if let Some(value) = typed(cell.get_value(), code) {
            row.typed.push((column, value));
        }
        let mut push_shown = |shown: Shown| {
            let kind = if shown.digits_lost { CellKind::DigitsLost } else { CellKind::Value };
            row.push(column, &shown.text, kind);
        };
        match cell.get_value() {
            DataRef::Empty => {}
            DataRef::String(text) => row.push(column, text, CellKind::Text),
            DataRef::SharedString(text) => row.push(column, text, CellKind::Text),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => row.push(column, text, CellKind::Value),
            DataRef::Bool(true) => row.push(column, "true", CellKind::Value),
            DataRef::Bool(false) => row.push(column, "false", CellKind::Value),
            DataRef::Error(error) => row.push(column, &error.to_string(), CellKind::Error),
            #[expect(clippy::cast_precision_loss, reason = "the xlsx reader gives no such cell")]
            DataRef::Int(number) => push_shown(format.show(*number as f64)),
            DataRef::Float(number) => push_shown(format.show(*number)),
            DataRef::DateTime(date) => push_shown(format.show_date(*date)),
        }
        if row.text_len() > self.row_bytes {
            return Err(Error::usage(format!(
                "{}, row {}: more than {} MB in one row",
                self.path.display(),
                row.number,
                self.row_bytes >> 20
            ))
            .at_line(row.number)
            .hint("keep the contacts alone and save them as .csv"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_of_some_columns_are_those_that_stand_there() {
        let mut row = SheetRow::numbered(1);
        for (column, text) in [(4, "e"), (1, "b"), (2, "c")] {
            row.push(column, text, CellKind::Text);
        }
        row.put_in_order();
        for (first, width) in [(0, 6), (1, 2), (2, 1), (3, 4), (5, 2), (1, 0)] {
            let each = (first..first + width).map(|column| row.cell(column));
            assert!(row.cells_of(first, width).eq(each), "{first}, {width}");
        }
    }
}
