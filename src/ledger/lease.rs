use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::claim::{Claim, Worker};
use super::claimed_run::{ClaimKeeper, ClaimedRun};
use super::{Fingerprint, LedgerHandle};
use crate::clock::{self, Uptime, UptimeSource};
use crate::error::{Error, Result, StopReason};
use crate::journal::RunId;

/// It is renewed so often in that time.
const RENEWALS: u32 = 3;

/// Between two renewals at least.
const SHORTEST: Duration = Duration::from_millis(1);

/// See [`failed_renewals`].
static FAILED_RENEWALS: AtomicU64 = AtomicU64::new(0);

/// How often this process could not renew a claim: it was lost, or the store could not be asked.
pub fn failed_renewals() -> u64 {
    FAILED_RENEWALS.load(Ordering::Relaxed)
}

/// A claim that is renewed while this lives: clones share it, and when the last one is dropped it is
/// given back.
#[derive(Clone)]
pub struct Lease {
    held: Arc<Held>,
}

struct Held {
    renewing: Arc<Renewing>,
    task: AbortHandle,
}

struct Renewing {
    ledger: LedgerHandle,
    claim: Claim,
    term: Duration,
    /// Since when nobody else can have claimed, for one term.
    since: Mutex<Moment>,
    /// The store said that another has claimed.
    is_lost: AtomicBool,
    uptime: UptimeSource,
}

/// A moment by both clocks of this machine. That of timers stands still while the machine sleeps, or is paused by
/// whoever it runs on; the other one goes on.
#[derive(Clone, Copy)]
struct Moment {
    by_timers: Instant,
    uptime: Option<Uptime>,
}

impl Moment {
    fn now(uptime: &UptimeSource) -> Self {
        Self { by_timers: clock::now(), uptime: uptime() }
    }

    /// How long ago the other moment was, by the clock that shows more.
    fn since(&self, earlier: &Self) -> Duration {
        let slept = match (self.uptime, earlier.uptime) {
            (Some(now), Some(then)) => now.since.saturating_sub(then.since),
            _ => Duration::ZERO,
        };
        self.by_timers.saturating_duration_since(earlier.by_timers).max(slept)
    }
}

impl Lease {
    /// Claims the runs of this fingerprint for as long as it lives, `term` at a time.
    ///
    /// # Errors
    /// As for [`Runs::claim_run`](super::Runs::claim_run).
    pub async fn take(
        ledger: &LedgerHandle,
        fingerprint: &Fingerprint,
        worker: &Worker,
        term: Duration,
    ) -> Result<Self> {
        let uptime = clock::uptime();
        let begun = Moment::now(&uptime);
        let claim = ledger.claim_run(fingerprint, worker, term).await?;
        let renewing = Arc::new(Renewing {
            ledger: ledger.clone(),
            claim,
            term,
            since: Mutex::new(begun),
            is_lost: AtomicBool::new(false),
            uptime,
        });
        let task = tokio::spawn(renewing.clone().go_on()).abort_handle();
        Ok(Self { held: Arc::new(Held { renewing, task }) })
    }

    /// What the store knows it by.
    pub fn claim(&self) -> &Claim {
        &self.held.renewing.claim
    }

    /// This run, under this claim.
    pub fn run(&self, id: RunId) -> ClaimedRun {
        ClaimedRun::kept(id, self.claim().clone(), Arc::new(self.clone()))
    }
}

#[async_trait]
impl ClaimKeeper for Lease {
    async fn give_back(&self) {
        self.held.task.abort();
        // What can't be given back runs out.
        let _ = self.held.renewing.ledger.release(self.claim()).await;
    }

    async fn check(&self) -> Result<()> {
        if self.is_fresh() { Ok(()) } else { self.confirm().await }
    }

    fn is_fresh(&self) -> bool {
        let renewing = &self.held.renewing;
        let is_lost = renewing.is_lost.load(Ordering::Acquire);
        !is_lost && Moment::now(&renewing.uptime).since(&renewing.since()) < renewing.term
    }

    async fn confirm(&self) -> Result<()> {
        self.held.renewing.renew().await
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(self.claim()).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
        let renewing = self.renewing.clone();
        // Without a runtime the process is about to end, and the store notices that.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // What can't be given back runs out.
                let _ = renewing.ledger.release(&renewing.claim).await;
            });
        }
    }
}

impl Renewing {
    async fn go_on(self: Arc<Self>) {
        loop {
            tokio::time::sleep((self.term / RENEWALS).max(SHORTEST)).await;
            // Any other error: the store may be back before the lease has run out; until then nothing is sent.
            let Err(error) = self.renew().await else { continue };
            FAILED_RENEWALS.fetch_add(1, Ordering::Relaxed);
            if error.reason == Some(StopReason::ClaimLost) {
                return;
            }
        }
    }

    async fn renew(&self) -> Result<()> {
        let begun = Moment::now(&self.uptime);
        let renewed = self.ledger.renew(&self.claim, self.term).await;
        if let Err(Error { reason: Some(StopReason::ClaimLost), .. }) = &renewed {
            self.is_lost.store(true, Ordering::Release);
        }
        renewed?;
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.by_timers >= since.by_timers {
            *since = begun;
        }
        Ok(())
    }

    fn since(&self) -> Moment {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
