use async_trait::async_trait;

use super::super::{CallsAt, ClaimedRun, WriteResult};
use crate::contact::{Position, RowRecord};
use crate::error::Result;
use crate::journal::{BeforeImage, Entry, Key, RunId, SecondLook, StepRecord, Taken};

/// What a run writes down of its rows, and reads again when it is taken up.
#[async_trait]
pub trait Entries: Send + Sync {
    /// Returns when the entries are durable: all of them or, on error or if a create of theirs is
    /// claimed by another row or run, none. Writes that wait at the same time may share a transaction.
    /// Whoever asks may go: what was asked for is written.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger). Once a write of a run has failed, every later one of that
    /// run fails with the same cause: an entry that follows a missing one must not become durable. With the
    /// reason [`StopReason::ClaimLost`](crate::error::StopReason::ClaimLost) if the run is another's by now.
    async fn write(&self, run: &ClaimedRun, entries: Vec<Entry>) -> Result<WriteResult>;

    /// For each key, who claims it for a create whose end nobody knows.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn open_creates(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<Taken>>>;

    /// Rows of this account, of whichever run, whose contacts are still to be looked up once more.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn second_looks(&self, account: &str) -> Result<Vec<SecondLook>>;

    /// Records of finished rows whose index is at least `from`, in order, at most `at_most`.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(u64, RowRecord)>> {
        let placed = self.placed_rows(run, from, at_most).await?;
        Ok(placed.into_iter().map(|(position, record)| (position.index, record)).collect())
    }

    /// Like [`Entries::rows`], with where each row stands in its source.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>>;

    /// How many rows ended as [`Entry::Rested`]; [`Entries::rows`] has none of them.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn rested(&self, run: &RunId) -> Result<u64>;

    /// Steps of a row that has not ended, in order: answered ones and intents without an answer.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>>;

    /// Calls of the run's rows, by second and kind, oldest first. A look-up that several rows share is a call of each
    /// of them, and calls that are about the account, such as a listing, are of no row.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn calls_over_time(&self, run: &RunId) -> Result<Vec<CallsAt>>;

    /// Rows that have steps but no record, in order: those a cut-off run was working on.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn open_rows(&self, run: &RunId) -> Result<Vec<u64>>;

    /// Before-images of a run, latest first, from the `after`-th on, at most `at_most`.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>>;
}
