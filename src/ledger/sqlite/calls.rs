//! Calls of rows: one record each while their row is under way (`open_call`), packed beside the row once it has
//! ended. The view `call` shows both.

use std::borrow::Cow;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::CallsAt;
use super::super::stored::{StoredCalls, StoredStep, UnpackedCall, int, packed_calls, packed_count};
use super::recent::{Recent, RecentRow};
use crate::journal::{Answered, Intent, RunId, StepRecord};

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// An answer that came before says nothing about what leaves now, so it is taken away.
pub(super) fn intend(
    db: &Connection,
    recent: &mut Recent,
    run: i64,
    intent: &Intent,
    now: Duration,
) -> rusqlite::Result<()> {
    let row = int(intent.row);
    let calls = of_row(db, recent, run, row)?;
    let before = calls.iter().find(|call| call.step == intent.step);
    let (is_new, sent) = (before.is_none(), before.map_or(0, |before| before.sent + 1));
    let call = UnpackedCall {
        step: intent.step,
        kind: intent.kind.name().into(),
        sent: sent.max(intent.attempt),
        at: micros(now),
        verdict: None,
        answers: None,
        http_status: None,
        contact_id: None,
    };
    save(db, run, row, &call, is_new)?;
    set(calls, call);
    Ok(())
}

/// `row_ends` if the row's end is written with its answer, and takes the call out of the table at once.
pub(super) fn answered(
    db: &Connection,
    recent: &mut Recent,
    run: i64,
    answered: &Answered,
    now: Duration,
    row_ends: bool,
) -> rusqlite::Result<()> {
    let row = int(answered.row);
    let calls = of_row(db, recent, run, row)?;
    let before = calls.iter().find(|call| call.step == answered.step);
    let (is_new, sent) = (before.is_none(), before.map_or(0, |before| before.sent));
    let call = UnpackedCall {
        step: answered.step,
        kind: answered.kind.name().into(),
        sent: sent.max(answered.attempts),
        at: micros(now),
        verdict: Some(answered.verdict.name().into()),
        answers: Some(answered.attempts),
        http_status: answered.http_status,
        contact_id: answered.contact_id.as_ref().map(|id| id.0.clone()),
    };
    if !row_ends {
        save(db, run, row, &call, is_new)?;
    }
    set(calls, call);
    Ok(())
}

fn set(calls: &mut Vec<UnpackedCall>, call: UnpackedCall) {
    match calls.iter_mut().find(|before| before.step == call.step) {
        Some(before) => *before = call,
        None => calls.push(call),
    }
    calls.sort_by_key(|call| call.step);
}

/// `INSERT OR REPLACE` would keep copies of the pages that it changes, which costs more than all the rest.
fn save(db: &Connection, run: i64, row: i64, call: &UnpackedCall, is_new: bool) -> rusqlite::Result<()> {
    const INSERT: &str =
        "INSERT INTO open_call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    const UPDATE: &str =
        "UPDATE open_call SET kind = ?4, sent = ?5, at = ?6, verdict = ?7, answers = ?8, http_status = ?9,
         contact_id = ?10 WHERE run_id = ?1 AND row = ?2 AND step = ?3";
    db.prepare_cached(if is_new { INSERT } else { UPDATE })?
        .execute(params![
            run,
            row,
            call.step,
            call.kind,
            call.sent,
            call.at,
            call.verdict,
            call.answers,
            call.http_status,
            call.contact_id
        ])
        .map(drop)
}

/// The calls of a row that is under way, from here on, unless it has ended.
fn of_row<'a>(
    db: &Connection,
    recent: &'a mut Recent,
    run: i64,
    row: i64,
) -> rusqlite::Result<&'a mut Vec<UnpackedCall>> {
    if recent.row(run, row).is_none_or(|row| row.calls.is_none()) {
        if open(db, run, row)? && recent.row(run, row).is_none() {
            recent.row_or(run, row, RecentRow::new);
        } else {
            recent.row_or(run, row, RecentRow::unknown).calls = Some(stored(db, run, row)?);
        }
    }
    Ok(recent.row_or(run, row, RecentRow::unknown).calls.get_or_insert_default())
}

/// Notes that the row is under way, unless it has ended: then its calls are no longer packed. True if nothing was
/// known of it before.
fn open(db: &Connection, run: i64, row: i64) -> rusqlite::Result<bool> {
    let ended = db
        .prepare_cached("SELECT packed_calls IS NOT NULL FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, row], |row| row.get(0))
        .optional()?;
    match ended {
        None => db
            .prepare_cached("INSERT OR IGNORE INTO open_row (run_id, row) VALUES (?1, ?2)")?
            .execute(params![run, row])
            .map(|opened| opened > 0),
        Some(true) => unpack(db, run, row).map(|()| false),
        Some(false) => Ok(false),
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
/// they stay. `started` is when the run began.
pub(super) fn pack(
    db: &Connection,
    recent: Option<RecentRow>,
    (run, row): (i64, i64),
    contact_id: Option<&str>,
    started: i64,
) -> rusqlite::Result<Option<String>> {
    let calls = match recent.and_then(|recent| recent.calls) {
        Some(calls) => calls,
        None => {
            let earlier = db
                .prepare_cached("SELECT 1 FROM row_record WHERE run_id = ?1 AND row = ?2 AND packed_calls IS NOT NULL")?
                .exists(params![run, row])?;
            if earlier {
                unpack(db, run, row)?;
            }
            stored(db, run, row)?
        }
    };
    if calls.is_empty() {
        return Ok(None);
    }
    let packed = packed_calls(&calls, contact_id, started);
    if packed.is_some() {
        remove_open(db, run, row)?;
    } else {
        remove_open(db, run, row)?;
        calls.iter().try_for_each(|call| save(db, run, row, call, true))?;
    }
    Ok(packed)
}

fn stored(db: &Connection, run: i64, row: i64) -> rusqlite::Result<Vec<UnpackedCall>> {
    db.prepare_cached(
        "SELECT step, kind, sent, at, verdict, answers, http_status, contact_id FROM open_call
         WHERE run_id = ?1 AND row = ?2 ORDER BY step",
    )?
    .query_map(params![run, row], |call| {
        Ok(UnpackedCall {
            step: call.get(0)?,
            kind: Cow::Owned(call.get(1)?),
            sent: call.get(2)?,
            at: call.get(3)?,
            verdict: call.get::<_, Option<String>>(4)?.map(Cow::Owned),
            answers: call.get(5)?,
            http_status: call.get(6)?,
            contact_id: call.get(7)?,
        })
    })?
    .collect()
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
