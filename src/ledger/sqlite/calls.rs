//! Calls of rows: one record each while their row is under way (`open_call`), packed beside the row once it has
//! ended. The view `call` shows both.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::CallsAt;
use super::super::stored::{StoredCalls, StoredStep, UnpackedCall, int, packed_calls, packed_count};
use crate::journal::{Answered, Intent, RunId, StepRecord};

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// An answer that came before says nothing about what leaves now, so it is taken away.
pub(super) fn intend(db: &Connection, run: i64, intent: &Intent, now: Duration) -> rusqlite::Result<()> {
    open(db, run, int(intent.row))?;
    db.prepare_cached(
        "INSERT INTO open_call (run_id, row, step, kind, sent, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET kind = excluded.kind, sent = max(sent + 1, excluded.sent), at = excluded.at, verdict = NULL,
         answers = NULL, http_status = NULL, contact_id = NULL",
    )?
    .execute(params![run, int(intent.row), intent.step, intent.kind.name(), intent.attempt, micros(now)])
    .map(drop)
}

pub(super) fn answered(db: &Connection, run: i64, answered: &Answered, now: Duration) -> rusqlite::Result<()> {
    open(db, run, int(answered.row))?;
    db.prepare_cached(
        "INSERT INTO open_call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?8, ?9)
         ON CONFLICT DO UPDATE SET kind = excluded.kind, sent = max(sent, excluded.sent), at = excluded.at,
         verdict = excluded.verdict, answers = excluded.answers, http_status = excluded.http_status,
         contact_id = excluded.contact_id",
    )?
    .execute(params![
        run,
        int(answered.row),
        answered.step,
        answered.kind.name(),
        answered.attempts,
        micros(now),
        answered.verdict.name(),
        answered.http_status,
        answered.contact_id.as_ref().map(|id| &id.0)
    ])
    .map(drop)
}

/// Notes that the row is under way, unless it has ended: then its calls are no longer packed.
fn open(db: &Connection, run: i64, row: i64) -> rusqlite::Result<()> {
    let ended = db
        .prepare_cached("SELECT packed_calls IS NOT NULL FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, row], |row| row.get(0))
        .optional()?;
    match ended {
        None => db
            .prepare_cached("INSERT OR IGNORE INTO open_row (run_id, row) VALUES (?1, ?2)")?
            .execute(params![run, row])
            .map(drop),
        Some(true) => unpack(db, run, row),
        Some(false) => Ok(()),
    }
}

fn unpack(db: &Connection, run: i64, row: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO open_call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id)
         SELECT run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id FROM call
         WHERE run_id = ?1 AND row = ?2",
    )?
    .execute(params![run, row])?;
    db.prepare_cached("UPDATE row_record SET packed_calls = NULL WHERE run_id = ?1 AND row = ?2")?
        .execute(params![run, row])
        .map(drop)
}

/// Takes the calls of a row that ends with this contact away, and gives them packed; `None` if there are none, or
/// they stay.
pub(super) fn pack(db: &Connection, run: i64, row: i64, contact_id: Option<&str>) -> rusqlite::Result<Option<String>> {
    let earlier = db
        .prepare_cached("SELECT 1 FROM row_record WHERE run_id = ?1 AND row = ?2 AND packed_calls IS NOT NULL")?
        .exists(params![run, row])?;
    if earlier {
        unpack(db, run, row)?;
    }
    let calls: Vec<UnpackedCall> = db
        .prepare_cached(
            "SELECT step, kind, sent, at, verdict, answers, http_status, contact_id FROM open_call
             WHERE run_id = ?1 AND row = ?2 ORDER BY step",
        )?
        .query_map(params![run, row], |call| {
            Ok(UnpackedCall {
                step: call.get(0)?,
                kind: call.get(1)?,
                sent: call.get(2)?,
                at: call.get(3)?,
                verdict: call.get(4)?,
                answers: call.get(5)?,
                http_status: call.get(6)?,
                contact_id: call.get(7)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    if calls.is_empty() {
        return Ok(None);
    }
    let started = db.prepare_cached("SELECT started FROM run WHERE id = ?1")?.query_row([run], |found| found.get(0))?;
    let packed = packed_calls(&calls, contact_id, started);
    if packed.is_some() {
        remove_open(db, run, row)?;
    }
    Ok(packed)
}

/// Removes the calls of a row; returns how many there were.
pub(super) fn remove(db: &Connection, run: i64, row: i64) -> rusqlite::Result<u64> {
    let packed: Option<Option<String>> = db
        .prepare_cached("SELECT packed_calls FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, row], |row| row.get(0))
        .optional()?;
    let packed = packed.flatten().map_or(0, |packed| packed_count(&packed));
    if packed > 0 {
        db.prepare_cached("UPDATE row_record SET packed_calls = NULL WHERE run_id = ?1 AND row = ?2")?
            .execute(params![run, row])?;
    }
    Ok(packed + remove_open(db, run, row)?)
}

fn remove_open(db: &Connection, run: i64, row: i64) -> rusqlite::Result<u64> {
    db.prepare_cached("DELETE FROM open_call WHERE run_id = ?1 AND row = ?2")?
        .execute(params![run, row])
        .map(|removed| removed as u64)
}

pub(super) fn steps(db: &Connection, run: &RunId, row: u64) -> rusqlite::Result<Vec<StepRecord>> {
    db.prepare_cached(
        "SELECT step, kind, sent, verdict, answers, http_status, contact_id FROM call
         WHERE run_id = (SELECT id FROM run WHERE name = ?1) AND row = ?2 ORDER BY step",
    )?
    .query_map(params![run.0, int(row)], |found| {
        let stored = StoredStep {
            step: found.get(0)?,
            kind: found.get(1)?,
            sent: found.get(2)?,
            verdict: found.get(3)?,
            answers: found.get(4)?,
            http_status: found.get(5)?,
            contact_id: found.get(6)?,
        };
        Ok(stored.read(row)?)
    })?
    .collect()
}

pub(super) fn over_time(db: &Connection, run: &RunId) -> rusqlite::Result<Vec<CallsAt>> {
    db.prepare_cached(
        "SELECT at / 1000000, kind, sum(sent) FROM call WHERE run_id = (SELECT id FROM run WHERE name = ?1)
         GROUP BY 1, 2 ORDER BY 1, 2",
    )?
    .query_map(params![run.0], |found| {
        let stored = StoredCalls { second: found.get(0)?, kind: found.get(1)?, calls: found.get(2)? };
        Ok(stored.read()?)
    })?
    .collect()
}
