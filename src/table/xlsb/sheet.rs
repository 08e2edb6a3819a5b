use std::io::{self, Read};

use super::record::{XlsbRecords, wide_text};
use crate::table::biff::{CellPlace, Cells, Shared, cut_off, f64_at, packed, u32_at};
use crate::table::options::ReadLimits;
use crate::table::source::ContentFault;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::{MergedCells, PartSeen, Room, SheetRow};

/// The rows in the records of one sheet, and what was seen of it.
pub fn read(
    part: &mut dyn Read,
    shared: &Shared,
    room: &mut Room,
    limits: &ReadLimits,
) -> io::Result<(Vec<SheetRow>, PartSeen)> {
    let mut records = XlsbRecords::new(part);
    let mut sheet = Sheet { cells: Cells::new(shared, room), row: 0, column: None, text: String::new() };
    while let Some((kind, data)) = records.next()? {
        sheet.take(kind, data).ok_or_else(cut_off).flatten().map_err(ContentFault::into_error)?;
        if u64::from(sheet.row) >= limits.sheet_rows || sheet.column.unwrap_or(0) as usize >= limits.sheet_columns {
            return Err(ContentFault::error("is damaged: a cell of it lies outside of any sheet", SAVE));
        }
    }
    Ok(sheet.cells.finish())
}

struct Sheet<'a> {
    cells: Cells<'a>,
    row: u32,
    /// The column of the last cell of the row.
    column: Option<u32>,
    text: String,
}

impl Sheet<'_> {
    /// A record of a row, of a cell, or about them; `None` if it is cut off.
    fn take(&mut self, kind: u16, data: &[u8]) -> Option<Result<(), ContentFault>> {
        Some(match kind {
            0 => {
                (self.row, self.column) = (u32_at(data, 0)?, None);
                if data.get(11)? & 0x10 != 0 {
                    self.cells.hide(self.row);
                }
                Ok(())
            }
            1..=11 | 62 => {
                self.column = Some(u32_at(data, 0)?);
                self.cell(kind, data.get(4..)?)?
            }
            // Those that don't say their column stand right of the last one: Excel reads them, and few write them.
            12..=18 => {
                self.column = Some(self.column.map_or(0, |column| column.saturating_add(1)));
                self.cell(kind - 11, data)?
            }
            60 => {
                if data.get(16)? & 1 == 1 {
                    let (first, last) = (u32_at(data, 0)?, u32_at(data, 4)?.min(16_383));
                    self.cells.seen.hidden_columns += u64::from(last.saturating_sub(first)) + 1;
                }
                Ok(())
            }
            161 => {
                self.cells.seen.is_filtered = true;
                Ok(())
            }
            176 => {
                let at = |index| u32_at(data, index);
                self.cells.merge(MergedCells { first: (at(0)?, at(8)?), last: (at(4)?, at(12)?) })
            }
            _ => Ok(()),
        })
    }

    /// A cell without its column: the number of its format in three bytes, one of flags, what it holds.
    fn cell(&mut self, kind: u16, data: &[u8]) -> Option<Result<(), ContentFault>> {
        let place = CellPlace { row: self.row, column: self.column?, format: u32_at(data, 0)? & 0x00ff_ffff };
        Some(match kind {
            2 => self.cells.number(place, packed(u32_at(data, 4)?)),
            3 | 11 => self.cells.error(place, *data.get(4)?),
            4 | 10 => self.cells.truth(place, *data.get(4)?),
            5 | 9 => self.cells.number(place, f64_at(data, 4)?),
            6 | 8 => self.text(place, data, 4)?,
            7 => self.cells.shared_text(place, u32_at(data, 4)?),
            // With a byte before the text that says what of formats follows behind it.
            62 => self.text(place, data, 5)?,
            _ => Ok(()),
        })
    }

    fn text(&mut self, place: CellPlace, data: &[u8], at: usize) -> Option<Result<(), ContentFault>> {
        self.text.clear();
        wide_text(data, at, &mut self.text)?;
        Some(self.cells.text(place, &self.text))
    }
}
