use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{Damaged, back, int};
use super::super::{NeededFor, Prune, RunState, Swept};
use super::{leads, runs, second_looks};
use crate::journal::RunId;

/// Tables whose records are a run's own, each with what they are counted by in their run.
const OWN: [(&str, &str); 5] =
    [("before_image", "number"), ("open_call", "row"), ("open_row", "row"), ("rested", "first"), ("row_record", "row")];

/// Keys that are looked through for one that goes: most belong to runs that stay.
const LOOKED_THROUGH: usize = 10;

/// Giving a page back costs about as much as removing so many records.
const RECORDS_A_PAGE: usize = 20;

/// Marks the run, unless something still needs its records.
pub(super) fn mark(db: &Connection, id: &RunId, now: Duration) -> rusqlite::Result<Prune> {
    let run = runs::number(db, id)?;
    let (state, in_doubt, pruned): (String, i64, Option<i64>) =
        db.query_row("SELECT state, in_doubt, pruned FROM run WHERE id = ?1", [run], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    if pruned.is_some() {
        return Ok(Prune::Pruned);
    }
    if !RunState::ALL.iter().any(|ended| ended.has_ended() && ended.name() == state) {
        return Ok(Prune::Needed(NeededFor::Unfinished));
    }
    let holds = |what: &str| db.prepare_cached(what)?.exists([run]);
    if in_doubt > 0
        || holds("SELECT 1 FROM open_row WHERE run_id = ?1")?
        || holds("SELECT 1 FROM creating WHERE run_id = ?1 AND made IS NULL")?
    {
        return Ok(Prune::Needed(NeededFor::InDoubt));
    }
    if second_looks::waits(db, run, now)? {
        return Ok(Prune::Needed(NeededFor::SecondLook));
    }
    db.execute("UPDATE run SET pruned = ?2 WHERE id = ?1", params![run, int(now.as_secs())])?;
    Ok(Prune::Pruned)
}

/// How far the removing of records has come. What is not remembered of it, by another process, is only
/// looked at once more.
#[derive(Default)]
pub(super) struct Sweeper {
    /// Runs whose own records are gone, while the keys that led to their rows are looked through.
    keyed: Vec<i64>,
    /// Which keys are looked through: those of rows, then those of contacts.
    table: KeyTable,
    /// The last key that was looked at.
    after: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
enum KeyTable {
    #[default]
    Rows,
    Contacts,
}

impl KeyTable {
    const fn name(self) -> &'static str {
        match self {
            Self::Rows => "row_key",
            Self::Contacts => "contact_key",
        }
    }
}

impl Sweeper {
    pub(super) fn step(&mut self, db: &Connection, at_most: usize) -> rusqlite::Result<Swept> {
        let at_most = at_most.max(1);
        if self.keyed.is_empty() {
            let records = own_records(db, at_most)?;
            if records > 0 {
                return Ok(Swept { records, is_done: false });
            }
            self.keyed = unswept(db)?;
            (self.table, self.after) = (KeyTable::Rows, Vec::new());
        }
        if self.keyed.is_empty() {
            return Ok(Swept { records: 0, is_done: !give_back(db, at_most)? });
        }
        let records = self.keys(db, at_most)?;
        Ok(Swept { records, is_done: false })
    }

    /// Removes what led from keys to rows of the runs. There is no index from a run to its keys, which every row
    /// would pay for: they are read through, in order.
    fn keys(&mut self, db: &Connection, at_most: usize) -> rusqlite::Result<u64> {
        let table = self.table.name();
        let upto: Option<Vec<u8>> = db
            .prepare_cached(&format!("SELECT key FROM {table} WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2"))?
            .query_row(params![self.after, int((at_most * LOOKED_THROUGH) as u64)], |row| row.get(0))
            .optional()?;
        let found = match self.table {
            KeyTable::Rows => remove_keys(db, &self.after, upto.as_deref(), int(at_most as u64))?,
            KeyTable::Contacts => leads::sweep(db, &self.after, upto.as_deref(), int(at_most as u64))?,
        };
        if found >= at_most as u64 {
            return Ok(found);
        }
        match (upto, self.table) {
            (Some(upto), _) => self.after = upto,
            (None, KeyTable::Rows) => {
                (self.table, self.after) = (KeyTable::Contacts, Vec::new());
                // Whoever takes a step and no more comes further with each.
                if found == 0 {
                    return self.keys(db, at_most);
                }
            }
            (None, KeyTable::Contacts) => {
                let mut swept = db.prepare_cached("UPDATE run SET swept = 1 WHERE id = ?1")?;
                for run in self.keyed.drain(..) {
                    swept.execute([run])?;
                }
            }
        }
        Ok(found)
    }
}

fn remove_keys(db: &Connection, after: &[u8], upto: Option<&[u8]>, at_most: i64) -> rusqlite::Result<u64> {
    let found: Vec<(Vec<u8>, i64, i64)> = db
        .prepare_cached(
            "SELECT key, run_id, row FROM row_key WHERE key > ?1 AND (?2 IS NULL OR key <= ?2)
             AND run_id IN (SELECT id FROM run WHERE pruned IS NOT NULL AND swept = 0) LIMIT ?3",
        )?
        .query_map(params![after, upto, at_most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut delete = db.prepare_cached("DELETE FROM row_key WHERE key = ?1 AND run_id = ?2 AND row = ?3")?;
    for (key, run, row) in &found {
        delete.execute(params![key, run, row])?;
    }
    Ok(found.len() as u64)
}

/// Runs that are marked and whose records may still be there.
fn unswept(db: &Connection) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached("SELECT id FROM run WHERE pruned IS NOT NULL AND swept = 0")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Removes records of the first table of the first run that has some.
fn own_records(db: &Connection, at_most: usize) -> rusqlite::Result<u64> {
    for run in unswept(db)? {
        for (table, place) in OWN {
            let last: Option<i64> = db
                .prepare_cached(&format!(
                    "SELECT max({place}) FROM
                     (SELECT {place} FROM {table} WHERE run_id = ?1 ORDER BY {place} LIMIT ?2)"
                ))?
                .query_row(params![run, int(at_most as u64)], |row| row.get(0))?;
            let Some(last) = last else { continue };
            let gone = db
                .prepare_cached(&format!("DELETE FROM {table} WHERE run_id = ?1 AND {place} <= ?2"))?
                .execute(params![run, last])?;
            return Ok(gone as u64);
        }
    }
    Ok(0)
}

/// Gives some free pages of the file back to the system; `false` if there are none to give. A file that was
/// made by an earlier version keeps its size, and its free pages are used again.
fn give_back(db: &Connection, at_most: usize) -> rusqlite::Result<bool> {
    let mode: i64 = db.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?;
    let free: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    if mode == 0 || free == 0 {
        return Ok(false);
    }
    db.execute_batch(&format!("PRAGMA incremental_vacuum({})", (at_most / RECORDS_A_PAGE).max(1)))?;
    let left: i64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    if left >= free {
        return Err(Damaged("free pages of the ledger can't be given back").into());
    }
    Ok(back(left) > 0)
}
