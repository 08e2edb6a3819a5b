use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::claims;
use super::clock::{Reading, StoreClock};
use super::entries;
use super::errors;
use super::names::Names;
use super::opening;
use super::pruning::Sweeper;
use super::recent::Recent;
use super::tools::Tools;
use super::waiting;
use crate::clock::{Calendar, UptimeSource};
use crate::error::{Error, Result};
use crate::journal::{Entry, Hasher, RunId};
use crate::ledger::executor::EntryStore;
use crate::ledger::locks::Locks;
use crate::ledger::vault::Vault;
use crate::ledger::{Claim, Fingerprint, KeySource, LiveWorker, Swept, WaitingRun, Worker, WriteResult};

/// How long to wait for readers before what was forgotten is wiped.
const WIPE: Duration = Duration::from_secs(1);

/// The open file, and what belongs to it. Whoever has it to itself works on it, one thing after the other.
pub(super) struct Store {
    db: Connection,
    hasher: Hasher,
    vault: Vault,
    path: PathBuf,
    names: Names,
    clock: StoreClock,
    locks: Locks,
    sweeper: Sweeper,
    recent: Recent,
}

impl EntryStore for Store {
    fn write_all(&mut self, run: &RunId, claim: &Claim, writes: &[Vec<Entry>]) -> Result<Vec<WriteResult>> {
        let mut recent = std::mem::take(&mut self.recent);
        let written = self.change_of(claim, |db, tools| {
            recent.as_of(db)?;
            entries::write_all(db, tools, &mut recent, run, writes)
        });
        if written.is_ok() {
            self.recent = recent;
        }
        written
    }
}

impl Store {
    pub(super) fn open(path: &Path, key: &KeySource, calendar: Calendar, uptime: UptimeSource) -> Result<Self> {
        let (db, key) = opening::open(path, key)?;
        let (hasher, vault) = (key.hasher(), key.vault());
        let (names, clock) = (Names::default(), StoreClock::new(calendar, uptime));
        let locks = if path == Path::new(opening::MEMORY) { Locks::default() } else { Locks::beside(path) };
        let sweeper = Sweeper::default();
        Ok(Self { db, hasher, vault, path: path.to_owned(), names, clock, locks, sweeper, recent: Recent::default() })
    }

    pub(super) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// One change, whole or not at all.
    pub(super) fn change<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut Tools<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        // What is changed by another way than entries is not followed.
        self.recent = Recent::default();
        let Self { db, hasher, vault, names, clock, .. } = self;
        let now = clock.calendar();
        let outcome = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let done = work(&transaction, &mut Tools { names, hasher, vault, now })?;
            transaction.commit()?;
            Ok(done)
        });
        if outcome.is_err() {
            // A name that was given a number in a transaction that failed has none.
            self.names = Names::default();
        }
        outcome.map_err(|error| errors::described(&self.path, error))
    }

    /// Several reads of one state of the ledger.
    pub(super) fn look<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Tools<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let Self { db, hasher, vault, names, clock, .. } = self;
        let now = clock.calendar();
        let outcome = db.transaction().and_then(|transaction| {
            let found = work(&transaction, &mut Tools { names, hasher, vault, now })?;
            transaction.commit()?;
            Ok(found)
        });
        outcome.map_err(|error| errors::described(&self.path, error))
    }

    /// One change for a run, refused if the claim is another's by now.
    pub(super) fn change_of<T>(
        &mut self,
        claim: &Claim,
        work: impl FnOnce(&Transaction<'_>, &mut Tools<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.change(|db, tools| {
            claims::check(db, claim)?;
            work(db, tools)
        })
    }

    pub(super) fn claim(&mut self, fingerprint: &Fingerprint, worker: &Worker, lease: Duration) -> Result<Claim> {
        let Self { db, path, clock, locks, .. } = self;
        let claimed = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let today = clock.read(&transaction)?.today;
            let claimed = claims::take(&transaction, locks, fingerprint, worker, (today, lease))?;
            transaction.commit()?;
            Ok(claimed)
        });
        let (claim, lock) = claimed.map_err(|error| errors::described(path, error))?;
        self.locks.keep(&claim, lock);
        Ok(claim)
    }

    pub(super) fn worker_of(&mut self, fingerprint: &Fingerprint) -> Result<Option<Worker>> {
        self.by_the_clock(|db, locks, now| {
            let held = claims::held(db, fingerprint)?;
            Ok(held.filter(|held| held.is_alive(locks, fingerprint, now)).map(|held| held.holder))
        })
    }

    /// Runs that a worker may take now.
    pub(super) fn waiting(&mut self, at_most: usize) -> Result<Vec<WaitingRun>> {
        self.by_the_clock(|db, locks, now| waiting::waiting(db, locks, now, at_most))
    }

    /// Who lives.
    pub(super) fn workers(&mut self) -> Result<Vec<LiveWorker>> {
        self.by_the_clock(waiting::workers)
    }

    /// A look that needs the time, by which claims run out.
    fn by_the_clock<T>(
        &mut self,
        look: impl FnOnce(&Connection, &Locks, Duration) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let Self { db, path, clock, locks, .. } = self;
        let found = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let today = clock.read(&transaction)?.today;
            let found = look(&transaction, locks, today)?;
            transaction.commit()?;
            Ok(found)
        });
        found.map_err(|error| errors::described(path, error))
    }

    pub(super) fn renew(&mut self, claim: &Claim, lease: Duration) -> Result<()> {
        let Self { db, path, clock, .. } = self;
        let renewed = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            claims::renew(&transaction, claim, clock.read(&transaction)?.today, lease)?;
            transaction.commit()
        });
        renewed.map_err(|error| errors::described(path, error))
    }

    pub(super) fn release(&mut self, claim: &Claim) -> Result<()> {
        let released = self.change(|db, _| claims::release(db, claim));
        self.locks.release(claim);
        released
    }

    /// Removes something so that nothing of it stays in the file or its log.
    pub(super) fn forget(
        &mut self,
        work: impl FnOnce(&Connection, &mut Tools<'_>) -> rusqlite::Result<u64>,
    ) -> Result<u64> {
        let removed = self.change(|db, tools| work(db, tools))?;
        // What was removed still stands in the log until that is written back and cut.
        let busy = self.db.busy_timeout(WIPE).and_then(|()| {
            let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?;
            self.db.busy_timeout(errors::BUSY)?;
            Ok(busy)
        });
        if busy.map_err(|error| errors::described(&self.path, error))? {
            return Err(Error::stopped(format!(
                "what was forgotten can't be wiped while another program reads the ledger: {}",
                self.path.display()
            ))
            .hint("close that program, or wait for the other run, then give the command again"));
        }
        Ok(removed)
    }

    /// Removes some records of pruned runs, or gives back some room.
    pub(super) fn sweep(&mut self, at_most: usize) -> Result<Swept> {
        self.recent = Recent::default();
        let Self { db, path, sweeper, .. } = self;
        let swept = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let swept = sweeper.step(&transaction, at_most)?;
            transaction.commit()?;
            Ok(swept)
        });
        swept.map_err(|error| errors::described(path, error))
    }

    pub(super) fn rename_account(&mut self, from: &str, to: &str) -> Result<bool> {
        let renamed = self.change(|db, _| super::accounts::rename(db, from, to))?;
        self.names = Names::default();
        Ok(renamed)
    }

    /// Work that needs the time: it is read once the file is this process's to change.
    pub(super) fn change_now<T>(
        &mut self,
        work: impl FnOnce(&Connection, Reading) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let Self { db, clock, path, .. } = self;
        let outcome = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let done = work(&transaction, clock.read(&transaction)?)?;
            transaction.commit()?;
            Ok(done)
        });
        outcome.map_err(|error| errors::described(path, error))
    }
}
