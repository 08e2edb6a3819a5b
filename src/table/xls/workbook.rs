use super::record::{BiffRecord, BiffRecords};
use super::sheet;
use super::strings::{self, short_string, string_at};
use crate::table::biff::{Codes, Shared, cut_off, u16_at, u32_at};
use crate::table::options::ReadOptions;
use crate::table::source::ContentFault;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::{Room, SheetInMemory};

/// Sheets of one file.
const MOST_SHEETS: usize = 1_000;

/// The sheets in the stream of a workbook.
///
/// # Errors
/// If it is damaged, has a password, is older than Excel 97, or holds more than the limits allow.
pub fn sheets(stream: &[u8], options: &ReadOptions) -> Result<Vec<SheetInMemory>, ContentFault> {
    let refused = |message: &str, hint| ContentFault { message: message.into(), hint };
    let mut shared = Shared::default();
    let mut codes = Codes::default();
    let mut formats = Vec::new();
    let mut places = Vec::new();
    let mut records = BiffRecords::new(stream);
    if records.next().is_none_or(|record| !is_begin(&record)) {
        return Err(refused("is an Excel workbook older than Excel 97", SAVE));
    }
    for record in records {
        let data = record.data;
        match record.kind {
            0x002f => return Err(refused("has a password", "save it without a password, as .xlsx or .csv")),
            0x0022 => shared.is_1904 = u16_at(data, 0) == Some(1),
            0x041e => {
                let number = u16_at(data, 0).ok_or_else(cut_off)?;
                codes.add(number, string_at(&record, 2).ok_or_else(cut_off)?);
            }
            0x00e0 => formats.push(u16_at(data, 2).ok_or_else(cut_off)?),
            // Of all kinds of sheets only those with cells.
            0x0085 if data.get(5) == Some(&0) => {
                let at = u32_at(data, 0).and_then(|at| usize::try_from(at).ok()).ok_or_else(cut_off)?;
                let is_visible = data.get(4).is_some_and(|state| state.trailing_zeros() >= 2);
                places.push((at, is_visible, short_string(&data[6..]).ok_or_else(cut_off)?));
            }
            0x00fc => shared.strings = strings::table(&record)?,
            0x000a => break,
            _ => {}
        }
    }
    if places.len() > MOST_SHEETS {
        return Err(refused("is damaged: it has more sheets than a file can have", SAVE));
    }
    // Two sheets in one place would be read as often as there are such.
    let mut begins: Vec<usize> = places.iter().map(|(at, ..)| *at).collect();
    begins.sort_unstable();
    if begins.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refused("is damaged: sheets of it overlap", SAVE));
    }
    shared.formats = formats.iter().map(|number| codes.format(*number)).collect();
    let mut room = Room::new(options);
    let mut sheets = Vec::new();
    for (at, is_visible, name) in places {
        // Each ends where the next begins, whatever its own end says.
        let end = begins.iter().copied().find(|next| *next > at).unwrap_or(stream.len());
        let part = stream.get(at..end.min(stream.len())).ok_or_else(cut_off)?;
        let (rows, seen) = sheet::read(part, &shared, &mut room)?;
        sheets.push(SheetInMemory { name, is_visible, rows, seen });
    }
    Ok(sheets)
}

/// The beginning of a workbook or a sheet, as Excel 97 and later write it.
fn is_begin(record: &BiffRecord<'_>) -> bool {
    record.kind == 0x0809 && u16_at(record.data, 0) == Some(0x0600)
}
