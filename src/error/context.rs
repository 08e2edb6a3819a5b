use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Where, or with whom, an error arose: what a program can use of it without taking words apart.
///
/// Names and places alone: no value of a contact and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorContext {
    Path(PathBuf),
    /// A sheet of a workbook.
    Sheet(String),
    /// Line of a text file, or row of a sheet, counted from 1.
    Line(u64),
    /// Place in the line, in characters from 1.
    Character(u64),
    /// Header of a column.
    Column(String),
    /// Key of a configuration file.
    Setting(String),
    Account(String),
    Service(String),
    Run(String),
    /// Status of the answer that led to it.
    HttpStatus(u16),
}

/// The value of one piece of context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue<'a> {
    Text(Cow<'a, str>),
    Number(u64),
}

impl ErrorContext {
    /// Stable: fields of JSON are called so.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Sheet(_) => "sheet",
            Self::Line(_) => "line",
            Self::Character(_) => "character",
            Self::Column(_) => "column",
            Self::Setting(_) => "setting",
            Self::Account(_) => "account",
            Self::Service(_) => "service",
            Self::Run(_) => "run",
            Self::HttpStatus(_) => "http_status",
        }
    }

    pub fn value(&self) -> ContextValue<'_> {
        match self {
            Self::Path(path) => ContextValue::Text(Path::to_string_lossy(path)),
            Self::Sheet(text)
            | Self::Column(text)
            | Self::Setting(text)
            | Self::Account(text)
            | Self::Service(text)
            | Self::Run(text) => ContextValue::Text(Cow::Borrowed(text)),
            Self::Line(number) | Self::Character(number) => ContextValue::Number(*number),
            Self::HttpStatus(status) => ContextValue::Number(u64::from(*status)),
        }
    }
}
