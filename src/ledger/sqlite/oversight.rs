use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::stored::{ALERT_KEPT, GIVE_UP, NOBODY_SENT_IT, back, int};
use super::tools::Tools;
use super::{SqliteLedger, claims, runs, waiting};
use crate::contact::Counts;
use crate::error::Result;
use crate::journal::RunId;
use crate::ledger::{
    ClaimedRun, Figures, JobCondition, JobRecord, Judgement, LastFired, NewRun, OutboxAlert, Oversight, Run,
    RunFigures, RunState, Sending, Worker,
};

const ALERT: &str = "SELECT id, channel, job, condition, was, run, at, facts, tries, due, told, ended, sent FROM alert";

#[async_trait]
impl Oversight for SqliteLedger {
    async fn conclude(
        &self,
        run: &ClaimedRun,
        state: RunState,
        counts: &Counts,
        took: Duration,
        judged: &Judgement,
    ) -> Result<()> {
        crash_point!("before_state");
        let (id, counts, judged) = (run.id().clone(), *counts, judged.clone());
        let conclude = move |db: &Connection, tools: &mut Tools<'_>| {
            runs::set_state(db, &id, state, &counts, tools.now)?;
            runs::set_took(db, &id, took)?;
            judge(db, tools.now, &judged)
        };
        let concluded = self.change_of(run.claim(), conclude).await;
        crash_point!("after_state");
        concluded
    }

    async fn record_failed(&self, run: &NewRun, told: &str, judged: &Judgement) -> Result<RunId> {
        let (run, told, mut judged) = (run.clone(), told.to_owned(), judged.clone());
        self.change(move |db, tools| {
            let id = runs::record(db, tools, &run, RunState::Failed)?;
            runs::set_state(db, &id, RunState::Failed, &Counts::default(), tools.now)?;
            waiting::tell(db, &id, &told)?;
            judged.run = Some(id.clone());
            judge(db, tools.now, &judged)?;
            Ok(id)
        })
        .await
    }

    async fn judge(&self, judged: &Judgement) -> Result<()> {
        let judged = judged.clone();
        self.change(move |db, tools| judge(db, tools.now, &judged)).await
    }

    async fn job_records(&self) -> Result<Vec<JobRecord>> {
        self.look(|db, _| {
            db.prepare_cached("SELECT name, condition, since, run, succeeded FROM job ORDER BY name")?
                .query_map([], |row| {
                    Ok(JobRecord {
                        job: row.get(0)?,
                        condition: condition(row, 1)?.unwrap_or(JobCondition::Failed),
                        since: back(row.get(2)?),
                        run: row.get::<_, Option<String>>(3)?.map(RunId),
                        succeeded: row.get::<_, Option<i64>>(4)?.map(back),
                    })
                })?
                .collect()
        })
        .await
    }

    async fn last_fired_run(&self, job: &str) -> Result<Option<LastFired>> {
        let job = job.to_owned();
        self.look(move |db, _| {
            let last = "SELECT fired.due, run.name FROM fired JOIN run ON run.id = run_id WHERE job = ?1
                ORDER BY fired.due DESC LIMIT 1";
            let last: Option<(i64, String)> =
                db.prepare_cached(last)?.query_row([&job], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((due, name)) = last else { return Ok(None) };
            Ok(runs::run(db, &RunId(name))?.map(|run| LastFired { due: back(due), run }))
        })
        .await
    }

    async fn take_alerts(&self, channels: &[String], lease: Duration, at_most: usize) -> Result<Vec<OutboxAlert>> {
        let channels = channels.to_vec();
        self.change(move |db, tools| take(db, tools.now.as_secs(), &channels, lease.as_secs(), at_most)).await
    }

    async fn settle_alert(&self, taken: &OutboxAlert, came: &Sending) -> Result<()> {
        let (taken, came) = (taken.clone(), came.clone());
        self.change(move |db, tools| settle(db, tools.now.as_secs(), &taken, &came)).await
    }

    async fn alerts(&self, at_most: usize) -> Result<Vec<OutboxAlert>> {
        self.look(move |db, _| {
            db.prepare_cached(&format!("{ALERT} ORDER BY at DESC, id DESC, channel LIMIT ?1"))?
                .query_map([int(at_most as u64)], read)?
                .collect()
        })
        .await
    }

    async fn last_worker_of(&self, run: &Run) -> Result<Option<Worker>> {
        let fingerprint = run.new.fingerprint.clone();
        self.look(move |db, _| Ok(claims::held(db, &fingerprint)?.map(|held| held.holder))).await
    }

    async fn figures(&self) -> Result<Figures> {
        self.look(|db, _| figures(db)).await
    }
}

/// Records how a job stands, and for whom that is news.
fn judge(db: &Connection, now: Duration, judged: &Judgement) -> rusqlite::Result<()> {
    let at = int(now.as_secs());
    let was: Option<String> =
        db.query_row("SELECT condition FROM job WHERE name = ?1", [&judged.job], |row| row.get(0)).optional()?;
    let (condition, run) = (judged.condition.name(), judged.run.as_ref().map(|run| &run.0));
    db.execute(
        "INSERT INTO job (name, condition, since, run, succeeded) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET condition = excluded.condition, run = excluded.run,
             since = CASE WHEN condition = excluded.condition THEN since ELSE excluded.since END,
             succeeded = coalesce(excluded.succeeded, succeeded)",
        params![judged.job, condition, at, run, judged.condition.is_success().then_some(at)],
    )?;
    if judged.condition.is_news_after(was.as_deref().and_then(JobCondition::from_name)) {
        for channel in &judged.channels {
            db.execute(
                "INSERT OR IGNORE INTO alert (id, channel, job, condition, was, run, at, facts, due)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)",
                params![judged.id, channel, judged.job, condition, was, run, at, judged.facts],
            )?;
        }
    }
    db.execute("DELETE FROM alert WHERE ended < ?1", [at.saturating_sub(int(ALERT_KEPT))]).map(drop)
}

fn take(
    db: &Connection,
    now: u64,
    channels: &[String],
    lease: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<OutboxAlert>> {
    db.execute(
        "UPDATE alert SET ended = ?1, told = coalesce(told, ?3) WHERE ended IS NULL AND due <= ?1 AND at <= ?2",
        params![int(now), int(now.saturating_sub(GIVE_UP)), NOBODY_SENT_IT],
    )?;
    let due: Vec<OutboxAlert> = db
        .prepare_cached(&format!("{ALERT} WHERE ended IS NULL AND due <= ?1 ORDER BY at, id, channel"))?
        .query_map([int(now)], read)?
        .collect::<rusqlite::Result<_>>()?;
    let mut taken: Vec<OutboxAlert> =
        due.into_iter().filter(|alert| channels.contains(&alert.channel)).take(at_most).collect();
    for alert in &mut taken {
        (alert.tries, alert.due) = (alert.tries + 1, now + lease);
        db.execute(
            "UPDATE alert SET tries = ?3, due = ?4 WHERE id = ?1 AND channel = ?2",
            params![alert.id, alert.channel, int(alert.tries), int(alert.due)],
        )?;
    }
    Ok(taken)
}

fn settle(db: &Connection, now: u64, taken: &OutboxAlert, came: &Sending) -> rusqlite::Result<()> {
    let (due, told, ended) = match came {
        Sending::Delivered => (int(now), None, Some(int(now))),
        Sending::Again(wait, told) => (int(now + wait), Some(told), None),
    };
    db.execute(
        "UPDATE alert SET due = ?4, told = ?5, ended = ?6, sent = ?7
         WHERE id = ?1 AND channel = ?2 AND tries = ?3 AND ended IS NULL",
        params![taken.id, taken.channel, int(taken.tries), due, told, ended, i64::from(ended.is_some())],
    )
    .map(drop)
}

fn figures(db: &Connection) -> rusqlite::Result<Figures> {
    let runs = db
        .prepare_cached(
            "SELECT called, service, state, count(*), sum(CASE WHEN pruned IS NULL THEN in_doubt ELSE 0 END)
             FROM run GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )?
        .query_map([], |row| {
            Ok(RunFigures {
                account: row.get(0)?,
                service: row.get(1)?,
                state: row.get(2)?,
                runs: back(row.get(3)?),
                in_doubt: back(row.get(4)?),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let oldest: Option<i64> =
        db.query_row("SELECT min(started) FROM run WHERE state = 'queued'", [], |row| row.get(0))?;
    let outbox: i64 = db.query_row("SELECT count(*) FROM alert WHERE ended IS NULL", [], |row| row.get(0))?;
    Ok(Figures { runs, oldest_queued: oldest.map(back), outbox: back(outbox) })
}

fn condition(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<JobCondition>> {
    Ok(row.get::<_, Option<String>>(column)?.as_deref().and_then(JobCondition::from_name))
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxAlert> {
    Ok(OutboxAlert {
        id: row.get(0)?,
        channel: row.get(1)?,
        job: row.get(2)?,
        condition: condition(row, 3)?.unwrap_or(JobCondition::Failed),
        was: condition(row, 4)?,
        run: row.get::<_, Option<String>>(5)?.map(RunId),
        at: back(row.get(6)?),
        facts: row.get(7)?,
        tries: back(row.get(8)?),
        due: back(row.get(9)?),
        told: row.get(10)?,
        ended: row.get::<_, Option<i64>>(11)?.map(back),
        is_sent: row.get::<_, i64>(12)? != 0,
    })
}
