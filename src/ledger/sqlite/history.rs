use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::super::{HistoryEvent, HistoryStep};
use super::row_errors::decode_errors;
use super::stored::{back, damaged};
use super::{contacts, entries};
use crate::contact::{CallKind, IdentifierKind, Outcome, RemoteId};
use crate::journal::{CallVerdict, Hasher, Key, RunId};

/// What leads to one person: rows, and contacts of accounts.
struct Traces {
    /// Number of the run and index of the row, oldest first.
    rows: BTreeSet<(i64, i64)>,
    /// Number of the account and id.
    contacts: BTreeSet<(i64, String)>,
}

/// Follows a key to the rows that carry it and to the contact that it identifies, then that contact's
/// other keys to the rows of the same account.
fn traces(db: &Connection, hasher: &Hasher, key: &Key) -> rusqlite::Result<Traces> {
    let mut rows = rows_with(db, key, None)?;
    let mut contacts: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut by_key = db.prepare_cached(
        "SELECT contact.account_id, contact.remote_id FROM contact_key JOIN contact ON contact.id = contact_key.contact
         WHERE contact_key.key = ?1",
    )?;
    for found in by_key.query_map([key.0], |row| Ok((row.get(0)?, row.get(1)?)))? {
        contacts.insert(found?);
    }
    let mut by_row = db.prepare_cached(
        "SELECT run.account_id, row_record.contact_id FROM row_record JOIN run ON run.id = row_record.run_id
         WHERE row_record.run_id = ?1 AND row_record.row = ?2 AND row_record.contact_id IS NOT NULL",
    )?;
    for (run, row) in &rows {
        for found in by_row.query_map(params![run, row], |row| Ok((row.get(0)?, row.get(1)?)))? {
            contacts.insert(found?);
        }
    }
    for (account, id) in &contacts {
        rows.append(&mut rows_with(db, &hasher.key(IdentifierKind::Id.name(), id), Some(*account))?);
    }
    Ok(Traces { rows, contacts })
}

/// The contacts that a key leads to, with what their accounts point to.
pub(super) fn contacts(db: &Connection, hasher: &Hasher, key: &Key) -> rusqlite::Result<Vec<(String, RemoteId)>> {
    let mut name = db.prepare_cached("SELECT name FROM account WHERE id = ?1")?;
    let contacts = traces(db, hasher, key)?.contacts.into_iter();
    contacts.map(|(account, id)| Ok((name.query_row([account], |row| row.get(0))?, RemoteId(id)))).collect()
}

fn rows_with(db: &Connection, key: &Key, account: Option<i64>) -> rusqlite::Result<BTreeSet<(i64, i64)>> {
    db.prepare_cached(
        "SELECT row_key.run_id, row_key.row FROM row_key JOIN run ON run.id = row_key.run_id
         WHERE row_key.key = ?1 AND (?2 IS NULL OR run.account_id = ?2)",
    )?
    .query_map(params![entries::row_key(key), account], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

pub(super) fn history(db: &Connection, hasher: &Hasher, key: &Key) -> rusqlite::Result<Vec<HistoryEvent>> {
    let mut events = Vec::new();
    for (run, row) in traces(db, hasher, key)?.rows {
        events_of(db, run, row, &mut events)?;
    }
    // Stable, so that the events of a row keep their order.
    events.sort_by_key(|event| event.at);
    Ok(events)
}

/// Codes whose messages name other contacts.
const NAMING: [&str; 5] =
    ["contact.ambiguous", "contact.conflict", "contact.other_person", "contact.shared", "plan.changed"];

fn events_of(db: &Connection, run: i64, row: i64, events: &mut Vec<HistoryEvent>) -> rusqlite::Result<()> {
    let mut about = db.prepare_cached(
        "SELECT run.name, run.called, run.file, run.started, row_record.line, row_record.outcome,
         row_record.contact_id, row_record.errors
         FROM row_record JOIN run ON run.id = row_record.run_id
         WHERE row_record.run_id = ?1 AND row_record.row = ?2",
    )?;
    let mut found = about.query(params![run, row])?;
    let Some(record) = found.next()? else { return Ok(()) };
    let contact_id: Option<String> = record.get(6)?;
    let (outcome, errors): (String, Option<String>) = (record.get(5)?, record.get(7)?);
    let errors = errors.map_or(Ok(Vec::new()), |errors| decode_errors(&errors))?;
    let found_later = errors.iter().find(|error| error.code == "contact.made_twice").map(|error| error.message.clone());
    let mut ended = HistoryEvent {
        at: back(record.get(3)?),
        run: RunId(record.get(0)?),
        account: record.get(1)?,
        file: record.get(2)?,
        line: back(record.get(4)?),
        what: HistoryStep::Row {
            outcome: Outcome::from_name(&outcome).ok_or_else(|| damaged("the outcome of a row can't be read"))?,
            messages: errors
                .iter()
                .filter(|error| NAMING.contains(&&*error.code))
                .map(|error| (error.code.to_string(), error.message.clone()))
                .collect(),
            codes: errors.into_iter().map(|error| error.code.into_owned()).collect(),
        },
        contact_id: contact_id.map(RemoteId),
    };
    let mut calls = db.prepare_cached(
        "SELECT kind, at, verdict, http_status, contact_id FROM call WHERE run_id = ?1 AND row = ?2 ORDER BY step",
    )?;
    let mut calls = calls.query(params![run, row])?;
    while let Some(call) = calls.next()? {
        let (kind, verdict): (String, Option<String>) = (call.get(0)?, call.get(2)?);
        let verdict = verdict.map(|verdict| {
            CallVerdict::from_name(&verdict).ok_or_else(|| damaged("the verdict on a call can't be read"))
        });
        let at = back(call.get(1)?) / 1_000_000;
        ended.at = ended.at.max(at);
        let contact_id: Option<String> = call.get(4)?;
        events.push(HistoryEvent {
            at,
            what: HistoryStep::Call {
                kind: CallKind::from_name(&kind).ok_or_else(|| damaged("the kind of a call can't be read"))?,
                verdict: verdict.transpose()?,
                http_status: call.get(3)?,
            },
            contact_id: contact_id.map(RemoteId),
            ..ended.clone()
        });
    }
    let found_later = found_later.map(|words| HistoryEvent { what: HistoryStep::MadeTwice(words), ..ended.clone() });
    events.push(ended);
    events.extend(found_later);
    Ok(())
}

/// Rows keep their outcome, since a run must go on to balance and a resumed one must not send them
/// again; all that tells whose they were goes.
pub(super) fn forget(db: &Connection, hasher: &Hasher, key: &Key) -> rusqlite::Result<u64> {
    let traces = traces(db, hasher, key)?;
    let mut removed = 0;
    for (run, row) in &traces.rows {
        let errors = entries::without_messages(db, *run, *row)?;
        removed += db
            .prepare_cached("UPDATE row_record SET contact_id = NULL, errors = ?3 WHERE run_id = ?1 AND row = ?2")?
            .execute(params![run, row, errors])?;
        for table in ["call", "before_image", "look_again"] {
            removed += db
                .prepare_cached(&format!("DELETE FROM {table} WHERE run_id = ?1 AND row = ?2"))?
                .execute(params![run, row])?;
        }
    }
    removed += db.prepare_cached("DELETE FROM creating WHERE key = ?1")?.execute([key.0])?;
    let mut removed = removed as u64;
    for (account, id) in &traces.contacts {
        removed += contacts::remove(db, *account, id)?;
        removed += db
            .prepare_cached("DELETE FROM before_image WHERE contact_id = ?1 AND account_id = ?2")?
            .execute(params![id, account])? as u64;
    }
    Ok(removed + remove_row_keys(db, &traces.rows)?)
}

/// Cleans rows as [`forget`] does, by index.
pub(super) fn forget_rows(db: &Connection, run: &RunId, rows: &[u64]) -> rusqlite::Result<u64> {
    let run = super::runs::number(db, run)?;
    let mut cleaned = 0;
    for row in rows {
        let row = super::stored::int(*row);
        let errors = entries::without_messages(db, run, row)?;
        cleaned += db
            .prepare_cached("UPDATE row_record SET contact_id = NULL, errors = ?3 WHERE run_id = ?1 AND row = ?2")?
            .execute(params![run, row, errors])?;
    }
    Ok(cleaned as u64)
}

/// There is no index from a row to its keys, so this reads all of them, once: forgetting is rare.
fn remove_row_keys(db: &Connection, rows: &BTreeSet<(i64, i64)>) -> rusqlite::Result<u64> {
    db.execute_batch("CREATE TEMP TABLE forgotten (run_id INTEGER, row INTEGER, PRIMARY KEY (run_id, row))")?;
    for (run, row) in rows {
        db.execute("INSERT INTO temp.forgotten (run_id, row) VALUES (?1, ?2)", params![run, row])?;
    }
    let removed =
        db.execute("DELETE FROM row_key WHERE (run_id, row) IN (SELECT run_id, row FROM temp.forgotten)", [])?;
    db.execute_batch("DROP TABLE temp.forgotten")?;
    Ok(removed as u64)
}
