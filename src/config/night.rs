use std::fmt;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::error::{Error, Result};

/// What a run may use in one night; it goes on in the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Night {
    /// When a night ends.
    pub until: Option<DayTime>,
    /// Calls of one night.
    pub max_calls: Option<u64>,
}

/// A time of day, where somebody's clock shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTime {
    time: Time,
    zone: TimeZone,
}

impl Night {
    /// Whether a night has no end of its own.
    pub fn is_endless(&self) -> bool {
        self.until.is_none() && self.max_calls.is_none()
    }

    /// The time zone in which its moments are told.
    pub fn zone(&self) -> TimeZone {
        self.until.as_ref().map_or_else(TimeZone::system, |until| until.zone.clone())
    }
}

impl DayTime {
    /// Reads `06:00`, of this time zone or else the machine's.
    ///
    /// # Errors
    /// Of kind `Usage`: it is no time of day, or no time zone is called so.
    pub fn parse(text: &str, zone: Option<&str>) -> Result<Self> {
        let time = jiff::fmt::strtime::parse("%H:%M", text).and_then(|read| read.to_time()).map_err(|_| {
            Error::usage(format!("not a time of day: {text}")).hint("write hours and minutes, such as 06:00 or 22:30")
        })?;
        Ok(Self { time, zone: time_zone(zone)? })
    }

    /// The name of its time zone, where that has one.
    pub fn zone_name(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// The time alone: `06:00`.
    pub fn time_words(&self) -> String {
        self.time.strftime("%H:%M").to_string()
    }

    /// When the clock next shows it after this moment, both from the Unix epoch. Where the clocks go forward over
    /// it, as much later as they do.
    pub fn next(&self, after: Duration) -> Duration {
        let Some(now) = zoned(after, &self.zone) else { return after };
        let at = |days: i64| {
            let day = now.date().checked_add(days.days()).ok()?;
            let moment = day.to_datetime(self.time).to_zoned(self.zone.clone()).ok()?;
            Duration::try_from(moment.timestamp().as_duration()).ok()
        };
        (0..=2).filter_map(at).find(|moment| *moment > after).unwrap_or(after)
    }
}

/// The time zone of this name, or else the machine's.
///
/// # Errors
/// Of kind `Usage`: none is called so.
pub fn time_zone(name: Option<&str>) -> Result<TimeZone> {
    let Some(name) = name else { return Ok(TimeZone::system()) };
    TimeZone::get(name).map_err(|_| {
        Error::usage(format!("no time zone is called: {name}"))
            .hint("write it as the time zone database does, such as Europe/Berlin or UTC")
    })
}

/// A moment from the Unix epoch, as clocks of the zone show it; `None` where no calendar reaches.
pub fn zoned(moment: Duration, zone: &TimeZone) -> Option<Zoned> {
    let seconds = i64::try_from(moment.as_secs()).ok()?;
    let nanos = i32::try_from(moment.subsec_nanos()).ok()?;
    Some(Timestamp::new(seconds, nanos).ok()?.to_zoned(zone.clone()))
}

/// As on a clock, with the zone where it has a name: `06:00`, `06:00 Europe/Berlin`.
impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.time_words())?;
        self.zone.iana_name().map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Duration {
        text.parse::<Timestamp>().unwrap().as_duration().try_into().unwrap()
    }

    fn next(time: &str, zone: &str, after: &str) -> String {
        let moment = DayTime::parse(time, Some(zone)).unwrap().next(at(after));
        Timestamp::from_second(moment.as_secs().try_into().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_night_ends_when_the_clock_of_its_zone_next_shows_the_time() {
        assert_eq!(next("06:00", "UTC", "2026-11-27T22:00:00Z"), "2026-11-28T06:00:00Z");
        assert_eq!(next("06:00", "UTC", "2026-11-27T05:59:59Z"), "2026-11-27T06:00:00Z");
        assert_eq!(next("06:00", "UTC", "2026-11-27T06:00:00Z"), "2026-11-28T06:00:00Z");
        assert_eq!(next("06:00", "Europe/Berlin", "2026-11-27T22:00:00Z"), "2026-11-28T05:00:00Z");
        assert_eq!(next("06:00", "Asia/Kuala_Lumpur", "2026-11-27T22:00:00Z"), "2026-11-28T22:00:00Z");
    }

    #[test]
    fn clocks_that_are_changed_meanwhile_move_the_end_of_the_night() {
        assert_eq!(next("06:00", "Europe/Berlin", "2026-03-28T22:00:00Z"), "2026-03-29T04:00:00Z");
        assert_eq!(next("06:00", "Europe/Berlin", "2026-10-24T22:00:00Z"), "2026-10-25T05:00:00Z");
        // 02:30 is left out that night.
        assert_eq!(next("02:30", "Europe/Berlin", "2026-03-28T22:00:00Z"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for wrong in ["", "6", "24:00", "06:60", "06:00:00", "6am", "+06:00"] {
            assert!(DayTime::parse(wrong, None).is_err(), "{wrong}");
        }
        let error = DayTime::parse("06:00", Some("Europe/Berlino")).unwrap_err();
        assert_eq!(error.message, "no time zone is called: Europe/Berlino");
        assert_eq!(DayTime::parse("6:05", Some("Europe/Berlin")).unwrap().to_string(), "06:05 Europe/Berlin");
    }
}
