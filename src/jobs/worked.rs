//! How long a run was worked on so far, recorded while it is under way: an execution that is killed counts too.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, StopReason};
use crate::ledger::{ClaimedRun, LedgerHandle};

/// So often it is recorded: at most that much of a killed execution is not counted.
pub const WORKED_EVERY: Duration = Duration::from_secs(5);

/// Records it for as long as this lives.
pub struct WorkedSoFar {
    task: AbortHandle,
}

impl WorkedSoFar {
    /// `before` is what earlier executions took; this one began at `begun`.
    pub fn record(ledger: &LedgerHandle, run: &ClaimedRun, before: Duration, begun: Instant, every: Duration) -> Self {
        // Without its keeper: the claim is not held for this.
        let (ledger, run) = (ledger.clone(), ClaimedRun::new(run.id().clone(), run.claim().clone()));
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let recorded = ledger.set_took(&run, before + (clock::now() - begun)).await;
                // Any other error: the store may be back the next time, and no row waits for this.
                if let Err(Error { reason: Some(StopReason::ClaimLost), .. }) = recorded {
                    return;
                }
            }
        });
        Self { task: task.abort_handle() }
    }
}

impl Drop for WorkedSoFar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Fingerprint, LedgerPlace, NewRun, RunKind, Worker};

    #[tokio::test]
    async fn what_an_execution_took_so_far_is_known_without_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = LedgerPlace::in_folder(folder.path()).open().unwrap();
        let fingerprint = Fingerprint([7; 32]);
        let worker = Worker::this_process("import");
        let claim = ledger.claim_run(&fingerprint, &worker, Duration::from_secs(600)).await.unwrap();
        let new = NewRun {
            kind: RunKind::Import,
            fingerprint,
            account: "desk".into(),
            identity: "desk".into(),
            service: "some-service".into(),
            file: "/contacts.csv".into(),
            options: serde_json::json!({}),
            started: 1_795_253_460,
        };
        let id = ledger.begin(&claim, &new).await.unwrap();
        let run = ClaimedRun::new(id.clone(), claim);
        let before = Duration::from_secs(100);
        let recording = WorkedSoFar::record(&ledger, &run, before, clock::now(), Duration::from_millis(1));
        let took = loop {
            if let Some(took) = ledger.run(&id).await.unwrap().unwrap().worked() {
                break took;
            }
            tokio::task::yield_now().await;
        };
        assert!(took >= before, "earlier executions count");
        drop(recording);
    }
}
