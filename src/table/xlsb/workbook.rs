use std::io::{self, Read};

use super::record::{XlsbRecords, wide_text};
use crate::table::biff::{CellFormat, Codes, Shared, Strings, cut_off, u16_at, u32_at};
use crate::table::options::ReadLimits;
use crate::table::source::ContentFault;
use crate::table::unreadable::SAVE;

/// Sheets of one file.
const MOST_SHEETS: usize = 1_000;

/// Where a sheet stands.
pub struct SheetPlace {
    pub name: String,
    pub is_visible: bool,
    pub relation: String,
}

/// The sheets in their order; takes note of the calendar.
pub fn places(part: &mut dyn Read, shared: &mut Shared) -> io::Result<Vec<SheetPlace>> {
    let mut records = XlsbRecords::new(part);
    let mut places = Vec::new();
    while let Some((kind, data)) = records.next()? {
        match kind {
            153 => shared.is_1904 = data.first().is_some_and(|flags| flags & 1 == 1),
            156 => places.push(place(data).ok_or_else(|| cut_off().into_error())?),
            _ => {}
        }
        if places.len() > MOST_SHEETS {
            return Err(ContentFault::error("is damaged: it has more sheets than a file can have", SAVE));
        }
    }
    Ok(places)
}

fn place(data: &[u8]) -> Option<SheetPlace> {
    let (mut relation, mut name) = (String::new(), String::new());
    let end = wide_text(data, 8, &mut relation)?;
    wide_text(data, end, &mut name)?;
    Some(SheetPlace { name, is_visible: u32_at(data, 0)? == 0, relation })
}

/// The formats of numbers, by the number that a cell names.
pub fn formats(part: &mut dyn Read) -> io::Result<Vec<CellFormat>> {
    let mut records = XlsbRecords::new(part);
    let (mut codes, mut formats) = (Codes::default(), Vec::new());
    // There is another list like that of the cells' formats: that of named styles.
    let mut is_of_cells = false;
    while let Some((kind, data)) = records.next()? {
        let short = || cut_off().into_error();
        match kind {
            44 => {
                let mut code = String::new();
                wide_text(data, 2, &mut code).ok_or_else(short)?;
                codes.add(u16_at(data, 0).ok_or_else(short)?, code);
            }
            617 => is_of_cells = true,
            618 => is_of_cells = false,
            47 if is_of_cells => formats.push(u16_at(data, 2).ok_or_else(short)?),
            _ => {}
        }
    }
    Ok(formats.into_iter().map(|number| codes.format(number)).collect())
}

/// The table of distinct strings.
pub fn strings(part: &mut dyn Read, limits: &ReadLimits) -> io::Result<Strings> {
    let mut records = XlsbRecords::new(part);
    let mut strings = Strings::default();
    while let Some((kind, data)) = records.next()? {
        if kind == 19 {
            let added = strings.add(|text| wide_text(data, 1, text).map(drop));
            added.ok_or_else(|| cut_off().into_error())?;
        }
        if strings.len() as u64 > limits.cells_in_memory || strings.bytes() > limits.bytes_in_memory {
            return Err(ContentFault::error(
                format!("holds more than the {} MB of text that a file of its kind may", limits.bytes_in_memory >> 20),
                "save it as .xlsx or .csv, which may be larger",
            ));
        }
    }
    Ok(strings)
}
