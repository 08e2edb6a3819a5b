use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

use super::entry::{FileEntries, FileEntry};
use super::json::JsonLines;
use super::vcard::Cards;
use crate::contact::Position;
use crate::error::{Error, Result};
use crate::table::columns::Columns;
use crate::table::options::ReadOptions;
use crate::table::source::{Packing, RecognizedFile};
use crate::table::source_file::SourceFile;
use crate::table::text::OpenText;
use crate::table::text_kind::{TextKind, misnamed};
use crate::table::unreadable::unreadable;
use crate::table::{CellFlag, RowBatch, RowReader, cell_error};

/// Rows of a file whose entries name their own values.
pub struct EntryReader {
    path: PathBuf,
    entries: Box<dyn FileEntries>,
    entry: FileEntry,
    columns: Columns,
    /// Where each name stands among the columns of the file.
    places: HashMap<String, usize>,
    /// Where the present entry has the value of each column of the file.
    present: Vec<Option<usize>>,
    encoding: &'static str,
    options: ReadOptions,
    notes: Vec<String>,
    rows: u64,
    ended: bool,
}

impl EntryReader {
    /// `text` is the same file, opened to see what it is.
    ///
    /// # Errors
    /// Those of [`crate::table::open`].
    pub fn open(file: &SourceFile, packing: Packing, text: OpenText, options: &ReadOptions) -> Result<Self> {
        let path = text.path.clone();
        let (encoding, kind) = (text.encoding, text.kind);
        let name = kind.name();
        let mut notes: Vec<String> = encoding.note().into_iter().collect();
        notes.extend(misnamed(&path, name));
        let stated = options.delimiter.is_some() || options.sheet.is_some() || options.visible_only;
        if stated || options.header_row.is_some() || options.no_header {
            notes.push(format!("{} is {name}, whose entries name their own values: what was said of delimiter, sheet or header is not used", path.display()));
        }
        let mut names = Vec::new();
        let mut places = HashMap::new();
        let mut entries = entries_of(text, options)?;
        let (mut entry, mut rows) = (FileEntry::default(), 0_u64);
        while options.limit.is_none_or(|limit| rows < limit) && entries.read(&mut entry)? {
            rows += u64::from(!entry.is_blank());
            for (name, _) in entry.values() {
                if !places.contains_key(name) {
                    places.insert(name.to_owned(), names.len());
                    names.push(name.to_owned());
                }
            }
            if names.len() > options.limits.columns {
                return Err(Error::usage(format!(
                    "{}, line {}: more than the {} columns allowed, by the names of its entries",
                    path.display(),
                    entry.line,
                    options.limits.columns
                ))
                .at_line(entry.line)
                .hint("leave out what is no part of a contact, or keep it as a list"));
            }
        }
        notes.extend(entries.notes());
        if rows == 0 {
            return Err(Error::usage(format!("{} has no entries", path.display())).hint("add at least one contact"));
        }
        let mut columns = Columns::from_cells(names.iter().map(String::as_str));
        // Such a file holds no cells that a spreadsheet would run.
        columns.ours = false;
        if columns.headers.is_empty() {
            return Err(Error::usage(format!("{} has no entry that can be read", path.display()))
                .hint("look at its first lines: each must be whole on its own"));
        }
        notes.append(&mut columns.notes);
        let again = OpenText::open(RecognizedFile::of(file)?, packing, options)?;
        Ok(Self {
            entries: entries_of(again, options)?,
            entry: FileEntry::default(),
            present: vec![None; names.len()],
            columns,
            places,
            encoding: encoding.encoding.name(),
            options: options.clone(),
            notes,
            rows: 0,
            ended: false,
            path,
        })
    }

    fn push(&mut self, batch: &mut RowBatch) -> Result<()> {
        let Self { entry, columns, .. } = self;
        batch.begin_row(Position { index: self.rows, line: entry.line, sheet: 0 });
        self.rows += 1;
        self.present.fill(None);
        let values: Vec<&str> = entry.values().map(|(_, value)| value).collect();
        for (at, (name, _)) in entry.values().enumerate() {
            if let Some(place) = self.places.get(name) {
                self.present[*place] = Some(at);
            }
        }
        let value = |place: usize| self.present[place].map(|at| values[at]);
        let users = (0..self.present.len()).filter(|place| !columns.is_own[*place]);
        for (column, place) in users.enumerate() {
            let name = &columns.headers[column];
            let Some(cell) = value(place) else {
                batch.push_cell("");
                batch.push_flag(column, CellFlag::Absent);
                continue;
            };
            if cell.len() > self.options.limits.cell_bytes {
                let allowed = self.options.limits.cell_bytes;
                return Err(cell_error::too_long(&self.path, "line", entry.line, name, cell.len(), allowed));
            }
            if entry.is_broken && cell.contains(char::REPLACEMENT_CHARACTER) {
                batch.push_error(cell_error::not_in_encoding(cell, column, name, self.encoding));
            } else if let Some(error) = cell_error::control_character(cell, column, name) {
                batch.push_error(error);
            }
            batch.push_cell(cell);
        }
        for place in (0..self.present.len()).filter(|place| columns.is_own[*place]) {
            batch.push_own_cell(value(place).unwrap_or_default());
        }
        if let Some(error) = entry.error.take() {
            batch.push_error(error);
        }
        Ok(())
    }
}

fn entries_of(text: OpenText, options: &ReadOptions) -> Result<Box<dyn FileEntries>> {
    let OpenText { path, kind, encoding, sample, bytes } = text;
    let failed = |cause| unreadable(&path, cause);
    let row_bytes = options.limits.row_bytes;
    match kind {
        TextKind::Table => Err(Error::bug("a table was read by its entries")),
        TextKind::JsonLines => {
            let text = encoding.decoded(bytes).map_err(failed)?;
            Ok(Box::new(JsonLines::new(path, text, row_bytes)))
        }
        TextKind::Cards => {
            // Each value may have an encoding of its own, unless all are in one of wider units.
            let wide = encoding.encoding == UTF_16LE || encoding.encoding == UTF_16BE;
            let of_values = if wide { UTF_8 } else { encoding.encoding };
            let text: Box<dyn BufRead + Send> =
                if wide { encoding.decoded(bytes).map_err(failed)? } else { Box::new(BufReader::new(bytes)) };
            let line_end = if sample.contains('\r') && !sample.contains('\n') { b'\r' } else { b'\n' };
            Ok(Box::new(Cards::new(path, text, line_end, of_values, row_bytes)))
        }
    }
}

impl RowReader for EntryReader {
    fn headers(&self) -> &[String] {
        &self.columns.headers
    }

    fn own_columns(&self) -> &[String] {
        &self.columns.own
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        batch.set_own_columns(&self.columns.own);
        while !self.ended && !batch.is_full(max_rows) {
            let is_enough = self.options.limit.is_some_and(|limit| self.rows >= limit);
            if is_enough || !self.entries.read(&mut self.entry)? {
                self.ended = true;
            } else if !self.entry.is_blank() {
                self.push(batch)?;
            }
        }
        Ok(batch.len())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn header_place(&self) -> String {
        "the columns are the names that its entries use".into()
    }
}
