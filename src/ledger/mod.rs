//! The durable record: runs, rows, calls, what is known of each contact, before-images, budgets.
//!
//! The order of writing is the promise. A [`Entry::Intent`](crate::journal::Entry::Intent) is durable
//! before its request leaves; an [`Entry::Answered`](crate::journal::Entry::Answered) and what it taught
//! ([`Entry::Known`](crate::journal::Entry::Known)) are durable, together, before the row is reported. An
//! intent without an answer means that nobody knows: it is looked up, never guessed. The results file can
//! be rebuilt from the source and the ledger.
//!
//! A [`Ledger`] is six traits, each about one thing: [`Runs`], [`Entries`], [`Contacts`], [`Accounts`],
//! [`People`] and [`Budgets`]. A backend implements them, and nothing above it knows how it keeps what it
//! keeps. Values of contacts are kept only as keyed hashes, but for before-images, which undo needs; the
//! key is handed to a backend when it is opened ([`KeySource`]), and never lies in it.

#![warn(missing_docs, clippy::missing_errors_doc)]

mod claim;
mod key;
mod lease;
mod parts;
mod private_folder;
mod records;
pub mod sqlite;
mod standing;
mod vault;

use std::path::Path;
use std::sync::Arc;

pub use claim::{CLAIM_LOST, Claim, ClaimedRun, Worker};
pub use key::{KeySource, LedgerKey};
pub use lease::{LEASE, Lease};
pub use parts::{Accounts, Budgets, Contacts, Entries, People, Runs};
pub use private_folder::make_private_folder;
pub use records::{Fingerprint, HistoryEvent, NewRun, Run, RunKind, RunState, WriteResult};
pub use standing::{KeyFile, Status};

use crate::error::Result;
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
pub trait Ledger: Runs + Entries + Contacts + Accounts + People + Budgets {
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

/// Opens the ledger in this file, and makes it (and its folder) if there is none.
///
/// # Errors
///
/// As for [`sqlite::open`].
pub fn open(file: &Path, key: &KeySource) -> Result<LedgerHandle> {
    sqlite::open(file, key)
}

/// How the ledger in this file stands, damaged or not; `None` if there is none.
///
/// # Errors
///
/// As for [`sqlite::status`].
pub fn status(file: &Path, key: &Path) -> Result<Option<Status>> {
    sqlite::status(file, key)
}
