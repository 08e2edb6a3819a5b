use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::Client;

use super::super::stored::{FIRED_KEPT, back, int};
use super::super::{Fired, NewRun, RunState, Schedules};
use super::backend::{PostgresLedger, ago};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, v};
use super::{runs, waiting};
use crate::error::Result;
use crate::journal::RunId;

#[async_trait]
impl Schedules for PostgresLedger {
    async fn now(&self) -> Result<Duration> {
        self.ask(async |client: &Client| {
            let now = row(client, "SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint", &[]).await?;
            Ok(Duration::from_micros(back(now.map_or(Ok(0), |row| row.try_get(0))?)))
        })
        .await
    }

    async fn last_fired(&self, job: &str, schedule: &str) -> Result<Option<u64>> {
        let (job, schedule) = (job.to_owned(), schedule.to_owned());
        self.ask(async move |client: &Client| {
            let last = "SELECT max(due) FROM rolo.fired WHERE job = $1 AND schedule = $2";
            let last = row(client, last, &[v(&job), v(&schedule)]).await?;
            Ok(last.map_or(Ok(None), |row| row.try_get::<_, Option<i64>>(0))?.map(back))
        })
        .await
    }

    async fn fire(
        &self,
        job: &str,
        schedule: &str,
        due: u64,
        run: Option<&NewRun>,
        failed: Option<&str>,
    ) -> Result<Fired> {
        let (job, schedule) = (job.to_owned(), schedule.to_owned());
        let run = run.map(|run| (run.clone(), ago(run)));
        let failed = failed.map(str::to_owned);
        let accounts = run.iter().map(|(run, _)| run.identity.clone()).collect();
        let fire =
            async move |work: &mut Work<'_>| fire(work, (&job, &schedule, due), run.as_ref(), failed.as_deref()).await;
        self.change(accounts, fire).await
    }
}

async fn fire(
    work: &mut Work<'_>,
    (job, schedule, due): (&str, &str, u64),
    run: Option<&(NewRun, runs::Ago)>,
    failed: Option<&str>,
) -> std::result::Result<Fired, Trouble> {
    let client = work.client;
    let (moment, old) = (int(due), int(due.saturating_sub(FIRED_KEPT)));
    let insert = "INSERT INTO rolo.fired (job, due, schedule) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    if execute(client, insert, &[v(&job), v(&moment), v(&schedule)]).await? == 0 {
        return Ok(Fired::Before);
    }
    execute(client, "DELETE FROM rolo.fired WHERE job = $1 AND due < $2", &[v(&job), v(&old)]).await?;
    let Some((run, ago)) = run else { return Ok(Fired::Passed) };
    let before = "SELECT name FROM rolo.fired JOIN rolo.run ON run.id = run_id
        WHERE job = $1 AND state IN ('queued', 'running') LIMIT 1";
    if let Some(before) = row(client, before, &[v(&job)]).await? {
        return Ok(Fired::StillAt(RunId(before.try_get(0)?)));
    }
    let state = if failed.is_some() { RunState::Failed } else { RunState::Queued };
    let id = runs::record(work, run, *ago, state).await?;
    if let Some(failed) = failed {
        waiting::tell(client, &id, failed).await?;
    }
    let number = runs::numbers(client, &id).await?.id;
    let set = "UPDATE rolo.fired SET run_id = $3 WHERE job = $1 AND due = $2";
    execute(client, set, &[v(&job), v(&moment), v(&number)]).await?;
    Ok(Fired::Run(id))
}
