//! What a spreadsheet cell with a phone number holds besides the number, taken off or told.
//!
//! A phone library looks for a number in any text and finds one in too many: `447700900123.0` is
//! then a wrong number, and of two numbers in a cell one is lost. So a cell is reduced to its digits
//! here, and whatever else means something is a fault of its own.

use super::fault::{Fault, is_invisible};
use super::number::is_scientific;

/// The digits of a phone number as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    /// A plus sign stands before the digits, so they begin with a country calling code.
    pub international: bool,
    /// ASCII digits only.
    pub text: String,
}

/// More digits than this before a second group of as many are two numbers.
const SHORTEST_NUMBER: usize = 7;

/// The digits in a cell.
pub(super) fn read_digits(cell: &str) -> Result<Digits, Fault> {
    // A phone number and any decoration fits many times into this.
    if cell.len() > 256 {
        return Err(not_a_number());
    }
    let plain = plain_text(cell);
    let mut text = plain.trim();
    for scheme in ["tel:", "whatsapp:"] {
        if text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            text = text[scheme.len()..].trim_start();
        }
    }
    let text = whole_number(text)?;
    check_extension(text)?;
    check_single(text)?;
    check_letters(text)?;
    check_signs(text)?;
    Ok(Digits { international: text.contains('+'), text: text.chars().filter(char::is_ascii_digit).collect() })
}

/// The text in ASCII where it means the same, without what can't be seen.
fn plain_text(cell: &str) -> String {
    let mut plain = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character {
            _ if is_invisible(character) => {}
            '\n' | '\r' => plain.push('\n'),
            _ if character.is_whitespace() => plain.push(' '),
            // Excel's mark of a text cell, and what autocorrection makes of it.
            '\'' | '’' | '‘' | '`' if plain.trim().is_empty() => {}
            '\u{ff0b}' | '\u{fe62}' => plain.push('+'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{2043}' => plain.push('-'),
            '\u{ff08}' => plain.push('('),
            '\u{ff09}' => plain.push(')'),
            '\u{ff0e}' | '\u{b7}' => plain.push('.'),
            '\u{ff0f}' => plain.push('/'),
            _ => plain.push(ascii_digit(character).unwrap_or(character)),
        }
    }
    plain
}

/// The ASCII digit of the same worth, for the decimal digits of other scripts that phones are kept in.
fn ascii_digit(character: char) -> Option<char> {
    const ZEROS: [u32; 19] = [
        0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0,
        0x0f20, 0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    if character.is_ascii() {
        return None;
    }
    let code = u32::from(character);
    let worth = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|worth| *worth < 10))?;
    char::from_digit(worth, 10)
}

/// Undoes a spreadsheet's number where all digits are still there.
fn whole_number(text: &str) -> Result<&str, Fault> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if is_scientific(unsigned) {
        return Err(Fault::new(
            "phone.digits_lost",
            "a spreadsheet shortened the number and its last digits are gone, \
             set the column's format to text there and enter the number again",
        ));
    }
    if let Some((whole, fraction)) = unsigned.split_once(['.', ',']) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let tail = matches!(fraction, "0" | "00");
        if tail && whole.len() >= SHORTEST_NUMBER && digits(whole) {
            return Ok(&text[..text.len() - fraction.len() - 1]);
        }
    }
    Ok(text)
}

fn check_extension(text: &str) -> Result<(), Fault> {
    const WORDS: [&str; 14] =
        ["ext", "extn", "extension", "x", "xt", "xtn", "int", "anexo", "ramal", "poste", "доб", "#", "durchwahl", "dw"];
    let letters = |c: char| c.is_alphabetic() || c == '#';
    let Some(start) = text.find(letters) else { return Ok(()) };
    let (before, after) = text.split_at(start);
    let end = after.find(|c| !letters(c)).unwrap_or(after.len());
    let word = after[..end].to_lowercase();
    let number = after[end..].trim_matches(|c: char| !c.is_ascii_digit());
    let is_extension = count_digits(before) >= SHORTEST_NUMBER
        && WORDS.contains(&word.as_str())
        && (1..=7).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_extension {
        let message = "an extension can't be stored with a number, move it to a column of its own";
        return Err(Fault::new("phone.has_extension", message));
    }
    Ok(())
}

fn check_single(text: &str) -> Result<(), Fault> {
    let numbers = text
        .split(['/', '\\', ',', ';', '|', '\n', '&'])
        .flat_map(|part| part.split(" or "))
        .filter(|part| count_digits(part) >= SHORTEST_NUMBER)
        .count();
    let second_plus =
        text.match_indices('+').nth(1).is_some_and(|(at, _)| count_digits(&text[..at]) >= SHORTEST_NUMBER);
    if numbers > 1 || second_plus {
        return Err(Fault::new("phone.several_numbers", "more than one phone number, keep one and move the others"));
    }
    Ok(())
}

fn check_letters(text: &str) -> Result<(), Fault> {
    if !text.contains(char::is_alphabetic) {
        return Ok(());
    }
    if count_digits(text) >= 3 {
        return Err(Fault::new("phone.has_letters", "letters in a phone number, write it with digits only"));
    }
    Err(not_a_number())
}

fn check_signs(text: &str) -> Result<(), Fault> {
    let known =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')' | '/' | '[' | ']' | '_' | '~');
    let first_digit = text.find(|c: char| c.is_ascii_digit());
    let plus_first = text.rfind('+').is_none_or(|plus| first_digit.is_some_and(|digit| plus < digit));
    if first_digit.is_none() || !text.chars().all(known) || !plus_first || text.matches('+').count() > 1 {
        return Err(not_a_number());
    }
    Ok(())
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

pub(super) fn not_a_number() -> Fault {
    Fault::new("phone.not_a_number", "not a phone number, write it as +34600123456")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> Result<String, &'static str> {
        let digits = read_digits(cell).map_err(|fault| fault.code)?;
        Ok(format!("{}{}", if digits.international { "+" } else { "" }, digits.text))
    }

    #[test]
    fn decoration_is_taken_off() {
        for (cell, digits) in [
            ("+44 7700 900123", "+447700900123"),
            ("(020) 7946-0018", "02079460018"),
            ("'+447700900123", "+447700900123"),
            ("\u{a0}+44\u{a0}7700\u{a0}900123\u{a0}", "+447700900123"),
            ("\u{200e}+447700900123\u{200b}", "+447700900123"),
            ("٠٧٧٠٠٩٠٠١٢٣", "07700900123"),
            ("＋４４７７００９００１２３", "+447700900123"),
            ("tel:+44-7700-900123", "+447700900123"),
            ("447700900123.0", "447700900123"),
            ("0151/12345678", "015112345678"),
            ("(+44) 7700 900123", "+447700900123"),
            ("+44 (0)20 7946 0018", "+4402079460018"),
            ("06.12.34.56.78", "0612345678"),
        ] {
            assert_eq!(read(cell), Ok(digits.to_owned()), "{cell}");
        }
    }

    #[test]
    fn what_else_means_something_is_told() {
        for (cell, code) in [
            ("4.47E+11", "phone.digits_lost"),
            ("4,47e+11", "phone.digits_lost"),
            ("+4.47E+11", "phone.digits_lost"),
            ("+447700900123 ext. 123", "phone.has_extension"),
            ("+447700900123x5", "phone.has_extension"),
            ("+447700900123#5", "phone.has_extension"),
            ("+447700900123 доб. 12", "phone.has_extension"),
            ("1-800-FLOWERS", "phone.has_letters"),
            ("+447700900123 (Anna)", "phone.has_letters"),
            ("+447700900123 / +447700900124", "phone.several_numbers"),
            ("+447700900123;+447700900124", "phone.several_numbers"),
            ("+447700900123 +447700900124", "phone.several_numbers"),
            ("+447700900123\n+447700900124", "phone.several_numbers"),
            ("n/a", "phone.not_a_number"),
            ("-", "phone.not_a_number"),
            ("call office", "phone.not_a_number"),
            ("#REF!", "phone.not_a_number"),
            ("44+7700900123", "phone.not_a_number"),
            ("++447700900123", "phone.not_a_number"),
            ("\u{200b}", "phone.not_a_number"),
        ] {
            assert_eq!(read(cell), Err(code), "{cell:?}");
        }
    }
}
