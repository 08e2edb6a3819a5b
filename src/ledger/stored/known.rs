use std::collections::BTreeMap;

use crate::journal::{Applied, Key, KnownValue, LastKnown};

/// As [`KnownContact`](crate::journal::KnownContact), with numbers for names of fields, and with the contact's keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ledger) struct Known {
    pub(in crate::ledger) fields: BTreeMap<u64, KnownValue>,
    pub(in crate::ledger) tags: Option<Vec<Key>>,
    pub(in crate::ledger) lists: Vec<Key>,
    pub(in crate::ledger) keys: Vec<Key>,
    pub(in crate::ledger) seen_at: u64,
    pub(in crate::ledger) applied: Option<Applied>,
    pub(in crate::ledger) values: Option<LastKnown>,
}
