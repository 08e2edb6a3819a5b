//! Whether somebody cancels a run, asked while it is under way.

use std::time::Duration;

use tokio::task::AbortHandle;

use crate::journal::RunId;
use crate::ledger::LedgerHandle;
use crate::upload::{Stop, StopCause, StopLevel};

/// So often it is asked: a cancelled run goes on no longer than that.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Asks for as long as this lives, and lets the run stop.
pub struct Cancelling {
    task: AbortHandle,
}

impl Cancelling {
    pub fn watch(ledger: &LedgerHandle, run: &RunId, stop: &Stop) -> Self {
        let (ledger, run, stop) = (ledger.clone(), run.clone(), stop.clone());
        let task = tokio::spawn(async move {
            loop {
                // A store that can't be asked stops the run by itself, if it stays away.
                if ledger.is_cancelled(&run).await.unwrap_or_default() {
                    return stop.request_for(StopCause::Cancelled, StopLevel::Drain);
                }
                tokio::time::sleep(ASKED_EVERY).await;
            }
        });
        Self { task: task.abort_handle() }
    }
}

impl Drop for Cancelling {
    fn drop(&mut self) {
        self.task.abort();
    }
}
