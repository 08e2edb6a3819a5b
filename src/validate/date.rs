//! Calendar days as people write them.

use std::borrow::Cow;

use jiff::civil::{Date, Time, Weekday};

use super::fault::CellFault;
use super::phone_text::ascii_digit;
use super::time::read_time;
use crate::contact::Value;
use crate::mapping::DateOrder;

/// A cell that holds a day.
pub(super) fn check_date(cell: &str, order: &DateOrder) -> Result<Value, CellFault> {
    if let DateOrder::Pattern(pattern) = order {
        let day = jiff::fmt::strtime::parse(pattern, cell).and_then(|read| read.to_date());
        return match day {
            Ok(day) => Ok(Value::Date(day.to_string())),
            Err(_) => Err(not_a_date(&format!("not a day in the form {pattern}"))),
        };
    }
    let (day, time) = split_time(cell);
    let midnight =
        |time: &str| read_time(time.trim_end_matches(['Z', 'z'])).is_some_and(|time| time == Time::midnight());
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

/// A day written with digits, or with the name of a month.
pub(super) fn read_day(text: &str, order: &DateOrder) -> Result<Date, CellFault> {
    if text.len() > 60 {
        return Err(not_a_date("not a day, write it as 2026-01-31"));
    }
    let plain = plain_digits(text);
    let text = plain.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            8 => day(&text[..4], &text[4..6], &text[6..]),
            4 | 5 => Err(not_a_date("a spreadsheet's day number, set the column's format to date there")),
            _ => Err(not_a_date("not a day, write it as 2026-01-31")),
        };
    }
    let mut parts: Vec<_> = text.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    // 3 de mayo de 2026, 3rd of May 2026.
    parts.retain(|part| !matches!(*part, "de" | "del" | "of"));
    let stated = parts.first().filter(|_| parts.len() == 4).and_then(|first| weekday(first));
    if stated.is_some() {
        parts.remove(0);
    }
    let [a, b, c] = parts[..] else { return Err(not_a_date("not a day, write it as 2026-01-31")) };
    let day = three_parts(a, b, c, text.contains('.'), order)?;
    match stated {
        Some(stated) if stated != day.weekday() => {
            Err(not_a_date(&format!("{day} is another day of the week, write the day as 2026-01-31")))
        }
        _ => Ok(day),
    }
}

fn three_parts(a: &str, b: &str, c: &str, dotted: bool, order: &DateOrder) -> Result<Date, CellFault> {
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
    match order {
        DateOrder::DayFirst => day(c, b, a),
        DateOrder::MonthFirst => day(c, a, b),
        DateOrder::YearFirst => day(a, b, c),
        // Days with points are written day first wherever they are written.
        _ if dotted => day(c, b, a),
        _ => match (day(c, b, a), day(c, a, b)) {
            (Ok(one), Ok(other)) if one != other => Err(CellFault::new(
                "value.ambiguous_date",
                "day and month could be either way round, \
                 write format = \"day-first\" or \"month-first\" in the mapping",
            )),
            (Ok(only), _) | (_, Ok(only)) => Ok(only),
            (Err(fault), Err(_)) => Err(fault),
        },
    }
}

/// Which way round days with slashes are written in a column, if its cells settle it: some can be read
/// one way only, and none only the other way.
pub fn settle_day_order<'a>(cells: impl IntoIterator<Item = &'a str>) -> Option<DateOrder> {
    let (mut day_first, mut month_first) = (false, false);
    for cell in cells {
        let (day, _) = split_time(cell.trim());
        let reads = |order: &DateOrder| read_day(day, order).is_ok();
        match (reads(&DateOrder::DayFirst), reads(&DateOrder::MonthFirst)) {
            (true, false) => day_first = true,
            (false, true) => month_first = true,
            _ => {}
        }
    }
    match (day_first, month_first) {
        (true, false) => Some(DateOrder::DayFirst),
        (false, true) => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

/// Years that a person, an order or a plan can have. What lies outside is a slip, or a zero that some
/// program took for a day.
const YEARS: std::ops::RangeInclusive<i16> = 1850..=2200;

fn day(year: &str, month: &str, day: &str) -> Result<Date, CellFault> {
    let number = |text: &str, most: usize| {
        let digits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<i16>().ok() } else { None }
    };
    let full = match (number(year, 4), year.len()) {
        (Some(full), 4) if YEARS.contains(&full) => full,
        (Some(short @ 0..=29), 2) => 2000 + short,
        (Some(short @ 70..=99), 2) => 1900 + short,
        (Some(_), 2) => {
            let message = "the year has two digits and may be of either century, write the day as 2026-01-31";
            return Err(CellFault::new("value.short_year", message));
        }
        _ => return Err(no_such_day()),
    };
    let date = || {
        let (month, day) = (number(month, 2)?, number(day, 2)?);
        Date::new(full, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    let date = date().ok_or_else(no_such_day)?;
    if date == jiff::civil::date(1899, 12, 30) {
        return Err(not_a_date("a spreadsheet's day zero, which stands for an empty cell"));
    }
    Ok(date)
}

fn no_such_day() -> CellFault {
    not_a_date("no such day in the calendar, write it as 2026-01-31")
}

/// The text with its digits in ASCII and the signs of 2026年1月31日 as hyphens.
fn plain_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |character: char| match character {
        '年' | '月' | '년' | '월' => '-',
        '日' | '일' => ' ',
        _ => ascii_digit(character).unwrap_or(character),
    };
    Cow::Owned(text.chars().map(plain).collect())
}

/// Names of the months: English, German, Spanish, French, Portuguese, Italian, Dutch.
const MONTHS: [[&str; 12]; 7] = [
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    [
        "januar",
        "februar",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
];

/// The number of a month, by its name or at least the first three letters of it.
fn month(word: &str) -> Option<&'static str> {
    const NUMBERS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
    let word = word.to_lowercase();
    if word.chars().count() < 3 || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    let begins = |month: &usize| MONTHS.iter().any(|names| names[*month].starts_with(&word));
    let mut months = (0..12).filter(begins);
    // `jui` begins two months of French.
    let only = months.next().filter(|_| months.next().is_none());
    only.map(|month| NUMBERS[month])
}

/// A day of the week, by its English name or the first three letters of it.
fn weekday(word: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let word = word.to_ascii_lowercase();
    NAMES.iter().find(|(name, _)| word.len() >= 3 && name.starts_with(&word)).map(|(_, day)| *day)
}

/// `3rd` without its ending.
fn ordinal(text: &str) -> &str {
    ["st", "nd", "rd", "th", "er", "º"].iter().find_map(|ending| text.strip_suffix(ending)).unwrap_or(text)
}

fn not_a_date(message: &str) -> CellFault {
    CellFault::new("value.not_a_date", message)
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
            ("Sat 31 Jan 2026", "2026-01-31"),
            ("Saturday, January 31, 2026", "2026-01-31"),
            ("31. Januar 2026", "2026-01-31"),
            ("31 janvier 2026", "2026-01-31"),
            ("3 de mayo de 2026", "2026-05-03"),
            ("1er août 2026", "2026-08-01"),
            ("2026年1月31日", "2026-01-31"),
            ("٣١/١٢/٢٠٢٦", "2026-12-31"),
            ("1/31/2026 12:00:00 AM", "2026-01-31"),
            ("12/31/2026", "2026-12-31"),
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
    fn two_digits_of_a_year_are_read_where_only_one_century_is_likely() {
        for (cell, day) in [("5.6.26", "2026-06-05"), ("31/12/99", "1999-12-31"), ("1/2/70", "1970-02-01")] {
            assert_eq!(read(cell, &DateOrder::DayFirst), Ok(day.into()), "{cell}");
        }
        // A birthday of 1950, or a contract that ends in 2050.
        assert_eq!(read("31/12/50", &DateOrder::DayFirst), Err("value.short_year"));
        assert_eq!(read("31-Dec-35", &DateOrder::DayFirst), Err("value.short_year"));
    }

    #[test]
    fn a_column_settles_the_order_if_some_cells_can_be_read_one_way_only() {
        let order = |cells: &[&str]| settle_day_order(cells.iter().copied());
        assert_eq!(order(&["05/06/2026", "31/12/2026", "2026-01-31", "n/a"]), Some(DateOrder::DayFirst));
        assert_eq!(order(&["05/06/2026", "12/31/2026 0:00"]), Some(DateOrder::MonthFirst));
        assert_eq!(order(&["05/06/2026", "31/12/2026", "12/31/2026"]), None);
        assert_eq!(order(&["05/06/2026", "01/02/2026"]), None);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for cell in [
            "2023-02-29",
            "2024-13-01",
            "31/31/2024",
            "45321",
            "soon",
            "1/2",
            "2024-01-31 12:30",
            "1/2/24",
            "é/é/2024",
            "0/0/00",
            "0000-00-00",
            "1899-12-30",
            "10101010",
            "0026-01-31",
            "Sun 31 Jan 2026",
            "3 jui 2026",
            "31-Dec",
            "1/31/2026 12:00:00 PM",
            "2026-01-31T00:00:00+02:00",
        ] {
            assert_eq!(read(cell, &DateOrder::Unstated), Err("value.not_a_date"), "{cell}");
        }
    }
}
