//! Sheets that are held in memory as their cells, for formats that are read whole: what they may take is
//! counted while they are read, and never the area between their outermost cells.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Sheet, SheetType, SheetVisible, Xlsx};

use super::package::{Gated, damaged};
use super::scan::PartSeen;
use super::sheet::{CellKind, SheetRow, SheetRows};
use crate::error::Result;
use crate::table::batch::TypedValue;
use crate::table::options::ReadOptions;
use crate::table::source::ContentFault;

const SPLIT: &str = "save it as .xlsx or .csv, which may be larger";

/// A sheet, and what was seen of it.
#[derive(Debug)]
pub struct SheetInMemory {
    pub name: String,
    pub is_visible: bool,
    /// In the order of their numbers.
    pub rows: Vec<SheetRow>,
    pub seen: PartSeen,
}

impl SheetInMemory {
    pub fn as_sheet(&self) -> Sheet {
        let visible = if self.is_visible { SheetVisible::Visible } else { SheetVisible::Hidden };
        Sheet { name: self.name.clone(), typ: SheetType::WorkSheet, visible }
    }
}

/// What all sheets of a file may still take.
#[derive(Debug)]
pub struct Room {
    cells: u64,
    bytes: usize,
    most: (u64, usize),
    keep_types: bool,
}

impl Room {
    pub fn new(options: &ReadOptions) -> Self {
        let (cells, bytes) = (options.limits.cells_in_memory, options.limits.bytes_in_memory);
        Self { cells, bytes, most: (cells, bytes), keep_types: options.keep_types }
    }

    fn take(&mut self, cells: u64, bytes: usize) -> Result<(), ContentFault> {
        match (self.cells.checked_sub(cells), self.bytes.checked_sub(bytes)) {
            (Some(cells), Some(bytes)) => {
                (self.cells, self.bytes) = (cells, bytes);
                Ok(())
            }
            _ => Err(ContentFault {
                message: format!(
                    "holds more than the {} cells or {} MB of text that a file of its kind may",
                    self.most.0,
                    self.most.1 >> 20
                ),
                hint: SPLIT,
            }),
        }
    }
}

/// Rows of a sheet while its cells come, in any order.
#[derive(Debug, Default)]
pub struct RowsByNumber(BTreeMap<u64, SheetRow>);

impl RowsByNumber {
    /// Adds a cell; row and column from 0. Blank text is no cell. `typed` is what it holds, if that is no text.
    pub fn push(
        &mut self,
        room: &mut Room,
        (row, column): (u64, usize),
        text: &str,
        kind: CellKind,
        typed: Option<TypedValue>,
    ) -> Result<(), ContentFault> {
        if text.is_empty() {
            return Ok(());
        }
        room.take(1, text.len())?;
        let row = self.0.entry(row + 1).or_insert_with(|| SheetRow::numbered(row + 1));
        row.push(column, text, kind);
        if let Some(typed) = typed.filter(|_| room.keep_types) {
            row.hold(column, typed);
        }
        Ok(())
    }

    /// Makes sure that there is such a row: it holds what is told and is no text.
    pub fn begin(&mut self, row: u64) {
        self.0.entry(row + 1).or_insert_with(|| SheetRow::numbered(row + 1));
    }

    pub fn finish(self, seen: &mut PartSeen) -> Vec<SheetRow> {
        let mut rows: Vec<SheetRow> = self.0.into_values().collect();
        for row in &mut rows {
            row.put_in_order();
            seen.filled_cells += row.cells().count() as u64;
        }
        seen.rows = rows.last().map_or(0, |row| row.number);
        rows
    }
}

/// A workbook whose rows are read.
pub enum Workbook {
    Streamed(Box<Xlsx<Gated>>),
    InMemory(Vec<SheetInMemory>),
}

impl Workbook {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Streamed(_) => "an Excel workbook",
            Self::InMemory(_) => "a workbook",
        }
    }

    pub fn rows<'a>(&'a mut self, path: &'a Path, sheet: &str, row_bytes: usize) -> Result<WorkbookRows<'a>> {
        match self {
            Self::Streamed(workbook) => {
                let cells = workbook.worksheet_cells_reader(sheet).map_err(|cause| damaged(path, &cause))?;
                Ok(WorkbookRows::Streamed(Box::new(SheetRows::new(path, cells, row_bytes))))
            }
            Self::InMemory(sheets) => {
                let found = sheets.iter().find(|found| found.name == sheet);
                Ok(WorkbookRows::InMemory(found.map_or([].iter(), |found| found.rows.iter())))
            }
        }
    }
}

/// The rows of one sheet, in order.
pub enum WorkbookRows<'a> {
    Streamed(Box<SheetRows<'a>>),
    InMemory(std::slice::Iter<'a, SheetRow>),
}

impl WorkbookRows<'_> {
    /// Reads the next row that has a cell; false at the end.
    pub fn read(&mut self, row: &mut SheetRow) -> Result<bool> {
        match self {
            Self::Streamed(rows) => rows.read(row),
            Self::InMemory(rows) => {
                let next = rows.next();
                if let Some(next) = next {
                    row.clone_from(next);
                }
                Ok(next.is_some())
            }
        }
    }
}
