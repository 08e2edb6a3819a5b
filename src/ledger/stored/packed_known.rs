//! What is known of a contact as the bytes of `contact.known`.
//!
//! From version 4 on a hash stands there only where it is not that of the value that lies sealed beside it, and a
//! key only where it is not the hash of a field: what is kept once is not kept twice. In order: the version; the
//! fields (number of the name, times four, plus how its hash is told; then the hash where that is given); how the
//! hashes of tags and of lists are told, or they themselves; the identifier keys; the rows last applied; when it
//! was last seen; the values, sealed; a checksum of all that. Versions 1 to 3 are in `known_before.rs`.

use super::super::vault::Vault;
use super::Damaged;
use super::bytes::{Reader, put_bytes, put_keys, put_number};
use super::known::Known;
use super::known_before::Early;
use super::run_number::{run_number, run_of};
use super::sealed::{seal, unseal};
use crate::contact::{Field, IdentifierKind, Value};
use crate::journal::{Applied, Hasher, Key, KnownValue};

const VERSION: u8 = 4;

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// How the hash of a field is told.
#[derive(Clone, Copy, Debug)]
enum Told {
    Empty,
    Given(Key),
    /// It is that of the value.
    OfValue,
}

/// How the hashes of tags or lists are told.
#[derive(Clone, Debug)]
enum Names {
    Unknown,
    /// They are those of the names, in their order.
    OfValues,
    /// They are those of the names in lower case.
    OfLowerCase,
    Given(Vec<Key>),
}

/// A key of the contact.
#[derive(Clone, Copy, Debug)]
enum Lead {
    /// It is that of the contact's id.
    OfId,
    /// It is the hash of the field at this place.
    OfField(usize),
    Given(Key),
}

/// What is known of a contact, taken apart and not yet opened: that takes the ledger's keys, and names.
#[derive(Clone, Debug)]
pub(in crate::ledger) enum PackedKnown {
    Early(Early),
    Packed(Packed),
}

/// As it stands from version 4 on.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Packed {
    fields: Vec<(u64, Told)>,
    tags: Names,
    lists: Names,
    keys: Vec<Lead>,
    applied: Option<Applied>,
    seen_at: u64,
    sealed: Option<Vec<u8>>,
}

/// By what hashes are made and values sealed.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Secrets<'a> {
    pub(in crate::ledger) hasher: &'a Hasher,
    pub(in crate::ledger) vault: &'a Vault,
}

impl PackedKnown {
    pub(in crate::ledger) fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        whole(bytes).and_then(packed).ok_or(UNREADABLE)
    }

    /// The numbers of the fields that [`Self::open`] asks the names of.
    pub(in crate::ledger) fn fields(&self) -> Vec<u64> {
        match self {
            Self::Early(early) => early.known.fields.keys().copied().collect(),
            Self::Packed(packed) => packed.fields.iter().map(|(number, _)| *number).collect(),
        }
    }

    /// The rows last applied, if this one is among them, and when the contact was last seen: that lies open.
    pub(in crate::ledger) fn applied(&self, row: &Key) -> Option<(Applied, u64)> {
        let (applied, seen_at) = match self {
            Self::Early(early) => (&early.known.applied, early.known.seen_at),
            Self::Packed(packed) => (&packed.applied, packed.seen_at),
        };
        applied.as_ref().filter(|applied| applied.rows.contains(row)).map(|applied| (applied.clone(), seen_at))
    }

    /// What it says of the contact with this id. `name` tells the name of a field by its number.
    pub(in crate::ledger) fn open<E: From<Damaged>>(
        self,
        secrets: Secrets<'_>,
        id: &str,
        name: impl FnMut(u64) -> Result<String, E>,
    ) -> Result<Known, E> {
        match self {
            Self::Early(early) => Ok(early.open(secrets.vault)),
            Self::Packed(packed) => packed.open(secrets, id, name),
        }
    }
}

const UNREADABLE: Damaged = Damaged("what is known of a contact can't be read");

impl Packed {
    fn open<E: From<Damaged>>(
        self,
        secrets: Secrets<'_>,
        id: &str,
        mut name: impl FnMut(u64) -> Result<String, E>,
    ) -> Result<Known, E> {
        let names: Vec<Field> =
            self.fields.iter().map(|(number, _)| Ok(Field::new(&name(*number)?))).collect::<Result<_, E>>()?;
        let values = match &self.sealed {
            None => None,
            Some(sealed) => Some(unseal(secrets.vault, id, sealed, &names).ok_or(UNREADABLE)?),
        };
        let mut hashes = Vec::with_capacity(names.len());
        for ((_, told), field) in self.fields.iter().zip(&names) {
            hashes.push(match told {
                Told::Empty => KnownValue::Empty,
                Told::Given(key) => KnownValue::Held(*key),
                Told::OfValue => {
                    let value = values.as_ref().and_then(|values| values.fields.get(field)).ok_or(UNREADABLE)?;
                    secrets.hasher.value(field, value)
                }
            });
        }
        let tags = values.as_ref().and_then(|values| values.tags.as_deref());
        let lists = values.as_ref().map(|values| values.lists.as_slice());
        let mut keys = Vec::with_capacity(self.keys.len());
        for lead in &self.keys {
            keys.push(match lead {
                Lead::Given(key) => *key,
                Lead::OfId => secrets.hasher.key(IdentifierKind::Id.name(), id),
                Lead::OfField(place) => match hashes.get(*place) {
                    Some(KnownValue::Held(key)) => *key,
                    _ => return Err(UNREADABLE.into()),
                },
            });
        }
        Ok(Known {
            tags: self.tags.hashes(tags, |tag| secrets.hasher.tag(tag))?,
            lists: self.lists.hashes(lists, |list| secrets.hasher.list(list))?.unwrap_or_default(),
            fields: self.fields.iter().map(|(number, _)| *number).zip(hashes).collect(),
            keys,
            seen_at: self.seen_at,
            applied: self.applied,
            values,
        })
    }
}

impl Names {
    fn of(hashes: &[Key], names: Option<&[String]>, hash: impl Fn(&str) -> Key) -> Self {
        let is_of = |name: &dyn Fn(&String) -> Key| {
            names.is_some_and(|names| names.iter().map(name).eq(hashes.iter().copied()))
        };
        if is_of(&|name| hash(name)) {
            Self::OfValues
        } else if is_of(&|name| hash(&name.to_lowercase())) {
            Self::OfLowerCase
        } else {
            Self::Given(hashes.to_vec())
        }
    }

    fn hashes(&self, names: Option<&[String]>, hash: impl Fn(&str) -> Key) -> Result<Option<Vec<Key>>, Damaged> {
        Ok(match self {
            Self::Unknown => None,
            Self::Given(keys) => Some(keys.clone()),
            Self::OfValues => Some(names.ok_or(UNREADABLE)?.iter().map(|name| hash(name)).collect()),
            Self::OfLowerCase => Some(names.ok_or(UNREADABLE)?.iter().map(|name| hash(&name.to_lowercase())).collect()),
        })
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Unknown => put_number(bytes, 0),
            Self::OfValues => put_number(bytes, 1),
            Self::OfLowerCase => put_number(bytes, 2),
            Self::Given(keys) => {
                put_number(bytes, keys.len() as u64 + 3);
                put_keys(bytes, keys);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(match reader.number()? {
            0 => Self::Unknown,
            1 => Self::OfValues,
            2 => Self::OfLowerCase,
            count => Self::Given(reader.keys(count - 3, Key::BYTES)?),
        })
    }
}

impl Known {
    /// As the bytes of the newest version, of the contact with this id. `name` tells the name of a field by its number.
    pub(in crate::ledger) fn pack<E>(
        &self,
        Secrets { hasher, vault }: Secrets<'_>,
        id: &str,
        mut name: impl FnMut(u64) -> Result<String, E>,
    ) -> Result<Vec<u8>, E> {
        let names: Vec<Field> =
            self.fields.keys().map(|number| Ok(Field::new(&name(*number)?))).collect::<Result<_, E>>()?;
        let value = |field: &Field| -> Option<&Value> { self.values.as_ref()?.fields.get(field) };
        let mut bytes = vec![VERSION];
        put_number(&mut bytes, self.fields.len() as u64);
        for ((number, held), field) in self.fields.iter().zip(&names) {
            match held {
                KnownValue::Empty => put_number(&mut bytes, number << 2),
                held if value(field).is_some_and(|value| hasher.value(field, value) == *held) => {
                    put_number(&mut bytes, (number << 2) | 2);
                }
                KnownValue::Held(key) => {
                    put_number(&mut bytes, (number << 2) | 1);
                    bytes.extend_from_slice(&key.0);
                }
            }
        }
        let values = self.values.as_ref();
        match &self.tags {
            None => Names::Unknown,
            Some(tags) => Names::of(tags, values.and_then(|values| values.tags.as_deref()), |tag| hasher.tag(tag)),
        }
        .put(&mut bytes);
        Names::of(&self.lists, values.map(|values| values.lists.as_slice()), |list| hasher.list(list)).put(&mut bytes);
        put_number(&mut bytes, self.keys.len() as u64);
        let of_id = hasher.key(IdentifierKind::Id.name(), id);
        for key in &self.keys {
            match self.fields.values().position(|held| *held == KnownValue::Held(*key)) {
                Some(place) => put_number(&mut bytes, place as u64 + 2),
                None if *key == of_id => put_number(&mut bytes, 1),
                None => {
                    bytes.push(0);
                    bytes.extend_from_slice(&key.0);
                }
            }
        }
        put_applied(&mut bytes, self.applied.as_ref(), self.seen_at);
        match values {
            None => put_number(&mut bytes, 0),
            Some(values) => put_bytes(&mut bytes, &seal(vault, id, values, &names)),
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        Ok(bytes)
    }
}

/// The rows last applied, and when the contact was last seen: that is a moment before or after.
fn put_applied(bytes: &mut Vec<u8>, applied: Option<&Applied>, seen_at: u64) {
    let Some(applied) = applied else {
        put_number(bytes, 0);
        return put_number(bytes, seen_at);
    };
    put_number(bytes, applied.rows.len() as u64 + 1);
    match run_number(&applied.run) {
        Some(number) => put_number(bytes, number + 1),
        None => {
            put_number(bytes, 0);
            put_bytes(bytes, applied.run.0.as_bytes());
        }
    }
    put_number(bytes, applied.at);
    put_keys(bytes, &applied.rows);
    // Never seen, or as many seconds before or after.
    put_number(
        bytes,
        match seen_at {
            0 => 0,
            at => 1 + zigzag(at.cast_signed().wrapping_sub(applied.at.cast_signed())),
        },
    );
}

fn read_applied(reader: &mut Reader<'_>) -> Option<(Option<Applied>, u64)> {
    let count = reader.number()?;
    if count == 0 {
        return Some((None, reader.number()?));
    }
    let run = match reader.number()? {
        0 => crate::journal::RunId(reader.text()?),
        number => run_of(number - 1)?,
    };
    let at = reader.number()?;
    let rows = reader.keys(count - 1, Key::BYTES)?;
    let seen_at = match reader.number()? {
        0 => 0,
        apart => at.cast_signed().wrapping_add(unzigzag(apart - 1)).cast_unsigned(),
    };
    Some((Some(Applied { run, rows, at }), seen_at))
}

/// Small numbers of either sign as small ones without.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn packed(bytes: &[u8]) -> Option<PackedKnown> {
    let mut reader = Reader(bytes);
    let version = reader.byte()?;
    if version != VERSION {
        return Early::read(version, reader).map(PackedKnown::Early);
    }
    let mut fields = Vec::new();
    for _ in 0..reader.number()? {
        let number = reader.number()?;
        let told = match number & 3 {
            0 => Told::Empty,
            1 => Told::Given(reader.key(Key::BYTES)?),
            2 => Told::OfValue,
            _ => return None,
        };
        fields.push((number >> 2, told));
    }
    let (tags, lists) = (Names::read(&mut reader)?, Names::read(&mut reader)?);
    let mut keys = Vec::new();
    for _ in 0..reader.number()? {
        keys.push(match reader.number()? {
            0 => Lead::Given(reader.key(Key::BYTES)?),
            1 => Lead::OfId,
            place => Lead::OfField(usize::try_from(place - 2).ok()?),
        });
    }
    let (applied, seen_at) = read_applied(&mut reader)?;
    let sealed = match reader.number()? {
        0 => None,
        length => Some(reader.bytes(length)?.to_vec()),
    };
    let packed = Packed { fields, tags, lists, keys, applied, seen_at, sealed };
    reader.is_empty().then_some(PackedKnown::Packed(packed))
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
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM]);
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::run_number;
    use super::*;
    use crate::journal::{LastKnown, RunId};

    fn hasher() -> Hasher {
        Hasher::new([1; 32])
    }

    fn name(number: u64) -> String {
        if number == 0 { "phone".to_owned() } else { format!("custom.{number}") }
    }

    fn opened(bytes: &[u8]) -> Result<Known, Damaged> {
        let vault = Vault::new(&[2; 32]);
        PackedKnown::read(bytes)?.open(Secrets { hasher: &hasher(), vault: &vault }, "815", |number| Ok(name(number)))
    }

    fn bytes(known: &Known) -> Vec<u8> {
        let secrets = Secrets { hasher: &hasher(), vault: &Vault::new(&[2; 32]) };
        known.pack(secrets, "815", |number| Ok::<_, Damaged>(name(number))).unwrap()
    }

    fn key() -> impl Strategy<Value = Key> {
        any::<[u8; Key::BYTES]>().prop_map(Key)
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            ".{0,9}".prop_map(Value::Text),
            any::<bool>().prop_map(Value::Boolean),
            "[0-9]{1,4}".prop_map(Value::Number),
            Just(Value::Date("2026-01-31".into())),
            Just(Value::Timestamp("2026-01-31T12:00:00Z".into())),
            Just(Value::Json(serde_json::json!(["a", null, {"b": 1}]))),
            Just(Value::Clear),
        ]
    }

    /// Hashes that are those of values, and hashes that are not.
    fn known() -> impl Strategy<Value = Known> {
        let field = (0_u64..12, prop::option::of(value()), prop::option::of(prop::option::of(key())));
        let fields = prop::collection::vec(field, 0..6);
        let names = || prop::collection::vec("[a-zA-Z]{1,5}", 0..3);
        let keys = || prop::collection::vec(key(), 0..3);
        let run = prop_oneof![".{0,20}", (0_u64..1 << 40).prop_map(|n| run_number::run_of(n).unwrap().0)];
        let applied = prop::option::of((run, keys(), 0_u64..1 << 40).prop_map(|(run, rows, at)| Applied {
            run: RunId(run),
            rows,
            at,
        }));
        let groups = (prop::option::of(names()), names(), 0..4, 0..3, keys(), keys());
        let more = (any::<bool>(), prop_oneof![Just(0_u64), 1_u64..1 << 40], applied);
        (fields, groups, more).prop_map(
            |(fields, (tags, lists, tagged, listed, given, keys), (keeps, seen_at, applied))| {
                let hasher = hasher();
                let mut known = Known { keys, seen_at, applied, ..Known::default() };
                let mut values = LastKnown::default();
                for (number, value, hash) in fields {
                    let field = Field::new(&name(number));
                    let of_value = value.as_ref().map(|value| hasher.value(&field, value));
                    let given = hash.map(|hash| hash.map_or(KnownValue::Empty, KnownValue::Held));
                    values.fields.extend(value.map(|value| (field, value)));
                    known.fields.extend(given.or(of_value).map(|held| (number, held)));
                }
                known.keys.extend(known.fields.values().filter_map(|held| match held {
                    KnownValue::Held(key) => Some(*key),
                    KnownValue::Empty => None,
                }));
                let tag = |tag: &String| if tagged == 1 { hasher.tag(&tag.to_lowercase()) } else { hasher.tag(tag) };
                known.tags = match tagged {
                    0 | 1 => tags.as_ref().map(|tags| tags.iter().map(tag).collect()),
                    2 => Some(given.clone()),
                    _ => None,
                };
                known.lists = if listed == 0 { given } else { lists.iter().map(|list| hasher.list(list)).collect() };
                (values.tags, values.lists) = (tags, lists);
                known.values = keeps.then_some(values);
                known
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_known_comes_back(known in known()) {
            prop_assert_eq!(opened(&bytes(&known)).unwrap(), known);
        }

        #[test]
        fn a_bit_that_flipped_is_noticed(known in known(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut bytes = bytes(&known);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(PackedKnown::read(&bytes).is_err());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), version in 0_u8..6) {
            let _ = opened(&bytes);
            let mut whole = [&[version], bytes.as_slice()].concat();
            let _ = opened(&whole);
            let sum = checksum(&whole);
            whole.extend_from_slice(&sum);
            let _ = opened(&whole);
        }
    }

    #[test]
    fn what_lies_sealed_beside_its_hash_is_kept_once() {
        let hasher = hasher();
        let text = |text: &str| Value::Text(text.to_owned());
        let fields = [(0, "phone", "+60123456789"), (1, "custom.1", "ann@example.com"), (2, "custom.2", "Ann Lee")];
        let mut known = Known { tags: Some(vec![hasher.tag("vip"), hasher.tag("new")]), ..Known::default() };
        let mut values = LastKnown { tags: Some(vec!["vip".into(), "new".into()]), ..LastKnown::default() };
        for (number, field, value) in fields {
            let field = Field::new(field);
            known.fields.insert(number, hasher.value(&field, &text(value)));
            values.fields.insert(field, text(value));
        }
        known.keys = vec![hasher.key("phone", "+60123456789"), hasher.key("id", "815")];
        known.values = Some(values);
        // The texts have 40 bytes, the mark of the seal 16, the checksum 4.
        assert!(bytes(&known).len() <= 40 + 16 + 4 + 24, "{}", bytes(&known).len());
    }
}
