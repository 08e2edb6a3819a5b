use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::min_interval::MinInterval;
use super::pace::{Pace, usual_margin};
use crate::clock::{self, MovedClock};
use crate::contact::Quota;
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
    /// Calls leave at once, unless the service has asked for a wait.
    pub unthrottled: bool,
    /// Nothing is waited for: this clock is moved on instead, and no other process has a part in the quota.
    pub simulated: Option<MovedClock>,
}

impl BudgetOptions {
    pub fn new(scope: impl Into<String>, quota: Quota) -> Self {
        Self { scope: scope.into(), quota, margin: usual_margin(quota.per), unthrottled: false, simulated: None }
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
    pace: Mutex<Pace>,
    /// No call leaves before, since the service said so.
    not_before: Mutex<Option<Instant>>,
    /// Held by the one caller whose turn it is: a process has at most one slot outstanding, so a
    /// process that dies wastes at most one.
    turn: tokio::sync::Mutex<Turn>,
}

struct Turn {
    interval: MinInterval,
    /// When the next call may leave by a simulated clock.
    next: Instant,
}

impl Budget {
    pub fn new(options: BudgetOptions, ledger: LedgerHandle) -> Self {
        let pace = Pace::new(options.quota, options.margin);
        let now = options.simulated.as_ref().map_or_else(clock::now, MovedClock::now);
        let turn = Turn { interval: MinInterval::new(now, pace.period(now)), next: now };
        let shared = Shared {
            scope: options.scope,
            ledger,
            unthrottled: options.unthrottled,
            simulated: options.simulated,
            pace: Mutex::new(pace),
            not_before: Mutex::new(None),
            turn: tokio::sync::Mutex::new(turn),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until one call may leave. Callers are served in the order in which they came; a caller
    /// that goes away while it waits wastes one slot at most.
    pub async fn slot(&self) -> Result<Slot> {
        let shared = &self.shared;
        let mut turn = shared.turn.lock().await;
        loop {
            if let Some(wait) = shared.asked_to_wait() {
                if wait > PARK {
                    return Ok(Slot::Parked(wait));
                }
                shared.sleep(wait).await;
                continue;
            }
            if let Some(clock) = shared.simulated.as_ref().filter(|_| !shared.unthrottled) {
                clock.move_to(turn.next);
                turn.next = clock.now() + shared.period();
                return Ok(Slot::Go);
            }
            if shared.unthrottled || !Safeguard::Pace.holds() {
                return Ok(Slot::Go);
            }
            let period = shared.period();
            let at = turn.reserve(shared, period).await?;
            let wait = at.saturating_duration_since(clock::now());
            if wait > PARK.max(period * PARK_PERIODS) {
                return Ok(Slot::Parked(wait));
            }
            turn.wait_for(at, shared, period).await;
            // While it slept, an answer may have asked for a wait.
            if shared.asked_to_wait().is_none() {
                return Ok(Slot::Go);
            }
        }
    }

    /// What an answer told about the quota. `wait` is how long the service asked to be left alone
    /// (or the upload's own choice, where a refusal for too many calls did not say): it holds for
    /// every process.
    pub async fn answered(&self, hint: &QuotaHint, wait: Option<Duration>) {
        let shared = &self.shared;
        let now = shared.now();
        let already_waiting = shared.asked_to_wait().is_some();
        {
            let mut pace = lock(&shared.pace);
            pace.follow(hint);
            // Several calls that were under way together are refused for the same reason: one lesson.
            if wait.is_some() && !already_waiting {
                pace.refused(now);
            }
        }
        let used_up = hint.reset_after.filter(|_| hint.remaining == Some(0));
        if let Some(wait) = wait.max(used_up) {
            shared.postpone(now, wait.min(LONGEST)).await;
        }
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

    fn asked_to_wait(&self) -> Option<Duration> {
        let until = (*lock(&self.not_before))?;
        until.checked_duration_since(self.now()).filter(|wait| !wait.is_zero())
    }

    async fn postpone(&self, now: Instant, wait: Duration) {
        {
            let mut not_before = lock(&self.not_before);
            *not_before = Some(not_before.map_or(now + wait, |earlier| earlier.max(now + wait)));
        }
        if self.simulated.is_some() {
            return;
        }
        // If it can't be written, neither can the next reservation, and that is reported.
        let _ = self.ledger.postpone(&self.scope, wait).await;
    }
}

impl Turn {
    /// Takes the next moment that no process has taken, and says when that is by our clock.
    async fn reserve(&mut self, shared: &Shared, period: Duration) -> Result<Instant> {
        let lateness = lock(&shared.pace).lateness();
        let wait = shared.ledger.reserve(&shared.scope, period, lateness).await?;
        let (now, time) = (clock::now(), wait.unsigned_abs());
        Ok(if wait.is_negative() { now.checked_sub(time).unwrap_or(now) } else { now + time })
    }

    /// Sleeps until `at`, and longer if this process has sent too recently.
    async fn wait_for(&mut self, at: Instant, shared: &Shared, period: Duration) {
        let mut until = at;
        // One that comes too late to wait was not held up by a timer.
        let waits = at > clock::now();
        loop {
            sleep_until(until).await;
            let lateness = lock(&shared.pace).lateness();
            let scheduled = clock::now().checked_sub(lateness).map_or(until, |earliest| earliest.max(until));
            match self.interval.take(scheduled, period) {
                Ok(()) => {
                    if waits {
                        lock(&shared.pace).was_late(clock::now().saturating_duration_since(until));
                    }
                    return;
                }
                Err(later) => until = later,
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
