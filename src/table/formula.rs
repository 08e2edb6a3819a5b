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
    if would_run(cell) && !(plus_numbers == PlusNumbers::AsTheyAre && is_e164(cell)) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// `cell` as it was before [`guarded`].
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if would_run(rest) => rest,
        _ => cell,
    }
}

fn would_run(cell: &str) -> bool {
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
    fn what_was_guarded_is_restored() {
        for cell in ["=1", "'=1", "''=1", "'", "''", "'Ann", "+447400123456", "'+447400123456", "-", "\0", "＠x"] {
            for plus_numbers in [PlusNumbers::AsTheyAre, PlusNumbers::Guarded] {
                assert_eq!(restored(&guarded(cell, plus_numbers)), cell);
            }
        }
    }
}
