//! What is known of a contact as earlier versions of its bytes have it: every hash in 16 bytes, of which the first
//! are kept, and values as sealed JSON. Fields (number of the name, doubled, plus one if held; then the hash); tags
//! (count plus one, 0 for "not known"); lists; identifier keys. From version 2 on: when it was last seen; the rows
//! last applied (count plus one, 0 for none; then the run, when, the digests); sealed values (length plus one, 0 for
//! none).

use super::super::vault::Vault;
use super::bytes::Reader;
use super::known::Known;
use crate::journal::{Applied, KnownValue, LastKnown, RunId};

/// Bytes of a hash.
const WIDTH: usize = 16;

/// See the documentation of this file.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Early {
    pub(super) known: Known,
    values: Option<Vec<u8>>,
}

impl Early {
    pub(super) fn read(version: u8, mut reader: Reader<'_>) -> Option<Self> {
        if !(1..=3).contains(&version) {
            return None;
        }
        let (mut known, mut values) = (Known::default(), None);
        for _ in 0..reader.number()? {
            let name = reader.number()?;
            let value = if name & 1 == 1 { KnownValue::Held(reader.key(WIDTH)?) } else { KnownValue::Empty };
            known.fields.insert(name >> 1, value);
        }
        known.tags = match reader.number()? {
            0 => None,
            count => Some(reader.keys(count - 1, WIDTH)?),
        };
        let lists = reader.number()?;
        known.lists = reader.keys(lists, WIDTH)?;
        let keys = reader.number()?;
        known.keys = reader.keys(keys, WIDTH)?;
        if version >= 2 {
            known.seen_at = reader.number()?;
            known.applied = match reader.number()? {
                0 => None,
                count => {
                    let run = RunId(reader.text()?);
                    let at = reader.number()?;
                    Some(Applied { run, rows: reader.keys(count - 1, WIDTH)?, at })
                }
            };
            values = match reader.number()? {
                0 => None,
                length => Some(reader.bytes(length - 1)?.to_vec()),
            };
        }
        reader.is_empty().then_some(Self { known, values })
    }

    /// Values that were sealed with another key are as good as not kept.
    pub(super) fn open(self, vault: &Vault) -> Known {
        let read = |sealed: &Vec<u8>| serde_json::from_slice::<LastKnown>(&vault.unseal(sealed)?).ok();
        Known { values: self.values.as_ref().and_then(read), ..self.known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Key;

    #[test]
    fn a_contact_of_version_2_is_read_with_the_beginnings_of_its_hashes() {
        let vault = Vault::new(&[1; 32]);
        let values = LastKnown { tags: Some(vec!["vip".into()]), ..LastKnown::default() };
        let sealed = vault.seal(&serde_json::to_vec(&values).unwrap()).unwrap();
        let mut bytes = vec![1, 7];
        bytes.extend([3; WIDTH]);
        bytes.extend([2]);
        bytes.extend([4; WIDTH]);
        bytes.extend([0, 1]);
        bytes.extend([5; WIDTH]);
        bytes.extend([9, 2, 1, b'r', 8]);
        bytes.extend([6; WIDTH]);
        bytes.push(u8::try_from(sealed.len()).unwrap() + 1);
        bytes.extend(&sealed);
        let known = Early::read(2, Reader(&bytes)).unwrap().open(&vault);
        let key = |byte| Key([byte; Key::BYTES]);
        let applied = Applied { run: RunId("r".into()), rows: vec![key(6)], at: 8 };
        let expected = Known {
            fields: [(3, KnownValue::Held(key(3)))].into(),
            tags: Some(vec![key(4)]),
            lists: Vec::new(),
            keys: vec![key(5)],
            seen_at: 9,
            applied: Some(applied),
            values: Some(values),
        };
        assert_eq!(known, expected);
        assert!(Early::read(2, Reader(&bytes[..bytes.len() - 1])).is_none());
    }
}
