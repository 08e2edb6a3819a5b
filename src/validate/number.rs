//! Numbers as people write them, to plain decimal notation.

use super::fault::CellFault;
use crate::contact::Value;
use crate::mapping::DecimalMark;

/// More digits than any service keeps.
const MOST_DIGITS: usize = 100;

/// A cell that holds a number, in plain notation.
pub(super) fn check_number(cell: &str, mark: DecimalMark) -> Result<Value, CellFault> {
    let (negative, body) = match cell.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, cell.strip_prefix('+').unwrap_or(cell)),
    };
    if is_scientific(body) {
        let message = "a spreadsheet shortened the number, set the column's format to plain number there";
        return Err(CellFault::new("value.digits_lost", message));
    }
    let (decimal, thousands) = match mark {
        DecimalMark::Comma => (',', '.'),
        DecimalMark::Unstated | DecimalMark::Point => ('.', ','),
    };
    let (whole, fraction) = body.split_once(decimal).unwrap_or((body, ""));
    let Some(digits) = ungrouped(whole, thousands) else {
        return Err(not_a_number(body, mark));
    };
    let plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (digits.is_empty() && fraction.is_empty()) || digits.len() + fraction.len() > MOST_DIGITS {
        return Err(not_a_number(body, mark));
    }
    if mark == DecimalMark::Unstated && fraction.is_empty() && whole.matches(',').count() == 1 {
        let message = "the comma may stand before a fraction or between thousands, \
                       write format = \"decimal-point\" or \"decimal-comma\" in the mapping";
        return Err(CellFault::new("value.ambiguous_number", message));
    }
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let zero = digits == "0" && fraction.bytes().all(|byte| byte == b'0');
    let sign = if negative && !zero { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(Value::Number(format!("{sign}{digits}{point}{fraction}")))
}

/// What stands before the fraction of the numbers of a column, if its cells settle it: some can be read
/// one way only, and none only the other way.
pub(super) fn settle_decimal_mark<'a>(cells: impl IntoIterator<Item = &'a str>) -> Option<DecimalMark> {
    let (mut point, mut comma) = (false, false);
    for cell in cells {
        let reads = |mark| check_number(cell.trim(), mark).is_ok();
        match (reads(DecimalMark::Point), reads(DecimalMark::Comma)) {
            (true, false) => point = true,
            (false, true) => comma = true,
            _ => {}
        }
    }
    match (point, comma) {
        (true, false) => Some(DecimalMark::Point),
        (false, true) => Some(DecimalMark::Comma),
        _ => None,
    }
}

/// The digits of a whole number without separators between its thousands; `None` if they don't stand
/// where separators stand.
fn ungrouped(whole: &str, separator: char) -> Option<String> {
    let is_separator = |c: char| c == separator || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’');
    let mut groups = whole.split(is_separator);
    let first = groups.next()?;
    let mut digits = String::with_capacity(whole.len());
    digits.push_str(first);
    let mut grouped = false;
    for group in groups {
        // Two digits between separators are the Indian way: 12,34,567.
        if !matches!(group.len(), 2 | 3) {
            return None;
        }
        grouped = true;
        digits.push_str(group);
    }
    let last_is_whole = whole.rsplit(is_separator).next().is_some_and(|group| group.len() == 3);
    let fits = !grouped || (last_is_whole && matches!(first.len(), 1..=3));
    (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// `4.47E+11`: what a spreadsheet shows of a long number.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(exponent) && digits(whole) && digits(fraction)
}

fn not_a_number(body: &str, mark: DecimalMark) -> CellFault {
    let comma_last = body.rfind(',') > body.rfind('.');
    let message = if mark == DecimalMark::Unstated && comma_last && body.bytes().any(|byte| byte.is_ascii_digit()) {
        "not a number with a decimal point, write format = \"decimal-comma\" in the mapping if the comma is one"
    } else {
        "not a number, write digits with a decimal point at most"
    };
    CellFault::new("value.not_a_number", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, mark: DecimalMark) -> Result<String, &'static str> {
        check_number(cell, mark).map(|value| value.as_text().into_owned()).map_err(|fault| fault.code)
    }

    #[test]
    fn numbers_become_plain_notation() {
        for (cell, plain) in [
            ("12", "12"),
            ("-12.50", "-12.50"),
            ("+5", "5"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("1,234.5", "1234.5"),
            ("1,234,567", "1234567"),
            ("12,34,567", "1234567"),
            ("1 234 567", "1234567"),
            ("1'234.5", "1234.5"),
            ("\u{2212}3", "-3"),
        ] {
            assert_eq!(read(cell, DecimalMark::Unstated), Ok(plain.to_owned()), "{cell}");
        }
        assert_eq!(read("1.234,56", DecimalMark::Comma), Ok("1234.56".to_owned()));
        assert_eq!(read("12,5", DecimalMark::Comma), Ok("12.5".to_owned()));
        assert_eq!(read("1,234", DecimalMark::Point), Ok("1234".to_owned()));
    }

    #[test]
    fn a_column_settles_its_mark_by_cells_that_are_read_in_one_way() {
        let settled = |cells: &[&str]| settle_decimal_mark(cells.iter().copied());
        assert_eq!(settled(&["1.234", "12,5", "7"]), Some(DecimalMark::Comma));
        assert_eq!(settled(&["1.234.567", "1.234"]), Some(DecimalMark::Comma));
        assert_eq!(settled(&["1,234", "12.50"]), Some(DecimalMark::Point));
        assert_eq!(settled(&["1.234", "2.345", "7", "n/a"]), None);
        assert_eq!(settled(&["12,5", "12.5"]), None, "no one way for all");
    }

    #[test]
    fn what_could_be_two_numbers_is_refused() {
        assert_eq!(read("1,234", DecimalMark::Unstated), Err("value.ambiguous_number"));
        assert_eq!(read("4.47E+11", DecimalMark::Unstated), Err("value.digits_lost"));
        assert_eq!(read("1e5", DecimalMark::Unstated), Err("value.digits_lost"));
        for cell in ["12,5", "1.234.567", "12 €", "abc", "", "-", ".", "1,23,4", "(5)", "1-2", "٣"] {
            assert_eq!(read(cell, DecimalMark::Unstated), Err("value.not_a_number"), "{cell}");
        }
    }
}
