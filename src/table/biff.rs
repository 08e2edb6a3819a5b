//! What `.xls` and `.xlsb` have in common: cells in records, as versions 8 and 12 of Excel's binary format
//! write them ([MS-XLS] and [MS-XLSB]).
//!
//! [MS-XLS]: https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xls/
//! [MS-XLSB]: https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/

use std::collections::HashMap;
use std::sync::Arc;

use calamine::{ExcelDateTime, ExcelDateTimeType};

use super::batch::TypedValue;
use super::source::ContentFault;
use super::unreadable::SAVE;
use super::xlsx::{CellKind, MergedCells, NumberFormat, PartSeen, Room, RowsByNumber, SheetRow};

/// Formats that a file uses without saying what they are.
const KNOWN_FORMATS: [(u16, &str); 16] = [
    (1, "0"),
    (2, "0.00"),
    (9, "0%"),
    (10, "0.00%"),
    (14, "yyyy\\-mm\\-dd"),
    (15, "d\\-mmm\\-yy"),
    (16, "d\\-mmm"),
    (17, "mmm\\-yy"),
    (18, "h:mm AM/PM"),
    (19, "h:mm:ss AM/PM"),
    (20, "h:mm"),
    (21, "h:mm:ss"),
    (22, "yyyy\\-mm\\-dd h:mm"),
    (45, "mm:ss"),
    (46, "[h]:mm:ss"),
    (47, "mm:ss.0"),
];

pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A record that is shorter than its kind is.
pub fn cut_off() -> ContentFault {
    ContentFault { message: "is damaged: a record of it is cut off".into(), hint: SAVE }
}

/// A number in four bytes: a whole one, or the upper half of a floating point number, either divided by 100.
pub fn packed(bits: u32) -> f64 {
    #[expect(clippy::cast_possible_wrap, reason = "the bits are those of a signed number")]
    let number = if bits & 2 == 2 { f64::from(bits as i32 >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    if bits & 1 == 1 { number / 100.0 } else { number }
}

/// The table of distinct strings: one text, and where each ends in it.
#[derive(Debug, Default)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Adds the string that `write` puts behind the others.
    pub fn add(&mut self, write: impl FnOnce(&mut String) -> Option<()>) -> Option<()> {
        write(&mut self.text)?;
        self.ends.push(self.text.len());
        Some(())
    }

    pub fn get(&self, index: u32) -> Option<&str> {
        let index = usize::try_from(index).ok()?;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

#[derive(Clone)]
pub struct CellFormat {
    number: NumberFormat,
    code: Arc<str>,
    /// Shows how long something took.
    is_elapsed: bool,
}

/// The formats of numbers by the number that a file gives each: those it says, and those it needn't.
pub struct Codes(HashMap<u16, String>);

impl Default for Codes {
    fn default() -> Self {
        Self(KNOWN_FORMATS.iter().map(|(number, code)| (*number, (*code).to_owned())).collect())
    }
}

impl Codes {
    pub fn add(&mut self, number: u16, code: String) {
        self.0.insert(number, code);
    }

    pub fn format(&self, number: u16) -> CellFormat {
        let code = self.0.get(&number).map_or("General", String::as_str);
        let lower = code.to_lowercase();
        let is_elapsed = ["[h", "[m]", "[mm]", "[s"].iter().any(|elapsed| lower.contains(elapsed));
        // The word means no day and no second, whatever letters it has.
        let number = if lower.starts_with("general") { NumberFormat::default() } else { NumberFormat::parse(code) };
        CellFormat { number, code: code.into(), is_elapsed }
    }
}

/// What the sheets of a workbook share.
#[derive(Default)]
pub struct Shared {
    pub strings: Strings,
    /// By the number that a cell names.
    pub formats: Vec<CellFormat>,
    pub is_1904: bool,
}

/// Where a cell stands, from 0, and the number of its format.
#[derive(Clone, Copy, Debug)]
pub struct CellPlace {
    pub row: u32,
    pub column: u32,
    pub format: u32,
}

/// Cells of one sheet while they are read.
pub struct Cells<'a> {
    pub shared: &'a Shared,
    pub seen: PartSeen,
    room: &'a mut Room,
    rows: RowsByNumber,
    hidden: Vec<u32>,
}

impl<'a> Cells<'a> {
    pub fn new(shared: &'a Shared, room: &'a mut Room) -> Self {
        Self { shared, seen: PartSeen::default(), room, rows: RowsByNumber::default(), hidden: Vec::new() }
    }

    pub fn text(&mut self, place: CellPlace, text: &str) -> Result<(), ContentFault> {
        self.push(place, text, CellKind::Text, None)
    }

    pub fn shared_text(&mut self, place: CellPlace, index: u32) -> Result<(), ContentFault> {
        let shared = self.shared;
        self.text(place, shared.strings.get(index).unwrap_or_default())
    }

    pub fn number(&mut self, place: CellPlace, number: f64) -> Result<(), ContentFault> {
        let format = usize::try_from(place.format).ok().and_then(|format| self.shared.formats.get(format)).cloned();
        let format = format.unwrap_or_else(|| Codes::default().format(0));
        let moment = |kind| ExcelDateTime::new(number, kind, self.shared.is_1904);
        let shown = if format.is_elapsed {
            format.number.show_date(moment(ExcelDateTimeType::TimeDelta))
        } else if format.number.is_moment() {
            format.number.show_date(moment(ExcelDateTimeType::DateTime))
        } else {
            format.number.show(number)
        };
        let kind = if shown.digits_lost { CellKind::DigitsLost } else { CellKind::Value };
        self.push(place, &shown.text, kind, Some(TypedValue::Number { number, format: format.code }))
    }

    pub fn truth(&mut self, place: CellPlace, value: u8) -> Result<(), ContentFault> {
        let text = if value == 0 { "false" } else { "true" };
        self.push(place, text, CellKind::Value, Some(TypedValue::Boolean(value != 0)))
    }

    pub fn error(&mut self, place: CellPlace, value: u8) -> Result<(), ContentFault> {
        let text = match value {
            0x00 => "#NULL!",
            0x07 => "#DIV/0!",
            0x0f => "#VALUE!",
            0x17 => "#REF!",
            0x1d => "#NAME?",
            0x24 => "#NUM!",
            _ => "#N/A",
        };
        self.push(place, text, CellKind::Error, None)
    }

    pub fn merge(&mut self, cells: MergedCells) -> Result<(), ContentFault> {
        if self.seen.add_merged(cells) {
            return Ok(());
        }
        Err(ContentFault { message: "has too many merged cells".into(), hint: SAVE })
    }

    /// Takes note of a row that is hidden, in any order.
    pub fn hide(&mut self, row: u32) {
        self.hidden.push(row);
    }

    pub fn finish(mut self) -> (Vec<SheetRow>, PartSeen) {
        self.hidden.sort_unstable();
        self.hidden.dedup();
        for row in self.hidden {
            self.seen.hidden_rows.add(row);
        }
        let rows = self.rows.finish(&mut self.seen);
        (rows, self.seen)
    }

    fn push(
        &mut self,
        place: CellPlace,
        text: &str,
        kind: CellKind,
        typed: Option<TypedValue>,
    ) -> Result<(), ContentFault> {
        let at = (u64::from(place.row), usize::try_from(place.column).unwrap_or(usize::MAX));
        self.rows.push(self.room, at, text, kind, typed)
    }
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn numbers_in_four_bytes_are_whole_or_halves_and_may_be_hundredths() {
        assert_eq!(packed(7 << 2 | 2), 7.0);
        assert_eq!(packed((-7_i32 << 2).cast_unsigned() | 2), -7.0);
        assert_eq!(packed(1250 << 2 | 3), 12.5);
        assert_eq!(packed(0x3ff8_0000), 1.5);
    }
}
