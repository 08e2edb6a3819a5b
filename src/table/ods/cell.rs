//! One cell, from what it says it holds and what it shows.

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
    fn dates_times_and_errors_are_what_they_are() {
        assert_eq!(content("date", "1985-04-12", "12.04.85").0, "1985-04-12");
        assert_eq!(content("time", "PT09H05M07.5S", "9:05").0, "09:05:07");
        assert_eq!(content("boolean", "true", "WAHR").0, "true");
        assert_eq!(content("error", "0", "#REF!"), ("#REF!".to_owned(), CellKind::Error));
        assert_eq!(content("string", "", "#1 Street").1, CellKind::Text);
    }
}
