use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{KEPT, back, int, made_twice, seal_identifiers, unseal_identifiers};
use super::super::vault::Vault;
use super::tools::Tools;
use crate::contact::{Identifier, RemoteId};
use crate::journal::{RunId, SecondLook};

pub(super) fn note(
    db: &Connection,
    vault: &Vault,
    (run, account, row): (i64, i64, u64),
    identifiers: &[Identifier],
    now: Duration,
) -> rusqlite::Result<()> {
    let sealed = seal_identifiers(vault, identifiers)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO look_again (run_id, row, account_id, identifiers, since) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![run, int(row), account, sealed, int(now.as_secs())])
    .map(drop)
}

/// What is still to be looked at. Only rows that have ended: the others are settled by whoever takes up
/// their run.
pub(super) fn open(
    db: &Connection,
    Tools { names, vault, now, .. }: &mut Tools<'_>,
    account: &str,
) -> rusqlite::Result<Vec<SecondLook>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(Vec::new()) };
    let mut statement = db.prepare_cached(
        "SELECT run.name, look_again.row, row_record.line, look_again.identifiers, row_record.contact_id,
         look_again.since
         FROM look_again JOIN run ON run.id = look_again.run_id
         JOIN row_record ON row_record.run_id = look_again.run_id AND row_record.row = look_again.row
         WHERE look_again.account_id = ?1 AND look_again.since > ?2 ORDER BY look_again.run_id, look_again.row",
    )?;
    let oldest = now.as_secs().saturating_sub(KEPT);
    let looks = statement.query_map(params![account, int(oldest)], |found| {
        let sealed: Vec<u8> = found.get(3)?;
        Ok(SecondLook {
            run: RunId(found.get(0)?),
            row: back(found.get(1)?),
            line: back(found.get(2)?),
            identifiers: unseal_identifiers(vault, &sealed),
            contact_id: found.get::<_, Option<String>>(4)?.map(RemoteId),
            age: Duration::from_secs(now.as_secs().saturating_sub(back(found.get(5)?))),
        })
    })?;
    looks.collect()
}

/// The row was looked at. Where it turned out to be several contacts, its record says so from now on.
pub(super) fn done(db: &Connection, run: &RunId, row: u64, twice: &[String]) -> rusqlite::Result<()> {
    let run: i64 = db.prepare_cached("SELECT id FROM run WHERE name = ?1")?.query_row([&run.0], |row| row.get(0))?;
    db.prepare_cached("DELETE FROM look_again WHERE run_id = ?1 AND row = ?2")?.execute(params![run, int(row)])?;
    if twice.is_empty() {
        return Ok(());
    }
    let stored: Option<Option<String>> = db
        .prepare_cached("SELECT errors FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, int(row)], |row| row.get(0))
        .optional()?;
    let errors = made_twice(stored.flatten().as_deref(), twice)?;
    db.prepare_cached("UPDATE row_record SET errors = ?3 WHERE run_id = ?1 AND row = ?2")?
        .execute(params![run, int(row), errors])
        .map(drop)
}

/// Whether a row of the run is still to be looked at.
pub(super) fn waits(db: &Connection, run: i64, now: Duration) -> rusqlite::Result<bool> {
    let oldest = now.as_secs().saturating_sub(KEPT);
    db.prepare_cached("SELECT 1 FROM look_again WHERE run_id = ?1 AND since > ?2")?.exists(params![run, int(oldest)])
}

/// Forgets rows that nobody came to look at in time.
pub(super) fn prune(db: &Connection, now: Duration) -> rusqlite::Result<()> {
    let before = now.as_secs().saturating_sub(KEPT);
    db.execute("DELETE FROM look_again WHERE since <= ?1", [int(before)]).map(drop)
}
