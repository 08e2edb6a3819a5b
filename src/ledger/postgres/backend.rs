use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio_postgres::Client;

use super::super::executor::Executor;
use super::super::stored::CUT_OFF;
use super::super::{
    Accounts, Budgets, CallsAt, Claim, ClaimedRun, Contacts, Entries, Fingerprint, HistoryEvent, Ledger, LedgerHandle,
    NewRun, People, Prune, Run, RunState, Runs, Swept, Worker, WriteResult,
};
use super::errors::Trouble;
use super::session::Work;
use super::store::PostgresStore;
use super::{accounts, budget, calls, claims, contacts, creating, ended, history, looks, pruning, runs};
use crate::contact::{Counts, Position, RemoteId, RowRecord};
use crate::error::Result;
use crate::journal::{
    AccountNote, BeforeImage, Entry, Hasher, Key, KnownContact, RunId, SecondLook, StepRecord, Taken,
};

/// How long ago a run began, as this machine's calendar has it.
pub(super) fn ago(run: &NewRun) -> runs::Ago {
    runs::Ago::of(run, (crate::clock::calendar())())
}

/// See the documentation of this folder.
pub(super) struct PostgresLedger {
    pub(super) executor: Executor<PostgresStore>,
    hasher: Hasher,
}

type Done<T> = std::result::Result<T, Trouble>;

impl PostgresLedger {
    pub(super) fn handle(executor: Executor<PostgresStore>, hasher: Hasher) -> LedgerHandle {
        Arc::new(Self { executor, hasher })
    }

    /// A change that names these accounts.
    pub(super) async fn change<T, F>(&self, accounts: Vec<String>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&mut Work<'_>) -> Done<T> + Send + 'static,
    {
        self.executor.run(move |store| store.change(None, &accounts, work)).await
    }

    pub(super) async fn change_of<T, F>(&self, claim: &Claim, accounts: Vec<String>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&mut Work<'_>) -> Done<T> + Send + 'static,
    {
        let claim = claim.clone();
        self.executor.run(move |store| store.change(Some(&claim), &accounts, work)).await
    }

    async fn look<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&mut Work<'_>) -> Done<T> + Send + 'static,
    {
        self.executor.run(move |store| store.look(work)).await
    }

    pub(super) async fn ask<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: AsyncFn(&Client) -> Done<T> + Send + 'static,
    {
        self.executor.run(move |store| store.ask(work)).await
    }
}

impl Ledger for PostgresLedger {
    fn hasher(&self) -> &Hasher {
        &self.hasher
    }
}

#[async_trait]
impl Runs for PostgresLedger {
    async fn claim_run(&self, fingerprint: &Fingerprint, worker: &Worker, lease: Duration) -> Result<Claim> {
        let (fingerprint, worker) = (fingerprint.clone(), worker.clone());
        self.executor.run(move |store| store.claim(&fingerprint, &worker, lease)).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<()> {
        let claim = claim.clone();
        self.ask(async move |client: &Client| claims::renew(client, &claim, lease).await).await
    }

    async fn release(&self, claim: &Claim) -> Result<()> {
        let claim = claim.clone();
        self.executor.run(move |store| store.release(&claim)).await
    }

    async fn begin(&self, claim: &Claim, run: &NewRun) -> Result<RunId> {
        let (run, accounts, ago) = (run.clone(), vec![run.identity.clone()], ago(run));
        crash_point!("before_run");
        let begun =
            self.change_of(claim, accounts, async move |work: &mut Work<'_>| runs::begin(work, &run, ago).await).await;
        crash_point!("after_run");
        begun
    }

    async fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>> {
        let fingerprint = fingerprint.clone();
        self.ask(async move |client: &Client| runs::unfinished(client, &fingerprint).await).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        let id = id.clone();
        self.ask(async move |client: &Client| runs::run(client, &id).await).await
    }

    async fn runs(&self, at_most: usize) -> Result<Vec<Run>> {
        self.ask(async move |client: &Client| runs::runs(client, at_most).await).await
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
        let take_up = async move |work: &mut Work<'_>| runs::take_up(work.client, &id).await;
        self.change_of(run.claim(), Vec::new(), take_up).await
    }

    async fn set_state(&self, run: &ClaimedRun, state: RunState, counts: &Counts, took: Duration) -> Result<()> {
        crash_point!("before_state");
        let (id, counts) = (run.id().clone(), *counts);
        let set = async move |work: &mut Work<'_>| {
            runs::set_state(work, &id, state, &counts).await?;
            runs::set_took(work.client, &id, took).await
        };
        let set = self.change_of(run.claim(), Vec::new(), set).await;
        crash_point!("after_state");
        set
    }

    async fn set_took(&self, run: &ClaimedRun, took: Duration) -> Result<()> {
        let id = run.id().clone();
        let set = async move |work: &mut Work<'_>| runs::set_took(work.client, &id, took).await;
        self.change_of(run.claim(), Vec::new(), set).await
    }

    async fn set_state_of(&self, by: &ClaimedRun, other: &RunId, state: RunState, counts: &Counts) -> Result<()> {
        let (id, counts) = (other.clone(), *counts);
        let set = async move |work: &mut Work<'_>| runs::set_state(work, &id, state, &counts).await;
        self.change_of(by.claim(), Vec::new(), set).await
    }

    async fn prune(&self, run: &RunId) -> Result<Prune> {
        let run = run.clone();
        self.change(Vec::new(), async move |work: &mut Work<'_>| pruning::mark(work, &run).await).await
    }

    async fn sweep(&self, at_most: usize) -> Result<Swept> {
        self.change(Vec::new(), async move |work: &mut Work<'_>| pruning::sweep(work, at_most).await).await
    }
}

#[async_trait]
impl Entries for PostgresLedger {
    async fn write(&self, run: &ClaimedRun, entries: Vec<Entry>) -> Result<WriteResult> {
        self.executor.write(run, entries).await
    }

    async fn open_creates(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<Taken>>> {
        let (account, keys) = (account.to_owned(), keys.to_vec());
        self.look(async move |work: &mut Work<'_>| creating::open(work, &account, &keys).await).await
    }

    async fn second_looks(&self, account: &str) -> Result<Vec<SecondLook>> {
        let account = account.to_owned();
        self.look(async move |work: &mut Work<'_>| looks::open(work, &account).await).await
    }

    async fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>> {
        let run = run.clone();
        self.ask(async move |client: &Client| ended::placed_rows(client, &run, from, at_most).await).await
    }

    async fn rested(&self, run: &RunId) -> Result<u64> {
        let run = run.clone();
        self.ask(async move |client: &Client| ended::rested(client, &run).await).await
    }

    async fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>> {
        let run = run.clone();
        self.ask(async move |client: &Client| calls::steps(client, &run, row).await).await
    }

    async fn calls_over_time(&self, run: &RunId) -> Result<Vec<CallsAt>> {
        let run = run.clone();
        self.ask(async move |client: &Client| calls::over_time(client, &run).await).await
    }

    async fn open_rows(&self, run: &RunId) -> Result<Vec<u64>> {
        let run = run.clone();
        self.ask(async move |client: &Client| ended::open_rows(client, &run).await).await
    }

    async fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>> {
        let run = run.clone();
        self.ask(async move |client: &Client| ended::before_images(client, &run, after, at_most).await).await
    }
}

#[async_trait]
impl Contacts for PostgresLedger {
    async fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>> {
        let (account, keys) = (account.to_owned(), keys.to_vec());
        self.look(async move |work: &mut Work<'_>| contacts::by_keys(work, &account, &keys).await).await
    }

    async fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>> {
        let (account, id) = (account.to_owned(), id.clone());
        self.look(async move |work: &mut Work<'_>| contacts::by_id(work, &account, &id).await).await
    }

    async fn some_known(&self, account: &str, at_most: usize) -> Result<Vec<(KnownContact, Vec<Key>)>> {
        let account = account.to_owned();
        self.look(async move |work: &mut Work<'_>| contacts::some(work, &account, at_most).await).await
    }

    async fn known_page(&self, account: &str, after: u64, at_most: usize) -> Result<Vec<(u64, KnownContact)>> {
        let account = account.to_owned();
        self.look(async move |work: &mut Work<'_>| contacts::page(work, &account, after, at_most).await).await
    }

    async fn listed_at(&self, account: &str) -> Result<Option<u64>> {
        let account = account.to_owned();
        self.ask(async move |client: &Client| accounts::listed_at(client, &account).await).await
    }

    async fn set_listed_at(&self, by: &ClaimedRun, account: &str, at: Option<u64>) -> Result<()> {
        let (account, accounts) = (account.to_owned(), vec![account.to_owned()]);
        let set = async move |work: &mut Work<'_>| accounts::set_listed_at(work, &account, at).await;
        self.change_of(by.claim(), accounts, set).await
    }
}

#[async_trait]
impl Accounts for PostgresLedger {
    async fn account_called(&self, alias: &str) -> Result<Option<String>> {
        let alias = alias.to_owned();
        self.ask(async move |client: &Client| accounts::called(client, &alias).await).await
    }

    async fn call_account(&self, alias: &str, account: &str) -> Result<()> {
        let (alias, account, accounts) = (alias.to_owned(), account.to_owned(), vec![account.to_owned()]);
        self.change(accounts, async move |work: &mut Work<'_>| accounts::call(work, &alias, &account).await).await
    }

    async fn uncall_account(&self, account: &str) -> Result<()> {
        let account = account.to_owned();
        self.ask(async move |client: &Client| accounts::uncall(client, &account).await).await
    }

    async fn rename_account(&self, from: &str, to: &str) -> Result<bool> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.executor.run(move |store| store.rename_account(&from, &to)).await
    }

    async fn note(&self, account: &str, note: &AccountNote) -> Result<Option<String>> {
        let (account, name) = (account.to_owned(), note.name());
        self.ask(async move |client: &Client| accounts::note(client, &account, &name).await).await
    }

    async fn set_note(&self, by: &ClaimedRun, account: &str, note: &AccountNote, value: Option<&str>) -> Result<()> {
        let (account, accounts) = (account.to_owned(), vec![account.to_owned()]);
        let (name, value) = (note.name(), value.map(str::to_owned));
        let set = async move |work: &mut Work<'_>| match &value {
            Some(value) => accounts::set_notes(work, &account, &[(name.clone(), value.clone())]).await,
            None => accounts::remove_note(work, &account, &name).await,
        };
        self.change_of(by.claim(), accounts, set).await
    }

    async fn set_notes(&self, account: &str, notes: &[(AccountNote, String)]) -> Result<()> {
        let (account, accounts) = (account.to_owned(), vec![account.to_owned()]);
        let notes: Vec<(String, String)> = notes.iter().map(|(note, value)| (note.name(), value.clone())).collect();
        self.change(accounts, async move |work: &mut Work<'_>| accounts::set_notes(work, &account, &notes).await).await
    }
}

#[async_trait]
impl People for PostgresLedger {
    async fn history(&self, key: &Key) -> Result<Vec<HistoryEvent>> {
        let key = *key;
        self.look(async move |work: &mut Work<'_>| history::history(work, &key).await).await
    }

    async fn contacts_of(&self, key: &Key) -> Result<Vec<(String, RemoteId)>> {
        let key = *key;
        self.look(async move |work: &mut Work<'_>| history::contacts_of(work, &key).await).await
    }

    async fn forget(&self, key: &Key) -> Result<u64> {
        let key = *key;
        self.change(Vec::new(), async move |work: &mut Work<'_>| history::forget(work, &key).await).await
    }

    async fn forget_rows(&self, run: &RunId, rows: &[u64]) -> Result<u64> {
        let (run, rows) = (run.clone(), rows.to_vec());
        let forget = async move |work: &mut Work<'_>| history::forget_rows(work.client, &run, &rows).await;
        self.change(Vec::new(), forget).await
    }
}

#[async_trait]
impl Budgets for PostgresLedger {
    async fn reserve(&self, scope: &str, period: Duration, lateness: Duration) -> Result<SignedDuration> {
        let scope = scope.to_owned();
        self.ask(async move |client: &Client| budget::reserve(client, &scope, period, lateness).await).await
    }

    async fn postpone(&self, scope: &str, wait: Duration) -> Result<()> {
        let scope = scope.to_owned();
        self.ask(async move |client: &Client| budget::postpone(client, &scope, wait).await).await
    }
}
