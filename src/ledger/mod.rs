//! The durable record: runs, rows, calls, what is known of each contact, before-images, budgets.
//!
//! The order of writing is the promise. A [`Entry::Intent`] is durable before its request leaves;
//! a [`Entry::Answered`] and what it taught ([`Entry::Known`]) are durable, together, before the
//! row is reported. An intent without an answer means that nobody knows: it is looked up, never
//! guessed. The results file can be rebuilt from the source and the ledger.
//!
//! Values of contacts are kept only as keyed hashes, but for before-images, which undo needs.
//! SQL stays behind the [`Ledger`] trait.

mod hasher;
pub mod lock;
mod records;
pub mod sqlite;
mod writer;

pub use hasher::Hasher;
pub use records::{
    Answered, BeforeImage, Change, Entry, Event, Fingerprint, Intent, Key, KnownContact, KnownValue, NewRun, Run,
    RunId, RunState, StepRecord,
};
pub use writer::LedgerHandle;

use crate::contact::{Counts, Position, RemoteId, RowRecord};
use crate::error::Result;

/// What rolo remembers. One implementation a backend; `tests/components/ledger.rs` holds each to
/// the same behaviour. Nothing here assumes that only one process uses the ledger.
///
/// Every error is of kind `Stopped` and names the file (disk full, read-only, locked, newer
/// version): when the ledger can't be written, sending stops.
pub trait Ledger: Send {
    /// The key under which this ledger keeps a value: a keyed hash, so that a copy of the ledger
    /// does not give addresses away. `what` keeps equal texts of different meaning apart. Keys of
    /// identifiers are made by [`Hasher::identifier`]: history relies on it.
    fn key(&self, what: &str, text: &str) -> Key {
        self.hasher().key(what, text)
    }

    /// What makes this ledger's keys, for use beside it.
    fn hasher(&self) -> Hasher;

    /// Records a new run.
    fn begin(&mut self, run: &NewRun) -> Result<RunId>;

    /// The latest run that was cut off with this fingerprint.
    fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>>;

    fn run(&self, id: &RunId) -> Result<Option<Run>>;

    /// Latest first.
    fn runs(&self, at_most: usize) -> Result<Vec<Run>>;

    /// Records how a run stands.
    fn set_state(&mut self, id: &RunId, state: RunState, counts: &Counts) -> Result<()>;

    /// Makes all entries durable in one transaction, or none of them.
    fn write(&mut self, run: &RunId, entries: &[Entry]) -> Result<()>;

    /// Records of finished rows whose index is at least `from`, in order, at most `at_most`.
    fn rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(u64, RowRecord)>> {
        let placed = self.placed_rows(run, from, at_most)?;
        Ok(placed.into_iter().map(|(position, record)| (position.index, record)).collect())
    }

    /// Like [`Ledger::rows`], with where each row stands in its source.
    fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>>;

    /// Steps of a row that has not ended, in order: answered ones and intents without an answer.
    fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>>;

    /// Rows that have steps but no record, in order: those a cut-off run was working on.
    fn open_rows(&self, run: &RunId) -> Result<Vec<u64>>;

    /// What is known of the contacts with these identifier keys, in the same order.
    fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>>;

    fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>>;

    /// Whether, and when (seconds from the Unix epoch), every contact of the account was last listed.
    fn listed_at(&self, account: &str) -> Result<Option<u64>>;

    fn set_listed_at(&mut self, account: &str, at: Option<u64>) -> Result<()>;

    /// Before-images of a run, latest first, from the `after`-th on, at most `at_most`.
    fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>>;

    /// All that was ever done about the contact with this key, oldest first. The key of any of its
    /// identifiers will do, and so will that of its id.
    fn history(&self, key: &Key) -> Result<Vec<Event>>;

    /// Removes every trace of the contacts with this key; returns how many records went or were
    /// cleaned. A row keeps its outcome, without contact id and messages, so that its run balances.
    /// Free pages are overwritten.
    fn forget(&mut self, key: &Key) -> Result<u64>;

    /// Takes the next free moment for a call of `scope`: microseconds from the Unix epoch, at least
    /// `now`, at least `period` after the one given before. Shared by all processes.
    fn reserve(&mut self, scope: &str, now: u64, period: u64) -> Result<u64>;

    /// Lets no call of `scope` leave before `until` (microseconds from the Unix epoch).
    fn postpone(&mut self, scope: &str, until: u64) -> Result<()>;

    /// A small named value of an account: a listing's cursor, a renewed token's expiry.
    fn note(&self, account: &str, name: &str) -> Result<Option<String>>;

    fn set_note(&mut self, account: &str, name: &str, value: Option<&str>) -> Result<()>;
}
