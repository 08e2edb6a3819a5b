use std::time::Duration;

use async_trait::async_trait;

use super::super::{Fired, NewRun};
use crate::error::Result;

/// Due times of jobs, each of which fires once, whoever comes to it first.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// What the store's calendar shows, from the Unix epoch: the same for all who share it.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn now(&self) -> Result<Duration>;

    /// The last due time of a job under this schedule that was seen to, in seconds from the Unix epoch; `None` if the
    /// schedule is new.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn last_fired(&self, job: &str, schedule: &str) -> Result<Option<u64>>;

    /// Sees to a due time, unless somebody else did: queues the run, if there is one and the job's last one has ended;
    /// one that can't begin, for this reason, is recorded as failed. Without a run the due time is only passed over.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn fire(
        &self,
        job: &str,
        schedule: &str,
        due: u64,
        run: Option<&NewRun>,
        failed: Option<&str>,
    ) -> Result<Fired>;
}
