use std::time::Duration;

use async_trait::async_trait;

use super::super::{Claim, ClaimedRun, Fingerprint, NewRun, Prune, Run, RunState, Swept, Worker};
use crate::contact::Counts;
use crate::error::Result;
use crate::journal::RunId;

/// Executions of commands.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Claims the runs of this fingerprint for a worker, for so long by the store's own clock; after that
    /// somebody else may claim them. A worker that is known to have died loses its claim at once.
    ///
    /// # Errors
    /// Of kind `AlreadyRunning`, in words that tell who it is, if somebody who lives has claimed them.
    async fn claim_run(&self, fingerprint: &Fingerprint, worker: &Worker, lease: Duration) -> Result<Claim>;

    /// Prolongs a claim, by the store's own clock, to so long from now; also one that has run out, if nobody
    /// has claimed since.
    ///
    /// # Errors
    /// With the reason [`StopReason::ClaimLost`](crate::error::StopReason::ClaimLost) if somebody has.
    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<()>;

    /// Gives a claim back, so that others need not wait for its end. One that was lost already is left alone.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn release(&self, claim: &Claim) -> Result<()>;

    /// Records a new run of the fingerprint that is claimed.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger); with the reason [`StopReason::ClaimLost`](crate::error::StopReason::ClaimLost) if the
    /// claim is another's by now.
    async fn begin(&self, claim: &Claim, run: &NewRun) -> Result<RunId>;

    /// The latest run that was cut off with this fingerprint.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>>;

    /// The run of this name.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn run(&self, id: &RunId) -> Result<Option<Run>>;

    /// Latest first.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn runs(&self, at_most: usize) -> Result<Vec<Run>>;

    /// Who works on the run at this moment, whether it was begun, taken up again or is about to be; `None` if nobody
    /// does, so that a run that stands as running was cut off.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn worker_of(&self, run: &Run) -> Result<Option<Worker>>;

    /// Records that a run is under way again.
    ///
    /// # Errors
    /// As for [`Runs::begin`].
    async fn take_up(&self, run: &ClaimedRun) -> Result<()>;

    /// Records how a run stands, and how long all its executions took together.
    ///
    /// # Errors
    /// As for [`Runs::begin`].
    async fn set_state(&self, run: &ClaimedRun, state: RunState, counts: &Counts, took: Duration) -> Result<()>;

    /// Records how long all executions of a run that is under way have taken so far.
    ///
    /// # Errors
    /// As for [`Runs::begin`].
    async fn set_took(&self, run: &ClaimedRun, took: Duration) -> Result<()>;

    /// Records how another run stands, since the run `by` has put it back.
    ///
    /// # Errors
    /// As for [`Runs::begin`].
    async fn set_state_of(&self, by: &ClaimedRun, other: &RunId, state: RunState, counts: &Counts) -> Result<()>;

    /// Lets go of what is kept of a run's rows: from now on it says when it was pruned, and its counts stay.
    /// Its records go by [`Runs::sweep`]. A run that somebody still needs is left as it is, and one that was
    /// pruned before keeps its date. What is known of contacts is no part of a run.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn prune(&self, run: &RunId) -> Result<Prune>;

    /// Removes for good about so many records of runs that were pruned, or gives back to the system some
    /// of the room that they had: one short change, so that a run under way has its turn before the next.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn sweep(&self, at_most: usize) -> Result<Swept>;
}
