//! One cell, from what it says it holds and what it shows.

use jiff::civil::{Date, DateTime, Time, date};

use crate::table::batch::TypedValue;
use crate::table::xlsx::{CellKind, NumberFormat};

/// What the tag of a cell says.
#[derive(Debug, Default)]
pub struct CellTag {
    /// `office:value-type`, or what LibreOffice says beside it.
    pub kind: String,
    /// `office:value` and its like.
    pub value: String,
    pub has_formula: bool,
    /// How often it stands side by side.
    pub columns: usize,
    /// How many cells are merged into it: rows, columns.
    pub spans: (u32, u32),
}

impl CellTag {
    /// The text and kind of the cell, which shows `shown`.
    pub fn content<'a>(&'a self, shown: &'a str, into: &'a mut String) -> (&'a str, CellKind) {
        match self.kind.as_str() {
            "error" => (shown, CellKind::Error),
            "string" if self.has_formula && is_error(shown) => (shown, CellKind::Error),
            "float" | "percentage" | "currency" => {
                let Ok(number) = self.value.trim().parse::<f64>() else { return (shown, CellKind::Text) };
                let plain = NumberFormat::default().show(number);
                if plain.digits_lost {
                    *into = plain.text;
                    return (into, CellKind::DigitsLost);
                }
                if self.kind == "float" && is_masked(shown, &plain.text) {
                    return (shown, CellKind::Value);
                }
                *into = plain.text;
                (into, CellKind::Value)
            }
            "boolean" => (&self.value, CellKind::Value),
            // A day, or a day and a time, as ISO 8601 writes it; the fraction of a second is seldom said.
            "date" => (self.value.trim_end_matches('Z'), CellKind::Value),
            "time" => {
                *into = time(&self.value).unwrap_or_else(|| shown.to_owned());
                (into, CellKind::Value)
            }
            _ => (shown, CellKind::Text),
        }
    }

    /// What the cell holds, if that is no text, with a format by which it shows `text`.
    pub fn typed(&self, text: &str) -> Option<TypedValue> {
        let number = |number, format: &str| Some(TypedValue::Number { number, format: format.into() });
        match self.kind.as_str() {
            "boolean" => Some(TypedValue::Boolean(self.value == "true")),
            "percentage" => number(self.value.trim().parse().ok()?, "0.##%"),
            "float" | "currency" => number(self.value.trim().parse().ok()?, &mask_of(text)),
            "date" => {
                let (value, format) = match text.parse::<DateTime>() {
                    Ok(moment) if text.contains('T') => (moment, "yyyy\\-mm\\-dd\\ hh:mm:ss"),
                    _ => (text.parse::<Date>().ok()?.into(), "yyyy\\-mm\\-dd"),
                };
                number(serial(value)?, format)
            }
            "time" => number(day_part(text.parse().ok()?), "hh:mm:ss"),
            _ => None,
        }
    }
}

/// The format by which a number shows `text`, where that has zeros or punctuation that a number has not.
fn mask_of(text: &str) -> String {
    let has_zeros = text.len() > 1 && text.starts_with('0') && !text.contains('.');
    if !has_zeros && text.parse::<f64>().is_ok() && !text.starts_with('+') {
        return "General".into();
    }
    text.chars().map(|c| if c.is_ascii_digit() { "0".to_owned() } else { format!("\\{c}") }).collect()
}

/// Days since the last day of 1899, by which workbooks count.
fn serial(moment: DateTime) -> Option<f64> {
    let days = (moment.date() - date(1899, 12, 30)).get_days();
    // A spreadsheet takes 1900 for a leap year: before its March there is no agreement on a day's number.
    (days > 60).then(|| f64::from(days) + day_part(moment.time()))
}

fn day_part(time: Time) -> f64 {
    let seconds = f64::from(time.hour()) * 3600.0 + f64::from(time.minute()) * 60.0 + f64::from(time.second());
    (seconds + f64::from(time.subsec_nanosecond()) / 1e9) / 86_400.0
}

/// Whether a whole number is shown by a mask of phone numbers and the like: the same digits, with zeros or a
/// plus before them, brackets and dashes. Groups of thousands are none.
fn is_masked(shown: &str, plain: &str) -> bool {
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    let punctuation = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | ' ' | '\u{a0}');
    let masked = shown.starts_with(['0', '+', '(']) || shown.trim_start_matches('-').contains('-');
    masked
        && !plain.starts_with('-')
        && plain.bytes().all(|byte| byte.is_ascii_digit())
        && shown.chars().all(punctuation)
        && digits.trim_start_matches('0').ends_with(plain.trim_start_matches('0'))
}

/// `PT10H30M00S` as `10:30:00`.
fn time(value: &str) -> Option<String> {
    let (hours, rest) = value.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.trim_end_matches('S').split(['.', ',']).next()?;
    let number = |text: &str| text.parse::<u32>().ok();
    Some(format!("{:02}:{:02}:{:02}", number(hours)?, number(minutes)?, number(seconds)?))
}

fn is_error(shown: &str) -> bool {
    shown.starts_with("Err:") || shown.starts_with('#') && shown.ends_with(['!', '?', 'A']) && !shown.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(kind: &str, value: &str, shown: &str) -> (String, CellKind) {
        let tag = CellTag { kind: kind.into(), value: value.into(), ..CellTag::default() };
        let mut into = String::new();
        let (text, kind) = tag.content(shown, &mut into);
        (text.to_owned(), kind)
    }

    #[test]
    fn numbers_are_plain_but_for_masks_of_phones_and_codes() {
        for (value, shown, text) in [
            ("123", "00123", "00123"),
            ("447400100101", "+44 7400 100101", "+44 7400 100101"),
            ("4155550100", "(415) 555-0100", "(415) 555-0100"),
            ("1234567", "1,234,567", "1234567"),
            ("1234567", "1 234 567", "1234567"),
            ("0.5", "0.50", "0.5"),
            ("-5", "-5", "-5"),
            ("447400100101", "4.47E+11", "447400100101"),
        ] {
            assert_eq!(content("float", value, shown), (text.to_owned(), CellKind::Value), "{shown}");
        }
        assert_eq!(content("percentage", "0.25", "25 %").0, "0.25");
        assert_eq!(content("float", "4.474001001011E+15", "4474001001011000").1, CellKind::DigitsLost);
    }

    #[test]
    fn what_is_no_text_is_told_with_a_format_that_shows_it() {
        let typed = |kind: &str, value: &str, text: &str| {
            CellTag { kind: kind.into(), value: value.into(), ..CellTag::default() }.typed(text)
        };
        let number =
            |number: f64, format: &str| Some(TypedValue::Number { number, format: std::sync::Arc::from(format) });
        assert_eq!(typed("float", "123", "00123"), number(123.0, "00000"));
        assert_eq!(typed("float", "-5.5", "-5.5"), number(-5.5, "General"));
        assert_eq!(typed("float", "0.5", "0.5"), number(0.5, "General"));
        assert_eq!(typed("float", "4155550100", "(415) 555"), number(4_155_550_100.0, "\\(000\\)\\ 000"));
        // 31 January 2024 is day 45,322 of a spreadsheet.
        assert_eq!(typed("date", "", "2024-01-31"), number(45_322.0, "yyyy\\-mm\\-dd"));
        assert_eq!(typed("date", "", "2024-01-31T12:00:00"), number(45_322.5, "yyyy\\-mm\\-dd\\ hh:mm:ss"));
        assert_eq!(typed("time", "", "18:00:00"), number(0.75, "hh:mm:ss"));
        assert_eq!(typed("date", "", "1880-01-31"), None);
        assert_eq!(typed("boolean", "true", "true"), Some(TypedValue::Boolean(true)));
        assert_eq!(typed("string", "", "007"), None);
    }

    #[test]
    fn dates_times_and_errors_are_what_they_are() {
        assert_eq!(content("date", "1985-04-12", "12.04.85").0, "1985-04-12");
        assert_eq!(content("time", "PT09H05M07.5S", "9:05").0, "09:05:07");
        assert_eq!(content("boolean", "true", "WAHR").0, "true");
        assert_eq!(content("error", "0", "#REF!"), ("#REF!".to_owned(), CellKind::Error));
        assert_eq!(content("string", "", "#1 Street").1, CellKind::Text);
    }
}
