//! The thread that reads a sheet.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use calamine::Xlsx;

use super::header;
use super::package::{Gated, damaged};
use super::sheet::{CellKind, SheetRow, SheetRows};
use crate::contact::{Position, RowError};
use crate::error::{Error, Result};
use crate::table::RowBatch;
use crate::table::batch::CellFlag;
use crate::table::cell_error;
use crate::table::columns::Columns;
use crate::table::formula;
use crate::table::options::{ReadLimits, ReadOptions};

/// Rows collected before they are handed over.
const CHUNK_ROWS: usize = 512;

/// Bytes of rows kept while the header is looked for.
const SAMPLE_BYTES: usize = 4 << 20;

pub enum Message {
    /// The columns, and what was noticed on the way to them.
    Header(Columns, Vec<String>),
    Rows(RowBatch),
    /// The end of the sheet, and what was noticed on the way to it.
    Ended(Vec<String>),
    Failed(Error),
}

/// What the thread works on.
pub struct SheetTask {
    pub path: PathBuf,
    pub workbook: Xlsx<Gated>,
    /// Name and index of the sheet, and of those that continue it.
    pub sheets: Vec<(String, u16)>,
    pub options: ReadOptions,
}

impl SheetTask {
    /// Sends the header, the rows and the end, or the error that came between.
    pub fn run(mut self, sender: &SyncSender<Message>) {
        if let Err(error) = self.send_all(sender) {
            // The receiver may be gone: then nobody wants to know.
            let _ = sender.send(Message::Failed(error));
        }
    }

    fn send_all(&mut self, sender: &SyncSender<Message>) -> Result<()> {
        let Self { path, workbook, sheets, options } = self;
        let Some(((sheet, index), continuations)) = sheets.split_first() else {
            return Err(Error::bug("no sheet to read"));
        };
        let cells = workbook.worksheet_cells_reader(sheet).map_err(|cause| damaged(path, &cause))?;
        let mut rows = SheetRows::new(path, cells, options.limits.row_bytes);
        let mut sample = read_sample(&mut rows, options.header_row)?;
        let header_at = header_position(path, sheet, &sample, options.header_row)?;
        let (layout, mut notes) = Layout::of(path, &sample, header_at, &options.limits)?;
        if header_at > 0 {
            notes.push(format!("the header was found in row {}", sample[header_at].number));
        }
        sample.drain(..=header_at);
        while sample.iter().all(|row| layout.is_blank(row)) {
            let mut row = SheetRow::default();
            if !rows.read(&mut row)? {
                return Err(Error::usage(format!("{}: sheet \"{sheet}\" has a header and no rows", path.display()))
                    .hint("add at least one contact below the header, or name another sheet with --sheet"));
            }
            sample.clear();
            sample.push(row);
        }
        if sender.send(Message::Header(layout.columns.clone(), notes)).is_err() {
            return Ok(());
        }
        let mut chunks = Chunks::new(path, sender, &layout, *index, options);
        for row in &sample {
            chunks.push(row)?;
        }
        drop(sample);
        chunks.push_all(&mut rows)?;
        drop(rows);
        for (sheet, index) in continuations {
            let cells = workbook.worksheet_cells_reader(sheet).map_err(|cause| damaged(path, &cause))?;
            let mut rows = SheetRows::new(path, cells, options.limits.row_bytes);
            let mut header = SheetRow::default();
            if rows.read(&mut header)? && layout.has_header(&header) {
                chunks.notes.push(format!("the rows go on in sheet \"{sheet}\""));
                chunks.sheet_index = *index;
                chunks.push_all(&mut rows)?;
            } else {
                chunks.notes.push(format!("sheet \"{sheet}\" has another header and is not read"));
            }
        }
        chunks.finish();
        Ok(())
    }
}

/// The first rows with content, from row `from` on.
fn read_sample(rows: &mut SheetRows<'_>, from: Option<u64>) -> Result<Vec<SheetRow>> {
    let mut sample = Vec::new();
    let mut bytes = 0;
    let mut row = SheetRow::default();
    while sample.len() < header::SAMPLE_ROWS && bytes < SAMPLE_BYTES && rows.read(&mut row)? {
        if row.filled() > 0 && row.number >= from.unwrap_or(0) {
            bytes += row.text_len();
            sample.push(std::mem::take(&mut row));
        }
    }
    Ok(sample)
}

fn header_position(path: &Path, sheet: &str, sample: &[SheetRow], wanted: Option<u64>) -> Result<usize> {
    match (wanted, sample.first()) {
        (None, Some(_)) => Ok(header::find(sample)),
        (Some(wanted), Some(first)) if first.number == wanted => Ok(0),
        (Some(wanted), _) => {
            Err(Error::usage(format!("{}: row {wanted} of sheet \"{sheet}\" is empty", path.display()))
                .hint("name the row that holds the column names"))
        }
        (None, None) => Err(Error::usage(format!("{}: sheet \"{sheet}\" is empty", path.display()))
            .hint("name another sheet with --sheet")),
    }
}

/// Which columns of the sheet are read.
struct Layout {
    /// The first of them.
    first: usize,
    columns: Columns,
}

impl Layout {
    /// From the leftmost to the rightmost cell of the header and of the sample rows below it: a
    /// column without a name that has content is a column.
    fn of(path: &Path, sample: &[SheetRow], header_at: usize, limits: &ReadLimits) -> Result<(Self, Vec<String>)> {
        let extents = sample[header_at..].iter().filter_map(SheetRow::extent);
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
        let header = &sample[header_at];
        let mut columns = Columns::from_cells((first..=last).map(|column| header.cell(column).0));
        if columns.headers.is_empty() {
            return Err(Error::usage(format!("{} has no columns but rolo's own", path.display()))
                .hint("hand over the whole results file, or the source itself"));
        }
        let notes = std::mem::take(&mut columns.notes);
        Ok((Self { first, columns }, notes))
    }

    /// Whether `row` names the same columns in the same places.
    fn has_header(&self, row: &SheetRow) -> bool {
        let width = self.columns.width();
        let names = Columns::from_cells((self.first..self.first + width).map(|column| row.cell(column).0));
        names.headers == self.columns.headers && names.own == self.columns.own
    }

    fn is_blank(&self, row: &SheetRow) -> bool {
        row.cells().all(|(column, text, _)| {
            let is_own = column
                .checked_sub(self.first)
                .is_none_or(|index| self.columns.is_own.get(index).copied().unwrap_or(true));
            is_own || text.trim().is_empty()
        })
    }
}

/// Rows on their way to the reader.
struct Chunks<'a> {
    path: &'a Path,
    sender: &'a SyncSender<Message>,
    layout: &'a Layout,
    sheet_index: u16,
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
        sender: &'a SyncSender<Message>,
        layout: &'a Layout,
        sheet_index: u16,
        options: &ReadOptions,
    ) -> Self {
        Self {
            path,
            sender,
            layout,
            sheet_index,
            cell_bytes: options.limits.cell_bytes,
            most: options.limit.unwrap_or(u64::MAX),
            notes: Vec::new(),
            chunk: RowBatch::new(),
            rows: 0,
            beyond: 0,
            is_abandoned: false,
        }
    }

    fn push_all(&mut self, rows: &mut SheetRows<'_>) -> Result<()> {
        let mut row = SheetRow::default();
        while self.rows < self.most && !self.is_abandoned && rows.read(&mut row)? {
            self.push(&row)?;
        }
        Ok(())
    }

    /// Takes a row unless it is blank or enough were taken.
    fn push(&mut self, row: &SheetRow) -> Result<()> {
        if self.layout.is_blank(row) || self.rows >= self.most {
            return Ok(());
        }
        let Layout { first, columns } = self.layout;
        self.chunk.begin_row(Position { index: self.rows, line: row.number, sheet: self.sheet_index });
        self.rows += 1;
        let cells = || (0..columns.width()).map(|index| (index, row.cell(first + index)));
        let own = |index: usize| columns.is_own[index];
        for (column, (_, (text, kind))) in cells().filter(|(index, _)| !own(*index)).enumerate() {
            self.push_cell(row, column, text, kind)?;
        }
        for (_, (text, _)) in cells().filter(|(index, _)| own(*index)) {
            self.chunk.push_own_cell(if columns.ours { formula::restored(text) } else { text });
        }
        let last = first + columns.width();
        self.beyond += u64::from(row.extent().is_some_and(|(from, to)| from < *first || to >= last));
        if self.chunk.is_full(CHUNK_ROWS) {
            self.send();
        }
        Ok(())
    }

    fn push_cell(&mut self, row: &SheetRow, column: usize, text: &str, kind: CellKind) -> Result<()> {
        let name = &self.layout.columns.headers[column];
        if text.len() > self.cell_bytes {
            return Err(cell_error::too_long(self.path, "row", row.number, name, text.len(), self.cell_bytes));
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
        // A text file of ours that a spreadsheet saved as a workbook keeps its guarded cells.
        self.chunk.push_cell(if self.layout.columns.ours { formula::restored(text) } else { text });
        Ok(())
    }

    fn send(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.is_abandoned |= self.sender.send(Message::Rows(chunk)).is_err();
    }

    fn finish(mut self) {
        self.send();
        if self.beyond > 0 {
            self.notes.push(format!("rows with content beside the table, which is not read: {}", self.beyond));
        }
        // The receiver may be gone: then nobody wants to know.
        let _ = self.sender.send(Message::Ended(self.notes));
    }
}
