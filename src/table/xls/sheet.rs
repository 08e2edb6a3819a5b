use calamine::{ExcelDateTime, ExcelDateTimeType};

use super::SAVE;
use super::record::{BiffRecord, BiffRecords, cut_off, f64_at, u16_at, u32_at};
use super::strings::string_at;
use super::workbook::Shared;
use crate::table::source::ContentFault;
use crate::table::xlsx::SheetRow;
use crate::table::xlsx::{CellKind, MergedCells, PartSeen, Room, RowsByNumber};

/// Row and column of a cell, from 0, and the number of its format.
type Place = (u16, u16, u16);

/// The rows in the records of one sheet, and what was seen of it.
pub fn read(part: &[u8], shared: &Shared, room: &mut Room) -> Result<(Vec<SheetRow>, PartSeen), ContentFault> {
    let mut sheet = Sheet { shared, room, rows: RowsByNumber::default(), seen: PartSeen::default() };
    let mut hidden = Vec::new();
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
                hidden.extend(u16_at(record.data, 0));
            }
            0x0006 => formula = sheet.formula(&record).ok_or_else(cut_off)??,
            0x0207 => {
                if let Some(place) = formula.take() {
                    let text = string_at(&record, 0).ok_or_else(cut_off)?;
                    sheet.push(place, &text, CellKind::Text)?;
                }
            }
            _ => sheet.record(&record).ok_or_else(cut_off)??,
        }
    }
    hidden.sort_unstable();
    hidden.dedup();
    for row in hidden {
        sheet.seen.hidden_rows.add(u32::from(row));
    }
    let mut seen = sheet.seen;
    let rows = sheet.rows.finish(&mut seen);
    Ok((rows, seen))
}

struct Sheet<'a> {
    shared: &'a Shared,
    room: &'a mut Room,
    rows: RowsByNumber,
    seen: PartSeen,
}

impl Sheet<'_> {
    /// A record of cells, or about them; `None` if it is cut off.
    fn record(&mut self, record: &BiffRecord<'_>) -> Option<Result<(), ContentFault>> {
        let data = record.data;
        let place = || Some((u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?));
        Some(match record.kind {
            0x0203 => self.number(place()?, f64_at(data, 6)?),
            0x027e => self.number(place()?, packed(u32_at(data, 6)?)),
            0x00bd => {
                let (row, first) = (u16_at(data, 0)?, u16_at(data, 2)?);
                let cells = data.get(4..data.len().checked_sub(2)?)?.chunks_exact(6);
                let mut cells = (first..=u16::MAX).zip(cells);
                cells.try_for_each(|(column, cell)| {
                    let format = u16::from_le_bytes([cell[0], cell[1]]);
                    let number = u32::from_le_bytes([cell[2], cell[3], cell[4], cell[5]]);
                    self.number((row, column, format), packed(number))
                })
            }
            0x00fd => {
                let text = self.shared.strings.get(u32_at(data, 6)?).unwrap_or_default();
                self.rows.push(self.room, position(place()?), text, CellKind::Text)
            }
            0x0204 | 0x00d6 => {
                let text = string_at(record, 6)?;
                self.push(place()?, &text, CellKind::Text)
            }
            0x0205 => self.truth_or_error(place()?, *data.get(6)?, *data.get(7)? != 0),
            0x00e5 => {
                let count = usize::from(u16_at(data, 0)?);
                for range in data.get(2..)?.chunks_exact(8).take(count) {
                    let at = |index| u16_at(range, index).map(u32::from);
                    let merged = MergedCells { first: (at(0)?, at(4)?), last: (at(2)?, at(6)?) };
                    if !self.seen.add_merged(merged) {
                        return Some(Err(ContentFault { message: "has too many merged cells".into(), hint: SAVE }));
                    }
                }
                Ok(())
            }
            0x009b | 0x009d => {
                self.seen.is_filtered = true;
                Ok(())
            }
            0x007d if data.get(8)? & 1 == 1 => {
                let (first, last) = (u16_at(data, 0)?, u16_at(data, 2)?.min(255));
                self.seen.hidden_columns += u64::from(last.saturating_sub(first)) + 1;
                Ok(())
            }
            _ => Ok(()),
        })
    }

    /// The saved value of a formula; where its text comes in the next record, the cell's place.
    fn formula(&mut self, record: &BiffRecord<'_>) -> Option<Result<Option<Place>, ContentFault>> {
        let data = record.data;
        let place = (u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?);
        if u16_at(data, 12)? != 0xffff {
            return Some(self.number(place, f64_at(data, 6)?).map(|()| None));
        }
        let value = *data.get(8)?;
        match *data.get(6)? {
            0 => Some(Ok(Some(place))),
            1 => Some(self.truth_or_error(place, value, false).map(|()| None)),
            2 => Some(self.truth_or_error(place, value, true).map(|()| None)),
            // No text.
            _ => Some(Ok(None)),
        }
    }

    fn truth_or_error(&mut self, place: Place, value: u8, is_error: bool) -> Result<(), ContentFault> {
        let text = match (is_error, value) {
            (false, 0) => "false",
            (false, _) => "true",
            (true, 0x00) => "#NULL!",
            (true, 0x07) => "#DIV/0!",
            (true, 0x0f) => "#VALUE!",
            (true, 0x17) => "#REF!",
            (true, 0x1d) => "#NAME?",
            (true, 0x24) => "#NUM!",
            (true, _) => "#N/A",
        };
        self.push(place, text, if is_error { CellKind::Error } else { CellKind::Value })
    }

    fn number(&mut self, place: Place, number: f64) -> Result<(), ContentFault> {
        let format = self.shared.formats.get(usize::from(place.2)).cloned().unwrap_or_default();
        let moment = |kind| ExcelDateTime::new(number, kind, self.shared.is_1904);
        let shown = if format.is_elapsed {
            format.number.show_date(moment(ExcelDateTimeType::TimeDelta))
        } else if format.number.is_moment() {
            format.number.show_date(moment(ExcelDateTimeType::DateTime))
        } else {
            format.number.show(number)
        };
        self.push(place, &shown.text, if shown.digits_lost { CellKind::DigitsLost } else { CellKind::Value })
    }

    fn push(&mut self, place: Place, text: &str, kind: CellKind) -> Result<(), ContentFault> {
        self.rows.push(self.room, position(place), text, kind)
    }
}

fn position((row, column, _): Place) -> (u64, usize) {
    (u64::from(row), usize::from(column))
}

/// A number in four bytes: a whole one, or the upper half of a floating point number, either divided by 100.
fn packed(bits: u32) -> f64 {
    #[expect(clippy::cast_possible_wrap, reason = "the bits are those of a signed number")]
    let number = if bits & 2 == 2 { f64::from(bits as i32 >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    if bits & 1 == 1 { number / 100.0 } else { number }
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
