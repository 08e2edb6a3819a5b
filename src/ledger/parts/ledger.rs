use std::sync::Arc;

use super::{Accounts, Budgets, Contacts, Entries, Oversight, People, Queue, Runs, Schedules};
use crate::journal::{Hasher, Key};

/// What rolo remembers. One implementation a backend; `tests/components/ledger.rs` holds each to the same
/// behaviour. Nothing here assumes that only one process uses the ledger.
///
/// What is asked for is done in the order in which it was asked for, as far as one handle goes, and never
/// on a thread of the runtime.
///
/// # Errors
///
/// Every error of these traits is of kind `Stopped` and names the place (disk full, read-only, locked,
/// newer version): when the ledger can't be written, sending stops.
pub trait Ledger: Runs + Queue + Schedules + Oversight + Entries + Contacts + Accounts + People + Budgets {
    /// What makes this ledger's keys, without waiting for it.
    fn hasher(&self) -> &Hasher;

    /// The key under which this ledger keeps a value: a keyed hash, so that a copy of the ledger
    /// does not give addresses away. `what` keeps equal texts of different meaning apart. Keys of
    /// identifiers are made by [`Hasher::identifier`]: history relies on it.
    fn key(&self, what: &str, text: &str) -> Key {
        self.hasher().key(what, text)
    }
}

/// A ledger as everybody uses it: shared. When the last clone is dropped, what was asked for is done and
/// the ledger is closed.
pub type LedgerHandle = Arc<dyn Ledger>;
