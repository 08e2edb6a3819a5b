use super::record::{BiffRecord, BiffRecords};
use super::strings::string_at;
use crate::table::biff::{CellPlace, Cells, Shared, cut_off, f64_at, packed, u16_at, u32_at};
use crate::table::source::ContentFault;
use crate::table::xlsx::{MergedCells, PartSeen, Room, SheetRow};

/// The rows in the records of one sheet, and what was seen of it.
pub fn read(part: &[u8], shared: &Shared, room: &mut Room) -> Result<(Vec<SheetRow>, PartSeen), ContentFault> {
    let mut cells = Cells::new(shared, room);
    // Charts inside of the sheet have records like it.
    let mut depth = 0_u32;
    // Where the text of a formula belongs that comes in the next record.
    let mut formula = None;
    for record in BiffRecords::new(part) {
        match record.kind {
            0x0809 => depth += 1,
            0x000a if depth <= 1 => break,
            0x000a => depth -= 1,
            _ if depth > 1 => {}
            0x0208 if record.data.get(12).is_some_and(|flags| flags & 0x20 != 0) => {
                cells.hide(u16_at(record.data, 0).map_or(0, u32::from));
            }
            0x0006 => formula = formula_in(&mut cells, &record).ok_or_else(cut_off)??,
            0x0207 => {
                if let Some(place) = formula.take() {
                    let text = string_at(&record, 0).ok_or_else(cut_off)?;
                    cells.text(place, &text)?;
                }
            }
            _ => take(&mut cells, &record).ok_or_else(cut_off)??,
        }
    }
    Ok(cells.finish())
}

/// A record of cells, or about them; `None` if it is cut off.
fn take(cells: &mut Cells<'_>, record: &BiffRecord<'_>) -> Option<Result<(), ContentFault>> {
    let data = record.data;
    let place = || place_in(data);
    Some(match record.kind {
        0x0203 => cells.number(place()?, f64_at(data, 6)?),
        0x027e => cells.number(place()?, packed(u32_at(data, 6)?)),
        0x00bd => {
            let (row, first) = (u16_at(data, 0)?, u16_at(data, 2)?);
            let numbers = data.get(4..data.len().checked_sub(2)?)?.chunks_exact(6);
            (first..=u16::MAX).zip(numbers).try_for_each(|(column, cell)| {
                let format = u32::from(u16::from_le_bytes([cell[0], cell[1]]));
                let number = u32::from_le_bytes([cell[2], cell[3], cell[4], cell[5]]);
                cells.number(CellPlace { row: row.into(), column: column.into(), format }, packed(number))
            })
        }
        0x00fd => cells.shared_text(place()?, u32_at(data, 6)?),
        0x0204 | 0x00d6 => {
            let text = string_at(record, 6)?;
            cells.text(place()?, &text)
        }
        0x0205 if *data.get(7)? == 0 => cells.truth(place()?, *data.get(6)?),
        0x0205 => cells.error(place()?, *data.get(6)?),
        0x00e5 => {
            let count = usize::from(u16_at(data, 0)?);
            for range in data.get(2..)?.chunks_exact(8).take(count) {
                let at = |index| u16_at(range, index).map(u32::from);
                let merged = MergedCells { first: (at(0)?, at(4)?), last: (at(2)?, at(6)?) };
                if let Err(fault) = cells.merge(merged) {
                    return Some(Err(fault));
                }
            }
            Ok(())
        }
        0x009b | 0x009d => {
            cells.seen.is_filtered = true;
            Ok(())
        }
        0x007d if data.get(8)? & 1 == 1 => {
            let (first, last) = (u16_at(data, 0)?, u16_at(data, 2)?.min(255));
            cells.seen.hidden_columns += u64::from(last.saturating_sub(first)) + 1;
            Ok(())
        }
        _ => Ok(()),
    })
}

/// The saved value of a formula; where its text comes in the next record, the cell's place.
fn formula_in(cells: &mut Cells<'_>, record: &BiffRecord<'_>) -> Option<Result<Option<CellPlace>, ContentFault>> {
    let data = record.data;
    let place = place_in(data)?;
    if u16_at(data, 12)? != 0xffff {
        return Some(cells.number(place, f64_at(data, 6)?).map(|()| None));
    }
    let value = *data.get(8)?;
    match *data.get(6)? {
        0 => Some(Ok(Some(place))),
        1 => Some(cells.truth(place, value).map(|()| None)),
        2 => Some(cells.error(place, value).map(|()| None)),
        // No text.
        _ => Some(Ok(None)),
    }
}

/// Where the cell of a record stands.
fn place_in(data: &[u8]) -> Option<CellPlace> {
    let [row, column, format] = [u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?].map(u32::from);
    Some(CellPlace { row, column, format })
}
