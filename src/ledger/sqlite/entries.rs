use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::WriteResult;
use super::super::stored::{StoredRow, back, encode_errors, forgotten_messages, int};
use super::contacts;
use super::tools::Tools;
use super::{before, calls, creating, leads, rested, runs, second_looks};
use crate::contact::{CallKind, IdentifierKind, Outcome, Position, RowRecord};
use crate::journal::{CallVerdict, Entry, Hasher, Key, RunId, Taken};

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
                calls::intend(db, run, intent, now)
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
                calls::answered(db, run, answered, now)
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
            Entry::Gone { account, id } => contacts::gone(db, self.tools, account, id),
            Entry::Before(image) => before::write(db, self.tools.names, run, image),
            Entry::Rested { row } => {
                self.rested.push(*row);
                Ok(())
            }
            Entry::Row { position, record, keys } => {
                if record.calls > 0 && record.outcome != Outcome::InDoubt {
                    creating::end(db, run, position.index)?;
                }
                write_row(db, self.tools.hasher, (run, account), *position, record, keys)
            }
        }
    }
}

fn write_row(
    db: &Connection,
    hasher: &Hasher,
    (run, account): (i64, i64),
    position: Position,
    record: &RowRecord,
    keys: &[Key],
) -> rusqlite::Result<()> {
    let row = int(position.index);
    let contact_id = record.contact_id.as_ref().map(|id| id.0.as_str());
    let packed = calls::pack(db, run, row, contact_id)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO row_record
         (run_id, row, line, sheet, outcome, contact_id, calls, attempts, http_status, errors, packed_calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
        encode_errors(&record.errors),
        packed
    ])?;
    db.prepare_cached("DELETE FROM open_row WHERE run_id = ?1 AND row = ?2")?.execute(params![run, row])?;
    let by_id = contact_id.map(|id| hasher.key(IdentifierKind::Id.name(), id));
    for key in keys.iter().chain(&by_id) {
        leads::row(db, (run, account, row), key, contact_id)?;
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
