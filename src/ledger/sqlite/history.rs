use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::HistoryEvent;
use super::super::stored::{StoredCall, StoredEnd, events, row_key};
use super::tools::Tools;
use super::{calls, contacts, entries};
use crate::contact::{IdentifierKind, RemoteId};
use crate::journal::{AccountNote, Hasher, Key, RunId};

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
        "SELECT led.run_id, led.row FROM (
         SELECT run_id, row FROM row_key WHERE key = ?1
         UNION ALL SELECT run_id, row FROM contact_key WHERE key = ?3 AND run_id IS NOT NULL) AS led
         JOIN run ON run.id = led.run_id WHERE ?2 IS NULL OR run.account_id = ?2",
    )?
    .query_map(params![row_key(key), account, key.0], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

pub(super) fn history(db: &Connection, hasher: &Hasher, key: &Key) -> rusqlite::Result<Vec<HistoryEvent>> {
    let mut all = Vec::new();
    for (run, row) in traces(db, hasher, key)?.rows {
        all.append(&mut events_of(db, run, row)?);
    }
    // Stable, so that the events of a row keep their order.
    all.sort_by_key(|event| event.at);
    Ok(all)
}

fn events_of(db: &Connection, run: i64, row: i64) -> rusqlite::Result<Vec<HistoryEvent>> {
    let end = db
        .prepare_cached(
            "SELECT run.name, run.called, run.file, run.started, row_record.line, row_record.outcome,
             row_record.contact_id, row_record.errors
             FROM row_record JOIN run ON run.id = row_record.run_id
             WHERE row_record.run_id = ?1 AND row_record.row = ?2",
        )?
        .query_row(params![run, row], |record| {
            Ok(StoredEnd {
                run: record.get(0)?,
                called: record.get(1)?,
                file: record.get(2)?,
                started: record.get(3)?,
                line: record.get(4)?,
                outcome: record.get(5)?,
                contact_id: record.get(6)?,
                errors: record.get(7)?,
            })
        })
        .optional()?;
    let Some(end) = end else { return Ok(Vec::new()) };
    let calls = db
        .prepare_cached(
            "SELECT kind, at, verdict, http_status, contact_id FROM call WHERE run_id = ?1 AND row = ?2 ORDER BY step",
        )?
        .query_map(params![run, row], |call| {
            Ok(StoredCall {
                kind: call.get(0)?,
                at: call.get(1)?,
                verdict: call.get(2)?,
                http_status: call.get(3)?,
                contact_id: call.get(4)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(events(end, calls)?)
}

/// Rows keep their outcome, since a run must go on to balance and a resumed one must not send them
/// again; all that tells whose they were goes.
pub(super) fn forget(db: &Connection, tools: &mut Tools<'_>, key: &Key) -> rusqlite::Result<u64> {
    let traces = traces(db, tools.hasher, key)?;
    let mut removed = 0_u64;
    for (run, row) in &traces.rows {
        let errors = entries::without_messages(db, *run, *row)?;
        removed += db
            .prepare_cached("UPDATE row_record SET contact_id = NULL, errors = ?3 WHERE run_id = ?1 AND row = ?2")?
            .execute(params![run, row, errors])? as u64;
        removed += calls::remove(db, *run, *row)?;
        for table in ["before_image", "look_again"] {
            removed += db
                .prepare_cached(&format!("DELETE FROM {table} WHERE run_id = ?1 AND row = ?2"))?
                .execute(params![run, row])? as u64;
        }
    }
    removed += db.prepare_cached("DELETE FROM creating WHERE key = ?1")?.execute([key.0])? as u64;
    removed += db
        .prepare_cached("UPDATE contact_key SET made = NULL WHERE key = ?1 AND made IS NOT NULL")?
        .execute([key.0])? as u64;
    for (account, id) in &traces.contacts {
        removed += contacts::remove(db, tools, *account, id)?;
        removed += db
            .prepare_cached("DELETE FROM before_image WHERE contact_id = ?1 AND account_id = ?2")?
            .execute(params![id, account])? as u64;
        // Which contact of another account became this one, and what this one became in others.
        removed += db
            .prepare_cached(
                "DELETE FROM note WHERE account_id = ?2 AND value = ?1 AND name LIKE ?3 || '%'
                 OR name = (SELECT ?3 || account.name || '/' || ?1 FROM account WHERE account.id = ?2)",
            )?
            .execute(params![id, account, AccountNote::COPY_OF])? as u64;
    }
    Ok(removed + remove_row_keys(db, &traces.rows)?)
}

/// Cleans rows as [`forget`] does, by index.
pub(super) fn forget_rows(db: &Connection, run: &RunId, rows: &[u64]) -> rusqlite::Result<u64> {
    let run = super::runs::number(db, run)?;
    let mut cleaned = 0;
    for row in rows {
        let row = super::super::stored::int(*row);
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
