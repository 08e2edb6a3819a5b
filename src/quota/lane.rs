use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::min_interval::MinInterval;
use super::pace::Pace;
use crate::clock;
use crate::error::Result;
use crate::ledger::LedgerHandle;

/// The moments at which calls of one count may leave, one after the other.
pub(super) struct Lane {
    /// What the ledger keeps them under.
    pub(super) scope: String,
    /// No call leaves before, since the service said so.
    not_before: Mutex<Option<Instant>>,
    /// Held by the one caller whose turn it is: a process has at most one slot outstanding, so a
    /// process that dies wastes at most one.
    pub(super) turn: tokio::sync::Mutex<Turn>,
}

/// Whoever holds it takes the next moment.
pub(super) struct Turn {
    interval: MinInterval,
    /// When the next call may leave by a simulated clock.
    pub(super) next: Instant,
}

impl Lane {
    pub(super) fn new(scope: String, now: Instant, period: Duration) -> Self {
        let turn = Turn { interval: MinInterval::new(now, period), next: now };
        Self { scope, not_before: Mutex::new(None), turn: tokio::sync::Mutex::new(turn) }
    }

    /// One whose first call leaves a period after the last that had its moment in another lane, which is at most a
    /// period from now.
    pub(super) fn following(scope: String, now: Instant, period: Duration) -> Self {
        let mut lane = Self::new(scope, now, period);
        // The first always passes.
        let _ = lane.turn.get_mut().interval.take(now + period, period);
        lane
    }

    /// How long the service asked to be left alone, as of now.
    pub(super) fn asked_to_wait(&self, now: Instant) -> Option<Duration> {
        let until = (*self.not_before.lock().unwrap_or_else(PoisonError::into_inner))?;
        until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// No call leaves before this.
    pub(super) fn postpone(&self, until: Instant) {
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = Some(not_before.map_or(until, |earlier| earlier.max(until)));
    }

    /// Takes the next moment that no process has taken, and says when that is by our clock.
    pub(super) async fn reserve(&self, ledger: &LedgerHandle, period: Duration, lateness: Duration) -> Result<Instant> {
        let wait = ledger.reserve(&self.scope, period, lateness).await?;
        let (now, time) = (clock::now(), wait.unsigned_abs());
        Ok(if wait.is_negative() { now.checked_sub(time).unwrap_or(now) } else { now + time })
    }
}

impl Turn {
    /// Sleeps until `at`, and longer if this process has sent too recently.
    pub(super) async fn wait_for(&mut self, at: Instant, pace: &Mutex<Pace>, period: Duration) {
        let pace = || pace.lock().unwrap_or_else(PoisonError::into_inner);
        let mut until = at;
        // One that comes too late to wait was not held up by a timer.
        let waits = at > clock::now();
        loop {
            sleep_until(until).await;
            let lateness = pace().lateness();
            let scheduled = clock::now().checked_sub(lateness).map_or(until, |earliest| earliest.max(until));
            match self.interval.take(scheduled, period) {
                Ok(()) => {
                    if waits {
                        pace().was_late(clock::now().saturating_duration_since(until));
                    }
                    return;
                }
                Err(later) => until = later,
            }
        }
    }
}
