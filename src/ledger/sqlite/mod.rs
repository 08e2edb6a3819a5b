//! The ledger in one SQLite file, with its log (`-wal`) beside it.
//!
//! A write is durable, whole or not at all, when it returns; writes that come together share a transaction,
//! and with it the wait for the disk. Several processes may have
//! the file open; one writes at a time, and whoever waits gives up after ten seconds.

mod accounts;
mod before;
mod budget;
mod calls;
mod checking;
mod claims;
mod clock;
mod contacts;
mod copied;
mod creating;
mod entries;
mod errors;
mod history;
mod leads;
mod names;
mod opening;
mod oversight;
mod pruning;
mod queue;
mod recent;
mod rested;
mod runs;
mod schedules;
mod schema;
mod second_looks;
mod store;
mod tools;
mod waiting;
mod written_run;

pub use checking::status;
pub use opening::copy;

pub(super) use copied::{copied, copied_into};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use rusqlite::Connection;

use self::store::Store;
use self::tools::Tools;
use super::executor::Executor;
use super::stored::CUT_OFF;
use super::{
    Accounts, Budgets, CallsAt, Claim, ClaimedRun, Contacts, Entries, Fingerprint, HistoryEvent, KeySource, Ledger,
    LedgerHandle, LedgerKey, NewRun, People, Prune, Run, RunState, Runs, Swept, Worker, WriteResult,
};
use crate::clock::{Calendar, calendar, simulated_uptime, uptime};
use crate::contact::{Counts, Position, RemoteId, RowRecord};
use crate::error::Result;
use crate::journal::{
    AccountNote, BeforeImage, Entry, Hasher, Key, KnownContact, Memory, RunId, SecondLook, StepRecord, Taken,
};

/// What the ledger of a state folder is called there.
pub const FILE_NAME: &str = "ledger.sqlite";

/// SQLite's name for a database without a file.
pub const MEMORY: &str = opening::MEMORY;

/// Opens the ledger in this file, and makes it (and its folder) if there is none. A thread of its own does
/// the work, so that no task ever waits for a disk.
///
/// # Errors
///
/// Of kind `Stopped`, naming the file: it can't be opened, is no ledger, was written by a newer
/// rolo, or its key is missing or another's.
pub fn open(path: &Path, key: &KeySource) -> Result<LedgerHandle> {
    let store = Store::open(path, key, calendar(), uptime())?;
    let hasher = store.hasher().clone();
    Ok(Arc::new(SqliteLedger { executor: Executor::start(store)?, hasher }))
}

/// Like [`open`], by this calendar and with all work done on the caller's thread: for simulations, in which
/// time is held still and must not move on while another thread works.
///
/// # Errors
///
/// As for [`open`].
pub fn simulated(path: &Path, key: &KeySource, calendar: Calendar) -> Result<LedgerHandle> {
    let store = Store::open(path, key, calendar, simulated_uptime())?;
    let hasher = store.hasher().clone();
    Ok(Arc::new(SqliteLedger { executor: Executor::inline(store), hasher }))
}

/// A ledger that is gone when it is dropped: for rehearsals and tests.
///
/// # Errors
///
/// Of kind `Stopped` if the system gives no thread or no random bytes.
pub fn in_memory() -> Result<LedgerHandle> {
    open(Path::new(MEMORY), &KeySource::Given(LedgerKey::random()?))
}

/// See the module documentation.
struct SqliteLedger {
    executor: Executor<Store>,
    hasher: Hasher,
}

impl SqliteLedger {
    async fn change<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Tools<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.executor.run(move |store| store.change(|db, tools| work(db, tools))).await
    }

    async fn change_of<T, F>(&self, claim: &Claim, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Tools<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let claim = claim.clone();
        self.executor.run(move |store| store.change_of(&claim, |db, tools| work(db, tools))).await
    }

    async fn look<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Tools<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.executor.run(move |store| store.look(work)).await
    }
}

impl Ledger for SqliteLedger {
    fn hasher(&self) -> &Hasher {
        &self.hasher
    }
}

#[async_trait]
impl Runs for SqliteLedger {
    async fn claim_run(&self, fingerprint: &Fingerprint, worker: &Worker, lease: Duration) -> Result<Claim> {
        let (fingerprint, worker) = (fingerprint.clone(), worker.clone());
        self.executor.run(move |store| store.claim(&fingerprint, &worker, lease)).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<()> {
        let claim = claim.clone();
        self.executor.run(move |store| store.renew(&claim, lease)).await
    }

    async fn release(&self, claim: &Claim) -> Result<()> {
        let claim = claim.clone();
        self.executor.run(move |store| store.release(&claim)).await
    }

    async fn begin(&self, claim: &Claim, run: &NewRun) -> Result<RunId> {
        let run = run.clone();
        crash_point!("before_run");
        let begun = self.change_of(claim, move |db, tools| runs::begin(db, tools, &run)).await;
        crash_point!("after_run");
        begun
    }

    async fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>> {
        let fingerprint = fingerprint.clone();
        self.look(move |db, _| runs::unfinished(db, &fingerprint)).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        let id = id.clone();
        self.look(move |db, _| runs::run(db, &id)).await
    }

    async fn runs(&self, at_most: usize) -> Result<Vec<Run>> {
        self.look(move |db, _| runs::runs(db, at_most)).await
    }

    async fn worker_of(&self, run: &Run) -> Result<Option<Worker>> {
        if !CUT_OFF.contains(&run.state) {
            return Ok(None);
        }
        let fingerprint = run.new.fingerprint.clone();
        self.executor.run(move |store| store.worker_of(&fingerprint)).await
    }

    async fn take_up(&self, run: &ClaimedRun) -> Result<()> {
        let id = run.id().clone();
        self.change_of(run.claim(), move |db, _| runs::take_up(db, &id)).await
    }

    async fn set_state(&self, run: &ClaimedRun, state: RunState, counts: &Counts, took: Duration) -> Result<()> {
        crash_point!("before_state");
        let (id, counts) = (run.id().clone(), *counts);
        let set = self.change_of(run.claim(), move |db, tools| {
            runs::set_state(db, &id, state, &counts, tools.now)?;
            runs::set_took(db, &id, took)
        });
        let set = set.await;
        crash_point!("after_state");
        set
    }

    async fn set_took(&self, run: &ClaimedRun, took: Duration) -> Result<()> {
        let id = run.id().clone();
        self.change_of(run.claim(), move |db, _| runs::set_took(db, &id, took)).await
    }

    async fn set_state_of(&self, by: &ClaimedRun, other: &RunId, state: RunState, counts: &Counts) -> Result<()> {
        let (id, counts) = (other.clone(), *counts);
        self.change_of(by.claim(), move |db, tools| runs::set_state(db, &id, state, &counts, tools.now)).await
    }

    async fn prune(&self, run: &RunId) -> Result<Prune> {
        let run = run.clone();
        self.change(move |db, tools| pruning::mark(db, &run, tools.now)).await
    }

    async fn sweep(&self, at_most: usize) -> Result<Swept> {
        self.executor.run(move |store| store.sweep(at_most)).await
    }
}

#[async_trait]
impl Entries for SqliteLedger {
    async fn write(&self, run: &ClaimedRun, entries: Vec<Entry>) -> Result<WriteResult> {
        self.executor.write(run, entries).await
    }

    async fn open_creates(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<Taken>>> {
        let (account, keys) = (account.to_owned(), keys.to_vec());
        self.look(move |db, tools| creating::open(db, tools.names, &account, &keys)).await
    }

    async fn second_looks(&self, account: &str) -> Result<Vec<SecondLook>> {
        let account = account.to_owned();
        self.look(move |db, tools| second_looks::open(db, tools, &account)).await
    }

    async fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>> {
        let run = run.clone();
        self.look(move |db, _| entries::placed_rows(db, &run, from, at_most)).await
    }

    async fn rested(&self, run: &RunId) -> Result<u64> {
        let run = run.clone();
        self.look(move |db, _| rested::count(db, &run)).await
    }

    async fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>> {
        let run = run.clone();
        self.look(move |db, _| calls::steps(db, &run, row)).await
    }

    async fn calls_over_time(&self, run: &RunId) -> Result<Vec<CallsAt>> {
        let run = run.clone();
        self.look(move |db, _| calls::over_time(db, &run)).await
    }

    async fn open_rows(&self, run: &RunId) -> Result<Vec<u64>> {
        let run = run.clone();
        self.look(move |db, _| entries::open_rows(db, &run)).await
    }

    async fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>> {
        let run = run.clone();
        self.look(move |db, _| before::before_images(db, &run, after, at_most)).await
    }
}

#[async_trait]
impl Contacts for SqliteLedger {
    async fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>> {
        let (account, keys) = (account.to_owned(), keys.to_vec());
        self.look(move |db, tools| contacts::by_keys(db, tools, &account, &keys)).await
    }

    async fn known_or_applied(&self, account: &str, asked: &[(Key, Option<Key>)]) -> Result<Vec<Option<Memory>>> {
        let (account, asked) = (account.to_owned(), asked.to_vec());
        self.look(move |db, tools| contacts::memories(db, tools, &account, &asked)).await
    }

    async fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>> {
        let (account, id) = (account.to_owned(), id.clone());
        self.look(move |db, tools| contacts::by_id(db, tools, &account, &id)).await
    }

    async fn some_known(&self, account: &str, at_most: usize) -> Result<Vec<(KnownContact, Vec<Key>)>> {
        let account = account.to_owned();
        self.look(move |db, tools| contacts::some(db, tools, &account, at_most)).await
    }

    async fn known_page(&self, account: &str, after: u64, at_most: usize) -> Result<Vec<(u64, KnownContact)>> {
        let account = account.to_owned();
        self.look(move |db, tools| contacts::page(db, tools, &account, after, at_most)).await
    }

    async fn listed_at(&self, account: &str) -> Result<Option<u64>> {
        let account = account.to_owned();
        self.look(move |db, _| contacts::listed_at(db, &account)).await
    }

    async fn set_listed_at(&self, by: &ClaimedRun, account: &str, at: Option<u64>) -> Result<()> {
        let account = account.to_owned();
        self.change_of(by.claim(), move |db, tools| contacts::set_listed_at(db, tools.names, &account, at)).await
    }
}

#[async_trait]
impl Accounts for SqliteLedger {
    async fn account_called(&self, alias: &str) -> Result<Option<String>> {
        let alias = alias.to_owned();
        self.look(move |db, _| accounts::called(db, &alias)).await
    }

    async fn call_account(&self, alias: &str, account: &str) -> Result<()> {
        let (alias, account) = (alias.to_owned(), account.to_owned());
        self.change(move |db, tools| accounts::call(db, tools.names, &alias, &account)).await
    }

    async fn uncall_account(&self, account: &str) -> Result<()> {
        let account = account.to_owned();
        self.change(move |db, _| accounts::uncall(db, &account)).await
    }

    async fn rename_account(&self, from: &str, to: &str) -> Result<bool> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.executor.run(move |store| store.rename_account(&from, &to)).await
    }

    async fn note(&self, account: &str, note: &AccountNote) -> Result<Option<String>> {
        let (account, name) = (account.to_owned(), note.name());
        self.look(move |db, _| accounts::note(db, &account, &name)).await
    }

    async fn set_note(&self, by: &ClaimedRun, account: &str, note: &AccountNote, value: Option<&str>) -> Result<()> {
        let (account, name, value) = (account.to_owned(), note.name(), value.map(str::to_owned));
        self.change_of(by.claim(), move |db, tools| {
            accounts::set_note(db, tools.names, &account, &name, value.as_deref())
        })
        .await
    }

    async fn set_notes(&self, account: &str, notes: &[(AccountNote, String)]) -> Result<()> {
        let account = account.to_owned();
        let notes: Vec<(String, String)> = notes.iter().map(|(note, value)| (note.name(), value.clone())).collect();
        let keep = |db: &Connection, tools: &mut Tools<'_>, account: &str, notes: &[(String, String)]| {
            notes.iter().try_for_each(|(name, value)| accounts::set_note(db, tools.names, account, name, Some(value)))
        };
        self.change(move |db, tools| keep(db, tools, &account, &notes)).await
    }
}

#[async_trait]
impl People for SqliteLedger {
    async fn history(&self, key: &Key) -> Result<Vec<HistoryEvent>> {
        let key = *key;
        self.look(move |db, tools| history::history(db, tools.hasher, &key)).await
    }

    async fn contacts_of(&self, key: &Key) -> Result<Vec<(String, RemoteId)>> {
        let key = *key;
        self.look(move |db, tools| history::contacts(db, tools.hasher, &key)).await
    }

    async fn forget(&self, key: &Key) -> Result<u64> {
        let key = *key;
        self.executor.run(move |store| store.forget(|db, tools| history::forget(db, tools, &key))).await
    }

    async fn forget_rows(&self, run: &RunId, rows: &[u64]) -> Result<u64> {
        let (run, rows) = (run.clone(), rows.to_vec());
        self.executor.run(move |store| store.forget(|db, _| history::forget_rows(db, &run, &rows))).await
    }
}

#[async_trait]
impl Budgets for SqliteLedger {
    async fn reserve(&self, scope: &str, period: Duration, lateness: Duration) -> Result<SignedDuration> {
        let scope = scope.to_owned();
        let reserve =
            move |store: &mut Store| store.change_now(|db, now| budget::reserve(db, &scope, now, period, lateness));
        let moment = self.executor.run(reserve).await?;
        // The file lies on this machine, so the time that the work took can be taken off exactly.
        let now = crate::clock::now();
        let (ahead, behind) = (moment.saturating_duration_since(now), now.saturating_duration_since(moment));
        let signed = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        Ok(signed(ahead) - signed(behind))
    }

    async fn postpone(&self, scope: &str, wait: Duration) -> Result<()> {
        let scope = scope.to_owned();
        let postpone = move |store: &mut Store| store.change_now(|db, now| budget::postpone(db, &scope, now, wait));
        self.executor.run(postpone).await
    }
}
