use std::borrow::Cow;
use std::fmt;

use super::NamedContact;

/// Where a row stands in its source. Lines and rows are counted from 1, as a person sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Index of the data row, from 0, across sheets: the row's key in the ledger.
    pub index: u64,
    /// Line of the file where the row begins, or row of the sheet.
    pub line: u64,
    /// Index of the sheet in the workbook; 0 for text files.
    pub sheet: u16,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}

/// Why a row, or one of its cells, can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Stable, dotted, lower-case: `phone.not_a_number`. Documented in docs/row-errors.md.
    pub code: Cow<'static, str>,
    /// Header of the column, if the error belongs to one.
    pub column: Option<String>,
    /// Position of the column from 0, for ordering; `usize::MAX` for errors of the whole row.
    pub column_index: usize,
    /// What is wrong with which value, and what would be right. Names the column, shows the value
    /// shortened.
    pub message: String,
    /// Other contacts that the message names, for programs; a ledger keeps the message alone.
    pub contacts: Vec<NamedContact>,
}

/// Ends the message about a cell that was left out of a row which is sent.
const LEFT_OUT: &str = " (left out)";

/// Whether a message is about a cell that was left out of a row which is sent.
pub fn tells_left_out(message: &str) -> bool {
    message.ends_with(LEFT_OUT)
}

impl RowError {
    /// The same about a cell that is left out, while the rest of its row is sent.
    #[must_use]
    pub fn left_out(mut self) -> Self {
        self.message.push_str(LEFT_OUT);
        self
    }

    /// Whether its cell was left out of a row that is sent.
    pub fn is_left_out(&self) -> bool {
        tells_left_out(&self.message)
    }

    /// An error of the row as a whole.
    pub fn of_row(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            column: None,
            column_index: usize::MAX,
            message: message.into(),
            contacts: Vec::new(),
        }
    }

    /// The same, of which programs are told which contacts it names.
    #[must_use]
    pub fn naming(self, contacts: Vec<NamedContact>) -> Self {
        Self { contacts, ..self }
    }

    /// An error of one cell.
    pub fn of_cell(
        code: impl Into<Cow<'static, str>>,
        column_index: usize,
        column: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            column: Some(column.to_owned()),
            column_index,
            message: message.into(),
            contacts: Vec::new(),
        }
    }
}
