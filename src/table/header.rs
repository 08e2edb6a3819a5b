//! Which row names the columns, and which rows below it are no contacts.

use std::path::Path;

use super::closing_line::{is_count, is_footer, is_total_word};
use super::data_cell::is_data;
use super::footer;
use crate::contact::RowError;
use crate::error::Error;

/// Rows with content looked at before the header is decided.
pub const SAMPLE_ROWS: usize = 50;

/// Bytes of rows kept while the header is looked for.
pub const SAMPLE_BYTES: usize = 4 << 20;

/// Share of the cells of a row, in tenths, that a header fills.
const WIDE_ENOUGH: usize = 6;

/// What a row looks like to one who looks for the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Cells that are not blank.
    pub filled: usize,
    /// Whether a cell holds a phone number or an e-mail address.
    pub is_data: bool,
}

impl Outline {
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut outline = Self { filled: 0, is_data: false };
        for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
            outline.filled += 1;
            outline.is_data |= is_data(cell);
        }
        outline
    }
}

/// Position of the header among the first rows: the first one nearly as wide as the others, as a title,
/// a date or a remark above it fills a cell or two. Rows that hold a phone number or an e-mail address
/// are data, so where these are wider than their header it is looked for above them.
///
/// `None` if the data begins at once.
pub fn find(sample: &[Outline]) -> Option<usize> {
    let first_wide = |rows: &[Outline]| rows.iter().position(|row| row.filled * 10 >= width(rows) * WIDE_ENOUGH);
    let at = first_wide(sample).unwrap_or(0);
    if sample.get(at).is_none_or(|row| !row.is_data) {
        return Some(at);
    }
    let above = sample[..at].iter().position(|row| row.is_data).unwrap_or(at);
    first_wide(&sample[..above])
}

/// Cells of the wider rows. The widest may have more than its columns: text with delimiters in it.
fn width(rows: &[Outline]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(|row| row.filled).filter(|filled| *filled > 0).collect();
    widths.sort_unstable_by_key(|filled| std::cmp::Reverse(*filled));
    let at = (widths.len() / 4).max(1).min(widths.len().saturating_sub(1));
    widths.get(at).copied().unwrap_or(0)
}

/// The data begins at once: one of the rows would be lost as a header.
pub fn missing(path: &Path, place: &str, number: u64, cells: &[&str]) -> Error {
    let shown = cells.iter().map(|cell| cell.trim()).find(|cell| is_data(cell)).unwrap_or_default();
    let kind = if shown.contains('@') { "an e-mail address" } else { "a phone number" };
    Error::usage(format!("{}, {place} {number} holds {kind}, so it is a contact and no header", path.display()))
        .at_path(path)
        .at_line(number)
        .hint(
            "if the file has no header, say so with --header none: the columns are then called A, B, C; else say where \
         it is with --header-row",
        )
}

/// What a column is called where no header names it: `A` to `Z`, `AA` and so on, as in a spreadsheet.
pub fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + u8::try_from(column % 26).unwrap_or(0));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// Rows below the header that are no contacts.
#[derive(Debug, Default)]
pub struct NoContacts {
    /// The header as it stands, trimmed.
    header: Vec<String>,
    /// Columns that hold phone numbers or addresses in most of the first rows.
    data_columns: Vec<usize>,
}

impl NoContacts {
    /// `sample` are the first rows below the header.
    pub fn new<'a, R: Iterator<Item = &'a str>>(header: Vec<String>, sample: impl Iterator<Item = R>) -> Self {
        let mut counts = vec![(0_usize, 0_usize); header.len()];
        for row in sample {
            for (cell, (filled, data)) in row.zip(&mut counts) {
                *filled += usize::from(!cell.trim().is_empty());
                *data += usize::from(is_data(cell.trim()));
            }
        }
        let most = |(filled, data): &(usize, usize)| *data > 1 && data * 10 >= filled * WIDE_ENOUGH;
        let data_columns = counts.iter().enumerate().filter(|(_, count)| most(count)).map(|(at, _)| at).collect();
        Self { header, data_columns }
    }

    /// Why the row is no contact, if it is none; `is_first` if it stands directly below the header.
    pub fn fault<'a>(&self, cells: impl Iterator<Item = &'a str> + Clone, is_first: bool) -> Option<RowError> {
        let cells = cells.map(str::trim);
        let first = cells.clone().find(|cell| !cell.is_empty())?;
        if self.header.iter().any(|name| name == first) && self.is_header(cells.clone()) {
            return Some(RowError::of_row("row.repeated_header", "the header stands here again"));
        }
        if is_first && self.is_second_header(&cells) {
            return Some(RowError::of_row("row.second_header", "a second row of column names, and no contact"));
        }
        if is_total_word(first) && cells.clone().filter(|cell| !cell.is_empty()).skip(1).all(is_count) {
            return Some(RowError::of_row("row.total", "a row of totals, and no contact"));
        }
        is_footer(cells).then(footer::told)
    }

    fn is_header<'a>(&self, cells: impl Iterator<Item = &'a str>) -> bool {
        let mut cells = cells.chain(std::iter::repeat(""));
        self.header.iter().all(|name| cells.next() == Some(name.as_str()))
    }

    /// Words for a phone number or an address, where the other rows have one.
    fn is_second_header<'a>(&self, cells: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
        let filled = cells.clone().filter(|cell| !cell.is_empty()).count();
        let named = self.header.iter().filter(|name| !name.is_empty()).count();
        !self.data_columns.is_empty()
            && filled * 10 >= named * WIDE_ENOUGH
            && self.data_columns.iter().all(|at| cells.clone().nth(*at).is_some_and(names_a_column))
    }
}

/// Whether a cell is what people call a column of phone numbers or addresses, and nothing else: `Send mail` is the
/// text of a link.
fn names_a_column(cell: &str) -> bool {
    const WORDS: [&str; 48] = [
        "phone",
        "phones",
        "mobile",
        "mobil",
        "cell",
        "cellphone",
        "tel",
        "telephone",
        "telefon",
        "telefonnummer",
        "teléfono",
        "telefono",
        "telefone",
        "téléphone",
        "celular",
        "móvil",
        "movil",
        "handy",
        "handynummer",
        "mobilnummer",
        "rufnummer",
        "whatsapp",
        "wa",
        "number",
        "no",
        "nr",
        "num",
        "nummer",
        "número",
        "numero",
        "msisdn",
        "mail",
        "email",
        "e",
        "address",
        "addr",
        "adresse",
        "correo",
        "electrónico",
        "electronico",
        "contact",
        "work",
        "home",
        "primary",
        "main",
        "business",
        "personal",
        "de",
    ];
    const SIGNS: [&str; 8] = ["电话", "手机", "号码", "邮箱", "邮件", "電話", "メール", "전화"];
    if cell.contains('@') || cell.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let lower = cell.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some()
        && cell.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && words.all(|word| WORDS.contains(&word) || SIGNS.iter().any(|sign| word.contains(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_in(rows: &[&[&str]]) -> Option<usize> {
        let outlines: Vec<Outline> = rows.iter().map(|row| Outline::of(row.iter().copied())).collect();
        find(&outlines)
    }

    #[test]
    fn a_header_is_found_below_titles_and_above_wider_data() {
        assert_eq!(find_in(&[&["name", "phone"], &["Ann", "+44 7400 100101"]]), Some(0));
        assert_eq!(
            find_in(&[&["Customers", "", ""], &["by ann@desk.example", "", ""], &["a", "b", "c"], &["1", "2", "3"]]),
            Some(2)
        );
        assert_eq!(find_in(&[&["name", "", "", ""], &["Ann", "ann@a.example", "x", "y"]]), Some(0));
        assert_eq!(find_in(&[&["a", "b"], &["1", "2", "3", "4", "5"], &["1", "2"]]), Some(0));
        assert_eq!(find_in(&[&["Customers"], &["a", "b", "c"], &["1", "2", ""]]), Some(1));
        assert_eq!(find_in(&[&["2024", "2025"], &["1", "2"]]), Some(0));
        assert_eq!(find_in(&[&["31.12.2024", "2024-01-31"], &["1", "2"]]), Some(0));
    }

    #[test]
    fn data_that_begins_at_once_has_no_header() {
        assert_eq!(find_in(&[&["+44 7400 100101"], &["+44 7400 100102"]]), None);
        assert_eq!(find_in(&[&["Ann", "ann@a.example"], &["Bob", "bob@b.example"]]), None);
    }

    #[test]
    fn columns_without_names_are_called_as_in_a_spreadsheet() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    fn fault(row: &[&str], is_first: bool) -> Option<String> {
        let sample = [["Ann", "+44 7400 100101", "3"], ["Bob", "+44 7400 100102", "4"]];
        let header = ["Name", "Phone", "Orders"].map(str::to_owned).to_vec();
        let rows = NoContacts::new(header, sample.iter().map(|row| row.iter().copied()));
        rows.fault(row.iter().copied(), is_first).map(|error| error.code.into_owned())
    }

    #[test]
    fn headers_and_totals_below_the_header_are_told_and_people_are_not() {
        assert_eq!(fault(&["Name", " Phone", "Orders"], false).as_deref(), Some("row.repeated_header"));
        assert_eq!(fault(&["full name", "mobile number", "count"], true).as_deref(), Some("row.second_header"));
        assert_eq!(fault(&["Total:", "", "7"], false).as_deref(), Some("row.total"));
        assert_eq!(fault(&["", "Summe", "1.234,50"], false).as_deref(), Some("row.total"));
        assert_eq!(fault(&["Page 1 of 3", "", ""], false).as_deref(), Some("row.footer"));
        for (row, is_first) in [
            (["Name", "+44 7400 100103", "1"], false),
            (["full name", "mobile number", "count"], false),
            (["Ann", "unknown", "1"], true),
            (["Ann", "none", ""], true),
            (["Ann", "Send mail", "site"], true),
            (["Total", "07400 100103", ""], false),
            (["Total", "+44 7400 100103", ""], false),
            (["Tomas", "", "7"], false),
        ] {
            assert_eq!(fault(&row, is_first), None, "{row:?}");
        }
    }
}
