use std::collections::VecDeque;
use std::time::Duration;

/// Round trips that are looked at, the latest ones.
const KEPT: usize = 1000;

/// With fewer, nothing is said about their spread.
const ENOUGH: usize = 100;

/// The latest round trips. Their spread bounds the spread of the way there, which alone matters to
/// the service's windows and which nobody can measure from here.
#[derive(Debug, Default)]
pub(super) struct Delays {
    latest: VecDeque<Duration>,
    /// The fastest and the slowest, as they were last computed.
    bounds: Option<(Duration, Duration)>,
    since_computed: usize,
}

impl Delays {
    pub(super) fn add(&mut self, round_trip: Duration) {
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(round_trip);
        self.since_computed += 1;
        if self.since_computed >= ENOUGH {
            self.since_computed = 0;
            self.bounds = bounds(self.latest.iter().copied().collect());
        }
    }

    /// Between the slowest and the fastest but for one in a thousand at each end.
    pub(super) fn spread(&self) -> Option<Duration> {
        self.bounds.map(|(fastest, slowest)| slowest.saturating_sub(fastest))
    }

    /// The slowest but for one in a thousand.
    pub(super) fn slowest(&self) -> Option<Duration> {
        self.bounds.map(|(_, slowest)| slowest)
    }
}

fn bounds(mut delays: Vec<Duration>) -> Option<(Duration, Duration)> {
    delays.sort_unstable();
    let outliers = delays.len().div_ceil(1000);
    Some((*delays.get(outliers)?, *delays.get(delays.len().checked_sub(1 + outliers)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stray_answer_in_a_thousand_does_not_count() {
        let mut delays = Delays::default();
        for n in 0..999 {
            delays.add(Duration::from_millis(100 + n % 100));
        }
        assert_eq!(delays.spread(), Some(Duration::from_millis(99)));
        delays.add(Duration::from_secs(9));
        assert_eq!(delays.spread(), Some(Duration::from_millis(99)));
        for _ in 0..100 {
            delays.add(Duration::from_secs(1));
        }
        assert_eq!(delays.spread(), Some(Duration::from_millis(900)));
    }

    #[test]
    fn few_answers_say_nothing() {
        let mut delays = Delays::default();
        (0..99).for_each(|_| delays.add(Duration::from_secs(1)));
        assert_eq!(delays.spread(), None);
    }
}
