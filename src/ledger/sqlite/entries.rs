use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::WriteResult;
use super::super::stored::{StoredRow, StoredStep, back, encode_errors, forgotten_messages, int, row_key};
use super::contacts;
use super::tools::Tools;
use super::{before, creating, rested, runs, second_looks};
use crate::contact::{CallKind, IdentifierKind, Outcome, Position, RowRecord};
use crate::journal::{Answered, CallVerdict, Entry, Hasher, Intent, Key, RunId, StepRecord, Taken};

/// Writes that come together; one whose intent claims what is another's is left out.
pub(super) fn write_all(
    db: &Connection,
    tools: &mut Tools<'_>,
    run: &RunId,
    writes: &[Vec<Entry>],
) -> rusqlite::Result<Vec<WriteResult>> {
    let (number, account) = runs::number_and_account(db, run)?;
    let mut writer = Writer { db, tools, run: number, account, rested: Vec::new() };
    let written = writes
        .iter()
        .map(|entries| {
            if let Some(taken) = conflict(db, account, run, entries)? {
                return Ok(WriteResult::Taken(taken));
            }
            entries.iter().try_for_each(|entry| writer.write(entry))?;
            Ok(WriteResult::Durable)
        })
        .collect::<rusqlite::Result<_>>()?;
    rested::add(db, number, &mut writer.rested)?;
    Ok(written)
}

/// Who else claims what an intent of these entries would claim.
fn conflict(db: &Connection, account: i64, run: &RunId, entries: &[Entry]) -> rusqlite::Result<Option<Taken>> {
    let mut taken_over: Vec<Taken> = Vec::new();
    for entry in entries {
        match entry {
            Entry::TakenOver { from, .. } => taken_over.extend_from_slice(from),
            Entry::Intent(intent) if !intent.creates.is_empty() => {
                let taken = creating::conflict(db, account, run, intent.row, &intent.creates, &taken_over)?;
                if taken.is_some() {
                    return Ok(taken);
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

struct Writer<'a, 'tools> {
    db: &'a Connection,
    tools: &'a mut Tools<'tools>,
    run: i64,
    account: i64,
    /// Rows that rested, to be added together.
    rested: Vec<u64>,
}

impl Writer<'_, '_> {
    fn write(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let Self { db, run, account, .. } = *self;
        let now = self.tools.now;
        match entry {
            Entry::Intent(intent) => {
                creating::claim(db, account, run, intent.row, &intent.creates, now)?;
                write_intent(db, run, intent, now)
            }
            Entry::Answered(answered) => {
                match (answered.kind, answered.verdict) {
                    (CallKind::Create | CallKind::Upsert, CallVerdict::Done | CallVerdict::Exists) => {
                        creating::made(db, run, answered.row, now)?;
                    }
                    (CallKind::Create | CallKind::Upsert, CallVerdict::Missing | CallVerdict::Refused) => {
                        creating::end(db, run, answered.row)?;
                    }
                    _ => {}
                }
                write_answer(db, run, answered, now)
            }
            Entry::Known { account, contact, keys, told } => {
                contacts::learn(db, self.tools, account, contact, keys, *told)
            }
            Entry::Settled { account, keys } => {
                let account = self.tools.names.account(db, account)?;
                creating::settled(db, account, keys, now)
            }
            Entry::TakenOver { account, keys, row, .. } => {
                let account = self.tools.names.account(db, account)?;
                creating::claim(db, account, run, *row, keys, now)
            }
            Entry::LookAgain { row, identifiers } => {
                second_looks::note(db, self.tools.vault, (run, account, *row), identifiers, now)
            }
            Entry::LookedAgain { run, row, twice } => second_looks::done(db, run, *row, twice),
            Entry::Gone { account, id } => contacts::gone(db, self.tools.names, account, id),
            Entry::Before(image) => before::write(db, self.tools.names, run, image),
            Entry::Rested { row } => {
                self.rested.push(*row);
                Ok(())
            }
            Entry::Row { position, record, keys } => {
                if record.calls > 0 && record.outcome != Outcome::InDoubt {
                    creating::end(db, run, position.index)?;
                }
                write_row(db, self.tools.hasher, run, *position, record, keys)
            }
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// An answer that came before says nothing about what leaves now, so it is taken away.
fn write_intent(db: &Connection, run: i64, intent: &Intent, now: Duration) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO call (run_id, row, step, kind, sent, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET kind = excluded.kind, sent = max(sent + 1, excluded.sent), at = excluded.at, verdict = NULL,
         answers = NULL, http_status = NULL, contact_id = NULL",
    )?
    .execute(params![run, int(intent.row), intent.step, intent.kind.name(), intent.attempt, micros(now)])?;
    mark_open(db, run, intent.row)
}

fn write_answer(db: &Connection, run: i64, answered: &Answered, now: Duration) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO call (run_id, row, step, kind, sent, at, verdict, answers, http_status, contact_id)
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
    ])?;
    mark_open(db, run, answered.row)
}

fn mark_open(db: &Connection, run: i64, row: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO open_row (run_id, row)
         SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM row_record WHERE run_id = ?1 AND row = ?2)",
    )?
    .execute(params![run, int(row)])
    .map(drop)
}

fn write_row(
    db: &Connection,
    hasher: &Hasher,
    run: i64,
    position: Position,
    record: &RowRecord,
    keys: &[Key],
) -> rusqlite::Result<()> {
    let row = int(position.index);
    let contact_id = record.contact_id.as_ref().map(|id| &id.0);
    db.prepare_cached(
        "INSERT OR REPLACE INTO row_record
         (run_id, row, line, sheet, outcome, contact_id, calls, attempts, http_status, errors)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        run,
        row,
        int(position.line),
        position.sheet,
        record.outcome.name(),
        contact_id,
        record.calls,
        record.attempts,
        record.http_status,
        encode_errors(&record.errors)
    ])?;
    db.prepare_cached("DELETE FROM open_row WHERE run_id = ?1 AND row = ?2")?.execute(params![run, row])?;
    let by_id = contact_id.map(|id| hasher.key(IdentifierKind::Id.name(), id));
    let mut lead = db.prepare_cached("INSERT OR IGNORE INTO row_key (key, run_id, row) VALUES (?1, ?2, ?3)")?;
    for key in keys.iter().chain(&by_id) {
        lead.execute(params![row_key(key), run, row])?;
    }
    Ok(())
}

pub(super) fn placed_rows(
    db: &Connection,
    run: &RunId,
    from: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<(Position, RowRecord)>> {
    db.prepare_cached(
        "SELECT row, outcome, contact_id, calls, attempts, http_status, errors, line, sheet FROM row_record
         WHERE run_id = (SELECT id FROM run WHERE name = ?1) AND row >= ?2 ORDER BY row LIMIT ?3",
    )?
    .query_map(params![run.0, int(from), int(at_most as u64)], |row| {
        let stored = StoredRow {
            row: row.get(0)?,
            outcome: row.get(1)?,
            contact_id: row.get(2)?,
            calls: row.get(3)?,
            attempts: row.get(4)?,
            http_status: row.get(5)?,
            errors: row.get(6)?,
            line: row.get(7)?,
            sheet: row.get(8)?,
        };
        Ok(stored.read()?)
    })?
    .collect()
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

pub(super) fn open_rows(db: &Connection, run: &RunId) -> rusqlite::Result<Vec<u64>> {
    db.prepare_cached("SELECT row FROM open_row WHERE run_id = (SELECT id FROM run WHERE name = ?1) ORDER BY row")?
        .query_map([&run.0], |row| row.get(0).map(back))?
        .collect()
}

/// The errors of a row with their codes alone: a message shows the value that it is about.
pub(super) fn without_messages(db: &Connection, run: i64, row: i64) -> rusqlite::Result<Option<String>> {
    let stored: Option<Option<String>> = db
        .prepare_cached("SELECT errors FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, row], |row| row.get(0))
        .optional()?;
    Ok(forgotten_messages(stored.flatten().as_deref())?)
}
