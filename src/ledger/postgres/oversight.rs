use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::{Client, Row};

use super::super::stored::{ALERT_KEPT, GIVE_UP, NOBODY_SENT_IT, back, int};
use super::super::{
    ClaimedRun, Figures, JobCondition, JobRecord, Judgement, LastFired, NewRun, OutboxAlert, Oversight, Run,
    RunFigures, RunState, Sending, Worker,
};
use super::backend::{PostgresLedger, ago};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, rows, v};
use super::{claims, runs, waiting};
use crate::contact::Counts;
use crate::error::Result;
use crate::journal::RunId;

type Done<T> = std::result::Result<T, Trouble>;

const ALERT: &str = "id, channel, job, condition, was, run, at, facts, tries, due, told, ended, sent";

#[async_trait]
impl Oversight for PostgresLedger {
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
        let conclude = async move |work: &mut Work<'_>| {
            runs::set_state(work, &id, state, &counts).await?;
            runs::set_took(work.client, &id, took).await?;
            judge(work, &judged).await
        };
        let concluded = self.change_of(run.claim(), Vec::new(), conclude).await;
        crash_point!("after_state");
        concluded
    }

    async fn record_failed(&self, run: &NewRun, told: &str, judged: &Judgement) -> Result<RunId> {
        let (run, ago, told, judged) = (run.clone(), ago(run), told.to_owned(), judged.clone());
        let accounts = vec![run.identity.clone()];
        let record = async move |work: &mut Work<'_>| {
            let id = runs::record(work, &run, ago, RunState::Failed).await?;
            runs::set_state(work, &id, RunState::Failed, &Counts::default()).await?;
            waiting::tell(work.client, &id, &told).await?;
            judge(work, &Judgement { run: Some(id.clone()), ..judged.clone() }).await?;
            Ok(id)
        };
        self.change(accounts, record).await
    }

    async fn judge(&self, judged: &Judgement) -> Result<()> {
        let judged = judged.clone();
        self.change(Vec::new(), async move |work: &mut Work<'_>| judge(work, &judged).await).await
    }

    async fn job_records(&self) -> Result<Vec<JobRecord>> {
        self.ask(async |client: &Client| {
            let all = "SELECT name, condition, since, run, succeeded FROM rolo.job ORDER BY name";
            let read = |row: &Row| {
                Ok(JobRecord {
                    job: row.try_get(0)?,
                    condition: condition(row, 1)?.unwrap_or(JobCondition::Failed),
                    since: back(row.try_get(2)?),
                    run: row.try_get::<_, Option<String>>(3)?.map(RunId),
                    succeeded: row.try_get::<_, Option<i64>>(4)?.map(back),
                })
            };
            rows(client, all, &[]).await?.iter().map(read).collect()
        })
        .await
    }

    async fn last_fired_run(&self, job: &str) -> Result<Option<LastFired>> {
        let job = job.to_owned();
        self.ask(async move |client: &Client| {
            let last = "SELECT fired.due, run.name FROM rolo.fired JOIN rolo.run ON run.id = run_id WHERE job = $1
                ORDER BY fired.due DESC LIMIT 1";
            let Some(last) = row(client, last, &[v(&job)]).await? else { return Ok(None) };
            let due = back(last.try_get(0)?);
            Ok(runs::run(client, &RunId(last.try_get(1)?)).await?.map(|run| LastFired { due, run }))
        })
        .await
    }

    async fn take_alerts(&self, channels: &[String], lease: Duration, at_most: usize) -> Result<Vec<OutboxAlert>> {
        let channels = channels.to_vec();
        self.change(Vec::new(), async move |work: &mut Work<'_>| take(work, &channels, lease.as_secs(), at_most).await)
            .await
    }

    async fn settle_alert(&self, taken: &OutboxAlert, came: &Sending) -> Result<()> {
        let (taken, came) = (taken.clone(), came.clone());
        self.change(Vec::new(), async move |work: &mut Work<'_>| settle(work, &taken, &came).await).await
    }

    async fn alerts(&self, at_most: usize) -> Result<Vec<OutboxAlert>> {
        self.ask(async move |client: &Client| {
            let latest = format!("SELECT {ALERT} FROM rolo.alert ORDER BY at DESC, id DESC, channel LIMIT $1");
            rows(client, &latest, &[v(&int(at_most as u64))]).await?.iter().map(read).collect()
        })
        .await
    }

    async fn last_worker_of(&self, run: &Run) -> Result<Option<Worker>> {
        let fingerprint = run.new.fingerprint.clone();
        self.ask(async move |client: &Client| {
            let held = "SELECT host, process, since, doing FROM rolo.claim WHERE fingerprint = $1";
            let held = row(client, held, &[v(&fingerprint.0.as_slice())]).await?;
            held.as_ref().map(claims::holder).transpose()
        })
        .await
    }

    async fn figures(&self) -> Result<Figures> {
        self.ask(async |client: &Client| figures(client).await).await
    }
}

/// Records how a job stands, and for whom that is news.
async fn judge(work: &mut Work<'_>, judged: &Judgement) -> Done<()> {
    let (client, at) = (work.client, int(work.now.as_secs()));
    // Two who judge one job at the same time come one after the other.
    let first = "INSERT INTO rolo.job (name, condition, since) VALUES ($1, '', $2) ON CONFLICT DO NOTHING";
    execute(client, first, &[v(&judged.job), v(&at)]).await?;
    let was = row(client, "SELECT condition FROM rolo.job WHERE name = $1 FOR UPDATE", &[v(&judged.job)]).await?;
    let was: Option<String> = was.map(|row| row.try_get(0)).transpose()?;
    let was = was.filter(|was| !was.is_empty());
    let (condition, run) = (judged.condition.name(), judged.run.as_ref().map(|run| run.0.as_str()));
    let set = "UPDATE rolo.job SET condition = $2, run = $3, succeeded = coalesce($4, succeeded),
        since = CASE WHEN condition = $2 THEN since ELSE $5 END WHERE name = $1";
    let succeeded = judged.condition.is_success().then_some(at);
    execute(client, set, &[v(&judged.job), v(&condition), v(&run), v(&succeeded), v(&at)]).await?;
    if judged.condition.is_news_after(was.as_deref().and_then(JobCondition::from_name)) {
        let insert = "INSERT INTO rolo.alert (id, channel, job, condition, was, run, at, facts, due)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) ON CONFLICT DO NOTHING";
        for channel in &judged.channels {
            let about = [v(&judged.id), v(channel), v(&judged.job), v(&condition), v(&was), v(&run), v(&at)];
            execute(client, insert, &[&about[..], &[v(&judged.facts)]].concat()).await?;
        }
    }
    let old = at.saturating_sub(int(ALERT_KEPT));
    execute(client, "DELETE FROM rolo.alert WHERE ended < $1", &[v(&old)]).await.map(drop)
}

async fn take(work: &mut Work<'_>, channels: &[String], lease: u64, at_most: usize) -> Done<Vec<OutboxAlert>> {
    let (client, now) = (work.client, work.now.as_secs());
    let (at, old, until) = (int(now), int(now.saturating_sub(GIVE_UP)), int(now + lease));
    let give_up = "UPDATE rolo.alert SET ended = $1, told = coalesce(told, $3)
        WHERE ended IS NULL AND due <= $1 AND at <= $2";
    execute(client, give_up, &[v(&at), v(&old), v(&NOBODY_SENT_IT)]).await?;
    let take = format!(
        "UPDATE rolo.alert SET tries = tries + 1, due = $2 WHERE (id, channel) IN (SELECT id, channel FROM rolo.alert
         WHERE ended IS NULL AND due <= $1 AND channel = ANY ($3) ORDER BY at, id, channel LIMIT $4
         FOR UPDATE SKIP LOCKED) RETURNING {ALERT}"
    );
    let (channels, at_most) = (channels.to_vec(), int(at_most as u64));
    let values = [v(&at), v(&until), v(&channels), v(&at_most)];
    let mut taken: Vec<OutboxAlert> = rows(client, &take, &values).await?.iter().map(read).collect::<Done<_>>()?;
    taken.sort_by(|one, other| (one.at, &one.id, &one.channel).cmp(&(other.at, &other.id, &other.channel)));
    Ok(taken)
}

async fn settle(work: &mut Work<'_>, taken: &OutboxAlert, came: &Sending) -> Done<()> {
    let now = work.now.as_secs();
    let (due, told, ended) = match came {
        Sending::Delivered => (int(now), None, Some(int(now))),
        Sending::Again(wait, told) => (int(now + wait), Some(told.as_str()), None),
    };
    let settle = "UPDATE rolo.alert SET due = $4, told = $5, ended = $6, sent = $7
        WHERE id = $1 AND channel = $2 AND tries = $3 AND ended IS NULL";
    let (tries, sent) = (int(taken.tries), i64::from(ended.is_some()));
    let values = [v(&taken.id), v(&taken.channel), v(&tries), v(&due), v(&told), v(&ended), v(&sent)];
    execute(work.client, settle, &values).await.map(drop)
}

async fn figures(client: &Client) -> Done<Figures> {
    let by_state = "SELECT called, service, state, count(*),
        sum(CASE WHEN pruned IS NULL THEN in_doubt ELSE 0 END)::bigint
        FROM rolo.run GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    let read = |row: &Row| {
        Ok(RunFigures {
            account: row.try_get(0)?,
            service: row.try_get(1)?,
            state: row.try_get(2)?,
            runs: back(row.try_get(3)?),
            in_doubt: back(row.try_get(4)?),
        })
    };
    let runs = rows(client, by_state, &[]).await?.iter().map(read).collect::<Done<_>>()?;
    let waits = "SELECT (SELECT min(started) FROM rolo.run WHERE state = 'queued'),
        (SELECT count(*) FROM rolo.alert WHERE ended IS NULL)";
    let Some(waits) = row(client, waits, &[]).await? else { return Ok(Figures::default()) };
    let oldest: Option<i64> = waits.try_get(0)?;
    Ok(Figures { runs, oldest_queued: oldest.map(back), outbox: back(waits.try_get(1)?) })
}

fn condition(row: &Row, column: usize) -> Done<Option<JobCondition>> {
    Ok(row.try_get::<_, Option<String>>(column)?.as_deref().and_then(JobCondition::from_name))
}

fn read(row: &Row) -> Done<OutboxAlert> {
    Ok(OutboxAlert {
        id: row.try_get(0)?,
        channel: row.try_get(1)?,
        job: row.try_get(2)?,
        condition: condition(row, 3)?.unwrap_or(JobCondition::Failed),
        was: condition(row, 4)?,
        run: row.try_get::<_, Option<String>>(5)?.map(RunId),
        at: back(row.try_get(6)?),
        facts: row.try_get(7)?,
        tries: back(row.try_get(8)?),
        due: back(row.try_get(9)?),
        told: row.try_get(10)?,
        ended: row.try_get::<_, Option<i64>>(11)?.map(back),
        is_sent: row.try_get::<_, i64>(12)? != 0,
    })
}
