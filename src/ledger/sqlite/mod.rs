//! The ledger in one SQLite file. docs/ledger.md describes the tables and how to ask them questions.
//!
//! Write-ahead log, `synchronous = FULL`: what a call returned for is on the disk, also after a power
//! cut, as far as the disk keeps its word. The log needs shared memory, so the file must lie on a
//! local disk, not on a network share. Every change is one immediate transaction, so any number of
//! processes can use the file; the one that waits gives up after ten seconds.

mod budget;
mod change;
mod contacts;
mod entries;
mod errors;
mod history;
mod known;
mod opening;
mod runs;
mod schema;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use self::contacts::Names;
use super::{
    BeforeImage, Entry, Event, Fingerprint, Hasher, Key, KnownContact, Ledger, NewRun, Run, RunId, RunState, StepRecord,
};
use crate::contact::{Counts, Position, RemoteId, RowRecord};
use crate::error::{Error, Result};

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// How long to wait for readers before what was forgotten is wiped.
const WIPE: Duration = Duration::from_secs(1);

/// Opens the ledger in this file, and makes it (and its folder) if there is none.
///
/// # Errors
///
/// Of kind `Stopped`, naming the file: it can't be opened, is no ledger, or was written by a newer
/// rolo.
pub fn open(path: &Path) -> Result<SqliteLedger> {
    let (db, hasher) = opening::open(path)?;
    Ok(SqliteLedger { db, hasher, path: path.to_owned(), names: RefCell::default() })
}

/// A ledger that is gone when it is dropped: for rehearsals and tests.
pub fn in_memory() -> Result<SqliteLedger> {
    open(Path::new(opening::MEMORY))
}

/// See the module documentation.
pub struct SqliteLedger {
    db: Connection,
    hasher: Hasher,
    path: PathBuf,
    names: RefCell<Names>,
}

impl SqliteLedger {
    fn told<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| errors::told(&self.path, error))
    }

    /// One change, whole or not at all.
    fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>, &mut Names) -> rusqlite::Result<T>) -> Result<T> {
        let outcome = self.db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let done = work(&transaction, self.names.get_mut())?;
            transaction.commit()?;
            Ok(done)
        });
        if outcome.is_err() {
            // A name that was given a number in a transaction that failed has none.
            *self.names.get_mut() = Names::default();
        }
        self.told(outcome)
    }

    /// Several reads of one state of the ledger.
    fn look<T>(&self, work: impl FnOnce(&Connection, &mut Names) -> rusqlite::Result<T>) -> Result<T> {
        let outcome = self.db.unchecked_transaction().and_then(|transaction| {
            let found = work(&transaction, &mut self.names.borrow_mut())?;
            transaction.commit()?;
            Ok(found)
        });
        self.told(outcome)
    }
}

impl Ledger for SqliteLedger {
    fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }

    fn begin(&mut self, run: &NewRun) -> Result<RunId> {
        crash_point!("before_run");
        let begun = self.change(|db, names| runs::begin(db, names, run));
        crash_point!("after_run");
        begun
    }

    fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>> {
        self.look(|db, _| runs::unfinished(db, fingerprint))
    }

    fn run(&self, id: &RunId) -> Result<Option<Run>> {
        self.look(|db, _| runs::run(db, id))
    }

    fn runs(&self, at_most: usize) -> Result<Vec<Run>> {
        self.look(|db, _| runs::runs(db, at_most))
    }

    fn set_state(&mut self, id: &RunId, state: RunState, counts: &Counts) -> Result<()> {
        crash_point!("before_state");
        let set = self.change(|db, _| runs::set_state(db, id, state, counts));
        crash_point!("after_state");
        set
    }

    fn write(&mut self, run: &RunId, entries: &[Entry]) -> Result<()> {
        let hasher = self.hasher.clone();
        self.change(|db, names| entries::write(db, names, &hasher, run, entries))
    }

    fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>> {
        self.look(|db, _| entries::placed_rows(db, run, from, at_most))
    }

    fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>> {
        self.look(|db, _| entries::steps(db, run, row))
    }

    fn open_rows(&self, run: &RunId) -> Result<Vec<u64>> {
        self.look(|db, _| entries::open_rows(db, run))
    }

    fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>> {
        self.look(|db, names| contacts::by_keys(db, names, account, keys))
    }

    fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>> {
        self.look(|db, names| contacts::by_id(db, names, account, id))
    }

    fn listed_at(&self, account: &str) -> Result<Option<u64>> {
        self.look(|db, _| {
            let at: Option<Option<i64>> = db
                .prepare_cached("SELECT listed_at FROM account WHERE name = ?1")?
                .query_row([account], |row| row.get(0))
                .optional()?;
            Ok(at.flatten().map(back))
        })
    }

    fn set_listed_at(&mut self, account: &str, at: Option<u64>) -> Result<()> {
        self.change(|db, names| {
            let account = names.account(db, account)?;
            db.execute("UPDATE account SET listed_at = ?2 WHERE id = ?1", params![account, at.map(int)]).map(drop)
        })
    }

    fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>> {
        self.look(|db, _| change::before_images(db, run, after, at_most))
    }

    fn history(&self, key: &Key) -> Result<Vec<Event>> {
        let hasher = self.hasher.clone();
        self.look(|db, _| history::history(db, &hasher, key))
    }

    fn forget(&mut self, key: &Key) -> Result<u64> {
        let hasher = self.hasher.clone();
        let removed = self.change(|db, _| history::forget(db, &hasher, key))?;
        // What was removed still stands in the log until that is written back and cut.
        let busy = self.db.busy_timeout(WIPE).and_then(|()| {
            let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?;
            self.db.busy_timeout(BUSY)?;
            Ok(busy)
        });
        if self.told(busy)? {
            return Err(Error::stopped(format!(
                "what was forgotten can't be wiped while another program reads the ledger: {}",
                self.path.display()
            ))
            .hint("close that program, or wait for the other run, then give the command again"));
        }
        Ok(removed)
    }

    fn reserve(&mut self, scope: &str, now: u64, period: u64) -> Result<u64> {
        self.change(|db, _| budget::reserve(db, scope, now, period))
    }

    fn postpone(&mut self, scope: &str, until: u64) -> Result<()> {
        self.change(|db, _| budget::postpone(db, scope, until))
    }

    fn note(&self, account: &str, name: &str) -> Result<Option<String>> {
        self.look(|db, _| {
            db.prepare_cached(
                "SELECT note.value FROM note JOIN account ON account.id = note.account_id
                 WHERE account.name = ?1 AND note.name = ?2",
            )?
            .query_row([account, name], |row| row.get(0))
            .optional()
        })
    }

    fn set_note(&mut self, account: &str, name: &str, value: Option<&str>) -> Result<()> {
        self.change(|db, names| {
            let account = names.account(db, account)?;
            match value {
                Some(value) => db.execute(
                    "INSERT INTO note (account_id, name, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                    params![account, name, value],
                ),
                None => db.execute("DELETE FROM note WHERE account_id = ?1 AND name = ?2", params![account, name]),
            }
            .map(drop)
        })
    }
}

/// SQLite's integers have a sign; nothing we count comes near their end.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn back(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A stored value that does not read as what it should be.
fn damaged(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into())
}
