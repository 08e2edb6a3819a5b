//! What is changed of a source before it is used, kept in a file of its own: the source stays as it is.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::formula::restored;
use super::{Place, RowView, WriteOptions, create_with};
use crate::error::{Error, Result};
use crate::storage;

/// Columns of the file. The last is a digest of the row, by which it is known again.
const COLUMNS: [&str; 8] = ["edit", "line", "sheet", "column", "action", "was", "value", "row"];

const SET: &str = "set";
const LEAVE_OUT: &str = "leave out";
const SKIP: &str = "skip row";

/// Bytes of a file of edits.
const LARGEST: u64 = 256 << 20;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditAction {
    /// The cell is read as this.
    Set(String),
    /// The cell says nothing.
    LeaveOut,
    /// The row is passed over.
    SkipRow,
}

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEdit {
    /// The number of the edit that it is a part of: what was done at once is undone at once.
    pub edit: u64,
    pub line: u64,
    /// Empty for a text file.
    pub sheet: String,
    /// Header of the column; none where the row is meant.
    pub column: Option<String>,
    pub action: EditAction,
    /// The cell as it stands in the source.
    pub was: String,
    /// See [`row_digest`].
    pub row: String,
}

/// All edits of a source.
#[derive(Clone, Debug, Default)]
pub struct SourceEdits {
    pub path: PathBuf,
    /// Of the file's content.
    pub digest: String,
    edits: Vec<SourceEdit>,
    /// By line; lines of several sheets may be the same.
    by_line: HashMap<u64, Vec<usize>>,
}

impl SourceEdits {
    /// Reads a file of edits.
    ///
    /// # Errors
    /// Kind `Usage` if there is none, or something in it is no edit; line and cure are told.
    pub fn read(path: &Path) -> Result<Self> {
        let unreadable = |cause: std::io::Error| {
            Error::usage(format!("the edits can't be read: {}", path.display())).at_path(path).caused_by(cause)
        };
        let text = storage::read(path, LARGEST).map_err(|cause| match cause.kind() {
            ErrorKind::FileTooLarge => {
                Error::usage(format!("this is too large for a file of edits: {}", path.display())).at_path(path)
            }
            _ => unreadable(cause),
        })?;
        let mut edits = Vec::new();
        let wrong = |line: u64, what: &str| {
            Error::usage(format!("{}, line {line}: {what}", path.display()))
                .at_path(path)
                .at_line(line)
                .hint("a file of edits has the columns edit, line, sheet, column, action, was, value and row")
        };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice());
        let headers = reader.headers().map_err(|_| wrong(1, "this is no file of edits"))?.clone();
        let place = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
        let places: Option<Vec<usize>> = COLUMNS.iter().map(|name| place(name)).collect();
        let places = places.ok_or_else(|| wrong(1, "this is no file of edits"))?;
        for record in reader.records() {
            let record = record
                .map_err(|cause| wrong(cause.position().map_or(0, csv::Position::line), "not a line of edits"))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |at: usize| restored(record.get(places[at]).unwrap_or_default()).into_owned();
            let number =
                |at: usize| cell(at).trim().parse::<u64>().map_err(|_| wrong(line, "edit and line are numbers"));
            let action = match cell(4).as_str() {
                SET => EditAction::Set(cell(6)),
                LEAVE_OUT => EditAction::LeaveOut,
                SKIP => EditAction::SkipRow,
                _ => return Err(wrong(line, "an action is set, leave out or skip row")),
            };
            let column = Some(cell(3)).filter(|column| !column.is_empty());
            if column.is_none() && action != EditAction::SkipRow {
                return Err(wrong(line, "a cell that is changed has a column"));
            }
            edits.push(SourceEdit {
                edit: number(0)?,
                line: number(1)?,
                sheet: cell(2),
                column,
                action,
                was: cell(5),
                row: cell(7),
            });
        }
        Ok(Self::of(path.to_owned(), blake3::hash(&text).to_hex()[..32].to_owned(), edits))
    }

    fn of(path: PathBuf, digest: String, edits: Vec<SourceEdit>) -> Self {
        let mut by_line: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, edit) in edits.iter().enumerate() {
            by_line.entry(edit.line).or_default().push(at);
        }
        Self { path, digest, edits, by_line }
    }

    /// Writes edits.
    ///
    /// # Errors
    /// Kind `Stopped` if the disk refuses.
    pub fn write(place: &Place, edits: &[SourceEdit]) -> Result<()> {
        let mut writer = create_with(place, &COLUMNS, &WriteOptions::default())?;
        for edit in edits {
            let (action, value) = match &edit.action {
                EditAction::Set(value) => (SET, value.as_str()),
                EditAction::LeaveOut => (LEAVE_OUT, ""),
                EditAction::SkipRow => (SKIP, ""),
            };
            let (number, line) = (edit.edit.to_string(), edit.line.to_string());
            let column = edit.column.as_deref().unwrap_or_default();
            writer.write(&[&number, &line, &edit.sheet, column, action, &edit.was, value, &edit.row])?;
        }
        writer.finish()
    }

    /// Each of them, in the order in which they were made.
    pub fn all(&self) -> &[SourceEdit] {
        &self.edits
    }

    /// What is changed of a row, the latest last.
    pub fn of_row(&self, sheet: &str, line: u64) -> impl Iterator<Item = &SourceEdit> {
        let found = self.by_line.get(&line).into_iter().flatten();
        found.map(|at| &self.edits[*at]).filter(move |edit| edit.sheet == sheet)
    }
}

/// By which a row is known again: an edit of a row that holds something else by now is not made.
pub fn row_digest(row: &RowView<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    for cell in row.cells() {
        hasher.update(&(cell.len() as u64).to_le_bytes());
        hasher.update(cell.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_written_and_read_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.edits.csv");
        let edit = |number, column: Option<&str>, action| SourceEdit {
            edit: number,
            line: 7,
            sheet: String::new(),
            column: column.map(str::to_owned),
            action,
            was: "=1+1 \"x\",\ny".into(),
            row: "0123456789abcdef".into(),
        };
        let edits = [
            edit(1, Some("Mobile"), EditAction::Set("+447400100201".into())),
            edit(2, Some("=Odd, header"), EditAction::LeaveOut),
            edit(3, None, EditAction::SkipRow),
        ];
        SourceEdits::write(&Place::from(path.as_path()), &edits).unwrap();
        let read = SourceEdits::read(&path).unwrap();
        assert_eq!(read.all(), edits);
        assert_eq!(read.of_row("", 7).count(), 3);
        assert_eq!(read.of_row("", 8).count(), 0);
    }

    #[test]
    fn what_is_no_edit_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.edits.csv");
        let head = "edit,line,sheet,column,action,was,value,row\n";
        for (text, says) in [
            ("phone\n1\n".to_owned(), "line 1: this is no file of edits"),
            (format!("{head}1,2,,Mobile,burn,a,b,c\n"), "line 2: an action is"),
            (format!("{head}1,x,,Mobile,set,a,b,c\n"), "line 2: edit and line are numbers"),
            (format!("{head}1,2,,,set,a,b,c\n"), "line 2: a cell that is changed has a column"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = SourceEdits::read(&path).unwrap_err();
            assert!(error.message.contains(says), "{}", error.message);
        }
    }
}
