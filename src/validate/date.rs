//! Calendar days as people write them.

use jiff::civil::Date;

use super::fault::Fault;
use crate::contact::Value;
use crate::mapping::DateOrder;

/// A cell that holds a day.
pub(super) fn check_date(cell: &str, order: &DateOrder) -> Result<Value, Fault> {
    if let DateOrder::Pattern(pattern) = order {
        let day = jiff::fmt::strtime::parse(pattern, cell).and_then(|read| read.to_date());
        return match day {
            Ok(day) => Ok(Value::Date(day.to_string())),
            Err(_) => Err(not_a_date(&format!("not a day in the form {pattern}"))),
        };
    }
    let (day, time) = split_time(cell);
    let midnight = |time: &str| {
        let digits = time.trim_end_matches(['Z', 'z']);
        digits.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
    };
    if time.is_some_and(|time| !midnight(time)) {
        return Err(not_a_date("a moment where a day is wanted, write the day alone as 2026-01-31"));
    }
    read_day(day, order).map(|day| Value::Date(day.to_string()))
}

/// The day, and the time of day if one follows it.
pub(super) fn split_time(cell: &str) -> (&str, Option<&str>) {
    // The hour is what stands between the first colon and the last `T` or space before it.
    let Some(colon) = cell.find(':') else { return (cell, None) };
    match cell[..colon].rfind(['T', 't', ' ']) {
        Some(gap) => (cell[..gap].trim_end().trim_end_matches(','), Some(cell[gap + 1..].trim())),
        None => (cell, None),
    }
}

/// A day written with digits, or with an English month.
pub(super) fn read_day(text: &str, order: &DateOrder) -> Result<Date, Fault> {
    if text.len() > 40 {
        return Err(not_a_date("not a day, write it as 2026-01-31"));
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return day(&text[..4], &text[4..6], &text[6..]);
    }
    let mut parts = text.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(if text.bytes().all(|byte| byte.is_ascii_digit()) && (4..=5).contains(&text.len()) {
            not_a_date("a spreadsheet's day number, set the column's format to date there")
        } else {
            not_a_date("not a day, write it as 2026-01-31")
        });
    };
    if let Some(month) = month(a) {
        return day(c, month, ordinal(b));
    }
    if let Some(month) = month(b) {
        return if a.len() == 4 { day(a, month, ordinal(c)) } else { day(c, month, ordinal(a)) };
    }
    if a.len() == 4 {
        return day(a, b, c);
    }
    if c.len() != 4 && !(c.len() == 2 && *order != DateOrder::Unstated) {
        return Err(not_a_date("the year has not four digits, write the day as 2026-01-31"));
    }
    let dotted = text.contains('.');
    match order {
        DateOrder::DayFirst => day(c, b, a),
        DateOrder::MonthFirst => day(c, a, b),
        DateOrder::YearFirst => day(a, b, c),
        // Days with points are written day first wherever they are written.
        _ if dotted => day(c, b, a),
        _ => match (day(c, b, a), day(c, a, b)) {
            (Ok(one), Ok(other)) if one != other => Err(Fault::new(
                "value.ambiguous_date",
                "day and month could be either way round, \
                 write format = \"day-first\" or \"month-first\" in the mapping",
            )),
            (Ok(only), _) | (_, Ok(only)) => Ok(only),
            (Err(fault), Err(_)) => Err(fault),
        },
    }
}

fn day(year: &str, month: &str, day: &str) -> Result<Date, Fault> {
    let number = |text: &str| {
        let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<i16>().ok() } else { None }
    };
    let date = || {
        let year = match (number(year)?, year.len()) {
            // Two digits are of this century up to 2068, as POSIX has it.
            (short @ 0..=68, 2) => short + 2000,
            (short, 2) => short + 1900,
            (full, 4) => full,
            _ => return None,
        };
        Date::new(year, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
    };
    date().ok_or_else(|| not_a_date("no such day in the calendar, write it as 2026-01-31"))
}

/// The number of an English month, by its name or the first three letters.
fn month(word: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "1"),
        ("february", "2"),
        ("march", "3"),
        ("april", "4"),
        ("may", "5"),
        ("june", "6"),
        ("july", "7"),
        ("august", "8"),
        ("september", "9"),
        ("october", "10"),
        ("november", "11"),
        ("december", "12"),
    ];
    let word = word.to_ascii_lowercase();
    let known = |name: &str| name == word || (word.is_ascii() && word.len() == 3 && name.starts_with(&word));
    MONTHS.iter().find(|(name, _)| known(name) || word == "sept" && *name == "september").map(|(_, number)| *number)
}

/// `3rd` without its ending.
fn ordinal(text: &str) -> &str {
    ["st", "nd", "rd", "th"].iter().find_map(|ending| text.strip_suffix(ending)).unwrap_or(text)
}

fn not_a_date(message: &str) -> Fault {
    Fault::new("value.not_a_date", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, order: &DateOrder) -> Result<String, &'static str> {
        check_date(cell, order).map(|value| value.as_text().into_owned()).map_err(|fault| fault.code)
    }

    #[test]
    fn days_that_can_be_read_one_way_are_read() {
        for (cell, day) in [
            ("2024-01-31", "2024-01-31"),
            ("2024/1/5", "2024-01-05"),
            ("20240131", "2024-01-31"),
            ("2024-01-31T00:00:00Z", "2024-01-31"),
            ("2024-01-31 00:00:00", "2024-01-31"),
            ("31/12/2024", "2024-12-31"),
            ("12/31/2024", "2024-12-31"),
            ("05/05/2024", "2024-05-05"),
            ("05.06.2024", "2024-06-05"),
            ("3 May 2024", "2024-05-03"),
            ("May 3rd, 2024", "2024-05-03"),
            ("3-Sep-2024", "2024-09-03"),
        ] {
            assert_eq!(read(cell, &DateOrder::Unstated), Ok(day.to_owned()), "{cell}");
        }
    }

    #[test]
    fn the_mapping_settles_what_the_cell_leaves_open() {
        assert_eq!(read("05/06/2024", &DateOrder::Unstated), Err("value.ambiguous_date"));
        assert_eq!(read("05/06/2024", &DateOrder::DayFirst), Ok("2024-06-05".into()));
        assert_eq!(read("05/06/2024", &DateOrder::MonthFirst), Ok("2024-05-06".into()));
        assert_eq!(read("05/06/24", &DateOrder::DayFirst), Ok("2024-06-05".into()));
        assert_eq!(read("31 Jan 99", &DateOrder::Pattern("%d %b %y".into())), Ok("1999-01-31".into()));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for cell in
            ["2023-02-29", "2024-13-01", "31/31/2024", "45321", "soon", "1/2", "2024-01-31 12:30", "1/2/24", "é/é/2024"]
        {
            assert_eq!(read(cell, &DateOrder::Unstated), Err("value.not_a_date"), "{cell}");
        }
    }
}
