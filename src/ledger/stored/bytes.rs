//! Numbers, texts and hashes as bytes: counts and numbers as LEB128, hashes as they are.

use crate::journal::Key;

pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

pub(super) fn put_bytes(bytes: &mut Vec<u8>, more: &[u8]) {
    put_number(bytes, more.len() as u64);
    bytes.extend_from_slice(more);
}

pub(super) fn put_keys(bytes: &mut Vec<u8>, keys: &[Key]) {
    for key in keys {
        bytes.extend_from_slice(&key.0);
    }
}

/// Reads what was put, from front to back; `None` if it isn't there.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7F);
            if low << shift >> shift != low {
                return None;
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.number()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    /// A hash that takes so many bytes: earlier versions kept more of it.
    pub(super) fn key(&mut self, width: usize) -> Option<Key> {
        let key = self.bytes(width as u64)?;
        key.get(..Key::BYTES)?.try_into().ok().map(Key)
    }

    /// Allocates no more than there are bytes for, whatever the count says.
    pub(super) fn keys(&mut self, count: u64, width: usize) -> Option<Vec<Key>> {
        (0..count).map(|_| self.key(width)).collect()
    }
}
