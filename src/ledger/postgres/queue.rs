use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::Client;

use super::super::{Claim, ClaimedRun, LiveWorker, NewRun, Queue, RunState, WaitingRun, Worker};
use super::backend::{PostgresLedger, ago};
use super::session::Work;
use super::store::PostgresStore;
use super::{runs, waiting};
use crate::error::Result;
use crate::journal::RunId;

#[async_trait]
impl Queue for PostgresLedger {
    async fn submit(&self, run: &NewRun) -> Result<RunId> {
        let (run, accounts, ago) = (run.clone(), vec![run.identity.clone()], ago(run));
        let submit = async move |work: &mut Work<'_>| runs::record(work, &run, ago, RunState::Queued).await;
        self.change(accounts, submit).await
    }

    async fn waiting(&self, at_most: usize) -> Result<Vec<WaitingRun>> {
        self.executor.run(move |store| store.waiting(at_most)).await
    }

    async fn begin_queued(&self, queued: &Claim, claim: &Claim, id: &RunId, run: &NewRun) -> Result<()> {
        let (queued, id, accounts) = (queued.clone(), id.clone(), vec![run.identity.clone()]);
        let (run, ago) = (run.clone(), ago(run));
        crash_point!("before_run");
        let begin = async move |work: &mut Work<'_>| waiting::begin(work, &queued, &id, (&run, ago)).await;
        let begun = self.change_of(claim, accounts, begin).await;
        crash_point!("after_run");
        begun
    }

    async fn let_wait(&self, run: &ClaimedRun, wait: Duration, told: Option<&str>) -> Result<()> {
        let (id, told) = (run.id().clone(), told.map(str::to_owned));
        let let_wait = async move |work: &mut Work<'_>| waiting::let_wait(work, &id, wait, told.as_deref()).await;
        self.change_of(run.claim(), Vec::new(), let_wait).await
    }

    async fn tell(&self, run: &ClaimedRun, told: &str) -> Result<()> {
        let (id, told) = (run.id().clone(), told.to_owned());
        let tell = async move |work: &mut Work<'_>| waiting::tell(work.client, &id, &told).await;
        self.change_of(run.claim(), Vec::new(), tell).await
    }

    async fn ask_to_cancel(&self, run: &RunId) -> Result<()> {
        let id = run.clone();
        self.ask(async move |client: &Client| waiting::ask_to_cancel(client, &id).await).await
    }

    async fn is_cancelled(&self, run: &RunId) -> Result<bool> {
        let id = run.clone();
        self.ask(async move |client: &Client| waiting::is_cancelled(client, &id).await).await
    }

    async fn appear(&self, worker: &Worker) -> Result<()> {
        let worker = worker.clone();
        self.ask(async move |client: &Client| waiting::appear(client, &worker).await).await
    }

    async fn leave(&self, worker: &Worker) -> Result<()> {
        let worker = worker.clone();
        self.ask(async move |client: &Client| waiting::leave(client, &worker).await).await
    }

    async fn workers(&self) -> Result<Vec<LiveWorker>> {
        self.executor.run(PostgresStore::workers).await
    }
}
