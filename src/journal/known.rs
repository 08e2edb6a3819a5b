use std::collections::BTreeMap;

use super::{Key, RunId};
use crate::contact::{Field, RemoteId, Value};

/// What is remembered of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownValue {
    /// Held with a value of this hash.
    Held(Key),
    Empty,
}

/// What is remembered of a contact of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownContact {
    pub id: RemoteId,
    /// By name of the field; absent means not known.
    pub fields: BTreeMap<String, KnownValue>,
    /// Keys of the tags it has; `None` if not known.
    pub tags: Option<Vec<Key>>,
    /// Keys of the lists it is known to be on.
    pub lists: Vec<Key>,
    /// Values as they were last seen or sent, so that an undo needs no read. A ledger keeps them
    /// sealed. `None` where only hashes may be kept.
    pub values: Option<LastKnown>,
    /// When an answer last showed the contact: seconds from the Unix epoch; 0 if none ever did.
    pub seen_at: u64,
    /// The rows that were last applied whole.
    pub applied: Option<Applied>,
}

/// What is remembered of a contact, as far as was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Memory {
    Whole(KnownContact),
    AsApplied(AsApplied),
}

/// A contact to which the row that was asked about is among those last applied: nobody needs to know more of it
/// where the row rests on that.
#[derive(Clone, Debug, PartialEq)]
pub struct AsApplied {
    pub id: RemoteId,
    /// As [`KnownContact::seen_at`].
    pub seen_at: u64,
    pub applied: Applied,
}

/// Values of a contact as they were last seen or sent.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LastKnown {
    /// [`Value::Clear`] for a field that is known to be empty; absent means not known.
    pub fields: BTreeMap<Field, Value>,
    /// `None` if not known.
    pub tags: Option<Vec<String>>,
    pub lists: Vec<String>,
}

/// Digests of the rows that one run applied whole to a contact: several rows of a file may lead to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub run: RunId,
    pub rows: Vec<Key>,
    /// Seconds from the Unix epoch; 0 in what is about to be written, which the ledger dates.
    pub at: u64,
}
