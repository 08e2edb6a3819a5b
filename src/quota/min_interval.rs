use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// Keeps the calls of this process a period apart, whatever the ledger and the calendar say.
///
/// It judges the moments for which calls were scheduled, not those at which timers woke: a call that
/// leaves a little late does not push back all that follow.
pub(super) struct MinInterval {
    origin: Instant,
    moment: Moment,
    limiter: RateLimiter<NotKeyed, InMemoryState, Moment, NoOpMiddleware<Nanos>>,
    period: Duration,
    last: Option<Instant>,
}

impl MinInterval {
    pub(super) fn new(origin: Instant, period: Duration) -> Self {
        let moment = Moment::default();
        Self { origin, limiter: limiter(period, &moment), moment, period, last: None }
    }

    /// Takes the slot of a call scheduled for `at`; otherwise says when it may be asked for again.
    pub(super) fn take(&mut self, at: Instant, period: Duration) -> Result<(), Instant> {
        if period != self.period {
            self.period = period;
            self.limiter = limiter(period, &self.moment);
            if let Some(last) = self.last {
                self.moment.set(last - self.origin);
                // The first check of a limiter always passes.
                let _ = self.limiter.check();
            }
        }
        self.moment.set(at.saturating_duration_since(self.origin));
        match self.limiter.check() {
            Ok(()) => {
                self.last = Some(at);
                Ok(())
            }
            Err(early) => Err(at + early.wait_time_from(self.moment.now())),
        }
    }
}

fn limiter(period: Duration, moment: &Moment) -> RateLimiter<NotKeyed, InMemoryState, Moment, NoOpMiddleware<Nanos>> {
    let period = period.max(Duration::from_nanos(1));
    let quota = Quota::with_period(period).expect("the period is above zero");
    // The limiter counts from the moment at which it is made.
    moment.set(Duration::ZERO);
    RateLimiter::direct_with_clock(quota, moment.clone())
}

/// A clock that stands where it is put: nanoseconds from the interval's origin.
#[derive(Clone, Default)]
struct Moment(Arc<AtomicU64>);

impl Moment {
    fn set(&self, at: Duration) {
        self.0.store(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Clock for Moment {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(300);

    #[test]
    fn calls_stay_a_period_apart_and_idling_saves_no_credit() {
        let start = crate::clock::now();
        let mut interval = MinInterval::new(start, PERIOD);
        assert_eq!(interval.take(start, PERIOD), Ok(()));
        assert_eq!(interval.take(start + PERIOD / 2, PERIOD), Err(start + PERIOD));
        assert_eq!(interval.take(start + PERIOD, PERIOD), Ok(()));
        let later = start + PERIOD * 100;
        assert_eq!(interval.take(later, PERIOD), Ok(()));
        assert_eq!(interval.take(later, PERIOD), Err(later + PERIOD));
    }

    #[test]
    fn a_new_period_counts_from_the_last_call() {
        let start = crate::clock::now();
        let mut interval = MinInterval::new(start, PERIOD);
        let first = start + PERIOD * 7;
        assert_eq!(interval.take(first, PERIOD), Ok(()));
        assert_eq!(interval.take(first + PERIOD, PERIOD * 2), Err(first + PERIOD * 2));
        assert_eq!(interval.take(first + PERIOD * 2, PERIOD * 2), Ok(()));
        assert_eq!(interval.take(first + PERIOD * 3, PERIOD), Ok(()));
    }
}
