use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::account::{ConnectedAccount, Renewed};
use super::backoff::Retry;
use super::circuit_breaker::CircuitBreaker;
use super::halt::ServiceStop;
use super::lookup_room::LookupRoom;
use super::notice::Notice;
use super::stop::{Stop, StopLevel};
use crate::contact::{CallKind, WaitReason};
use crate::error::Error;
use crate::ledger::ClaimedRun;
use crate::quota::Slot;
use crate::reconcile::CallEnd;

/// Makes calls of one account. [`Self::read`] and [`Self::write`] stand in `attempts.rs`: they bring a call to its
/// end by slot, intent (of a write), request, verdict, and again.
pub struct Caller {
    pub account: ConnectedAccount,
    pub run: ClaimedRun,
    pub retry: Retry,
    pub stop: Stop,
    notices: UnboundedSender<Notice>,
    /// "Too many" since the last call that went well, where the service did not say how long to wait.
    throttled: AtomicU32,
    circuit_breaker: CircuitBreaker,
    /// One permit for each request that the service takes at once.
    in_flight: tokio::sync::Semaphore,
    /// Requests that were answered, or not, so far.
    calls: AtomicU64,
    halt: Mutex<Option<Error>>,
    /// Credentials that were got since the start.
    renewals: AtomicU32,
    renewing: tokio::sync::Mutex<()>,
    pub(super) lookup_room: LookupRoom,
}

impl Caller {
    pub fn new(
        account: ConnectedAccount,
        run: ClaimedRun,
        retry: Retry,
        stop: Stop,
        notices: UnboundedSender<Notice>,
    ) -> Self {
        // A clock that doesn't wait must not run ahead of a request that is still on its way.
        let in_flight = if account.budget.is_simulated() { 1 } else { account.in_flight() };
        Self {
            circuit_breaker: CircuitBreaker::new(retry.open_after),
            account,
            run,
            retry,
            stop,
            notices,
            throttled: AtomicU32::new(0),
            in_flight: tokio::sync::Semaphore::new(in_flight),
            calls: AtomicU64::new(0),
            halt: Mutex::new(None),
            renewals: AtomicU32::new(0),
            renewing: tokio::sync::Mutex::new(()),
            lookup_room: LookupRoom::default(),
        }
    }

    /// Why the run was halted, if it was.
    pub fn halted(&self) -> Option<Error> {
        self.halt.lock().map(|halt| halt.clone()).unwrap_or_default()
    }

    /// Why a call that ended so did not do what it was made for: what halted the run comes before what the call met.
    pub fn why_failed(&self, end: &CallEnd) -> String {
        let halt = self.halted().map(|halt| halt.message);
        halt.unwrap_or_else(|| end.why_failed().to_owned())
    }

    /// Stops the run for this reason, unless it has one already.
    pub fn halt(&self, halt: Error) {
        if let Ok(mut present) = self.halt.lock() {
            present.get_or_insert(halt);
        }
        self.stop.request(StopLevel::Drain);
    }

    /// Requests made so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Waits until fewer requests are under way than the service takes at once; `None` if the run
    /// stops first.
    pub(super) async fn permit(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        tokio::select! {
            biased;
            () = self.stop.requested() => None,
            permit = self.in_flight.acquire() => permit.ok(),
        }
    }

    /// Whether the run is still this process's; it stops if not.
    pub(super) async fn holds_run(&self) -> bool {
        match self.run.check().await {
            Ok(()) => true,
            Err(error) => {
                self.halt(error);
                false
            }
        }
    }

    /// Takes a call from the run's allowance; the run stops if there is none left.
    pub(super) fn may_begin(&self) -> bool {
        self.account.allowance.take().map_err(|error| self.halt(error)).is_ok()
    }

    /// Waits for a slot of the budget; false if the run stops first, or is another's by then.
    pub(super) async fn slot(&self, operation: CallKind) -> bool {
        pause_point!("before_slot");
        if !(self.holds_run().await && self.budget_slot(operation).await) {
            return false;
        }
        pause_point!("after_slot");
        self.holds_run().await
    }

    async fn budget_slot(&self, operation: CallKind) -> bool {
        tokio::select! {
            biased;
            () = self.stop.requested() => false,
            slot = self.account.budget.slot(operation) => match slot {
                Ok(Slot::Go) => !self.stop.is_requested(),
                Ok(Slot::Parked(wait)) => {
                    self.halt(ServiceStop::Parked(wait).error(self.account.service.name(), &self.account.name));
                    false
                }
                Err(error) => {
                    self.halt(error);
                    false
                }
            },
        }
    }

    pub(super) async fn pause(&self, time: Duration, reason: WaitReason) {
        self.tell_of_wait(time, reason);
        tokio::select! {
            biased;
            () = self.stop.requested() => {}
            () = self.account.budget.wait(time) => {}
        }
    }

    /// Tells that sending pauses, where that is no mere pacing.
    pub(super) fn tell_of_wait(&self, time: Duration, reason: WaitReason) {
        if time >= Duration::from_secs(1) {
            self.tell(Notice::Waiting { time, reason });
        }
    }

    /// How many credentials there have been before the present one.
    pub(super) fn credential(&self) -> u32 {
        self.renewals.load(Ordering::Acquire)
    }

    /// Gets a new credential after one was refused, once for all calls that were refused it together.
    /// False if there is no way to, or it failed.
    pub(super) async fn renew(&self, refused: u32) -> bool {
        let Some(renew) = &self.account.renew else { return false };
        let _one_at_a_time = self.renewing.lock().await;
        if self.credential() != refused {
            return true;
        }
        match renew().await {
            Ok(renewed) => {
                self.renewals.fetch_add(1, Ordering::Release);
                if renewed == Renewed::RefreshTokenToo {
                    self.tell(Notice::RefreshTokenChanged);
                }
                true
            }
            Err(message) => {
                self.tell(Notice::NotRenewed { message });
                false
            }
        }
    }

    pub(super) fn tell(&self, notice: Notice) {
        if let Notice::Called { .. } = notice {
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        // The receiver may be dropped; the run goes on.
        let _ = self.notices.send(notice);
    }

    /// A call was answered in a way that shows the service at work.
    pub(super) fn went_well(&self, kind: CallKind) {
        self.throttled.store(0, Ordering::Relaxed);
        self.circuit_breaker.succeeded(kind);
    }

    /// How long to leave a service alone that said "too many" and not for how long: the longer the
    /// more often it did in a row, whichever calls it said it to.
    pub(super) fn guessed_wait(&self) -> Duration {
        self.retry.pause(self.throttled.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A call failed; true if the circuit breaker is open with that, and the service counts as gone.
    pub(super) fn went_wrong(&self, kind: CallKind) -> bool {
        self.circuit_breaker.failed(kind)
    }
}
