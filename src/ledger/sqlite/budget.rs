use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::time::Instant;

use super::super::stored::{FURTHEST, FURTHEST_CALLS, back, int};
use super::clock::Reading;

/// What `now` may lag behind the one of the call before without meaning that the clock was set back:
/// more than a process waits for its turn to write, in microseconds.
const PATIENCE: u64 = 15_000_000;

/// The next moments of one scope, in microseconds from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Budget {
    next_at: u64,
    postponed_until: u64,
    /// The last `now`.
    seen_at: u64,
}

impl Budget {
    /// The next free moment, and the budget without it.
    fn take(mut self, now: u64, period: u64) -> (u64, Budget) {
        if self.seen_at > now.saturating_add(PATIENCE) {
            // The machine has started again under an earlier calendar: what lay ahead then lies as far ahead now.
            let by = self.seen_at - now;
            self.next_at = self.next_at.saturating_sub(by);
            self.postponed_until = self.postponed_until.saturating_sub(by);
        }
        let earliest = now.max(self.postponed_until);
        if self.next_at > earliest.saturating_add(FURTHEST.max(period.saturating_mul(FURTHEST_CALLS))) {
            self.next_at = earliest.saturating_add(period);
        }
        let moment = earliest.max(self.next_at);
        (moment, Budget { next_at: moment.saturating_add(period), seen_at: now, ..self })
    }
}

/// The next free moment, by the clock of this process.
pub(super) fn reserve(
    db: &Connection,
    scope: &str,
    now: Reading,
    period: Duration,
    lateness: Duration,
) -> rusqlite::Result<Instant> {
    let budget = read(db, scope)?;
    let earliest = micros(now.today.saturating_sub(lateness));
    let (moment, budget) = budget.take(earliest, micros(period));
    write(db, scope, budget)?;
    let ahead = Duration::from_micros(moment.saturating_sub(earliest));
    Ok((now.at + ahead).checked_sub(lateness).unwrap_or(now.at))
}

pub(super) fn postpone(db: &Connection, scope: &str, now: Reading, wait: Duration) -> rusqlite::Result<()> {
    let mut budget = read(db, scope)?;
    budget.postponed_until = budget.postponed_until.max(micros(now.today + wait));
    write(db, scope, budget)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn read(db: &Connection, scope: &str) -> rusqlite::Result<Budget> {
    let budget = db
        .prepare_cached("SELECT next_at, postponed_until, seen_at FROM budget WHERE scope = ?1")?
        .query_row([scope], |row| {
            Ok(Budget { next_at: back(row.get(0)?), postponed_until: back(row.get(1)?), seen_at: back(row.get(2)?) })
        })
        .optional()?;
    Ok(budget.unwrap_or_default())
}

fn write(db: &Connection, scope: &str, budget: Budget) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO budget (scope, next_at, postponed_until, seen_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![scope, int(budget.next_at), int(budget.postponed_until), int(budget.seen_at)])
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const MINUTE: u64 = 60 * SECOND;
    const NOW: u64 = 1_800_000_000 * SECOND;

    #[test]
    fn a_clock_set_back_moves_what_lies_ahead_along() {
        let budget = Budget { next_at: NOW + SECOND, postponed_until: NOW + 30 * SECOND, seen_at: NOW };
        let (moment, after) = budget.take(NOW - 60 * MINUTE, SECOND);
        assert_eq!(moment, NOW - 60 * MINUTE + 30 * SECOND);
        assert_eq!(after.seen_at, NOW - 60 * MINUTE);
    }

    #[test]
    fn a_process_that_had_to_wait_for_its_turn_does_not_look_like_a_clock_set_back() {
        let budget = Budget { next_at: NOW + SECOND, postponed_until: 0, seen_at: NOW };
        assert_eq!(budget.take(NOW - 10 * SECOND, SECOND).0, NOW + SECOND);
    }

    #[test]
    fn a_moment_that_no_use_explains_is_not_waited_for() {
        let budget = Budget { next_at: NOW + 60 * MINUTE, postponed_until: 0, seen_at: NOW };
        assert_eq!(budget.take(NOW, SECOND).0, NOW + SECOND);
        // At one call in five minutes, four processes do reserve so far ahead.
        let budget = Budget { next_at: NOW + 20 * MINUTE, postponed_until: 0, seen_at: NOW };
        assert_eq!(budget.take(NOW, 5 * MINUTE).0, NOW + 20 * MINUTE);
    }

    #[test]
    fn a_long_postponement_is_kept_and_calls_after_it_stay_apart() {
        let budget = Budget { next_at: NOW, postponed_until: NOW + 600 * MINUTE, seen_at: NOW };
        let (first, budget) = budget.take(NOW, SECOND);
        let (second, _) = budget.take(NOW + SECOND, SECOND);
        assert_eq!((first, second), (NOW + 600 * MINUTE, NOW + 600 * MINUTE + SECOND));
    }
}
