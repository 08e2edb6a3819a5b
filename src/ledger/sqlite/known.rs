//! What is known of a contact as the bytes of `contact.known`: counts and numbers as LEB128, hashes
//! as they are. A version byte; fields (number of the name, doubled, plus one if held; then the
//! hash); tags (count plus one, 0 for "not known"); lists; identifier keys.

use std::collections::BTreeMap;

use super::super::{Key, KnownValue};
use super::damaged;

const VERSION: u8 = 1;

/// As [`super::super::KnownContact`], with numbers for names of fields, and with the contact's keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub(super) fields: BTreeMap<u64, KnownValue>,
    pub(super) tags: Option<Vec<Key>>,
    pub(super) lists: Vec<Key>,
    pub(super) keys: Vec<Key>,
}

impl Known {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_number(&mut bytes, self.fields.len() as u64);
        for (name, value) in &self.fields {
            match value {
                KnownValue::Empty => put_number(&mut bytes, name << 1),
                KnownValue::Held(key) => {
                    put_number(&mut bytes, (name << 1) | 1);
                    bytes.extend_from_slice(&key.0);
                }
            }
        }
        match &self.tags {
            None => put_number(&mut bytes, 0),
            Some(tags) => {
                put_number(&mut bytes, tags.len() as u64 + 1);
                put_keys(&mut bytes, tags);
            }
        }
        for keys in [&self.lists, &self.keys] {
            put_number(&mut bytes, keys.len() as u64);
            put_keys(&mut bytes, keys);
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> rusqlite::Result<Self> {
        Reader(bytes).known().ok_or_else(|| damaged("what is known of a contact can't be read"))
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn put_keys(bytes: &mut Vec<u8>, keys: &[Key]) {
    for key in keys {
        bytes.extend_from_slice(&key.0);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn known(&mut self) -> Option<Known> {
        if self.byte()? != VERSION {
            return None;
        }
        let mut known = Known::default();
        for _ in 0..self.number()? {
            let name = self.number()?;
            let value = if name & 1 == 1 { KnownValue::Held(self.key()?) } else { KnownValue::Empty };
            known.fields.insert(name >> 1, value);
        }
        known.tags = match self.number()? {
            0 => None,
            count => Some(self.keys(count - 1)?),
        };
        let lists = self.number()?;
        known.lists = self.keys(lists)?;
        let keys = self.number()?;
        known.keys = self.keys(keys)?;
        self.0.is_empty().then_some(known)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn key(&mut self) -> Option<Key> {
        let (key, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(Key(*key))
    }

    /// Allocates no more than there are bytes for, whatever the count says.
    fn keys(&mut self, count: u64) -> Option<Vec<Key>> {
        (0..count).map(|_| self.key()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        any::<[u8; 16]>().prop_map(Key)
    }

    fn known() -> impl Strategy<Value = Known> {
        let value = prop_oneof![Just(KnownValue::Empty), key().prop_map(KnownValue::Held)];
        let keys = || prop::collection::vec(key(), 0..4);
        (prop::collection::btree_map(0_u64..1 << 40, value, 0..8), prop::option::of(keys()), keys(), keys())
            .prop_map(|(fields, tags, lists, keys)| Known { fields, tags, lists, keys })
    }

    proptest! {
        #[test]
        fn what_is_known_comes_back(known in known()) {
            prop_assert_eq!(Known::decode(&known.encode()).unwrap(), known);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Known::decode(&bytes);
            let _ = Known::decode(&[&[VERSION], bytes.as_slice()].concat());
        }
    }
}
