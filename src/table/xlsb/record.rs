use std::io::{self, Read};

use crate::table::biff::{cut_off, u32_at};

/// Bytes of a record that are kept: the longest text of a cell with its formula has a third of them.
const KEPT_BYTES: u64 = 256 << 10;

/// Records between these two say what later versions have, for those who know them.
const FUTURE_BEGINS: u16 = 35;
const FUTURE_ENDS: u16 = 36;

/// Records, one behind the other: a number of one or two bytes says what each is, one of up to four how
/// long it is; of each byte seven bits count, and the eighth says that another follows.
pub struct XlsbRecords<'a> {
    part: &'a mut dyn Read,
    data: Vec<u8>,
}

impl<'a> XlsbRecords<'a> {
    pub fn new(part: &'a mut dyn Read) -> Self {
        Self { part, data: Vec::new() }
    }

    /// The next record: its kind and its data. None at the end.
    pub fn next(&mut self) -> io::Result<Option<(u16, &[u8])>> {
        let mut depth = 0_u32;
        loop {
            let Some(kind) = self.read()? else { return Ok(None) };
            match kind {
                FUTURE_BEGINS => depth += 1,
                FUTURE_ENDS => depth = depth.saturating_sub(1),
                kind if depth == 0 => return Ok(Some((kind, &self.data))),
                _ => {}
            }
        }
    }

    fn read(&mut self) -> io::Result<Option<u16>> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let mut kind = u16::from(first & 0x7f);
        if first & 0x80 != 0 {
            kind |= u16::from(self.sure_byte()? & 0x7f) << 7;
        }
        let mut length = 0_u64;
        for shift in [0, 7, 14, 21] {
            let byte = self.sure_byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.data.clear();
        let kept = length.min(KEPT_BYTES);
        (&mut *self.part).take(kept).read_to_end(&mut self.data)?;
        let skipped = io::copy(&mut (&mut *self.part).take(length - kept), &mut io::sink())?;
        if self.data.len() as u64 + skipped < length {
            return Err(cut_off().into_error());
        }
        Ok(Some(kind))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.part.read(&mut byte)? == 1).then_some(byte[0]))
    }

    fn sure_byte(&mut self) -> io::Result<u8> {
        self.byte()?.ok_or_else(|| cut_off().into_error())
    }
}

/// Adds the text at `at`, behind its length in characters of two bytes; where it ends. One that isn't there at
/// all is an empty one.
pub fn wide_text(data: &[u8], at: usize, into: &mut String) -> Option<usize> {
    const NONE: u32 = u32::MAX;
    let count = u32_at(data, at)?;
    if count == NONE {
        return Some(at + 4);
    }
    let end = usize::try_from(count).ok()?.checked_mul(2)?.checked_add(at + 4)?;
    let units = data.get(at + 4..end)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    into.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> io::Result<Vec<(u16, Vec<u8>)>> {
        let mut part = bytes;
        let mut records = XlsbRecords::new(&mut part);
        let mut all = Vec::new();
        while let Some((kind, data)) = records.next()? {
            all.push((kind, data.to_vec()));
        }
        Ok(all)
    }

    #[test]
    fn kinds_and_lengths_take_as_many_bytes_as_they_need() {
        // 7; 0x267 = 615 with a length of 130.
        let long = [&[0xe7, 0x04, 0x82, 0x01][..], &[9; 130]].concat();
        let bytes = [&[7, 1, 5][..], &long].concat();
        assert_eq!(all(&bytes).expect("records"), [(7, vec![5]), (615, vec![9; 130])]);
    }

    #[test]
    fn what_later_versions_add_is_passed_over_and_what_is_cut_off_is_damage() {
        assert_eq!(all(&[35, 0, 7, 1, 5, 36, 0, 6, 0]).expect("records"), [(6, Vec::new())]);
        assert!(all(&[7, 2, 5]).is_err());
        assert!(all(&[0x87]).is_err());
    }

    #[test]
    fn text_is_as_long_as_it_says_or_none() {
        let mut text = String::new();
        assert_eq!(wide_text(&[1, 0, 0, 0, 0xe9, 0], 0, &mut text), Some(6));
        assert_eq!(wide_text(&[0xff; 4], 0, &mut text), Some(4));
        assert_eq!(wide_text(&[9, 0, 0, 0, 0xe9, 0], 0, &mut text), None);
        assert_eq!(text, "é");
    }
}
