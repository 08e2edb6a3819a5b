//! Which rows of a run are wanted, and in which order.

use crate::contact::Outcome;

/// Which rows are wanted, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsWanted {
    pub outcome: Option<Outcome>,
    /// Somewhere in a cell or a message, without regard to case.
    pub text: Option<String>,
    /// Header of a column.
    pub sort: Option<String>,
    pub is_descending: bool,
}

/// A row as it is kept.
#[derive(Debug)]
pub struct StoredRow<'a> {
    pub line: &'a str,
    pub sheet: &'a str,
    pub contact_id: &'a str,
    pub outcome: &'a str,
    pub message: &'a str,
    pub code: &'a str,
    /// Headers of the cells that are wrong.
    pub wrong: &'a str,
    pub cells: Vec<&'a str>,
}

/// A row with what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultRow {
    pub line: String,
    /// Of a workbook.
    pub sheet: String,
    pub contact_id: String,
    pub outcome: String,
    pub message: String,
    /// Headers of the cells that are wrong.
    pub wrong: Vec<String>,
    pub cells: Vec<String>,
}

impl ResultRow {
    /// Whether the cell under this header is why the row needs attention.
    pub fn is_wrong(&self, header: &str) -> bool {
        self.needs_attention() && self.wrong.iter().any(|wrong| wrong == header)
    }

    /// Whether the cell under this header may be the one to be mended: it is wrong, or nobody said which is.
    pub fn may_be_mended(&self, header: &str, headers: &[String]) -> bool {
        let is_told = headers.iter().any(|header| self.is_wrong(header));
        self.needs_attention() && (!is_told || self.is_wrong(header))
    }

    pub fn needs_attention(&self) -> bool {
        Outcome::from_name(&self.outcome).is_some_and(Outcome::needs_attention)
    }
}

/// `text` is in small letters.
pub fn is_wanted(row: &StoredRow<'_>, outcome: Option<Outcome>, text: Option<&str>) -> bool {
    if outcome.is_some_and(|outcome| row.outcome != outcome.name()) {
        return false;
    }
    text.is_none_or(|text| {
        let mut texts = row.cells.iter().chain([&row.message, &row.code, &row.contact_id]);
        texts.any(|cell| has_within(cell, text))
    })
}

/// Whether `cell` holds `text`, which is in small letters. Most cells are plain enough to be compared as they are.
fn has_within(cell: &str, text: &str) -> bool {
    if !cell.is_ascii() {
        return cell.to_lowercase().contains(text);
    }
    let (cell, text) = (cell.as_bytes(), text.as_bytes());
    text.is_empty() || cell.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text))
}

/// Numbers by their value, all else as text without regard to case.
pub fn sort_key(cell: &str) -> String {
    let cell = cell.trim();
    let is_number = !cell.is_empty() && cell.len() < 20 && cell.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("{cell:0>20}") } else { cell.to_lowercase() }
}

impl From<&StoredRow<'_>> for ResultRow {
    fn from(row: &StoredRow<'_>) -> Self {
        Self {
            line: row.line.to_owned(),
            sheet: row.sheet.to_owned(),
            contact_id: row.contact_id.to_owned(),
            outcome: row.outcome.to_owned(),
            message: row.message.to_owned(),
            wrong: row.wrong.split(crate::report::JOIN).map(str::to_owned).collect(),
            cells: row.cells.iter().map(|cell| (*cell).to_owned()).collect(),
        }
    }
}
