//! What is known of a contact as the bytes of `contact.known`: counts and numbers as LEB128, hashes
//! as they are. A version byte; fields (number of the name, doubled, plus one if held; then the
//! hash); tags (count plus one, 0 for "not known"); lists; identifier keys. From version 2 on: when it
//! was last seen; the rows last applied (count plus one, 0 for none; then the run, when, the digests);
//! sealed values (length plus one, 0 for none). From version 3 on: a checksum of all that, 4 bytes.

use std::collections::BTreeMap;

use super::Damaged;
use crate::journal::{Applied, Key, KnownValue, RunId};

const VERSION: u8 = 3;

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// As [`KnownContact`](crate::journal::KnownContact), with numbers for names of fields, and with the contact's keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ledger) struct Known {
    pub(in crate::ledger) fields: BTreeMap<u64, KnownValue>,
    pub(in crate::ledger) tags: Option<Vec<Key>>,
    pub(in crate::ledger) lists: Vec<Key>,
    pub(in crate::ledger) keys: Vec<Key>,
    pub(in crate::ledger) seen_at: u64,
    pub(in crate::ledger) applied: Option<Applied>,
    /// Sealed.
    pub(in crate::ledger) values: Option<Vec<u8>>,
}

impl Known {
    pub(in crate::ledger) fn encode(&self) -> Vec<u8> {
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
        put_number(&mut bytes, self.seen_at);
        match &self.applied {
            None => put_number(&mut bytes, 0),
            Some(applied) => {
                put_number(&mut bytes, applied.rows.len() as u64 + 1);
                put_bytes(&mut bytes, applied.run.0.as_bytes());
                put_number(&mut bytes, applied.at);
                put_keys(&mut bytes, &applied.rows);
            }
        }
        match &self.values {
            None => put_number(&mut bytes, 0),
            Some(values) => {
                put_number(&mut bytes, values.len() as u64 + 1);
                bytes.extend_from_slice(values);
            }
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    pub(in crate::ledger) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        whole(bytes).and_then(|bytes| Reader(bytes).known()).ok_or(Damaged("what is known of a contact can't be read"))
    }
}

/// The bytes before their checksum; `None` if it is not theirs. The first versions have none.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.first()? < &3 {
        return Some(bytes);
    }
    let (bytes, sum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    (checksum(bytes) == sum).then_some(bytes)
}

/// Tells damage on a disk from what was written; no secret, since nobody is kept out by it.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut sum);
    sum
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

fn put_bytes(bytes: &mut Vec<u8>, more: &[u8]) {
    put_number(bytes, more.len() as u64);
    bytes.extend_from_slice(more);
}

fn put_keys(bytes: &mut Vec<u8>, keys: &[Key]) {
    for key in keys {
        bytes.extend_from_slice(&key.0);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn known(&mut self) -> Option<Known> {
        let version = self.byte()?;
        if !(1..=VERSION).contains(&version) {
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
        if version >= 2 {
            known.seen_at = self.number()?;
            known.applied = match self.number()? {
                0 => None,
                count => {
                    let length = self.number()?;
                    let run = RunId(String::from_utf8(self.bytes(length)?.to_vec()).ok()?);
                    let at = self.number()?;
                    Some(Applied { run, rows: self.keys(count - 1)?, at })
                }
            };
            known.values = match self.number()? {
                0 => None,
                length => Some(self.bytes(length - 1)?.to_vec()),
            };
        }
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

    fn bytes(&mut self, length: u64) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
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
        let applied =
            (".{0,20}", keys(), 0_u64..1 << 40).prop_map(|(run, rows, at)| Applied { run: RunId(run), rows, at });
        let values = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
        let fields = prop::collection::btree_map(0_u64..1 << 40, value, 0..8);
        let more = (0_u64..1 << 40, prop::option::of(applied), values);
        (fields, prop::option::of(keys()), keys(), keys(), more).prop_map(
            |(fields, tags, lists, keys, (seen_at, applied, values))| Known {
                fields,
                tags,
                lists,
                keys,
                seen_at,
                applied,
                values,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_known_comes_back(known in known()) {
            prop_assert_eq!(Known::decode(&known.encode()).unwrap(), known);
        }

        #[test]
        fn a_bit_that_flipped_is_noticed(known in known(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut bytes = known.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(Known::decode(&bytes).is_err());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Known::decode(&bytes);
            let _ = Known::decode(&[&[VERSION], bytes.as_slice()].concat());
        }
    }
}
