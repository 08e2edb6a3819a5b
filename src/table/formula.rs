//! Cells that a spreadsheet would run (CWE-1236), written so that it won't, and read back the same.
//!
//! A cell whose first character behind any apostrophes is `=`, `+`, `-`, `@`, tab, carriage
//! return, line feed or NUL, or a full-width form of the first four, gets one more apostrophe in
//! front. Reading takes one away. As cells that begin with apostrophes of their own are treated
//! the same, this is reversible for every text.
//!
//! The apostrophe is taken away only in files that say they are ours by one of rolo's own columns:
//! in a stranger's file `'=x` may be what was meant. A file written without any such column gets
//! an empty one named `_rolo`.
//!
//! A spreadsheet that opens such a text file and saves a workbook keeps the apostrophes, so workbooks
//! that say they are ours are read the same way, and written so that this is right: there, only a cell
//! that begins with an apostrophe of its own gets one more.
//!
//! Control characters but for line breaks and tabs are written out, `<U+001B>`: a terminal that shows the
//! file must not obey them. Reading gives the character again, in files that are ours.
//!
//! A strict E.164 number is left as it is, or every program that reads our CSV files would find
//! `'+447400123456` in its phone column. A spreadsheet doesn't run it, but takes it for a number:
//! the plus is gone once it saves the CSV file, and Excel may write `4.474E+11`, which validation
//! recognises as `phone.digits_lost` and never sends. Where people will mend the file in a
//! spreadsheet, write .xlsx, in which every cell is text, or [`PlusNumbers::Guarded`].

use std::borrow::Cow;

/// What becomes of strict E.164 numbers, `+` and 7 to 15 digits, in a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlusNumbers {
    /// As they are: every other program reads them. A spreadsheet that saves the file drops the plus.
    #[default]
    AsTheyAre,
    /// With an apostrophe in front: they survive a spreadsheet, and only rolo takes it away again.
    /// The file then begins with a byte-order mark too, by which a spreadsheet knows its encoding.
    Guarded,
}

/// `cell` as it is written to a text file.
pub fn guarded(cell: &str, plus_numbers: PlusNumbers) -> Cow<'_, str> {
    match written_out(cell) {
        Cow::Borrowed(cell) => guarded_own(cell, plus_numbers),
        Cow::Owned(cell) => Cow::Owned(guarded_own(&cell, plus_numbers).into_owned()),
    }
}

/// Like [`guarded`], for a cell of rolo's own columns, which holds nothing that needs to be written out:
/// messages already are.
pub fn guarded_own(cell: &str, plus_numbers: PlusNumbers) -> Cow<'_, str> {
    if would_run(cell) && !(plus_numbers == PlusNumbers::AsTheyAre && is_e164(cell)) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// `cell` as it was before [`guarded`].
pub fn restored(cell: &str) -> Cow<'_, str> {
    let cell = restored_own(cell);
    let Some(mut at) = cell.find(OPENING) else { return Cow::Borrowed(cell) };
    let mut text = cell[..at].to_owned();
    loop {
        let rest = &cell[at..];
        match character(rest) {
            Some((character, length)) => {
                text.push(character);
                at += length;
            }
            None => {
                text.push_str(&rest[..OPENING.len()]);
                at += OPENING.len();
            }
        }
        let next = cell[at..].find(OPENING).map_or(cell.len(), |next| at + next);
        text.push_str(&cell[at..next]);
        at = next;
        if at == cell.len() {
            return Cow::Owned(text);
        }
    }
}

/// `cell` as it was before [`guarded_own`].
pub fn restored_own(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if would_run(rest) => rest,
        _ => cell,
    }
}

/// What a character that is written out begins with.
const OPENING: &str = "<U+";

/// Characters that a terminal may obey, written as `<U+001B>`; line breaks and tabs stay. So that reading
/// gives the same text, `<U+` of the text itself is `<U+003C>U+`.
pub fn written_out(cell: &str) -> Cow<'_, str> {
    // Most cells have no such byte, and all of a cell is looked at since that is quicker than to ask after
    // each byte.
    if !cell.bytes().fold(false, |found, byte| found | may_be_written_out(byte)) {
        return Cow::Borrowed(cell);
    }
    let is_obeyed = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    if !cell.contains(is_obeyed) && !cell.contains(OPENING) {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len() + 16);
    for (at, character) in cell.char_indices() {
        if is_obeyed(character) || cell[at..].starts_with(OPENING) {
            text.push_str(&format!("{OPENING}{:04X}>", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}

/// Whether a byte may begin what [`written_out`] writes otherwise: U+0080 to U+009F begin with C2.
#[inline]
pub(super) fn may_be_written_out(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r') || byte == 0x7f || byte == 0xc2 || byte == b'<'
}

/// The character that `text` begins with, written out, and how long that is.
fn character(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix(OPENING)?.get(..4)?;
    let is_hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    let character = is_hex.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten()?;
    let length = OPENING.len() + digits.len() + 1;
    (text.as_bytes().get(length - 1) == Some(&b'>') && (character.is_control() || character == '<'))
        .then_some((character, length))
}

fn would_run(cell: &str) -> bool {
    // Most cells begin with a letter or digit, or are empty.
    if cell.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return false;
    }
    let first = cell.trim_start_matches('\'').chars().next();
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠'))
}

fn is_e164(cell: &str) -> bool {
    cell.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_with_a_plus_are_not() {
        let as_they_are = |cell| guarded(cell, PlusNumbers::AsTheyAre).into_owned();
        for cell in ["=1+1", "-12", "@SUM(A1)", "\t=1", "\r", "+1+1", "+0123456789", "+123456", "＝1", "'=1", "''-x"] {
            assert_eq!(as_they_are(cell), format!("'{cell}"));
        }
        for cell in ["+447400123456", "+1234567", "Ann", "'Ann", "", "'", "a=b"] {
            assert_eq!(as_they_are(cell), cell);
        }
        assert_eq!(guarded("+447400123456", PlusNumbers::Guarded), "'+447400123456");
    }

    #[test]
    fn what_a_terminal_may_obey_is_written_out() {
        assert_eq!(guarded("a\u{1b}[31m\tb\n", PlusNumbers::AsTheyAre), "a<U+001B>[31m\tb\n");
        assert_eq!(guarded("<U+001B>", PlusNumbers::AsTheyAre), "<U+003C>U+001B>");
        assert_eq!(restored("<U+0041>"), "<U+0041>");
    }

    #[test]
    fn what_was_guarded_is_restored() {
        for cell in [
            "=1",
            "'=1",
            "''=1",
            "'",
            "''",
            "'Ann",
            "+447400123456",
            "'+447400123456",
            "-",
            "\0",
            "＠x",
            "a\u{1b}[31m\u{7f}\u{9b}",
            "<U+001B>",
            "<U+",
            "<<U+00",
            "'<U+003C>U+001B>",
            "é<U+00é>",
        ] {
            for plus_numbers in [PlusNumbers::AsTheyAre, PlusNumbers::Guarded] {
                assert_eq!(restored(&guarded(cell, plus_numbers)), cell);
            }
        }
    }
}
