use std::time::Duration;

use async_trait::async_trait;

use super::{SqliteLedger, runs, waiting};
use crate::error::Result;
use crate::journal::RunId;
use crate::ledger::{Claim, ClaimedRun, LiveWorker, NewRun, Queue, RunState, WaitingRun, Worker};

#[async_trait]
impl Queue for SqliteLedger {
    async fn submit(&self, run: &NewRun) -> Result<RunId> {
        let run = run.clone();
        self.change(move |db, tools| runs::record(db, tools, &run, RunState::Queued)).await
    }

    async fn waiting(&self, at_most: usize) -> Result<Vec<WaitingRun>> {
        self.executor.run(move |store| store.waiting(at_most)).await
    }

    async fn begin_queued(&self, queued: &Claim, claim: &Claim, id: &RunId, run: &NewRun) -> Result<()> {
        let (queued, id, run) = (queued.clone(), id.clone(), run.clone());
        crash_point!("before_run");
        let begun = self.change_of(claim, move |db, tools| waiting::begin(db, tools, &queued, &id, &run)).await;
        crash_point!("after_run");
        begun
    }

    async fn let_wait(&self, run: &ClaimedRun, wait: Duration, told: Option<&str>) -> Result<()> {
        let (claim, id, told) = (run.claim().clone(), run.id().clone(), told.map(str::to_owned));
        let let_wait = move |store: &mut super::store::Store| {
            store.change_now(|db, now| waiting::let_wait(db, &claim, &id, now.today + wait, told.as_deref()))
        };
        self.executor.run(let_wait).await
    }

    async fn tell(&self, run: &ClaimedRun, told: &str) -> Result<()> {
        let (id, told) = (run.id().clone(), told.to_owned());
        self.change_of(run.claim(), move |db, _| waiting::tell(db, &id, &told)).await
    }

    async fn ask_to_cancel(&self, run: &RunId) -> Result<()> {
        let id = run.clone();
        self.change(move |db, tools| waiting::ask_to_cancel(db, &id, tools.now)).await
    }

    async fn is_cancelled(&self, run: &RunId) -> Result<bool> {
        let id = run.clone();
        self.look(move |db, _| waiting::is_cancelled(db, &id)).await
    }

    async fn appear(&self, worker: &Worker) -> Result<()> {
        let worker = worker.clone();
        let appear =
            move |store: &mut super::store::Store| store.change_now(|db, now| waiting::appear(db, &worker, now.today));
        self.executor.run(appear).await
    }

    async fn leave(&self, worker: &Worker) -> Result<()> {
        let worker = worker.clone();
        self.change(move |db, _| waiting::leave(db, &worker)).await
    }

    async fn workers(&self) -> Result<Vec<LiveWorker>> {
        self.executor.run(super::store::Store::workers).await
    }
}
