//! Runs that wait for a worker, and who serves them.

use std::time::Duration;

use tokio_postgres::{Client, Row};

use super::super::stored::{back, int};
use super::super::waiting::{LiveClaim, not_queued};
use super::super::{Claim, Fingerprint, LEASE, NewRun, RunState, WaitingRun, Worker, claim};
use super::claims::holder;
use super::errors::Trouble;
use super::runs::{self, Ago};
use super::session::Work;
use super::sql::{execute, row, rows, v};
use crate::journal::RunId;

/// What the server's clock shows, in microseconds.
const NOW: &str = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

/// Claims of runs that could be due, as far as they have not run out: fingerprint and fence.
pub(super) async fn claimed(client: &Client) -> Result<Vec<(Fingerprint, u64)>, Trouble> {
    let query = format!(
        "SELECT DISTINCT fingerprint, fence FROM rolo.claim JOIN rolo.run USING (fingerprint)
         WHERE state IN ('queued', 'running') AND lease_until > {NOW}"
    );
    let read = |row: &Row| {
        let fingerprint: Vec<u8> = row.try_get(0)?;
        Ok((Fingerprint(fingerprint.try_into().unwrap_or_default()), back(row.try_get(1)?)))
    };
    rows(client, &query, &[]).await?.iter().map(read).collect()
}

/// Runs that are due and that nobody has claimed but the `dead`: each account's first before anybody's second, so that
/// one which has thousands hides no other. The scope of a budget is as [`budget_scope`](super::super::budget_scope) has it.
pub(super) async fn due(client: &Client, dead: &[Fingerprint], at_most: usize) -> Result<Vec<WaitingRun>, Trouble> {
    let query = format!(
        "{}, LATERAL (SELECT (SELECT greatest(next_at, postponed_until) FROM rolo.budget
             WHERE scope = service || '/' || called) AS slot) AS beside,
         (SELECT id AS number, row_number()
             OVER (PARTITION BY service, called ORDER BY coalesce(due, started), id) AS place
          FROM rolo.run AS open WHERE state IN ('queued', 'running') AND coalesce(due, 0) <= {NOW} / 1000000
            AND (fingerprint = ANY($1) OR NOT EXISTS (SELECT FROM rolo.claim
                 WHERE claim.fingerprint = open.fingerprint AND lease_until > {NOW}))) AS line
         WHERE number = run.id ORDER BY place, coalesce(due, started), number LIMIT $2",
        runs::COLUMNS.replacen("\n    FROM", ", slot\n    FROM", 1)
    );
    let read = |row: &Row| {
        let slot = row.try_get::<_, Option<i64>>("slot")?.map_or(0, back);
        Ok(WaitingRun { run: runs::read(row)?, slot })
    };
    let dead: Vec<&[u8]> = dead.iter().map(|fingerprint| &fingerprint.0[..]).collect();
    rows(client, &query, &[v(&dead), v(&int(at_most as u64))]).await?.iter().map(read).collect()
}

/// Makes a run that waits one that is under way.
pub(super) async fn begin(
    work: &mut Work<'_>,
    queued: &Claim,
    id: &RunId,
    (run, ago): (&NewRun, Ago),
) -> Result<(), Trouble> {
    let client = work.client;
    let fence = "SELECT fence FROM rolo.claim WHERE fingerprint = $1 FOR SHARE";
    let fence = row(client, fence, &[v(&queued.fingerprint.0.as_slice())]).await?;
    if fence.map(|row| row.try_get::<_, i64>(0)).transpose()? != Some(int(queued.fence)) {
        return Err(claim::lost().into());
    }
    let account = work.names.account(client, &run.identity).await?;
    let begin = "UPDATE rolo.run SET command = $3, fingerprint = $4, account_id = $5, service = $6, file = $7,
        options = $8, started = $9, begun = $12, state = $10, called = $11, due = NULL, told = NULL
        WHERE name = $1 AND state = $2";
    let (kind, fingerprint, options) = (run.kind.name(), &run.fingerprint.0[..], run.options.to_string());
    // Nothing of a contact was asked before this moment, which only the database's clock tells to all.
    let (started, now) = (int(ago.nearest(work.now)), int(work.now.as_secs()));
    let (waits, begun) = (RunState::Queued.name(), RunState::Running.name());
    let values = [
        v(&id.0),
        v(&waits),
        v(&kind),
        v(&fingerprint),
        v(&account),
        v(&run.service),
        v(&run.file),
        v(&options),
        v(&started),
        v(&begun),
        v(&run.account),
        v(&now),
    ];
    if execute(client, begin, &values).await? == 1 { Ok(()) } else { Err(not_queued(id).into()) }
}

pub(super) async fn let_wait(
    work: &mut Work<'_>,
    id: &RunId,
    wait: Duration,
    told: Option<&str>,
) -> Result<(), Trouble> {
    let set = "UPDATE rolo.run SET state = $2, ended = NULL, due = $3, told = $4 WHERE name = $1";
    let due = int((work.now + wait).as_secs());
    execute(work.client, set, &[v(&id.0), v(&RunState::Queued.name()), v(&due), v(&told)]).await.map(drop)
}

pub(super) async fn tell(client: &Client, id: &RunId, told: &str) -> Result<(), Trouble> {
    execute(client, "UPDATE rolo.run SET told = $2 WHERE name = $1", &[v(&id.0), v(&told)]).await.map(drop)
}

pub(super) async fn ask_to_cancel(client: &Client, id: &RunId) -> Result<(), Trouble> {
    let ask = format!("UPDATE rolo.run SET cancel = {NOW} / 1000000 WHERE name = $1");
    execute(client, &ask, &[v(&id.0)]).await.map(drop)
}

pub(super) async fn is_cancelled(client: &Client, id: &RunId) -> Result<bool, Trouble> {
    let asked = "SELECT FROM rolo.run WHERE name = $1 AND cancel IS NOT NULL";
    Ok(row(client, asked, &[v(&id.0)]).await?.is_some())
}

/// Records that a worker lives, and lets go of those that are long gone.
pub(super) async fn appear(client: &Client, worker: &Worker) -> Result<(), Trouble> {
    let gone = format!("DELETE FROM rolo.worker WHERE seen < {NOW} - $1");
    execute(client, &gone, &[v(&micros(LEASE * 4))]).await?;
    let appear = format!(
        "INSERT INTO rolo.worker (host, process, since, doing, seen) VALUES ($1, $2, $3, $4, {NOW})
         ON CONFLICT (host, process) DO UPDATE
         SET since = excluded.since, doing = excluded.doing, seen = excluded.seen"
    );
    let (process, since) = (i64::from(worker.process), int(worker.since));
    execute(client, &appear, &[v(&worker.host), v(&process), v(&since), v(&worker.doing)]).await.map(drop)
}

pub(super) async fn leave(client: &Client, worker: &Worker) -> Result<(), Trouble> {
    let leave = "DELETE FROM rolo.worker WHERE host = $1 AND process = $2";
    execute(client, leave, &[v(&worker.host), v(&i64::from(worker.process))]).await.map(drop)
}

/// Workers that serve the queue, with how long ago each was heard of.
pub(super) async fn serving(client: &Client) -> Result<Vec<(Worker, Duration)>, Trouble> {
    let query =
        format!("SELECT host, process, since, doing, {NOW} - seen FROM rolo.worker ORDER BY since, host, process");
    let read = |row: &Row| Ok((holder(row)?, Duration::from_micros(back(row.try_get(4)?))));
    rows(client, &query, &[]).await?.iter().map(read).collect()
}

/// Claims that have not run out, each with its fingerprint and fence.
pub(super) async fn claims(client: &Client) -> Result<Vec<(Fingerprint, u64, LiveClaim)>, Trouble> {
    let query = format!(
        "SELECT host, process, since, doing, fingerprint, fence, lease_until - {NOW},
         (SELECT max(name) FROM rolo.run WHERE run.fingerprint = claim.fingerprint AND state IN ('queued', 'running'))
         FROM rolo.claim WHERE lease_until > {NOW} ORDER BY since, host, process"
    );
    let read = |row: &Row| {
        let fingerprint: Vec<u8> = row.try_get(4)?;
        let left = Duration::from_micros(back(row.try_get(6)?));
        let claim = LiveClaim { holder: holder(row)?, run: row.try_get(7)?, left };
        let fingerprint = fingerprint.try_into().unwrap_or_default();
        Ok((Fingerprint(fingerprint), back(row.try_get(5)?), claim))
    };
    rows(client, &query, &[]).await?.iter().map(read).collect()
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
