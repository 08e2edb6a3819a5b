use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::super::executor::EntryStore;
use super::super::locks::Locks;
use super::super::waiting::live_workers;
use super::super::{Claim, Fingerprint, LiveWorker, WaitingRun, Worker, WriteResult};
use super::errors::Trouble;
use super::session::{Session, Work};
use super::{accounts, claims, entries, waiting};
use crate::error::Result;
use crate::journal::{Entry, RunId};

type Done<T> = std::result::Result<T, Trouble>;

/// The session, with the runtime that serves its connection. Whoever has it to itself works on it, one thing
/// after the other, and waits.
pub(super) struct PostgresStore {
    runtime: Runtime,
    session: Session,
    locks: Locks,
}

impl PostgresStore {
    pub(super) fn new(runtime: Runtime, session: Session, locks: Locks) -> Self {
        Self { runtime, session, locks }
    }

    pub(super) fn change<T>(
        &mut self,
        claim: Option<&Claim>,
        named: &[String],
        work: impl AsyncFn(&mut Work<'_>) -> Done<T>,
    ) -> Result<T> {
        let Self { runtime, session, .. } = self;
        runtime.block_on(async {
            if !named.is_empty() {
                let named: Vec<&str> = named.iter().map(String::as_str).collect();
                session.give_numbers(&named, &[]).await?;
            }
            session.change(claim, work).await
        })
    }

    pub(super) fn look<T>(&mut self, work: impl AsyncFn(&mut Work<'_>) -> Done<T>) -> Result<T> {
        self.runtime.block_on(self.session.look(work))
    }

    pub(super) fn ask<T>(&mut self, work: impl AsyncFn(&Client) -> Done<T>) -> Result<T> {
        self.runtime.block_on(self.session.ask(work))
    }

    pub(super) fn claim(&mut self, fingerprint: &Fingerprint, worker: &Worker, lease: Duration) -> Result<Claim> {
        let Self { runtime, session, locks } = self;
        let take = async |work: &mut Work<'_>| claims::take(work, locks, fingerprint, worker, lease).await;
        let claim = runtime.block_on(session.change(None, take))?;
        // Whoever looks before this is held waits until the lease ends: of a lock that isn't there nothing is known.
        let lock = locks.hold(&claim, worker)?;
        locks.clear(fingerprint, claim.fence.saturating_sub(1));
        locks.keep(&claim, lock);
        Ok(claim)
    }

    /// Who works on runs of this fingerprint, and lives or may live.
    pub(super) fn worker_of(&mut self, fingerprint: &Fingerprint) -> Result<Option<Worker>> {
        let held = self.ask(async |client: &Client| claims::held(client, fingerprint).await)?;
        Ok(held.filter(|(fence, _)| !self.locks.prove_dead(fingerprint, *fence)).map(|(_, holder)| holder))
    }

    /// Runs that a worker may take now.
    pub(super) fn waiting(&mut self, at_most: usize) -> Result<Vec<WaitingRun>> {
        let claimed = self.ask(async |client: &Client| waiting::claimed(client).await)?;
        let dead = claimed.into_iter().filter(|(fingerprint, fence)| self.locks.prove_dead(fingerprint, *fence));
        let dead: Vec<Fingerprint> = dead.map(|(fingerprint, _)| fingerprint).collect();
        self.ask(async |client: &Client| waiting::due(client, &dead, at_most).await)
    }

    /// Who lives.
    pub(super) fn workers(&mut self) -> Result<Vec<LiveWorker>> {
        let serving = self.ask(async |client: &Client| waiting::serving(client).await)?;
        let claims = self.ask(async |client: &Client| waiting::claims(client).await)?;
        let live = claims.into_iter().filter(|(fingerprint, fence, _)| !self.locks.prove_dead(fingerprint, *fence));
        Ok(live_workers(serving, live.map(|(_, _, claim)| claim).collect()))
    }

    pub(super) fn release(&mut self, claim: &Claim) -> Result<()> {
        let released = self.ask(async |client: &Client| claims::release(client, claim).await);
        self.locks.release(claim);
        released
    }

    pub(super) fn rename_account(&mut self, from: &str, to: &str) -> Result<bool> {
        let renamed =
            self.change(None, &[], async |work: &mut Work<'_>| accounts::rename(work.client, from, to).await)?;
        self.session.forget_names();
        Ok(renamed)
    }
}

impl EntryStore for PostgresStore {
    fn write_all(&mut self, run: &RunId, claim: &Claim, writes: &[Vec<Entry>]) -> Result<Vec<WriteResult>> {
        let Self { runtime, session, .. } = self;
        runtime.block_on(async {
            let (accounts, fields) = entries::named(writes);
            if !(accounts.is_empty() && fields.is_empty()) {
                let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                session.give_numbers(&accounts, &fields).await?;
            }
            session.change(Some(claim), async |work: &mut Work<'_>| entries::write_all(work, run, writes).await).await
        })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.runtime.block_on(self.session.end());
    }
}
