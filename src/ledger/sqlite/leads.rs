//! What leads from an identifier to its contact, and to rows.
//!
//! The row that first came to a contact stands beside the key that leads there (`contact_key.run_id` and `row`), and
//! with it when its create was applied (`made`): of a first import that is all there is, and a table of its own for
//! each would cost as much again. Any other row that carries a key has an entry in `row_key`, any other create in
//! `creating`.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::row_key;
use crate::journal::Key;

/// The row that has just made a contact: it stands beside the keys that lead there from the beginning.
pub(super) struct Maker {
    pub(super) run: i64,
    pub(super) row: i64,
    /// Since when, in seconds from the Unix epoch.
    pub(super) made: i64,
    /// Keys that it claimed for that.
    pub(super) claimed: Vec<Key>,
}

/// Where a key led before it was led to a contact.
pub(super) enum Led {
    /// To nobody.
    Nowhere,
    There,
    Elsewhere,
}

/// Leads a key to a contact. One that another contact had is this one's from now on.
pub(super) fn point(
    db: &Connection,
    account: i64,
    key: &Key,
    contact: i64,
    by: Option<&Maker>,
) -> rusqlite::Result<Led> {
    let claimed = by.filter(|maker| maker.claimed.contains(key));
    let pointed = db
        .prepare_cached(
            "INSERT OR IGNORE INTO contact_key (key, account_id, contact, run_id, row, made)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.0,
            account,
            contact,
            by.map(|maker| maker.run),
            by.map(|maker| maker.row),
            claimed.map(|maker| maker.made)
        ])?;
    if pointed > 0 {
        if let Some(maker) = claimed {
            let_go(db, account, key, (maker.run, maker.row))?;
        }
        return Ok(Led::Nowhere);
    }
    let before: Option<i64> = db
        .prepare_cached("SELECT contact FROM contact_key WHERE key = ?1 AND account_id = ?2 AND contact <> ?3")?
        .query_row(params![key.0, account, contact], |row| row.get(0))
        .optional()?;
    if before.is_none() {
        return Ok(Led::There);
    }
    set_apart(db, account, key)?;
    db.prepare_cached("UPDATE contact_key SET contact = ?3 WHERE key = ?1 AND account_id = ?2")?
        .execute(params![key.0, account, contact])
        .map(|_| Led::Elsewhere)
}

/// Ends the claim of a row whose create stands beside the key.
fn let_go(db: &Connection, account: i64, key: &Key, (run, row): (i64, i64)) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM creating WHERE account_id = ?1 AND key = ?2 AND run_id = ?3 AND row = ?4 AND made IS NOT NULL",
    )?
    .execute(params![account, key.0, run, row])
    .map(drop)
}

/// Leads a key to nobody, if it led to this contact; to rows it leads as before. Returns how many records went.
pub(super) fn unpoint(db: &Connection, account: i64, key: &Key, contact: i64) -> rusqlite::Result<u64> {
    let leads = db
        .prepare_cached("SELECT 1 FROM contact_key WHERE key = ?1 AND account_id = ?2 AND contact = ?3")?
        .exists(params![key.0, account, contact])?;
    if !leads {
        return Ok(0);
    }
    set_apart(db, account, key)?;
    db.prepare_cached("DELETE FROM contact_key WHERE key = ?1 AND account_id = ?2")?
        .execute(params![key.0, account])
        .map(|removed| removed as u64)
}

/// Gives the row beside a key, and its create, entries of their own.
fn set_apart(db: &Connection, account: i64, key: &Key) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO row_key (key, run_id, row) SELECT ?3, run_id, row FROM contact_key
         WHERE key = ?1 AND account_id = ?2 AND run_id IS NOT NULL",
    )?
    .execute(params![key.0, account, row_key(key)])?;
    db.prepare_cached(
        "INSERT OR IGNORE INTO creating (account_id, key, run_id, row, since, made)
         SELECT account_id, key, run_id, row, made, made FROM contact_key
         WHERE key = ?1 AND account_id = ?2 AND made IS NOT NULL",
    )?
    .execute(params![key.0, account])?;
    db.prepare_cached(
        "UPDATE contact_key SET run_id = NULL, row = NULL, made = NULL WHERE key = ?1 AND account_id = ?2",
    )?
    .execute(params![key.0, account])
    .map(drop)
}

/// Leads a key to a row that has ended: beside the contact that the row came to, if it is the first there.
/// `has_claimed` if the row may have claimed the key for a create.
pub(super) fn row(
    db: &Connection,
    (run, account, row): (i64, i64, i64),
    key: &Key,
    contact: Option<i64>,
    has_claimed: bool,
) -> rusqlite::Result<()> {
    if let Some(contact) = contact {
        let beside = db
            .prepare_cached(
                "UPDATE contact_key SET run_id = ?3, row = ?4, made = coalesce(made, (SELECT made FROM creating
                 WHERE account_id = ?2 AND key = ?1 AND run_id = ?3 AND row = ?4))
                 WHERE key = ?1 AND account_id = ?2 AND (run_id IS NULL OR run_id = ?3 AND row = ?4)
                 AND contact = ?5",
            )?
            .execute(params![key.0, account, run, row, contact])?;
        if beside > 0 && !has_claimed {
            return Ok(());
        }
        if beside > 0 {
            return let_go(db, account, key, (run, row));
        }
    }
    db.prepare_cached("INSERT OR IGNORE INTO row_key (key, run_id, row) VALUES (?1, ?2, ?3)")?
        .execute(params![row_key(key), run, row])
        .map(drop)
}

/// Takes rows of pruned runs from beside the keys between these two, some at a time; their creates stay. Returns
/// how many.
pub(super) fn sweep(db: &Connection, after: &[u8], upto: Option<&[u8]>, at_most: i64) -> rusqlite::Result<u64> {
    const PRUNED: &str = "run_id IN (SELECT id FROM run WHERE pruned IS NOT NULL AND swept = 0)";
    let found: Vec<(Vec<u8>, i64)> = db
        .prepare_cached(&format!(
            "SELECT key, account_id FROM contact_key WHERE key > ?1 AND (?2 IS NULL OR key <= ?2) AND {PRUNED} LIMIT ?3"
        ))?
        .query_map(params![after, upto, at_most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut keep = db.prepare_cached(
        "INSERT OR IGNORE INTO creating (account_id, key, run_id, row, since, made)
         SELECT account_id, key, run_id, row, made, made FROM contact_key
         WHERE key = ?1 AND account_id = ?2 AND made IS NOT NULL",
    )?;
    let mut clear = db.prepare_cached(
        "UPDATE contact_key SET run_id = NULL, row = NULL, made = NULL WHERE key = ?1 AND account_id = ?2",
    )?;
    for (key, account) in &found {
        keep.execute(params![key, account])?;
        clear.execute(params![key, account])?;
    }
    Ok(found.len() as u64)
}
