//! Rows of one sheet, one behind the other.

use std::io::Read;
use std::path::Path;

use super::cells::{CellHead, SheetCells};
use super::sheet_row::SheetRow;
use super::workbook::SharedContent;
use crate::error::{Error, Result};
use crate::table::xml::Tokens;

/// Rows from the cells of a sheet.
pub struct SheetRows<'a> {
    path: &'a Path,
    cells: SheetCells<'a>,
    row_bytes: usize,
    /// The first cell of the next row.
    next: Option<CellHead>,
    last_number: u64,
}

impl<'a> SheetRows<'a> {
    pub fn new(
        path: &'a Path,
        tokens: Tokens<Box<dyn Read + 'a>>,
        shared: &'a SharedContent,
        row_bytes: usize,
    ) -> Self {
        Self { path, cells: SheetCells::new(tokens, shared), row_bytes, next: None, last_number: 0 }
    }

    /// Reads the next row that has a cell; false at the end.
    pub fn read(&mut self, row: &mut SheetRow) -> Result<bool> {
        let first = match self.next.take() {
            Some(cell) => Some(cell),
            None => self.next_cell()?,
        };
        let Some(first) = first else { return Ok(false) };
        let number = u64::from(first.row) + 1;
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
        self.push(row, first)?;
        while let Some(cell) = self.next_cell()? {
            if u64::from(cell.row) + 1 != number {
                self.next = Some(cell);
                break;
            }
            self.push(row, cell)?;
        }
        row.put_in_order();
        Ok(true)
    }

    fn next_cell(&mut self) -> Result<Option<CellHead>> {
        self.cells.next().map_err(|fault| fault.at(self.path))
    }

    fn push(&mut self, row: &mut SheetRow, cell: CellHead) -> Result<()> {
        self.cells.read(cell, row).map_err(|fault| fault.at(self.path))?;
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
