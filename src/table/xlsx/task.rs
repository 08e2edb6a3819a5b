//! The thread that reads a sheet.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use super::choice::ChosenSheet;
use super::in_memory::{Workbook, WorkbookRows};
use super::merged::Merged;
use super::scan::PartSeen;
use super::sheet::{CellKind, SheetRow};
use crate::contact::{Position, RowError};
use crate::error::{Error, Result};
use crate::table::RowBatch;
use crate::table::batch::CellFlag;
use crate::table::cell_error;
use crate::table::columns::Columns;
use crate::table::header::{self, NoContacts, Outline};
use crate::table::options::ReadOptions;

/// Rows collected before they are handed over.
const CHUNK_ROWS: usize = 512;

pub enum SheetMessage {
    /// The columns, where they are named, and what was noticed on the way to them.
    Header {
        columns: Columns,
        place: String,
        notes: Vec<String>,
    },
    Rows(RowBatch),
    /// The end of the sheet, and what was noticed on the way to it.
    Ended(Vec<String>),
    Failed(Error),
}

/// What the thread works on.
pub struct SheetTask {
    pub path: PathBuf,
    pub workbook: Workbook,
    /// The sheet, and those that are read behind it.
    pub sheets: Vec<ChosenSheet>,
    pub options: ReadOptions,
}

impl SheetTask {
    /// Sends the header, the rows and the end, or the error that came between.
    pub fn run(mut self, sender: &SyncSender<SheetMessage>) {
        if let Err(error) = self.send_all(sender) {
            // The receiver may be gone: then nobody wants to know.
            let _ = sender.send(SheetMessage::Failed(error));
        }
    }

    fn send_all(&mut self, sender: &SyncSender<SheetMessage>) -> Result<()> {
        let Self { path, workbook, sheets, options } = self;
        let Some((first, others)) = sheets.split_first() else {
            return Err(Error::bug("no sheet to read"));
        };
        // Which of the other sheets can be read is said before the first row is.
        let mut beginnings = Vec::new();
        for sheet in others {
            let mut rows = workbook.rows(path, &sheet.name, options.limits.row_bytes)?;
            beginnings.push(read_sample(&mut rows, &sheet.seen, options)?);
        }
        let mut rows = workbook.rows(path, &first.name, options.limits.row_bytes)?;
        let mut sample = read_sample(&mut rows, &first.seen, options)?;
        let header_at = header_position(path, &first.name, &sample, options)?;
        let (layout, mut notes) = Layout::of(path, &sample, header_at, options)?;
        let place = match header_at {
            Some(at) => format!("sheet \"{}\", row {} was taken for the header", first.name, sample[at].number),
            None => format!("sheet \"{}\" is read without a header", first.name),
        };
        let mut merged = Merged::new(&first.seen.merged);
        if let Some(at) = header_at {
            if at > 0 {
                notes.push(format!("the header was found in row {}", sample[at].number));
            }
            sample.drain(..=at).for_each(|row| merged.pass(&row));
        }
        while sample.iter().all(|row| layout.is_blank(row, &first.seen)) {
            let mut row = SheetRow::default();
            if !rows.read(&mut row)? {
                return Err(no_rows(path, first));
            }
            sample.clear();
            if !options.visible_only || !is_hidden(&row, &first.seen) {
                sample.push(row);
            }
        }
        let mut further = Vec::new();
        for (sheet, beginning) in others.iter().zip(&beginnings) {
            if options.no_header || beginning.iter().any(|row| layout.has_header(row)) {
                notes.push(format!("the rows go on in sheet \"{}\"", sheet.name));
                further.push(sheet);
            } else {
                notes.push(format!("sheet \"{}\" has another header and is not read", sheet.name));
            }
        }
        drop(beginnings);
        if sender.send(SheetMessage::Header { columns: layout.columns.clone(), place, notes }).is_err() {
            return Ok(());
        }
        let no_contacts = layout.no_contacts(&sample, header_at.is_some());
        let mut chunks = Chunks::new(path, sender, &layout, &no_contacts, first, merged, options);
        for row in &sample {
            chunks.push(row)?;
        }
        drop(sample);
        chunks.push_all(&mut rows)?;
        drop(rows);
        for sheet in further {
            let mut rows = workbook.rows(path, &sheet.name, options.limits.row_bytes)?;
            let mut sample = read_sample(&mut rows, &sheet.seen, options)?;
            let at = sample.iter().position(|row| layout.has_header(row));
            chunks.begin_sheet(sheet);
            if let Some(at) = at {
                sample.drain(..=at).for_each(|row| chunks.merged.pass(&row));
            }
            for row in &sample {
                chunks.push(row)?;
            }
            chunks.push_all(&mut rows)?;
        }
        chunks.finish();
        Ok(())
    }
}

fn no_rows(path: &Path, sheet: &ChosenSheet) -> Error {
    Error::usage(format!("{}: sheet \"{}\" has a header and no rows", path.display(), sheet.name))
        .in_sheet(&sheet.name)
        .hint("add at least one contact below the header, or name another sheet with --sheet")
}

fn is_hidden(row: &SheetRow, seen: &PartSeen) -> bool {
    seen.hidden_rows.contains(u32::try_from(row.number.saturating_sub(1)).unwrap_or(u32::MAX))
}

fn is_unsaved(row: &SheetRow, column: usize, seen: &PartSeen) -> bool {
    let place = (u32::try_from(row.number.saturating_sub(1)), u32::try_from(column));
    matches!(place, (Ok(row), Ok(column)) if seen.is_unsaved(row, column))
}

/// The first rows with content, from the row on where the header is said to be.
fn read_sample(rows: &mut WorkbookRows<'_>, seen: &PartSeen, options: &ReadOptions) -> Result<Vec<SheetRow>> {
    let mut sample = Vec::new();
    let mut bytes = 0;
    let mut row = SheetRow::default();
    while sample.len() < header::SAMPLE_ROWS && bytes < header::SAMPLE_BYTES && rows.read(&mut row)? {
        let holds_formulas = || seen.unsaved_columns().any(|column| is_unsaved(&row, column as usize, seen));
        let is_left_out = options.visible_only && is_hidden(&row, seen);
        if row.number >= options.header_row.unwrap_or(0) && !is_left_out && (row.filled() > 0 || holds_formulas()) {
            bytes += row.text_len();
            sample.push(std::mem::take(&mut row));
        }
    }
    Ok(sample)
}

/// Where in the sample the header is; `None` if there is none.
fn header_position(path: &Path, sheet: &str, sample: &[SheetRow], options: &ReadOptions) -> Result<Option<usize>> {
    match (options.header_row, sample.first()) {
        (None, Some(_)) if options.no_header => Ok(None),
        (None, Some(first)) => {
            let outlines: Vec<Outline> =
                sample.iter().map(|row| Outline::of(row.cells().map(|(_, text, _)| text))).collect();
            header::find(&outlines).map(Some).ok_or_else(|| {
                let cells: Vec<&str> = first.cells().map(|(_, text, _)| text).collect();
                header::missing(path, &format!("sheet \"{sheet}\", row"), first.number, &cells)
            })
        }
        (Some(wanted), Some(first)) if first.number == wanted => Ok(Some(0)),
        (Some(wanted), _) => {
            Err(Error::usage(format!("{}: row {wanted} of sheet \"{sheet}\" is empty", path.display()))
                .in_sheet(sheet)
                .at_line(wanted)
                .hint("name the row that holds the column names"))
        }
        (None, None) => Err(Error::usage(format!("{}: sheet \"{sheet}\" is empty", path.display()))
            .in_sheet(sheet)
            .hint("name another sheet with --sheet")),
    }
}

/// Which columns of the sheet are read.
struct Layout {
    /// The first of them.
    first: usize,
    columns: Columns,
    /// See [`ReadOptions::own_rows`].
    own_rows: bool,
}

impl Layout {
    /// From the leftmost to the rightmost cell of the header and of the sample rows below it: a
    /// column without a name that has content is a column.
    fn of(
        path: &Path,
        sample: &[SheetRow],
        header_at: Option<usize>,
        options: &ReadOptions,
    ) -> Result<(Self, Vec<String>)> {
        let limits = &options.limits;
        let extents = sample[header_at.unwrap_or(0)..].iter().filter_map(SheetRow::extent);
        let (first, last) = extents.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))).unwrap_or_default();
        if last - first >= limits.columns {
            return Err(Error::usage(format!(
                "{}: the sheet has {} columns, more than the {} allowed",
                path.display(),
                last - first + 1,
                limits.columns
            ))
            .hint("take the columns away that are not needed"));
        }
        let letters: Vec<String> = (first..=last).map(header::letters).collect();
        let named = |column: usize| match header_at {
            Some(at) => sample[at].cell(column).0,
            None => letters[column - first].as_str(),
        };
        let mut columns = Columns::from_cells((first..=last).map(named));
        if columns.headers.is_empty() {
            return Err(Error::usage(format!("{} has no columns but rolo's own", path.display()))
                .hint("hand over the whole results file, or the source itself"));
        }
        let notes = std::mem::take(&mut columns.notes);
        Ok((Self { first, columns, own_rows: options.own_rows }, notes))
    }

    /// Whether `row` names the same columns in the same places.
    fn has_header(&self, row: &SheetRow) -> bool {
        let width = self.columns.width();
        let names = Columns::from_cells((self.first..self.first + width).map(|column| row.cell(column).0));
        names.headers == self.columns.headers && names.own == self.columns.own
    }

    /// The cells of a row, of the columns that are read.
    fn cells<'r>(&self, row: &'r SheetRow) -> impl Iterator<Item = &'r str> + Clone + use<'r> {
        row.cells_of(self.first, self.columns.width()).map(|(text, _)| text)
    }

    fn no_contacts(&self, sample: &[SheetRow], has_header: bool) -> NoContacts {
        if !has_header {
            return NoContacts::default();
        }
        let (mut names, mut own) = (self.columns.headers.iter(), self.columns.own.iter());
        let header = self.columns.is_own.iter().map(|is_own| if *is_own { own.next() } else { names.next() });
        let header = header.map(|name| name.cloned().unwrap_or_default()).collect();
        NoContacts::new(header, sample.iter().map(|row| self.cells(row)))
    }

    fn is_blank(&self, row: &SheetRow, seen: &PartSeen) -> bool {
        let columns = self.first..self.first + self.columns.width();
        let mut unsaved =
            seen.unsaved_columns().map(|column| column as usize).filter(|column| columns.contains(column));
        if unsaved.any(|column| is_unsaved(row, column, seen)) {
            return false;
        }
        row.cells().all(|(column, text, _)| {
            let is_own = column
                .checked_sub(self.first)
                .is_none_or(|index| self.columns.is_own.get(index).copied().unwrap_or(true));
            (is_own && !self.own_rows) || self.columns.meant(text).trim().is_empty()
        })
    }
}

/// Rows on their way to the reader.
struct Chunks<'a> {
    path: &'a Path,
    sender: &'a SyncSender<SheetMessage>,
    layout: &'a Layout,
    no_contacts: &'a NoContacts,
    sheet_index: u16,
    seen: &'a PartSeen,
    merged: Merged,
    visible_only: bool,
    repeat_merged: bool,
    keep_types: bool,
    /// The next row is the first of its sheet.
    at_first: bool,
    cell_bytes: usize,
    /// Rows to push at most.
    most: u64,
    notes: Vec<String>,
    chunk: RowBatch,
    /// Rows pushed so far.
    rows: u64,
    /// Rows with content outside of the columns.
    beyond: u64,
    is_abandoned: bool,
}

impl<'a> Chunks<'a> {
    fn new(
        path: &'a Path,
        sender: &'a SyncSender<SheetMessage>,
        layout: &'a Layout,
        no_contacts: &'a NoContacts,
        sheet: &'a ChosenSheet,
        merged: Merged,
        options: &ReadOptions,
    ) -> Self {
        Self {
            path,
            sender,
            layout,
            no_contacts,
            sheet_index: sheet.index,
            seen: &sheet.seen,
            merged,
            visible_only: options.visible_only,
            repeat_merged: options.repeat_merged,
            keep_types: options.keep_types,
            at_first: true,
            cell_bytes: options.limits.cell_bytes,
            most: options.limit.unwrap_or(u64::MAX),
            notes: Vec::new(),
            chunk: RowBatch::new(),
            rows: 0,
            beyond: 0,
            is_abandoned: false,
        }
    }

    fn begin_sheet(&mut self, sheet: &'a ChosenSheet) {
        self.sheet_index = sheet.index;
        self.seen = &sheet.seen;
        self.merged = Merged::new(&sheet.seen.merged);
        self.at_first = true;
    }

    fn push_all(&mut self, rows: &mut WorkbookRows<'_>) -> Result<()> {
        let mut row = SheetRow::default();
        while self.rows < self.most && !self.is_abandoned && rows.read(&mut row)? {
            self.push(&row)?;
        }
        Ok(())
    }

    /// Takes a row unless it is blank or enough were taken.
    fn push(&mut self, row: &SheetRow) -> Result<()> {
        self.merged.pass(row);
        let is_left_out = self.visible_only && is_hidden(row, self.seen);
        if is_left_out || self.layout.is_blank(row, self.seen) || self.rows >= self.most {
            return Ok(());
        }
        let Layout { first, columns, .. } = self.layout;
        self.chunk.begin_row(Position { index: self.rows, line: row.number, sheet: self.sheet_index });
        self.rows += 1;
        let cells = || row.cells_of(*first, columns.width()).enumerate();
        let own = |index: usize| columns.is_own[index];
        for (column, (index, (text, kind))) in cells().filter(|(index, _)| !own(*index)).enumerate() {
            let shown = self.merged.covered(row.number).find(|(covered, _)| *covered == first + index);
            match shown.filter(|_| text.trim().is_empty()).map(|(_, shown)| shown.to_owned()) {
                Some(shown) if self.repeat_merged => {
                    self.push_cell(row, first + index, column, &shown, CellKind::Text)?;
                }
                Some(shown) => {
                    self.push_cell(row, first + index, column, text, kind)?;
                    self.chunk.push_covered(column, &shown);
                }
                None => self.push_cell(row, first + index, column, text, kind)?,
            }
        }
        if !columns.own.is_empty() {
            for (_, (text, _)) in cells().filter(|(index, _)| own(*index)) {
                self.chunk.push_own_cell(columns.meant_own(text));
            }
        }
        if let Some(fault) = self.no_contacts.fault(self.layout.cells(row), self.at_first) {
            self.chunk.replace_errors(fault);
        }
        self.at_first = false;
        let last = first + columns.width();
        self.beyond += u64::from(row.extent().is_some_and(|(from, to)| from < *first || to >= last));
        if self.chunk.is_full(CHUNK_ROWS) {
            self.send();
        }
        Ok(())
    }

    /// Takes the cell at `place` of the sheet, which is the user's column `column`.
    fn push_cell(&mut self, row: &SheetRow, place: usize, column: usize, text: &str, kind: CellKind) -> Result<()> {
        let name = &self.layout.columns.headers[column];
        if text.len() > self.cell_bytes {
            return Err(cell_error::too_long(self.path, "row", row.number, name, text.len(), self.cell_bytes));
        }
        if is_unsaved(row, place, self.seen) {
            self.chunk.push_error(RowError::of_cell(
                "value.formula_unsaved",
                column,
                name,
                format!("column \"{name}\" holds a formula whose result was not saved: save the workbook once"),
            ));
        }
        match kind {
            CellKind::Error => self.chunk.push_error(RowError::of_cell(
                "value.spreadsheet_error",
                column,
                name,
                format!("column \"{name}\" holds the spreadsheet error {text}: mend the formula or type the value"),
            )),
            CellKind::DigitsLost => self.chunk.push_flag(column, CellFlag::DigitsLost),
            CellKind::Text | CellKind::Value => {
                if let Some(error) = cell_error::control_character(text, column, name) {
                    self.chunk.push_error(error);
                }
            }
        }
        if let Some(value) = row.typed(place).filter(|_| self.keep_types) {
            self.chunk.push_typed(column, value.clone());
        }
        // A text file of ours that a spreadsheet saved as a workbook keeps its guarded cells.
        self.chunk.push_cell(&self.layout.columns.meant(text));
        Ok(())
    }

    fn send(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.is_abandoned |= self.sender.send(SheetMessage::Rows(chunk)).is_err();
    }

    fn finish(mut self) {
        self.send();
        if self.beyond > 0 {
            self.notes.push(format!("rows with content beside the table, which is not read: {}", self.beyond));
        }
        // The receiver may be gone: then nobody wants to know.
        let _ = self.sender.send(SheetMessage::Ended(self.notes));
    }
}
