//! Runs that wait for a worker, and who serves them.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{back, int};
use super::errors::of_ours;
use super::tools::Tools;
use super::{claims, runs};
use crate::journal::RunId;
use crate::ledger::locks::Locks;
use crate::ledger::waiting::{LiveClaim, live_workers, not_queued};
use crate::ledger::{Claim, Fingerprint, LEASE, LiveWorker, NewRun, RunState, WaitingRun, Worker, budget_scope};

/// Runs that nobody who lives has claimed, and that are due: each account's first before anybody's second, so that one
/// which has thousands hides no other.
pub(super) fn waiting(
    db: &Connection,
    locks: &Locks,
    now: Duration,
    at_most: usize,
) -> rusqlite::Result<Vec<WaitingRun>> {
    let candidates: Vec<_> = db
        .prepare_cached(&format!(
            "{}, (SELECT id AS number, row_number()
                 OVER (PARTITION BY service, called ORDER BY coalesce(due, started), id) AS place
              FROM run WHERE state IN ('queued', 'running') AND coalesce(due, 0) <= ?1) AS line
             WHERE number = run.id ORDER BY place, coalesce(due, started), number",
            runs::COLUMNS
        ))?
        .query_map([int(now.as_secs())], runs::read)?
        .collect::<rusqlite::Result<_>>()?;
    let mut waiting = Vec::new();
    for run in candidates {
        let held = claims::held(db, &run.new.fingerprint)?;
        if held.is_some_and(|held| held.is_alive(locks, &run.new.fingerprint, now)) {
            continue;
        }
        let slot = db
            .prepare_cached("SELECT max(next_at, postponed_until) FROM budget WHERE scope = ?1")?
            .query_row([budget_scope(&run.new.service, &run.new.account)], |row| row.get(0))
            .optional()?;
        waiting.push(WaitingRun { run, slot: slot.map_or(0, back) });
        if waiting.len() == at_most {
            break;
        }
    }
    Ok(waiting)
}

/// Makes a run that waits one that is under way.
pub(super) fn begin(
    db: &Connection,
    tools: &mut Tools<'_>,
    queued: &Claim,
    id: &RunId,
    run: &NewRun,
) -> rusqlite::Result<()> {
    claims::check(db, queued)?;
    super::creating::prune(db, tools.now)?;
    super::second_looks::prune(db, tools.now)?;
    let account = tools.names.account(db, &run.identity)?;
    let begun = db.execute(
        "UPDATE run SET command = ?3, fingerprint = ?4, account_id = ?5, service = ?6, file = ?7, options = ?8,
         started = ?9, state = ?10, called = ?11, due = NULL, told = NULL WHERE name = ?1 AND state = ?2",
        params![
            id.0,
            RunState::Queued.name(),
            run.kind.name(),
            run.fingerprint.0,
            account,
            run.service,
            run.file,
            run.options.to_string(),
            int(run.started),
            RunState::Running.name(),
            run.account
        ],
    )?;
    if begun == 1 { Ok(()) } else { Err(of_ours(not_queued(id))) }
}

pub(super) fn let_wait(
    db: &Connection,
    claim: &Claim,
    id: &RunId,
    due: Duration,
    told: Option<&str>,
) -> rusqlite::Result<()> {
    claims::check(db, claim)?;
    db.execute(
        "UPDATE run SET state = ?2, ended = NULL, due = ?3, told = ?4 WHERE name = ?1",
        params![id.0, RunState::Queued.name(), int(due.as_secs()), told],
    )
    .map(drop)
}

pub(super) fn tell(db: &Connection, id: &RunId, told: &str) -> rusqlite::Result<()> {
    db.execute("UPDATE run SET told = ?2 WHERE name = ?1", params![id.0, told]).map(drop)
}

pub(super) fn ask_to_cancel(db: &Connection, id: &RunId, now: Duration) -> rusqlite::Result<()> {
    db.execute("UPDATE run SET cancel = ?2 WHERE name = ?1", params![id.0, int(now.as_secs())]).map(drop)
}

pub(super) fn is_cancelled(db: &Connection, id: &RunId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM run WHERE name = ?1 AND cancel IS NOT NULL")?.exists([&id.0])
}

/// Records that a worker lives, and lets go of those that are long gone.
pub(super) fn appear(db: &Connection, worker: &Worker, now: Duration) -> rusqlite::Result<()> {
    db.execute("DELETE FROM worker WHERE seen < ?1", [micros(now.saturating_sub(LEASE * 4))])?;
    db.execute(
        "INSERT OR REPLACE INTO worker (host, process, since, doing, seen) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![worker.host, worker.process, int(worker.since), worker.doing, micros(now)],
    )
    .map(drop)
}

pub(super) fn leave(db: &Connection, worker: &Worker) -> rusqlite::Result<()> {
    db.execute("DELETE FROM worker WHERE host = ?1 AND process = ?2", params![worker.host, worker.process]).map(drop)
}

pub(super) fn workers(db: &Connection, locks: &Locks, now: Duration) -> rusqlite::Result<Vec<LiveWorker>> {
    let serving = db
        .prepare_cached("SELECT host, process, since, doing, seen FROM worker ORDER BY since, host, process")?
        .query_map([], |row| {
            let worker =
                Worker { host: row.get(0)?, process: row.get(1)?, since: back(row.get(2)?), doing: row.get(3)? };
            Ok((worker, now.saturating_sub(Duration::from_micros(back(row.get(4)?)))))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let claimed: Vec<([u8; 32], Option<String>)> = db
        .prepare_cached(
            "SELECT claim.fingerprint,
             (SELECT max(name) FROM run WHERE run.fingerprint = claim.fingerprint AND state IN ('queued', 'running'))
             FROM claim WHERE lease_until > ?1 ORDER BY since, host, process",
        )?
        .query_map([micros(now)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut claims = Vec::new();
    for (fingerprint, run) in claimed {
        let fingerprint = Fingerprint(fingerprint);
        if let Some(held) = claims::held(db, &fingerprint)?.filter(|held| held.is_alive(locks, &fingerprint, now)) {
            let left = held.left(now);
            claims.push(LiveClaim { holder: held.holder, run, left });
        }
    }
    Ok(live_workers(serving, claims))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
