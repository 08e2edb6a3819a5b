//! Moments, to UTC.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use super::date::{read_day, split_time};
use super::fault::Fault;
use crate::contact::Value;
use crate::mapping::DateOrder;

/// A cell that holds a moment. One without a zone is read in `zone`.
pub(super) fn check_timestamp(cell: &str, order: &DateOrder, zone: Option<&TimeZone>) -> Result<Value, Fault> {
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Ok(written(moment));
    }
    let local = match order {
        DateOrder::Pattern(pattern) => {
            let read = jiff::fmt::strtime::parse(pattern, cell)
                .map_err(|_| not_a_timestamp(&format!("not a moment in the form {pattern}")))?;
            if let Ok(moment) = read.to_timestamp() {
                return Ok(written(moment));
            }
            let day = read.to_date().map_err(|_| not_a_timestamp(&format!("not a moment in the form {pattern}")))?;
            day.to_datetime(read.to_time().unwrap_or_default())
        }
        order => local_moment(cell, order)?,
    };
    let zone = zone.ok_or_else(|| {
        Fault::new(
            "value.no_time_zone",
            "the moment has no time zone, write it as 2026-01-31T12:00:00Z or set time_zone in the mapping",
        )
    })?;
    let moment = zone.to_timestamp(local).map_err(|_| not_a_timestamp("no such moment in the time zone"))?;
    Ok(written(moment))
}

/// A cell that holds an hour of the day.
pub(super) fn check_time(cell: &str) -> Result<Value, Fault> {
    match read_time(cell) {
        Some(time) if time.second() == 0 && time.subsec_nanosecond() == 0 => {
            Ok(Value::Text(format!("{:02}:{:02}", time.hour(), time.minute())))
        }
        _ => Err(Fault::new("value.not_a_time", "not an hour of the day, write it as 09:30")),
    }
}

fn local_moment(cell: &str, order: &DateOrder) -> Result<civil::DateTime, Fault> {
    let (day, time) = split_time(cell);
    let day = read_day(day, order).map_err(|fault| match fault.code {
        "value.ambiguous_date" => fault,
        _ => not_a_timestamp("not a moment, write it as 2026-01-31T12:00:00Z"),
    })?;
    let time = match time {
        None => Time::midnight(),
        Some(time) => {
            read_time(time).ok_or_else(|| not_a_timestamp("not a moment, write it as 2026-01-31T12:00:00Z"))?
        }
    };
    Ok(day.to_datetime(time))
}

/// `9:30`, `09:30:15`, `9:30 pm`.
fn read_time(text: &str) -> Option<Time> {
    if text.len() > 20 || !text.is_ascii() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.split(':');
    let number = |part: Option<&str>| {
        let part = part?;
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<i8>().ok() } else { None }
    };
    let hour = number(parts.next())?;
    let minute = number(parts.next())?;
    let second = match parts.next() {
        None => 0,
        // Fractions of a second are beyond what a service keeps.
        Some(part) => number(Some(part.split_once('.').map_or(part, |(whole, _)| whole)))?,
    };
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(shift) => hour % 12 + shift,
    };
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

fn written(moment: Timestamp) -> Value {
    Value::Timestamp(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn not_a_timestamp(message: &str) -> Fault {
    Fault::new("value.not_a_timestamp", message)
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
