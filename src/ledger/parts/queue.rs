use std::time::Duration;

use async_trait::async_trait;

use super::super::{Claim, ClaimedRun, LiveWorker, NewRun, WaitingRun, Worker};
use crate::error::Result;
use crate::journal::RunId;

/// Runs that wait for a worker, and the workers that serve them.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Records a run that waits for a worker, under a fingerprint of its own until it begins.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn submit(&self, run: &NewRun) -> Result<RunId>;

    /// Runs that a worker may take now: those that wait, and those that stand as running and whose claim has run out
    /// or whose worker is known to have died. Those of an account in the order in which they are due, and each account's
    /// first before anybody's second.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn waiting(&self, at_most: usize) -> Result<Vec<WaitingRun>>;

    /// Makes a run that waits one that is under way, as [`Runs::begin`](super::Runs::begin) would a new one.
    /// `queued` is the claim of the fingerprint that it waited under, `claim` that of what it turned out to be.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin); of kind `Usage` if it does not wait any more.
    async fn begin_queued(&self, queued: &Claim, claim: &Claim, id: &RunId, run: &NewRun) -> Result<()>;

    /// Lets a run wait for a worker, for so long at least, and says why.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin).
    async fn let_wait(&self, run: &ClaimedRun, wait: Duration, told: Option<&str>) -> Result<()>;

    /// Says why a run stopped or ended before its time.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin).
    async fn tell(&self, run: &ClaimedRun, told: &str) -> Result<()>;

    /// Asks whoever works on a run to end it.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn ask_to_cancel(&self, run: &RunId) -> Result<()>;

    /// Whether somebody asked for that.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn is_cancelled(&self, run: &RunId) -> Result<bool>;

    /// Says that a worker serves the queue, and what it does; said again and again, it is known to live.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn appear(&self, worker: &Worker) -> Result<()>;

    /// Says that it does no more.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn leave(&self, worker: &Worker) -> Result<()>;

    /// Everybody who was heard of within a lease: workers that serve the queue, and processes that have claimed runs.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn workers(&self) -> Result<Vec<LiveWorker>>;
}
