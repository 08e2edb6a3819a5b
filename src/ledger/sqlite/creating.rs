use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{CREATE_LAG, KEPT, back, int};
use super::names::Names;
use crate::journal::{Key, RunId, Taken};

/// For each key, who claims it.
pub(super) fn open(
    db: &Connection,
    names: &mut Names,
    account: &str,
    keys: &[Key],
) -> rusqlite::Result<Vec<Option<Taken>>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(vec![None; keys.len()]) };
    keys.iter().map(|key| of_key(db, account, key, "made IS NULL")).collect()
}

fn of_key(db: &Connection, account: i64, key: &Key, which: &str) -> rusqlite::Result<Option<Taken>> {
    db.prepare_cached(&format!(
        "SELECT run.name, creating.row, creating.since, creating.made IS NOT NULL FROM creating JOIN run ON run.id = creating.run_id
         WHERE creating.account_id = ?1 AND creating.key = ?2 AND ({which})"
    ))?
    .query_row(params![account, key.0], |row| {
        let (run, since) = (RunId(row.get(0)?), back(row.get(2)?));
        Ok(Taken { run, row: back(row.get(1)?), since, is_made: row.get(3)? })
    })
    .optional()
}

/// Who else claims one of the keys, if somebody does; or has made it since this run looked: its look-up
/// may be older than what it says is not there. `taken_over` are claims that the row has looked into.
pub(super) fn conflict(
    db: &Connection,
    account: i64,
    run: &RunId,
    row: u64,
    keys: &[Key],
    taken_over: &[Taken],
) -> rusqlite::Result<Option<Taken>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let started: i64 =
        db.prepare_cached("SELECT started FROM run WHERE name = ?1")?.query_row([&run.0], |row| row.get(0))?;
    let which = format!("made IS NULL OR made >= {}", started.saturating_sub(CREATE_LAG));
    for key in keys {
        let taken = of_key(db, account, key, &which)?
            .filter(|taken| (taken.run != *run || taken.row != row) && !taken_over.contains(taken));
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// Claims the keys for a row, whoever had them.
pub(super) fn claim(
    db: &Connection,
    account: i64,
    run: i64,
    row: u64,
    keys: &[Key],
    now: Duration,
) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO creating (account_id, key, run_id, row, since) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for key in keys {
        insert.execute(params![account, key.0, run, int(row), int(now.as_secs())])?;
    }
    Ok(())
}

/// The row's creates were applied: from now on others only have to look again.
pub(super) fn made(db: &Connection, run: i64, row: u64, now: Duration) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE creating SET made = ?3 WHERE run_id = ?1 AND row = ?2 AND made IS NULL")?
        .execute(params![run, int(row), int(now.as_secs())])
        .map(drop)
}

/// Forgets who made what long ago.
pub(super) fn prune(db: &Connection, now: Duration) -> rusqlite::Result<()> {
    let before = now.as_secs().saturating_sub(KEPT);
    db.execute("DELETE FROM creating WHERE made < ?1", [int(before)]).map(drop)
}

/// The contact of these keys is gone: nobody has made it.
pub(super) fn gone(db: &Connection, account: i64, keys: &[Key]) -> rusqlite::Result<()> {
    let mut delete =
        db.prepare_cached("DELETE FROM creating WHERE account_id = ?1 AND key = ?2 AND made IS NOT NULL")?;
    for key in keys {
        delete.execute(params![account, key.0])?;
    }
    Ok(())
}

/// The row's creates were not applied.
pub(super) fn end(db: &Connection, run: i64, row: u64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM creating WHERE run_id = ?1 AND row = ?2 AND made IS NULL")?
        .execute(params![run, int(row)])
        .map(drop)
}

/// The creates of these identifiers were applied, whoever began them.
pub(super) fn settled(db: &Connection, account: i64, keys: &[Key], now: Duration) -> rusqlite::Result<()> {
    let mut update =
        db.prepare_cached("UPDATE creating SET made = ?3 WHERE account_id = ?1 AND key = ?2 AND made IS NULL")?;
    for key in keys {
        update.execute(params![account, key.0, int(now.as_secs())])?;
    }
    Ok(())
}
