use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::person::Person;
use crate::contact::tells_left_out;
use crate::error::{Error, Result};
use crate::report::JOIN;
use crate::table::{self, Place, PlusNumbers, ReadOptions, ResultCell, RowBatch, RowView, WriteOptions};

/// Columns of a results file that a forgotten row keeps.
const KEPT: [&str; 4] = ["_line", "_sheet", "_outcome", "_code"];

/// A file in which a person is looked for.
pub struct PersonsFile<'a> {
    pub path: &'a Path,
    pub person: &'a Person<'a>,
    pub options: ReadOptions,
}

/// Where the person was.
pub enum Found {
    Nowhere,
    /// In the file; and as rows of their own at these lines of the source, where the file tells lines.
    Rows(BTreeSet<String>),
}

/// What a row has to do with the person.
#[derive(Clone, Copy, PartialEq)]
enum Concerns {
    Nothing,
    /// It is somebody else's, and names them.
    Names,
    Is,
}

impl PersonsFile<'_> {
    /// Whether the person is in the file.
    pub fn holds(&self) -> bool {
        match table::open(self.path, &self.options) {
            Ok(reader) => self.is_in(reader).unwrap_or(true) || self.text_names_them(),
            Err(_) => self.text_names_them(),
        }
    }

    /// Writes the file anew without the person, if they are in it; what has no rows goes whole.
    ///
    /// # Errors
    /// If the file can't be read to its end, written or removed.
    pub fn clean(&self, place: &Place) -> Result<Found> {
        let Ok(reader) = table::open(self.path, &self.options) else {
            if !self.text_names_them() {
                return Ok(Found::Nowhere);
            }
            return std::fs::remove_file(self.path)
                .map(|()| Found::Rows(BTreeSet::new()))
                .map_err(|error| Error::stopped("the file can't be removed").caused_by(error));
        };
        if self.is_in(reader)? { self.rewrite(place).map(Found::Rows) } else { Ok(Found::Nowhere) }
    }

    fn text_names_them(&self) -> bool {
        std::fs::read(self.path).is_ok_and(|bytes| self.person.is_named_in(&String::from_utf8_lossy(&bytes)))
    }

    fn is_in(&self, mut reader: Box<dyn table::RowReader>) -> Result<bool> {
        let (headers, own) = (reader.headers().to_vec(), reader.own_columns().to_vec());
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512)? > 0 {
            let holds = |row: &RowView<'_>| {
                // A row that was forgotten before has nothing left to lose.
                let rest = own.iter().filter(|name| !KEPT.contains(&name.as_str()));
                let is_filled = row.cells().any(|cell| !cell.is_empty())
                    || rest.filter_map(|name| row.own(name)).any(|cell| !cell.is_empty());
                is_filled && self.concerns(row, &headers, &own) != Concerns::Nothing
            };
            if batch.rows().any(|row| holds(&row)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rewrite(&self, place: &Place) -> Result<BTreeSet<String>> {
        let mut reader = table::open(self.path, &self.options)?;
        let (headers, own) = (reader.headers().to_vec(), reader.own_columns().to_vec());
        let of_results = own.iter().any(|name| name == "_outcome");
        let columns: Vec<&str> = headers.iter().chain(&own).map(String::as_str).collect();
        let options = WriteOptions { plus_numbers: PlusNumbers::Guarded, ..WriteOptions::default() };
        let mut writer = table::create_results(place, &columns, &options)?;
        let mut lines = BTreeSet::new();
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512)? > 0 {
            for row in batch.rows() {
                let concerns = self.concerns(&row, &headers, &own);
                let is_gone = concerns == Concerns::Is;
                if is_gone {
                    lines.extend(row.own("_line").map(str::to_owned));
                }
                if is_gone && !of_results {
                    continue;
                }
                let cell = |text: &str| match concerns {
                    Concerns::Nothing => text.to_owned(),
                    Concerns::Names => self.person.redacted(text),
                    Concerns::Is => String::new(),
                };
                let mut cells: Vec<String> = (0..headers.len()).map(|column| cell(row.cell(column))).collect();
                cells.extend(own.iter().map(|name| {
                    let text = row.own(name).unwrap_or_default();
                    if KEPT.contains(&name.as_str()) { text.to_owned() } else { cell(text) }
                }));
                let typed = |column: usize| row.typed(column).filter(|_| concerns == Concerns::Nothing);
                let cells = cells.iter().enumerate();
                let cells: Vec<ResultCell<'_>> =
                    cells.map(|(at, text)| ResultCell { text, typed: typed(at), wrong: None }).collect();
                let is_bad = matches!(row.own("_outcome"), Some("rejected" | "failed" | "in_doubt"));
                let lacks_a_cell = row.own("_message").is_some_and(|all| all.split(JOIN).any(tells_left_out));
                let needs_attention = (is_bad || lacks_a_cell) && !is_gone;
                writer.write_result(&cells, needs_attention)?;
            }
        }
        writer.finish()?;
        Ok(lines)
    }

    fn concerns(&self, row: &RowView<'_>, headers: &[String], own: &[String]) -> Concerns {
        // Of several sheets the lines are not one row's.
        let of_sheets = own.iter().any(|name| name == "_sheet");
        let is_theirs = row.own("_contact_id").is_some_and(|id| self.person.contacts.contains(id));
        let at_line = row.own("_line").is_some_and(|line| !of_sheets && self.person.lines.contains(line));
        let in_own = own.iter().filter_map(|name| Some((name, row.own(name)?)));
        let cells: Vec<(&String, &str)> = headers.iter().zip(row.cells()).chain(in_own).collect();
        if at_line
            || is_theirs
            || cells.iter().any(|(column, cell)| self.person.may_stand_in(column) && self.person.is(cell))
        {
            Concerns::Is
        } else if cells.iter().any(|(_, cell)| self.person.is_named_in(cell)) {
            Concerns::Names
        } else {
            Concerns::Nothing
        }
    }
}

/// Rows that were forgotten before are read as well, or they would be missing from what is written.
pub fn own_rows(options: &ReadOptions) -> ReadOptions {
    ReadOptions { own_rows: true, keep_types: true, ..options.clone() }
}

/// The one name of a file, if it is there.
pub fn canonical(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or(path)
}
