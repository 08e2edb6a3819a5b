use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::Instant;

use super::counting::{Counted, Counting};
use super::lane::{Lane, Turn};
use super::pace::{Pace, usual_margin};
use crate::clock::{self, MovedClock};
use crate::contact::{CallKind, Quota};
use crate::crash::Safeguard;
use crate::error::Result;
use crate::ledger::LedgerHandle;
use crate::services::QuotaHint;

/// A longer wait is not waited out: the run parks, and can be resumed.
const PARK: Duration = Duration::from_secs(15 * 60);

/// The same for a pace so slow that a slot among several processes may lie further ahead.
const PARK_PERIODS: u32 = 16;

/// What a service can ask for at most; more is a mistake that would lock the account for good.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub struct BudgetOptions {
    /// What the service counts calls by (a key, an account), without any secret in it. Budgets of
    /// the same scope and ledger share the quota.
    pub scope: String,
    pub quota: Quota,
    /// Jitter that is allowed for. See [`usual_margin`].
    pub margin: Duration,
    /// Somebody says that the service counts the calls of each operation by themselves: believed once its
    /// headers show it, and calls may leave as fast of each.
    pub may_count_apart: bool,
    /// Calls leave at once, unless the service has asked for a wait.
    pub unthrottled: bool,
    /// Nothing is waited for: this clock is moved on instead, and no other process has a part in the quota.
    pub simulated: Option<MovedClock>,
}

impl BudgetOptions {
    pub fn new(scope: impl Into<String>, quota: Quota) -> Self {
        let margin = usual_margin(quota.per);
        Self { scope: scope.into(), quota, margin, may_count_apart: false, unthrottled: false, simulated: None }
    }
}

/// Whether a call may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Now: one call, at once.
    Go,
    /// Not for so long that waiting is no use: stop the run, which can be resumed then.
    Parked(Duration),
}

/// The right to send, of one quota scope. Clones share it.
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

struct Shared {
    scope: String,
    ledger: LedgerHandle,
    unthrottled: bool,
    simulated: Option<MovedClock>,
    window: Duration,
    pace: Mutex<Pace>,
    counting: Mutex<Counting>,
    /// Of all calls together.
    whole: Lane,
    /// Of each operation, once the service is seen to count them apart.
    apart: Mutex<HashMap<CallKind, Arc<Lane>>>,
}

impl Budget {
    pub fn new(options: BudgetOptions, ledger: LedgerHandle) -> Self {
        let pace = Pace::new(options.quota, options.margin);
        let now = options.simulated.as_ref().map_or_else(clock::now, MovedClock::now);
        let is_real = !options.unthrottled && options.simulated.is_none();
        let shared = Shared {
            whole: Lane::new(options.scope.clone(), now, pace.period(now)),
            scope: options.scope,
            ledger,
            unthrottled: options.unthrottled,
            simulated: options.simulated,
            window: options.quota.per,
            pace: Mutex::new(pace),
            counting: Mutex::new(Counting::new(options.quota.per, is_real && options.may_count_apart)),
            apart: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until one call of an operation may leave. Callers are served in the order in which they came; a
    /// caller that goes away while it waits wastes one slot at most.
    pub async fn slot(&self, operation: CallKind) -> Result<Slot> {
        let slot = self.shared.slot(operation).await?;
        if slot == Slot::Go {
            lock(&self.shared.counting).left(operation, self.shared.now());
        }
        Ok(slot)
    }

    /// What the answer to a call that left at `left` told about the quota. `wait` is how long the service asked
    /// to be left alone (or the upload's own choice, where a refusal for too many calls did not say): it holds
    /// for every process. True if the service is seen, from now on, to count operations apart.
    pub async fn answered(&self, operation: CallKind, left: Instant, hint: &QuotaHint, wait: Option<Duration>) -> bool {
        let shared = &self.shared;
        let now = shared.now();
        let already_waiting = shared.whole.asked_to_wait(now).is_some();
        {
            let mut pace = lock(&shared.pace);
            pace.follow(hint);
            // Several calls that were under way together are refused for the same reason: one lesson.
            if wait.is_some() && !already_waiting {
                pace.refused(now);
            }
        }
        let (before, after) = {
            let mut counting = lock(&shared.counting);
            let before = counting.counted();
            counting.answered(operation, left, hint, wait.is_some());
            (before, counting.counted())
        };
        if let Some(rest) = hint.reset_after.filter(|_| hint.remaining == Some(0)) {
            let lane = shared.lane(operation);
            shared.postpone(lane.as_deref().unwrap_or(&shared.whole), now, rest.min(LONGEST)).await;
        }
        // What was counted apart may be as much again as a window holds.
        let settles = (before == Counted::Apart && after == Counted::Together).then_some(shared.window);
        if let Some(wait) = wait.max(settles) {
            shared.postpone(&shared.whole, now, wait.min(LONGEST)).await;
        }
        before == Counted::Together && after == Counted::Apart
    }

    /// How long a call took from its slot to its answer, whatever that was: what holds it up before it leaves
    /// delays it as the way does.
    pub fn took(&self, round_trip: Duration) {
        // By a clock that doesn't wait, it says nothing.
        if self.shared.simulated.is_none() {
            lock(&self.shared.pace).took(round_trip);
        }
    }

    /// Lets this time pass, by the clock that calls are paced by.
    pub async fn wait(&self, time: Duration) {
        self.shared.sleep(time).await;
    }

    /// Whether a clock is moved on in place of waiting.
    pub fn is_simulated(&self) -> bool {
        self.shared.simulated.is_some()
    }

    /// Time between two calls, as of now. Zero if nothing is throttled.
    pub fn period(&self) -> Duration {
        if self.shared.unthrottled { Duration::ZERO } else { self.shared.period() }
    }

    /// How long so many calls take at the present pace, alone on this quota.
    pub fn estimate(&self, calls: u64) -> Duration {
        let micros = u64::try_from(self.period().as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(micros.saturating_mul(calls))
    }
}

impl Shared {
    fn now(&self) -> Instant {
        self.simulated.as_ref().map_or_else(clock::now, MovedClock::now)
    }

    async fn sleep(&self, time: Duration) {
        match &self.simulated {
            Some(clock) => clock.move_to(clock.now() + time),
            None => tokio::time::sleep(time).await,
        }
    }

    fn period(&self) -> Duration {
        lock(&self.pace).period(self.now())
    }

    async fn slot(&self, operation: CallKind) -> Result<Slot> {
        loop {
            let apart = self.lane(operation);
            let lane = apart.as_deref().unwrap_or(&self.whole);
            let turn = lane.turn.lock().await;
            // Who waited for its turn may have to wait in another lane by now.
            if apart.is_some() == self.lane(operation).is_some() {
                return self.slot_of(lane, turn).await;
            }
        }
    }

    async fn slot_of(&self, lane: &Lane, mut turn: MutexGuard<'_, Turn>) -> Result<Slot> {
        loop {
            if let Some(wait) = self.asked_to_wait(lane) {
                if wait > PARK {
                    return Ok(Slot::Parked(wait));
                }
                self.sleep(wait).await;
                continue;
            }
            if let Some(clock) = self.simulated.as_ref().filter(|_| !self.unthrottled) {
                clock.move_to(turn.next);
                turn.next = clock.now() + self.period();
                return Ok(Slot::Go);
            }
            if self.unthrottled || !Safeguard::Pace.holds() {
                return Ok(Slot::Go);
            }
            let (period, lateness) = (self.period(), lock(&self.pace).lateness());
            let at = lane.reserve(&self.ledger, period, lateness).await?;
            let wait = at.saturating_duration_since(clock::now());
            if wait > PARK.max(period * PARK_PERIODS) {
                return Ok(Slot::Parked(wait));
            }
            turn.wait_for(at, &self.pace, period).await;
            // While it slept, an answer may have asked for a wait.
            if self.asked_to_wait(lane).is_none() {
                return Ok(Slot::Go);
            }
        }
    }

    /// The lane of an operation that is counted apart.
    fn lane(&self, operation: CallKind) -> Option<Arc<Lane>> {
        if lock(&self.counting).counted() == Counted::Together {
            return None;
        }
        let following = || {
            let scope = format!("{}#{}", self.scope, operation.name());
            Arc::new(Lane::following(scope, self.now(), self.period()))
        };
        Some(lock(&self.apart).entry(operation).or_insert_with(following).clone())
    }

    fn asked_to_wait(&self, lane: &Lane) -> Option<Duration> {
        let now = self.now();
        lane.asked_to_wait(now).max(self.whole.asked_to_wait(now))
    }

    async fn postpone(&self, lane: &Lane, now: Instant, wait: Duration) {
        lane.postpone(now + wait);
        if self.simulated.is_some() {
            return;
        }
        // If it can't be written, neither can the next reservation, and that is reported.
        let _ = self.ledger.postpone(&lane.scope, wait).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
