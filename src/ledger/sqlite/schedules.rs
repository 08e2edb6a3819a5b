use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{FIRED_KEPT, back, int};
use super::tools::Tools;
use super::{SqliteLedger, runs, waiting};
use crate::error::Result;
use crate::ledger::{Fired, NewRun, RunState, Schedules};

#[async_trait]
impl Schedules for SqliteLedger {
    async fn now(&self) -> Result<Duration> {
        self.look(|_, tools| Ok(tools.now)).await
    }

    async fn last_fired(&self, job: &str, schedule: &str) -> Result<Option<u64>> {
        let (job, schedule) = (job.to_owned(), schedule.to_owned());
        self.look(move |db, _| last(db, &job, &schedule)).await
    }

    async fn fire(
        &self,
        job: &str,
        schedule: &str,
        due: u64,
        run: Option<&NewRun>,
        failed: Option<&str>,
    ) -> Result<Fired> {
        let (job, schedule, run) = (job.to_owned(), schedule.to_owned(), run.cloned());
        let failed = failed.map(str::to_owned);
        self.change(move |db, tools| fire(db, tools, (&job, &schedule, due), run.as_ref(), failed.as_deref())).await
    }
}

fn last(db: &Connection, job: &str, schedule: &str) -> rusqlite::Result<Option<u64>> {
    let last: Option<i64> = db
        .prepare_cached("SELECT max(due) FROM fired WHERE job = ?1 AND schedule = ?2")?
        .query_row([job, schedule], |row| row.get(0))?;
    Ok(last.map(back))
}

fn fire(
    db: &Connection,
    tools: &mut Tools<'_>,
    (job, schedule, due): (&str, &str, u64),
    run: Option<&NewRun>,
    failed: Option<&str>,
) -> rusqlite::Result<Fired> {
    let fired = db.execute(
        "INSERT OR IGNORE INTO fired (job, due, schedule) VALUES (?1, ?2, ?3)",
        params![job, int(due), schedule],
    )?;
    if fired == 0 {
        return Ok(Fired::Before);
    }
    db.execute("DELETE FROM fired WHERE job = ?1 AND due < ?2", params![job, int(due.saturating_sub(FIRED_KEPT))])?;
    let Some(run) = run else { return Ok(Fired::Passed) };
    let before: Option<String> = db
        .query_row(
            "SELECT name FROM fired JOIN run ON run.id = run_id
             WHERE job = ?1 AND state IN ('queued', 'running') LIMIT 1",
            [job],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(before) = before {
        return Ok(Fired::StillAt(crate::journal::RunId(before)));
    }
    let state = if failed.is_some() { RunState::Failed } else { RunState::Queued };
    let id = runs::record(db, tools, run, state)?;
    if let Some(failed) = failed {
        waiting::tell(db, &id, failed)?;
    }
    db.execute(
        "UPDATE fired SET run_id = ?3 WHERE job = ?1 AND due = ?2",
        params![job, int(due), runs::number(db, &id)?],
    )?;
    Ok(Fired::Run(id))
}
