//! Text in records: one byte a character or two, and over the ends of records in another way behind each.

use super::record::BiffRecord;
use crate::table::biff::{Strings, cut_off, u16_at, u32_at};
use crate::table::source::ContentFault;

/// Bytes of a record and of those that continue it.
pub struct Pieces<'a> {
    all: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    /// From byte `at` of the record on.
    pub fn new(record: &BiffRecord<'a>, at: usize) -> Self {
        let all = std::iter::once(record.data).chain(record.more.iter().copied()).collect();
        Self { all, piece: 0, at }
    }

    /// The rest of the present piece; the next one's where that is used up.
    fn rest(&mut self) -> Option<&'a [u8]> {
        while self.piece < self.all.len() {
            let rest = self.all[self.piece].get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                return Some(rest);
            }
            self.piece += 1;
            self.at = 0;
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.rest()?.first()?;
        self.at += 1;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let here = self.rest()?.len().min(bytes);
            self.at += here;
            bytes -= here;
        }
        Some(())
    }

    /// A string with its length in two bytes, and what may stand between and behind: formats of parts of it,
    /// how it is read aloud.
    pub fn string(&mut self, into: &mut String) -> Option<()> {
        let count = usize::from(self.u16()?);
        let flags = self.byte()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(self.u16()?) };
        let spoken = if flags & 4 == 0 { 0 } else { usize::try_from(self.u32()?).ok()? };
        self.characters(count, flags & 1 == 1, into)?;
        self.skip(runs * 4)?;
        self.skip(spoken)
    }

    fn characters(&mut self, mut count: usize, mut wide: bool, into: &mut String) -> Option<()> {
        let mut units = Vec::new();
        while count > 0 {
            let piece = self.piece;
            let rest = self.rest()?;
            if self.piece != piece {
                // The rest of a string begins with how it is written there.
                wide = rest.first()? & 1 == 1;
                self.at += 1;
                continue;
            }
            let size = if wide { 2 } else { 1 };
            let here = (rest.len() / size).min(count);
            if here == 0 {
                return None;
            }
            let bytes = &rest[..here * size];
            if wide {
                units.extend(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
            } else {
                units.extend(bytes.iter().map(|byte| u16::from(*byte)));
            }
            self.at += here * size;
            count -= here;
        }
        into.push_str(&String::from_utf16_lossy(&units));
        Some(())
    }
}

/// The name of a sheet: its length in one byte.
pub fn short_string(bytes: &[u8]) -> Option<String> {
    let (count, flags) = (usize::from(*bytes.first()?), *bytes.get(1)?);
    let text = bytes.get(2..)?;
    let units: Vec<u16> = if flags & 1 == 1 {
        text.get(..count * 2)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
    } else {
        text.get(..count)?.iter().map(|byte| u16::from(*byte)).collect()
    };
    Some(String::from_utf16_lossy(&units))
}

/// The table of distinct strings that `record` begins.
pub fn table(record: &BiffRecord<'_>) -> Result<Strings, ContentFault> {
    let count = u32_at(record.data, 4).ok_or_else(cut_off)?;
    let mut pieces = Pieces::new(record, 8);
    let mut strings = Strings::default();
    for _ in 0..count {
        strings.add(|text| pieces.string(text)).ok_or_else(cut_off)?;
    }
    Ok(strings)
}

/// The string of a record that holds one at byte `at`.
pub fn string_at(record: &BiffRecord<'_>, at: usize) -> Option<String> {
    u16_at(record.data, at)?;
    let mut text = String::new();
    Pieces::new(record, at).string(&mut text)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<'a>(data: &'a [u8], more: &[&'a [u8]]) -> BiffRecord<'a> {
        BiffRecord { kind: 0x00fc, data, more: more.to_vec() }
    }

    #[test]
    fn strings_go_on_in_the_next_record_in_another_way() {
        // Two strings: "abcd", its last two characters wide in the next record, and "é" with a format of a part.
        let first = [2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, b'a', b'b'];
        let second = [1, b'c', 0, 0xe9, 0, 1, 0, 8, 1, 0, 0xe9];
        let third = [9, 9, 9, 9];
        let strings = table(&record(&first, &[&second, &third])).expect("a table");
        assert_eq!((strings.get(0), strings.get(1), strings.get(2)), (Some("abcé"), Some("é"), None));
    }

    #[test]
    fn what_is_cut_off_is_no_string() {
        assert!(table(&record(&[1, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, b'a'], &[])).is_err());
        assert!(table(&record(&[0xff; 8], &[])).is_err());
        assert_eq!(short_string(&[3, 0, b'a']), None);
        assert_eq!(short_string(&[1, 1, 0x34, 0x12]).as_deref(), Some("\u{1234}"));
    }
}
