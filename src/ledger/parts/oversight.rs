use std::time::Duration;

use async_trait::async_trait;

use super::super::{
    ClaimedRun, Figures, JobRecord, Judgement, LastFired, NewRun, OutboxAlert, Run, RunState, Sending, Worker,
};
use crate::contact::Counts;
use crate::error::Result;
use crate::journal::RunId;

/// How jobs stand, who is told that, and figures of the whole.
///
/// An alert is in the outbox from the transaction on in which its job came to stand as it does, once for each channel.
/// Whoever takes it has it to himself for a while, so that it is sent once; if nobody says what came of it, it is sent
/// again under the same id.
#[async_trait]
pub trait Oversight: Send + Sync {
    /// Records how a run stands, as [`Runs::set_state`](super::Runs::set_state) does, and how its job does.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin).
    async fn conclude(
        &self,
        run: &ClaimedRun,
        state: RunState,
        counts: &Counts,
        took: Duration,
        judged: &Judgement,
    ) -> Result<()>;

    /// Records a run that could not begin, why, and how its job stands; the run of the judgement is that one.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn record_failed(&self, run: &NewRun, told: &str, judged: &Judgement) -> Result<RunId>;

    /// Records how a job stands.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn judge(&self, judged: &Judgement) -> Result<()>;

    /// How each job stands, by name.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn job_records(&self) -> Result<Vec<JobRecord>>;

    /// The latest due time of a job at which a run was queued.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn last_fired_run(&self, job: &str) -> Result<Option<LastFired>>;

    /// Takes alerts for these channels that are due, the oldest first: nobody else does for so long.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn take_alerts(&self, channels: &[String], lease: Duration, at_most: usize) -> Result<Vec<OutboxAlert>>;

    /// Says what came of an alert that was taken. One that was taken by another since stays the other's.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn settle_alert(&self, taken: &OutboxAlert, came: &Sending) -> Result<()>;

    /// The latest alerts, latest first.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn alerts(&self, at_most: usize) -> Result<Vec<OutboxAlert>>;

    /// Who last had the run, whether or not they live; `None` if nobody had.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn last_worker_of(&self, run: &Run) -> Result<Option<Worker>>;

    /// What there is, counted.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn figures(&self) -> Result<Figures>;
}
