use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::stored::{CUT_OFF, StoredRun, back, int, run_name, run_prefix};
use super::super::{Fingerprint, NewRun, Run, RunState};
use super::tools::Tools;
use super::written_run;
use crate::contact::{Counts, Outcome};
use crate::journal::RunId;

pub(super) const COLUMNS: &str =
    "SELECT run.name, command, fingerprint, called, service, file, options, started, state,
    ended, created, updated, unchanged, skipped, rejected, failed, in_doubt, account.name, run.pruned, took, due, told
    FROM run JOIN account ON account.id = run.account_id";

pub(super) fn begin(db: &Connection, tools: &mut Tools<'_>, run: &NewRun) -> rusqlite::Result<RunId> {
    super::creating::prune(db, tools.now)?;
    super::second_looks::prune(db, tools.now)?;
    record(db, tools, run, RunState::Running)
}

/// Gives a new run a name, and records it.
pub(super) fn record(db: &Connection, tools: &mut Tools<'_>, run: &NewRun, state: RunState) -> rusqlite::Result<RunId> {
    let account = tools.names.account(db, &run.identity)?;
    let id = new_id(db, run.started)?;
    db.execute(
        "INSERT INTO run (name, command, fingerprint, account_id, service, file, options, started, state, called)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            id.0,
            run.kind.name(),
            run.fingerprint.0,
            account,
            run.service,
            run.file,
            run.options.to_string(),
            int(run.started),
            state.name(),
            run.account
        ],
    )?;
    Ok(id)
}

fn new_id(db: &Connection, started: u64) -> rusqlite::Result<RunId> {
    let minute = run_prefix(started)?;
    let latest: Option<String> =
        db.query_row("SELECT max(name) FROM run WHERE name >= ?1 AND name < ?1 || '~'", [minute], |row| row.get(0))?;
    let random: i64 = db.query_row("SELECT random() & 0xFFFF", [], |row| row.get(0))?;
    Ok(run_name(started, back(random), latest.as_deref())?)
}

pub(super) fn unfinished(db: &Connection, fingerprint: &Fingerprint) -> rusqlite::Result<Option<Run>> {
    let cut_off = CUT_OFF.map(RunState::name);
    db.prepare_cached(&format!(
        "{COLUMNS} WHERE fingerprint = ?1 AND state IN (?2, ?3, ?4, ?5) ORDER BY run.id DESC LIMIT 1"
    ))?
    .query_row(params![fingerprint.0, cut_off[0], cut_off[1], cut_off[2], cut_off[3]], read)
    .optional()
}

pub(super) fn run(db: &Connection, id: &RunId) -> rusqlite::Result<Option<Run>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE run.name = ?1"))?.query_row([&id.0], read).optional()
}

pub(super) fn runs(db: &Connection, at_most: usize) -> rusqlite::Result<Vec<Run>> {
    db.prepare_cached(&format!("{COLUMNS} ORDER BY run.id DESC LIMIT ?1"))?
        .query_map([int(at_most as u64)], read)?
        .collect()
}

pub(super) fn set_state(
    db: &Connection,
    id: &RunId,
    state: RunState,
    counts: &Counts,
    now: Duration,
) -> rusqlite::Result<()> {
    let ended = (!matches!(state, RunState::Running | RunState::Queued)).then(|| int(now.as_secs()));
    let number = number(db, id)?;
    let count = |outcome| int(counts[outcome]);
    db.execute(
        "UPDATE run SET state = ?2, ended = ?3, created = ?4, updated = ?5, unchanged = ?6, skipped = ?7,
         rejected = ?8, failed = ?9, in_doubt = ?10 WHERE id = ?1",
        params![
            number,
            state.name(),
            ended,
            count(Outcome::Created),
            count(Outcome::Updated),
            count(Outcome::Unchanged),
            count(Outcome::Skipped),
            count(Outcome::Rejected),
            count(Outcome::Failed),
            count(Outcome::InDoubt)
        ],
    )
    .map(drop)
}

/// That the run is under way again; what it had come to stays until it ends.
pub(super) fn take_up(db: &Connection, id: &RunId) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE run SET state = ?2, ended = NULL, due = NULL, told = NULL WHERE id = ?1",
        params![number(db, id)?, RunState::Running.name()],
    )
    .map(drop)
}

pub(super) fn set_took(db: &Connection, id: &RunId, took: Duration) -> rusqlite::Result<()> {
    let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    db.execute("UPDATE run SET took = ?2 WHERE id = ?1", params![number(db, id)?, int(took)]).map(drop)
}

/// The number by which other tables name the run.
pub(super) fn number(db: &Connection, id: &RunId) -> rusqlite::Result<i64> {
    written_run::of(db, id).map(|run| run.number)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let stored = StoredRun {
        name: row.get(0)?,
        command: row.get(1)?,
        fingerprint: row.get(2)?,
        called: row.get(3)?,
        service: row.get(4)?,
        file: row.get(5)?,
        options: row.get(6)?,
        started: row.get(7)?,
        state: row.get(8)?,
        ended: row.get(9)?,
        counts: (10..17).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?,
        identity: row.get(17)?,
        pruned: row.get(18)?,
        took: row.get(19)?,
        due: row.get(20)?,
        told: row.get(21)?,
    };
    Ok(stored.read()?)
}
