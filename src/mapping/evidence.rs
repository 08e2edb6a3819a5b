//! What the cells of a sample say about a column.

use super::codes::{country_code, language_code};
use super::tags::{SEPARATORS, count_separators};
use crate::table::RowBatch;

/// What was seen in one column of the sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Cells that are not blank.
    pub filled: usize,
    pub phones: usize,
    /// Phone numbers with a plus sign or `00` in front.
    pub international: usize,
    pub emails: usize,
    pub countries: usize,
    pub languages: usize,
    pub separators: [usize; 3],
}

impl Seen {
    /// What the cells of a column say.
    pub fn column(sample: &RowBatch, column: usize) -> Self {
        let mut seen = Self::default();
        for row in sample.rows() {
            let cell = row.cell(column).trim();
            // A cell this long is none of the things looked for.
            if cell.is_empty() || cell.len() > 4096 {
                seen.filled += usize::from(!cell.is_empty());
                continue;
            }
            seen.filled += 1;
            seen.phones += usize::from(looks_like_phone(cell));
            seen.international += usize::from(looks_like_phone(cell) && is_international(cell));
            seen.emails += usize::from(looks_like_email(cell));
            seen.countries += usize::from(country_code(cell).is_some());
            seen.languages += usize::from(language_code(cell).is_some());
            for (sum, count) in seen.separators.iter_mut().zip(count_separators(cell)) {
                *sum += usize::from(count > 0);
            }
        }
        seen
    }

    /// What stands between the names in the cells; a semicolon where nothing does.
    pub fn separator(&self) -> char {
        let mut best = 0;
        for which in 1..SEPARATORS.len() {
            if self.separators[which] > self.separators[best] {
                best = which;
            }
        }
        SEPARATORS[best]
    }

    /// How many of the filled cells fit the field; `None` for a field that any text fits.
    pub fn fitting(&self, field: &str) -> Option<(usize, &'static str)> {
        match field {
            "phone" => Some((self.phones, "a phone number")),
            "email" => Some((self.emails, "an e-mail address")),
            "country" => Some((self.countries, "a country")),
            "language" => Some((self.languages, "a language")),
            _ => None,
        }
    }
}

fn looks_like_email(cell: &str) -> bool {
    cell.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !cell.contains(char::is_whitespace)
}

/// Seven to fifteen digits and what people put between them, or a spreadsheet's damage to such a number.
fn looks_like_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(|c| c.is_numeric()).count();
    let others = |c: char| c.is_numeric() || c.is_whitespace() || "+-.()/'\u{200b}\u{200e}\u{ff0b}".contains(c);
    let scientific = cell.contains("E+") && cell.starts_with(|c: char| c.is_ascii_digit()) && digits >= 4;
    scientific || ((7..=16).contains(&digits) && cell.chars().all(others) && !looks_like_date(cell))
}

fn is_international(cell: &str) -> bool {
    let start = cell.trim_start_matches(|c: char| !c.is_numeric() && c != '+' && c != '\u{ff0b}');
    start.starts_with(['+', '\u{ff0b}']) || start.starts_with("00")
}

/// `2024-01-31`, `31.12.2024`: eight digits in three groups, four of them a year.
fn looks_like_date(cell: &str) -> bool {
    let groups: Vec<_> = cell.split(['-', '/', '.']).collect();
    let year = |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    groups.len() == 3
        && groups.iter().all(|group| (1..=4).contains(&group.len()))
        && (year(&groups[0]) || year(&groups[2]))
        && groups[1].len() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_told_from_dates_and_amounts() {
        for cell in ["+447400123456", "(020) 7946-0018", "06.12.34.56.78", "4.47E+11", "٠٧٧٠٠٩٠٠١٢٣", "'+447400123456"]
        {
            assert!(looks_like_phone(cell), "{cell}");
        }
        for cell in ["2024-01-31", "31.12.2024", "12.50", "a1234567", "12345678901234567890", ""] {
            assert!(!looks_like_phone(cell), "{cell}");
        }
    }
}
