use std::fmt;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;

use super::night::zoned;
use crate::error::{Error, Result};

/// What becomes of a due time at which no worker was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// It is made up for, once.
    #[default]
    Run,
    /// It is left out.
    Skip,
}

/// When a job is due: `0 2 * * *`, as clocks of its time zone show it.
///
/// Where clocks go forward over a fixed time, it is due as soon as they have; where they go back over one, it is
/// due the first time. A time that comes again and again (`*/15`) is due whenever clocks show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    cron: Cron,
    text: String,
    zone: TimeZone,
    pub missed: Missed,
}

impl Schedule {
    /// Reads the five fields of a crontab, of this time zone or else the machine's.
    ///
    /// # Errors
    /// Of kind `Usage`: they are none, or no time zone is called so.
    pub fn parse(text: &str, zone: Option<&str>, missed: Missed) -> Result<Self> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| {
            Error::usage(format!("not a schedule: {text}: {error}")).hint(
                "write minute, hour, day of the month, month and day of the week: 0 2 * * * is every night at 02:00",
            )
        })?;
        let zone = super::night::time_zone(zone)?;
        Ok(Self { cron, text: text.to_owned(), zone, missed })
    }

    /// The first due time after this moment, both from the Unix epoch; none if there is no more.
    pub fn next(&self, after: Duration) -> Option<Duration> {
        let found = self.cron.find_next_occurrence(&zoned(after, &self.zone)?, false).ok()?;
        Duration::try_from(found.timestamp().as_duration()).ok()
    }

    /// A moment as clocks of its zone show it: `2026-11-21 02:00 Europe/Berlin`.
    pub fn moment(&self, moment: Duration) -> String {
        let shown = zoned(moment, &self.zone).map(|moment| moment.strftime("%Y-%m-%d %H:%M").to_string());
        let zone = self.zone.iana_name().map(|zone| format!(" {zone}")).unwrap_or_default();
        format!("{}{zone}", shown.unwrap_or_default())
    }
}

/// As written, and where: two that read the same are due at the same times.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.zone.iana_name().map_or(Ok(()), |zone| write!(f, " {zone}"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn at(text: &str) -> Duration {
        text.parse::<Timestamp>().unwrap().as_duration().try_into().unwrap()
    }

    /// All due times between two moments.
    fn due(schedule: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
        let schedule = Schedule::parse(schedule, Some(zone), Missed::Run).unwrap();
        let (mut at, to) = (self::at(from), self::at(to));
        let mut due = Vec::new();
        while let Some(next) = schedule.next(at).filter(|next| *next <= to) {
            due.push(schedule.moment(next));
            at = next;
        }
        due
    }

    #[test]
    fn a_job_is_due_when_clocks_of_its_zone_show_it() {
        let due = |zone: &str| due("0 2 * * *", zone, "2026-11-21T00:00:00Z", "2026-11-22T12:00:00Z");
        assert_eq!(due("UTC"), ["2026-11-21 02:00 UTC", "2026-11-22 02:00 UTC"]);
        assert_eq!(due("Asia/Kuala_Lumpur"), ["2026-11-22 02:00 Asia/Kuala_Lumpur"]);
    }

    #[test]
    fn a_time_that_does_not_exist_is_due_once_as_soon_as_clocks_went_forward() {
        let due = due("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z");
        let at = |at: &str| format!("2026-03-{at} Europe/Berlin");
        assert_eq!(due, [at("28 02:30"), at("29 03:00"), at("30 02:30")]);
    }

    #[test]
    fn a_time_that_comes_twice_is_due_once_and_one_that_comes_often_each_time() {
        let day = ("2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z");
        assert_eq!(due("30 2 * * *", "Europe/Berlin", day.0, day.1), ["2026-10-25 02:30 Europe/Berlin"]);
        // From midnight to five o'clock there are six hours that night.
        assert_eq!(due("*/30 * * * *", "Europe/Berlin", day.0, day.1).len(), 12);
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_words() {
        for wrong in ["", "2", "0 2 * *", "61 2 * * *", "0 0 2 * * *", "0 2 * * nobody"] {
            let error = Schedule::parse(wrong, Some("UTC"), Missed::Run).unwrap_err();
            assert!(error.message.starts_with("not a schedule: "), "{wrong}: {error}");
        }
        let error = Schedule::parse("0 2 * * *", Some("Europe/Berlino"), Missed::Run).unwrap_err();
        assert_eq!(error.message, "no time zone is called: Europe/Berlino");
    }
}
