//! Moments, to UTC.

use jiff::civil::Time;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, civil};

use super::date::{read_day, split_time};
use super::fault::CellFault;
use super::time::read_time;
use crate::contact::Value;
use crate::mapping::DateOrder;

/// A cell that holds a moment. One without a zone is read in `zone`.
pub(super) fn check_timestamp(cell: &str, order: &DateOrder, zone: Option<&TimeZone>) -> Result<Value, CellFault> {
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Ok(written(moment));
    }
    let (local, hour_stated) = match order {
        DateOrder::Pattern(pattern) => {
            let read = jiff::fmt::strtime::parse(pattern, cell)
                .map_err(|_| not_a_timestamp(&format!("not a moment in the form {pattern}")))?;
            if let Ok(moment) = read.to_timestamp() {
                return Ok(written(moment));
            }
            let day = read.to_date().map_err(|_| not_a_timestamp(&format!("not a moment in the form {pattern}")))?;
            let time = read.to_time().ok();
            (day.to_datetime(time.unwrap_or_default()), time.is_some())
        }
        order => {
            let (clock, stated) = split_zone(cell);
            let (local, hour_stated) = local_moment(clock, order)?;
            if let Some(stated) = stated {
                return moment_in(&stated, local, hour_stated).map(written);
            }
            (local, hour_stated)
        }
    };
    let zone = zone.ok_or_else(|| {
        CellFault::new(
            "value.no_time_zone",
            "the moment has no time zone, write it as 2026-01-31T12:00:00Z or set time_zone in the mapping",
        )
    })?;
    moment_in(zone, local, hour_stated).map(written)
}

/// The clock, and the zone that stands behind it: `UTC`, `GMT`, `+02:00`. Other letters stand for several
/// zones each, and are left to be told.
fn split_zone(cell: &str) -> (&str, Option<TimeZone>) {
    let clock = |end: usize| cell.get(..end).map(str::trim_end).filter(|clock| clock.contains(':'));
    for name in ["utc", "gmt", "z"] {
        let start = cell.len().saturating_sub(name.len());
        if cell.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(name))
            && let Some(clock) = clock(start)
        {
            return (clock, Some(TimeZone::UTC));
        }
    }
    let offset = cell.rfind(['+', '-']).and_then(|sign| {
        let digits: String = cell[sign + 1..].chars().filter(|character| *character != ':').collect();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes) = match digits.len() {
            2 => (digits.parse::<i32>().ok()?, 0),
            4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
            _ => return None,
        };
        let seconds = (hours * 60 + minutes) * 60;
        let seconds = if cell[sign..].starts_with('-') { -seconds } else { seconds };
        let offset = Offset::from_seconds(seconds).ok().filter(|_| hours <= 14 && minutes < 60)?;
        Some((clock(sign)?, TimeZone::fixed(offset)))
    });
    offset.map_or((cell, None), |(clock, zone)| (clock, Some(zone)))
}

/// The moment of a clock in a zone, unless a change of the clock skipped it or let it come twice.
fn moment_in(zone: &TimeZone, local: civil::DateTime, hour_stated: bool) -> Result<Timestamp, CellFault> {
    let moment = zone.to_ambiguous_timestamp(local);
    let outside = |_| not_a_timestamp("no such moment in the time zone");
    // A day without an hour begins when it begins, even where the clock is changed at midnight.
    if !hour_stated {
        return moment.compatible().map_err(outside);
    }
    match moment.offset() {
        AmbiguousOffset::Unambiguous { .. } => moment.compatible().map_err(outside),
        AmbiguousOffset::Gap { .. } => Err(CellFault::new(
            "value.skipped_hour",
            "the clock of the time zone was put forward over this hour, so it never was: correct the hour",
        )),
        AmbiguousOffset::Fold { .. } => {
            let moment = zone.to_ambiguous_timestamp(local);
            let (first, second) =
                (moment.earlier().map_err(outside)?, zone.to_ambiguous_timestamp(local).later().map_err(outside)?);
            Err(CellFault::new(
                "value.doubled_hour",
                format!(
                    "the clock of the time zone was put back over this hour, so it was twice: write {} or {}",
                    written(first).as_text(),
                    written(second).as_text()
                ),
            ))
        }
    }
}

/// A cell that holds an hour of the day.
pub(super) fn check_time(cell: &str) -> Result<Value, CellFault> {
    match read_time(cell) {
        Some(time) if time.second() == 0 && time.subsec_nanosecond() == 0 => {
            Ok(Value::Text(format!("{:02}:{:02}", time.hour(), time.minute())))
        }
        _ => Err(CellFault::new("value.not_a_time", "not an hour of the day, write it as 09:30")),
    }
}

/// The moment by the clock of its place, and whether an hour is stated.
fn local_moment(cell: &str, order: &DateOrder) -> Result<(civil::DateTime, bool), CellFault> {
    let (day, time) = split_time(cell);
    let day = read_day(day, order).map_err(|fault| match fault.code {
        "value.ambiguous_date" | "value.short_year" => fault,
        _ => not_a_timestamp("not a moment, write it as 2026-01-31T12:00:00Z"),
    })?;
    let Some(time) = time else { return Ok((day.to_datetime(Time::midnight()), false)) };
    let time = read_time(time).ok_or_else(|| not_a_timestamp("not a moment, write it as 2026-01-31T12:00:00Z"))?;
    Ok((day.to_datetime(time), true))
}

fn written(moment: Timestamp) -> Value {
    Value::Timestamp(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn not_a_timestamp(message: &str) -> CellFault {
    CellFault::new("value.not_a_timestamp", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, order: &DateOrder, zone: Option<&str>) -> Result<String, &'static str> {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        check_timestamp(cell, order, zone.as_ref())
            .map(|value| value.as_text().into_owned())
            .map_err(|fault| fault.code)
    }

    #[test]
    fn moments_with_a_zone_become_utc() {
        let read = |cell| read(cell, &DateOrder::Unstated, None);
        assert_eq!(read("2026-01-31T12:00:00Z"), Ok("2026-01-31T12:00:00Z".into()));
        assert_eq!(read("2026-01-31T12:00:00.123+02:00"), Ok("2026-01-31T10:00:00Z".into()));
        assert_eq!(read("2026-01-31 12:00:00"), Err("value.no_time_zone"));
        assert_eq!(read("2026-01-31"), Err("value.no_time_zone"));
        for cell in [
            "2026-01-31 12:00:00 UTC",
            "31.01.2026 12:00 GMT",
            "2026-01-31 12:00Z",
            "2026-01-31 14:00 +02:00",
            "31/01/2026 14:00:00 +0200",
            "Sat, 31 Jan 2026 07:00:00 -0500",
            "2026-01-31 12:00 p.m. UTC",
        ] {
            assert_eq!(read(cell), Ok("2026-01-31T12:00:00Z".into()), "{cell}");
        }
        // Letters that stand for several zones, a day number, seconds since 1970.
        for cell in [
            "2026-01-31 12:00 CST",
            "46053.5",
            "1769860800",
            "2026-01-31 12:00 +99:00",
            "31-01-2026 +0200",
            "12:00 +a€",
        ] {
            assert!(read(cell).is_err(), "{cell}");
        }
        assert_eq!(read("05/06/2026 12:00 UTC"), Err("value.ambiguous_date"));
        assert_eq!(read("yesterday"), Err("value.not_a_timestamp"));
        assert_eq!(read("05/06/2026 12:00"), Err("value.ambiguous_date"));
        assert_eq!(read("2026-01-31 25:00"), Err("value.not_a_timestamp"));
    }

    #[test]
    fn the_mappings_zone_is_used_for_moments_without_one() {
        // Madrid is an hour ahead of UTC in winter and two in summer.
        let madrid = Some("Europe/Madrid");
        assert_eq!(read("2026-01-31 12:00", &DateOrder::Unstated, madrid), Ok("2026-01-31T11:00:00Z".into()));
        assert_eq!(read("31/07/2026 9:30 pm", &DateOrder::Unstated, madrid), Ok("2026-07-31T19:30:00Z".into()));
        assert_eq!(read("01/07/2026", &DateOrder::DayFirst, madrid), Ok("2026-06-30T22:00:00Z".into()));
    }

    /// Spain went from 2:00 to 3:00 on 2026-03-29 and from 3:00 to 2:00 on 2026-10-25 (remote case 22).
    #[test]
    fn an_hour_that_a_change_of_the_clock_skips_or_doubles_is_told() {
        let madrid = Some("Europe/Madrid");
        assert_eq!(read("2026-03-29 02:30", &DateOrder::Unstated, madrid), Err("value.skipped_hour"));
        assert_eq!(read("2026-10-25 02:30", &DateOrder::Unstated, madrid), Err("value.doubled_hour"));
        let pattern = DateOrder::Pattern("%Y-%m-%d %H:%M".into());
        assert_eq!(read("2026-10-25 02:30", &pattern, madrid), Err("value.doubled_hour"));
        assert_eq!(read("2026-03-29 01:59", &DateOrder::Unstated, madrid), Ok("2026-03-29T00:59:00Z".into()));
        assert_eq!(read("2026-03-29 03:00", &DateOrder::Unstated, madrid), Ok("2026-03-29T01:00:00Z".into()));
        assert_eq!(read("2026-10-25 03:00", &DateOrder::Unstated, madrid), Ok("2026-10-25T02:00:00Z".into()));
        // With its offset a moment is what it says.
        assert_eq!(read("2026-10-25T02:30:00+01:00", &DateOrder::Unstated, madrid), Ok("2026-10-25T01:30:00Z".into()));
        // In Havana the clock goes from midnight to 1:00; the day has a first moment all the same.
        assert_eq!(read("2026-03-08", &DateOrder::Unstated, Some("America/Havana")), Ok("2026-03-08T05:00:00Z".into()));
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let fault = check_timestamp("2026-10-25 02:30", &DateOrder::Unstated, Some(&zone)).unwrap_err();
        assert!(fault.message.ends_with("write 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z"), "{}", fault.message);
    }

    #[test]
    fn hours_of_the_day_are_written_with_two_digits() {
        assert_eq!(check_time("9:30"), Ok(Value::Text("09:30".into())));
        assert_eq!(check_time("12:05 AM"), Ok(Value::Text("00:05".into())));
        assert_eq!(check_time("23:59:00"), Ok(Value::Text("23:59".into())));
        for cell in ["24:00", "9", "9:60", "13:00 pm", "9:30:15", ":"] {
            assert_eq!(check_time(cell).unwrap_err().code, "value.not_a_time", "{cell}");
        }
    }
}
