use std::time::Duration;

use tokio::time::Instant;

use super::delays::Delays;
use crate::contact::Quota;
use crate::services::QuotaHint;

/// The first refusal makes the period longer by this share, and each that soon follows by twice as
/// much as the one before.
const WIDENING: f64 = 0.01;

/// The period never gets longer than five times itself: a service that refuses even that has other
/// reasons, and says so by a `Retry-After`.
const WIDEST: f64 = 4.0;

/// A refusal within this many windows after another one follows it soon.
const SOON: u32 = 3;

/// Half of the widening is gone after this many windows without a refusal.
const HALF_LIFE: u32 = 10;

/// What a call may leave late is at least this part of a window: timers are not exact.
const LEAST_LATENESS: u32 = 250;

/// The first round trips are not measured: they open connections.
const OPENING: u32 = 16;

/// The jitter that is allowed for until more is known: 300 ms, less where that would cost more than
/// a tenth of the limit.
pub fn usual_margin(window: Duration) -> Duration {
    Duration::from_millis(300).min(window / 10)
}

/// The time between two calls: (W + J) / L, rounded up to a microsecond.
pub fn period(quota: Quota, margin: Duration) -> Duration {
    let nanos = (quota.per + margin).as_nanos().div_ceil(u128::from(quota.calls.max(1)));
    Duration::from_micros(u64::try_from(nanos.div_ceil(1000)).unwrap_or(u64::MAX))
}

/// How fast calls may follow each other, as far as the service has let us know.
#[derive(Debug)]
pub(super) struct Pace {
    quota: Quota,
    margin: Duration,
    /// What the service's headers say, where that is less than `quota`.
    lower: Option<Quota>,
    widening: f64,
    /// When `widening` was set.
    refused_at: Option<Instant>,
    last_step: f64,
    delays: Delays,
    /// Round trips so far, until they are measured.
    opening: u32,
    /// How late calls left.
    late: Delays,
}

impl Pace {
    pub(super) fn new(quota: Quota, margin: Duration) -> Self {
        Self {
            quota,
            margin,
            lower: None,
            widening: 0.0,
            refused_at: None,
            last_step: 0.0,
            delays: Delays::default(),
            opening: 0,
            late: Delays::default(),
        }
    }

    pub(super) fn period(&self, now: Instant) -> Duration {
        let quota = self.lower.unwrap_or(self.quota);
        period(quota, self.margin_for(quota.per)).mul_f64(1.0 + self.widening(now))
    }

    /// What a call may leave late without harm: as much as they do, once that is measured, within a third of the
    /// margin.
    pub(super) fn lateness(&self) -> Duration {
        let most = self.margin / 3;
        let least = (self.quota.per / LEAST_LATENESS).min(most);
        self.late.slowest().map_or(most, |slowest| slowest.clamp(least, most))
    }

    /// Jitter as measured, but never so much that it costs more than a hundredth of the limit or than what was
    /// allowed for before: round trips also hold the time that the service took, which does no harm.
    fn margin_for(&self, window: Duration) -> Duration {
        let Some(spread) = self.delays.spread() else { return self.margin };
        (spread + self.lateness()).min(self.margin.max(window / 100))
    }

    fn widening(&self, now: Instant) -> f64 {
        let Some(refused_at) = self.refused_at else { return 0.0 };
        let half_life = (self.quota.per * HALF_LIFE).as_secs_f64();
        let left = self.widening * 0.5_f64.powf((now - refused_at).as_secs_f64() / half_life);
        if left < 0.0005 { 0.0 } else { left }
    }

    /// The service said "too many".
    pub(super) fn refused(&mut self, now: Instant) {
        let soon = self.refused_at.is_some_and(|then| now - then < self.quota.per * SOON);
        self.last_step = if soon { self.last_step * 2.0 } else { WIDENING };
        self.widening = (self.widening(now) + self.last_step).min(WIDEST);
        self.refused_at = Some(now);
    }

    /// Follows a limit below ours; one above it is none of our business.
    pub(super) fn follow(&mut self, hint: &QuotaHint) {
        let Some(calls) = hint.limit.filter(|calls| *calls > 0) else { return };
        let limit = Quota { calls, per: hint.window.filter(|window| !window.is_zero()).unwrap_or(self.quota.per) };
        let slower =
            limit.per.as_nanos() * u128::from(self.quota.calls) > self.quota.per.as_nanos() * u128::from(calls);
        self.lower = slower.then_some(limit);
    }

    /// A call left so long after the moment that it was scheduled for.
    pub(super) fn was_late(&mut self, time: Duration) {
        self.late.add(time);
    }

    pub(super) fn took(&mut self, round_trip: Duration) {
        if self.opening < OPENING {
            self.opening += 1;
        } else {
            self.delays.add(round_trip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn pace() -> Pace {
        Pace::new(Quota { calls: 200, per: MINUTE }, usual_margin(MINUTE))
    }

    fn millis(period: Duration) -> f64 {
        period.as_secs_f64() * 1000.0
    }

    #[test]
    fn the_period_leaves_room_for_the_jitter() {
        assert_eq!(pace().period(crate::clock::now()), Duration::from_micros(301_500));
        // 350 an hour: 3600.3 s / 350 = 10.286571… s.
        let hour = Duration::from_secs(3600);
        assert_eq!(period(Quota { calls: 350, per: hour }, usual_margin(hour)), Duration::from_micros(10_286_572));
        assert_eq!(usual_margin(Duration::from_secs(1)), Duration::from_millis(100));
    }

    #[test]
    fn a_refusal_widens_the_period_by_a_hundredth_which_wears_off() {
        let (mut pace, now) = (pace(), crate::clock::now());
        pace.refused(now);
        assert_eq!(format!("{:.3}", millis(pace.period(now))), "304.515");
        assert_eq!(format!("{:.4}", millis(pace.period(now + MINUTE * 10))), "303.0075");
        assert_eq!(format!("{:.3}", millis(pace.period(now + MINUTE * 60))), "301.500");
    }

    #[test]
    fn refusals_one_after_the_other_widen_it_ever_more_up_to_a_bound() {
        let (mut pace, now) = (pace(), crate::clock::now());
        for n in 0..7 {
            pace.refused(now + Duration::from_secs(n));
        }
        // 1 + 2 + 4 + … + 64 hundredths.
        assert!((2.26..2.28).contains(&(millis(pace.period(now + Duration::from_secs(7))) / 301.5)));
        (7..50).for_each(|n| pace.refused(now + Duration::from_secs(n)));
        assert_eq!(pace.period(now + Duration::from_secs(49)), Duration::from_micros(301_500 * 5));
    }

    #[test]
    fn a_lower_limit_is_followed_and_a_higher_one_is_not() {
        let (mut pace, now) = (pace(), crate::clock::now());
        let hint = |limit, window| QuotaHint { limit: Some(limit), window, ..QuotaHint::default() };
        pace.follow(&hint(100, None));
        assert_eq!(pace.period(now), Duration::from_millis(603));
        pace.follow(&hint(1000, None));
        assert_eq!(pace.period(now), Duration::from_micros(301_500));
        // One a second is less than 200 a minute.
        pace.follow(&hint(1, Some(Duration::from_secs(1))));
        assert_eq!(pace.period(now), Duration::from_millis(1300));
        pace.follow(&hint(0, Some(Duration::ZERO)));
        pace.follow(&QuotaHint::default());
        assert_eq!(pace.period(now), Duration::from_millis(1300));
    }

    #[test]
    fn measured_jitter_widens_the_period_by_a_hundredth_at_most() {
        let (mut pace, now) = (pace(), crate::clock::now());
        (0..200).for_each(|n| pace.took(Duration::from_millis(100 + n % 2 * 350)));
        assert_eq!(pace.period(now), Duration::from_micros(302_250));
        (0..1000).for_each(|n| pace.took(Duration::from_millis(100 + n % 2 * 5000)));
        assert_eq!(pace.period(now), Duration::from_millis(303));
    }

    #[test]
    fn little_jitter_narrows_the_margin_of_a_short_window() {
        let second = Duration::from_secs(1);
        let (mut pace, now) = (Pace::new(Quota { calls: 5, per: second }, usual_margin(second)), crate::clock::now());
        assert_eq!(pace.period(now), Duration::from_millis(220));
        (0..200).for_each(|n| pace.took(Duration::from_millis(100 + n % 2 * 20)));
        // A third of 100 ms is still kept for calls that leave late: 1,053.34 ms in five.
        assert_eq!(pace.period(now), Duration::from_micros(210_667));
        (0..200).for_each(|_| pace.was_late(Duration::from_millis(1)));
        assert_eq!(pace.period(now), Duration::from_micros(204_800));
        (0..1000).for_each(|_| pace.was_late(Duration::from_millis(9)));
        assert_eq!(pace.period(now), Duration::from_micros(205_800));
        (0..1000).for_each(|n| pace.took(Duration::from_millis(100 + n % 2 * 500)));
        assert_eq!(pace.period(now), Duration::from_millis(220));
    }
}
