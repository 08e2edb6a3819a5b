//! What a spreadsheet cell with a phone number holds besides the number, taken off or told.
//!
//! A phone library looks for a number in any text and finds one in too many: `447700900123.0` is
//! then a wrong number, and of two numbers in a cell one is lost. So a cell is reduced to its digits
//! here, and whatever else means something is a fault of its own.

use super::fault::CellFault;
use super::number::is_scientific;
use super::phone_label::{messenger_number, without_label};
use crate::contact::is_invisible;

/// The digits of a phone number as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    /// A plus sign stands before the digits, so they begin with a country calling code.
    pub international: bool,
    /// ASCII digits only.
    pub text: String,
    /// How many digits stand together, in order: `(415) 555-2671` is 3, 3, 4.
    pub groups: Vec<usize>,
    /// A word beside the number that was left out.
    pub label: Option<String>,
}

/// More digits than this before a second group of as many are two numbers.
const SHORTEST_NUMBER: usize = 7;

/// The digits in a cell.
pub(super) fn read_digits(cell: &str) -> Result<Digits, CellFault> {
    let digits = plain_number(cell).map_or_else(|| decorated_number(cell), Ok)?;
    if is_rounded(&digits) { Err(digits_lost()) } else { Ok(digits) }
}

/// `447400000000`, a number that was saved as the `4.474E+11` it was shown as. Whoever has such a number writes its
/// plus sign or groups it.
fn is_rounded(digits: &Digits) -> bool {
    /// Digits from which on spreadsheets shorten numbers, and zeros that they leave.
    const LONG: usize = 11;
    const ZEROS: &str = "000000";
    let is_one_number = !digits.international && digits.groups.len() == 1 && !digits.text.starts_with('0');
    is_one_number && digits.text.len() >= LONG && digits.text.ends_with(ZEROS)
}

fn digits_lost() -> CellFault {
    CellFault::new(
        "phone.digits_lost",
        "a spreadsheet shortened the number and its last digits are gone, \
         set the column's format to text there and enter the number again",
    )
}

/// The digits in a cell that holds nothing but them and, between them, spaces, hyphens and brackets:
/// most cells do, and need none of what the others need. `None` for all others.
fn plain_number(cell: &str) -> Option<Digits> {
    let bytes = cell.as_bytes();
    let (first, last) = (*bytes.first()?, *bytes.last()?);
    let begins = first.is_ascii_digit() || matches!(first, b'+' | b'(');
    let ends = last.is_ascii_digit() || (last == b')' && first != b'(');
    if !begins || !ends || bytes.len() > 40 {
        return None;
    }
    let international = first == b'+';
    let mut text = String::with_capacity(bytes.len());
    let mut groups = Vec::new();
    let mut group = 0;
    for byte in &bytes[usize::from(international)..] {
        match byte {
            b'0'..=b'9' => {
                text.push(char::from(*byte));
                group += 1;
            }
            b' ' | b'-' | b'(' | b')' => {
                if group > 0 {
                    groups.push(std::mem::take(&mut group));
                }
            }
            _ => return None,
        }
    }
    if group > 0 {
        groups.push(group);
    }
    (!text.is_empty()).then_some(Digits { international, text, groups, label: None })
}

fn decorated_number(cell: &str) -> Result<Digits, CellFault> {
    // A phone number and any decoration fits many times into this.
    if cell.len() > 256 {
        return Err(not_a_number());
    }
    let plain = plain_text(cell);
    let text = plain.trim();
    if let Some(number) = messenger_number(text) {
        return Ok(Digits { international: true, text: number.to_owned(), groups: Vec::new(), label: None });
    }
    let text = without_scheme(quoted(text).unwrap_or(text));
    let (text, label) = without_label(text);
    let text = without_scheme(text).trim_end_matches([',', ';', '.', ' ']);
    let text = whole_number(text)?;
    check_minus(text)?;
    check_extension(text)?;
    check_single(text)?;
    check_letters(text)?;
    check_signs(text)?;
    let groups = text.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|digits| *digits > 0).collect();
    Ok(Digits {
        international: text.contains('+'),
        text: text.chars().filter(char::is_ascii_digit).collect(),
        groups,
        label: label.map(str::to_owned),
    })
}

/// What stands between two quotation marks.
fn quoted(text: &str) -> Option<&str> {
    Some(text.strip_prefix('"')?.strip_suffix('"')?.trim())
}

fn without_scheme(text: &str) -> &str {
    for scheme in ["tel:", "whatsapp:", "callto:", "sms:"] {
        if text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            return text[scheme.len()..].trim_start();
        }
    }
    text
}

/// The text in ASCII where it means the same, without what can't be seen.
fn plain_text(cell: &str) -> String {
    let mut plain = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character {
            // A picture of a telephone says what the column says.
            '☎' | '☏' | '✆' | '📞' | '📱' | '📲' => {}
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
            '\u{ff1a}' => plain.push(':'),
            '\u{ff0c}' | '\u{3001}' => plain.push(','),
            '\u{ff1b}' => plain.push(';'),
            _ => plain.push(ascii_digit(character).unwrap_or(character)),
        }
    }
    plain
}

/// The ASCII digit of the same worth, for the decimal digits of other scripts that phones are kept in.
pub(super) fn ascii_digit(character: char) -> Option<char> {
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
fn whole_number(text: &str) -> Result<&str, CellFault> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_scientific(unsigned) {
        return Err(digits_lost());
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((whole, fraction)) = unsigned.split_once(['.', ','])
        && whole.len() >= SHORTEST_NUMBER
        && digits(whole)
        && fraction.len() <= 2
        && digits(fraction)
    {
        // Behind a whole number nothing but zeros is no part of it, and anything else no phone number.
        return if fraction.bytes().all(|byte| byte == b'0') {
            Ok(&text[..text.len() - fraction.len() - 1])
        } else {
            Err(not_a_number())
        };
    }
    Ok(text)
}

/// A spreadsheet takes `0171-3920012` for a subtraction, and puts negative numbers into brackets.
fn check_minus(text: &str) -> Result<(), CellFault> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let negative = text.starts_with('-')
        || text.strip_suffix('-').is_some_and(digits)
        || text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).is_some_and(digits);
    if negative && count_digits(text) > 0 {
        let message = "a negative number: a spreadsheet subtracted, and the number that stood there is gone";
        return Err(CellFault::new("phone.negative", message));
    }
    Ok(())
}

fn check_extension(text: &str) -> Result<(), CellFault> {
    const WORDS: [&str; 17] = [
        "ext",
        "extn",
        "extension",
        "x",
        "xt",
        "xtn",
        "int",
        "anexo",
        "ramal",
        "poste",
        "доб",
        "#",
        "durchwahl",
        "dw",
        "apparat",
        "interno",
        "wew",
    ];
    let refused = || {
        let message = "an extension can't be stored with a number, move it to a column of its own";
        Err(CellFault::new("phone.has_extension", message))
    };
    let few_digits = |text: &str| (1..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    // A comma is a pause before the extension is dialed.
    if let Some((number, pause)) = text.split_once(',')
        && count_digits(number) >= SHORTEST_NUMBER
        && few_digits(pause.trim_start_matches([',', ' ']))
        && (pause.starts_with(',') || pause.trim().len() <= 4)
    {
        return refused();
    }
    let letters = |c: char| c.is_alphabetic() || c == '#';
    let Some(start) = text.find(letters) else { return Ok(()) };
    let (before, after) = text.split_at(start);
    let end = after.find(|c| !letters(c)).unwrap_or(after.len());
    let word = after[..end].to_lowercase();
    let number = after[end..].trim_matches(|c: char| !c.is_ascii_digit());
    let known = WORDS.contains(&word.as_str()) || word.strip_prefix('#').is_some_and(|rest| WORDS.contains(&rest));
    if count_digits(before) >= SHORTEST_NUMBER && known && few_digits(number) {
        return refused();
    }
    Ok(())
}

fn check_single(text: &str) -> Result<(), CellFault> {
    let of_one = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')' | '/' | '[' | ']');
    // Whatever else stands between two numbers, they are two.
    let numbers = text.split(|c: char| !of_one(c)).filter(|part| count_digits(part) >= SHORTEST_NUMBER).count();
    let second_plus =
        text.match_indices('+').nth(1).is_some_and(|(at, _)| count_digits(&text[..at]) >= SHORTEST_NUMBER);
    // A comma between digits is no part of a number, but in an amount of money.
    let listed =
        !thousands(text) && text.split([',', ';', '|', '\n', '&']).filter(|part| count_digits(part) > 2).count() > 1;
    if numbers > 1 || second_plus || listed || alternatives(text) {
        return Err(CellFault::new(
            "phone.several_numbers",
            "more than one phone number, keep one and move the others",
        ));
    }
    Ok(())
}

/// `447,400,100,396`: a number as a spreadsheet shows amounts.
fn thousands(text: &str) -> bool {
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len()) && digits(first) && groups.all(|group| group.len() == 3 && digits(group))
}

/// A slash behind what is a whole number already: `+44 7400 100361/62`, two numbers or an extension.
fn alternatives(text: &str) -> bool {
    let Some((before, after)) = text.rsplit_once(['/', '\\']) else { return false };
    let number: String = before.chars().filter(char::is_ascii_digit).collect();
    number.trim_start_matches('0').len() > SHORTEST_NUMBER && count_digits(after) > 0
}

fn check_letters(text: &str) -> Result<(), CellFault> {
    if !text.contains(char::is_alphabetic) {
        return Ok(());
    }
    if count_digits(text) >= 3 {
        return Err(CellFault::new("phone.has_letters", "letters in a phone number, write it with digits only"));
    }
    Err(not_a_number())
}

fn check_signs(text: &str) -> Result<(), CellFault> {
    let known = |c: char| {
        c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | ',' | '(' | ')' | '/' | '[' | ']' | '_' | '~')
    };
    // A comma is left only where it groups thousands.
    if text.contains(',') && !thousands(text) {
        return Err(not_a_number());
    }
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

pub(super) fn not_a_number() -> CellFault {
    CellFault::new("phone.not_a_number", "not a phone number, write it as +34600123456")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            ("+447400000000", "+447400000000"),
            ("07400 000000", "07400000000"),
            ("5550000000", "5550000000"),
            ("00000000000", "00000000000"),
            ("0151/12345678", "015112345678"),
            ("(+44) 7700 900123", "+447700900123"),
            ("+44 (0)20 7946 0018", "+4402079460018"),
            ("06.12.34.56.78", "0612345678"),
            ("+49 30 / 23125 021", "+493023125021"),
            ("+44/7400/100950", "+447400100950"),
            ("+44–7400—100384", "+447400100384"),
            ("+ 44 7400 100379", "+447400100379"),
            ("+44 7400 100381 -", "+447400100381"),
            ("+44 7400 100381,", "+447400100381"),
            ("\"+44 7400 100381\"", "+447400100381"),
            ("Work: +44 7400 100374", "+447400100374"),
            ("tel: +44 7400 100374 (home)", "+447400100374"),
            ("📞\u{fe0f} +44 7400 100374 – work", "+447400100374"),
            ("电话：+86 138 1234 5678", "+8613812345678"),
            ("https://wa.me/447400100371", "+447400100371"),
            ("447400100372@c.us", "+447400100372"),
            ("447,400,100,396", "447400100396"),
            ("\u{fe0f}+44\u{3164}7400\u{2800}100\u{ad}374", "+447400100374"),
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
            ("+44 7400 100367, 100368", "phone.several_numbers"),
            ("+44 7400 100365 or +44 7400 100366", "phone.several_numbers"),
            ("+44 7400 100361/62", "phone.several_numbers"),
            ("13812345678、13812345679", "phone.several_numbers"),
            ("07400 100361 y 07400 100362", "phone.several_numbers"),
            ("+1 212 555 0124,,45", "phone.has_extension"),
            ("+1 212 555 0124,45", "phone.has_extension"),
            ("tel:+44-7400-100369;ext=12", "phone.has_extension"),
            ("Fax: +44 7400 100374", "phone.has_letters"),
            ("+44 74OO 100946", "phone.has_letters"),
            ("+447400100952x", "phone.has_letters"),
            ("-7400100953", "phone.negative"),
            ("\u{2212}7400100953", "phone.negative"),
            ("'-447400100953", "phone.negative"),
            ("- 7400100953", "phone.negative"),
            ("(7400100953)", "phone.negative"),
            ("7400100953-", "phone.negative"),
            ("447400100395.5", "phone.not_a_number"),
            ("447400100395,25", "phone.not_a_number"),
            ("4.47400100391E+11", "phone.digits_lost"),
            ("447400000000", "phone.digits_lost"),
            ("33600000000.0", "phone.digits_lost"),
            ("447.400,100", "phone.several_numbers"),
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

    proptest! {
        #[test]
        fn the_short_way_for_plain_numbers_gives_what_the_long_way_gives(
            cell in "[+(]?[-+() 0-9]{0,24}|[+]?[0-9]{0,3}[ -]?[(]?[0-9]{1,5}[)]?[ -][0-9]{2,8}",
        ) {
            if let Some(digits) = plain_number(&cell) {
                prop_assert_eq!(Ok(digits), decorated_number(&cell));
            }
        }
    }
}
