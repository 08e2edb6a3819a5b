use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::config::{Night, zoned};

/// Nights that are told one by one; of the others, the last.
const TOLD: usize = 3;

/// In how many nights an import would finish.
#[derive(Clone, Debug)]
pub struct NightsAhead {
    pub count: u64,
    /// The first of them.
    pub first: Vec<NightAhead>,
    pub last: NightAhead,
    /// In which they are told.
    pub zone: TimeZone,
}

/// One night: when calls begin and end, from the Unix epoch, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NightAhead {
    pub begins: Duration,
    pub ends: Duration,
    pub calls: u64,
}

/// Lays an import's rows into nights, one after the other. Each begins at the time of day of the first.
#[derive(Debug)]
pub struct NightPlanner {
    night: Night,
    began: Duration,
    before: Vec<NightAhead>,
    count: u64,
    present: NightAhead,
}

impl NightPlanner {
    /// The first night begins now; `None` where nights have no end.
    pub fn new(night: &Night, now: Duration) -> Option<Self> {
        let present = NightAhead { begins: now, ends: now, calls: 0 };
        (!night.is_endless()).then(|| Self { night: night.clone(), began: now, before: Vec::new(), count: 1, present })
    }

    /// Calls of which a row is not told, such as those that list an account.
    pub fn calls(&mut self, calls: u64, time: Duration) {
        self.present.calls += calls;
        self.present.ends += time;
    }

    /// A row of so many calls that take so long, and that might have been `at_most` so many.
    pub fn row(&mut self, calls: u64, at_most: u64, time: Duration) {
        if calls > 0 && self.present.calls > 0 && !self.has_room(calls.max(at_most), time) {
            self.next_night();
        }
        self.calls(calls, time);
    }

    fn has_room(&self, calls: u64, time: Duration) -> bool {
        let NightAhead { begins, ends, calls: used } = self.present;
        let in_calls = self.night.max_calls.is_none_or(|most| used + calls <= most);
        in_calls && self.night.until.as_ref().is_none_or(|until| ends + time < until.next(begins))
    }

    fn next_night(&mut self) {
        if self.before.len() < TOLD {
            self.before.push(self.present);
        }
        let begins = self.begin_after(self.present.ends);
        self.count += 1;
        self.present = NightAhead { begins, ends: begins, calls: 0 };
    }

    /// The time of day of the first night's begin, next after this moment.
    fn begin_after(&self, ends: Duration) -> Duration {
        let zone = self.night.zone();
        let day = |days: u64| {
            let moment = zoned(self.began, &zone)?.checked_add(i64::try_from(days).ok()?.days()).ok()?;
            Duration::try_from(moment.timestamp().as_duration()).ok()
        };
        let passed = (ends.saturating_sub(self.began)).as_secs() / (24 * 60 * 60);
        (passed..passed + 3).filter_map(day).find(|moment| *moment > ends).unwrap_or(ends)
    }

    /// All nights, the last as far as it is needed.
    pub fn finish(mut self) -> NightsAhead {
        if self.before.len() < TOLD {
            self.before.push(self.present);
        }
        NightsAhead { count: self.count, first: self.before, last: self.present, zone: self.night.zone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DayTime;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(text: &str) -> Duration {
        text.parse::<jiff::Timestamp>().unwrap().as_duration().try_into().unwrap()
    }

    fn night(until: Option<&str>, max_calls: Option<u64>) -> Night {
        let until = until.map(|time| DayTime::parse(time, Some("Europe/Berlin")).unwrap());
        Night { until, max_calls }
    }

    fn rows(night: &Night, now: &str, rows: u64, calls: u64) -> NightsAhead {
        let mut planner = NightPlanner::new(night, at(now)).unwrap();
        (0..rows).for_each(|_| planner.row(calls, calls, SECOND * u32::try_from(calls).unwrap()));
        planner.finish()
    }

    #[test]
    fn calls_fill_one_night_after_the_other_and_no_row_is_cut_in_half() {
        let ahead = rows(&night(None, Some(100)), "2026-11-27T22:00:00Z", 100, 3);
        // 33 rows a night.
        assert_eq!((ahead.count, ahead.first[0].calls, ahead.last.calls), (4, 99, 3));
        assert_eq!(ahead.first.len(), TOLD);
        assert_eq!(ahead.first[1].ends, ahead.first[1].begins + SECOND * 99);
    }

    #[test]
    fn a_night_ends_before_its_time_and_the_next_begins_when_the_first_did() {
        // From 23:00 to 06:00 in Berlin: seven hours of 3,600 calls.
        let ahead = rows(&night(Some("06:00"), None), "2026-11-27T22:00:00Z", 40_000, 1);
        assert_eq!((ahead.count, ahead.first[0].calls, ahead.last.calls), (2, 25_199, 14_801));
        assert!(ahead.first[0].ends < at("2026-11-28T05:00:00Z"));
        assert_eq!(ahead.last.begins, at("2026-11-28T22:00:00Z"));
    }

    #[test]
    fn the_night_in_which_clocks_are_changed_is_an_hour_shorter() {
        let ahead = rows(&night(Some("06:00"), None), "2026-03-27T22:00:00Z", 60_000, 1);
        let calls: Vec<_> = ahead.first.iter().map(|night| night.calls).collect();
        assert_eq!(calls, [7 * 3600 - 1, 6 * 3600 - 1, 60_000 - 13 * 3600 + 2]);
        assert_eq!(ahead.last.begins, at("2026-03-29T21:00:00Z"));
    }

    #[test]
    fn rows_without_calls_need_no_night() {
        let mut planner = NightPlanner::new(&night(None, Some(1)), at("2026-11-27T22:00:00Z")).unwrap();
        (0..10).for_each(|_| planner.row(0, 0, Duration::ZERO));
        assert_eq!(planner.finish().count, 1);
        assert!(NightPlanner::new(&Night::default(), Duration::ZERO).is_none());
    }
}
