use std::borrow::Cow;
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use encoding_rs::UTF_8;

use super::dialect::{Dialect, delimiter_name};
use super::records::{RecordFault, RecordRules, Records};
use super::text::{self, TextEncoding};
use crate::contact::{Position, RowError};
use crate::error::{Error, Result};
use crate::table::columns::Columns;
use crate::table::options::ReadOptions;
use crate::table::source::{Packing, Source, refuse_known, unreadable};
use crate::table::{RowBatch, RowReader, cell_error, formula, inflate};

/// Cells that a row may have for each column that a file may have: a ragged row is rejected alone,
/// but one of millions of cells ends the reading.
const CELLS_FOR_EACH_COLUMN: usize = 16;

/// Rows of a delimited text.
pub struct CsvReader {
    path: PathBuf,
    csv: csv::Reader<Records>,
    columns: Columns,
    encoding: TextEncoding,
    options: ReadOptions,
    notes: Vec<String>,
    record: ByteRecord,
    /// Whether `record` holds a row that was not handed out yet.
    waiting: bool,
    rows: u64,
    blank_rows: u64,
    ended: bool,
}

impl CsvReader {
    /// # Errors
    /// Those of [`crate::table::open`].
    pub fn open(source: Source, packing: Packing, options: &ReadOptions) -> Result<Self> {
        let path = source.path.clone();
        let failed = |cause| unreadable(&path, cause);
        let bytes = inflate::unpacked(source, packing, &options.limits).map_err(failed)?;
        let (sample, bytes) = text::sampled(bytes).map_err(failed)?;
        if packing != Packing::None {
            refuse_packed(&path, &sample)?;
        }
        let encoding = TextEncoding::of(&sample, options.encoding.as_deref()).map_err(|message| {
            Error::usage(message).hint("name it as web pages do: utf-8, windows-1252, utf-16le, shift_jis, gbk")
        })?;
        let sample = encoding.decoded_sample(&sample);
        if text::is_binary(&sample) {
            return Err(Error::usage(format!("{} is not text: it looks like a binary file", path.display()))
                .hint("hand over a .csv or .xlsx file"));
        }
        if let Some(delimiter @ (b'"' | b'\n' | b'\r' | 0x80..)) = options.delimiter {
            return Err(Error::usage(format!("the delimiter can't be {}", delimiter_name(delimiter)))
                .hint("use one character such as , or ; or | or a tab"));
        }
        let dialect = Dialect::of(&sample, options.delimiter);
        let rules = RecordRules {
            delimiter: dialect.delimiter,
            line_end: dialect.line_end,
            row_bytes: options.limits.row_bytes,
            row_cells: options.limits.columns.saturating_mul(CELLS_FOR_EACH_COLUMN),
        };
        let text = encoding.decoded(bytes).map_err(failed)?;
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(Records::new(text, rules, 1));
        let mut notes: Vec<String> = encoding.note().into_iter().collect();
        if dialect.delimiter != b',' && options.delimiter.is_none() {
            notes.push(format!("cells are separated by a {}", delimiter_name(dialect.delimiter)));
        }
        if options.sheet.is_some() {
            notes.push(format!("{} is text and has no sheets, so the one named is not used", path.display()));
        }
        let mut reader = Self {
            path: path.clone(),
            csv,
            columns: Columns::default(),
            encoding,
            options: options.clone(),
            notes,
            record: ByteRecord::new(),
            waiting: false,
            rows: 0,
            blank_rows: 0,
            ended: false,
        };
        reader.read_header(dialect.has_separator_line)?;
        reader.waiting = reader.next_record()?;
        if !reader.waiting {
            return Err(Error::usage(format!("{} has a header and no rows", path.display()))
                .hint("add at least one contact below the header"));
        }
        Ok(reader)
    }

    fn read_header(&mut self, has_separator_line: bool) -> Result<()> {
        let wanted_line = self.options.header_row.unwrap_or(if has_separator_line { 2 } else { 1 });
        loop {
            if !self.advance()? {
                return Err(Error::usage(format!("{} has no header row", self.path.display()))
                    .hint("the first row must name the columns"));
            }
            if self.csv.get_ref().line() >= wanted_line && !is_blank(&self.record) {
                break;
            }
        }
        let limits = &self.options.limits;
        if self.record.len() > limits.columns {
            return Err(Error::usage(format!(
                "{}, line {}: the header has {} columns, more than the {} allowed",
                self.path.display(),
                self.csv.get_ref().line(),
                self.record.len(),
                limits.columns
            ))
            .hint("take the columns away that are not needed, or check the delimiter"));
        }
        let cells: Vec<Cow<'_, str>> = self.record.iter().map(String::from_utf8_lossy).collect();
        self.columns = Columns::from_cells(cells.iter().map(AsRef::as_ref));
        if self.columns.headers.is_empty() {
            return Err(Error::usage(format!("{} has no columns but rolo's own", self.path.display()))
                .hint("hand over the whole results file, or the source itself"));
        }
        let notes = std::mem::take(&mut self.columns.notes);
        self.notes.extend(notes);
        Ok(())
    }

    /// Reads the next row that is not blank into `record`.
    fn next_record(&mut self) -> Result<bool> {
        while self.advance()? {
            if self.is_blank_row() {
                self.blank_rows += 1;
            } else {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn advance(&mut self) -> Result<bool> {
        if !self.csv.get_mut().advance().map_err(|fault| self.fault(fault))? {
            return Ok(false);
        }
        // The csv crate gives an error only for what its reader gives, and `Records` gives none.
        self.csv.read_byte_record(&mut self.record).map_err(|cause| {
            Error::bug(format!("{}, line {}: {cause}", self.path.display(), self.csv.get_ref().line()))
        })
    }

    fn is_blank_row(&self) -> bool {
        self.record.iter().enumerate().all(|(index, cell)| {
            cell.iter().all(u8::is_ascii_whitespace) || self.columns.is_own.get(index).copied().unwrap_or(false)
        })
    }

    /// Hands `record` out.
    fn push(&mut self, batch: &mut RowBatch) -> Result<()> {
        let line = self.csv.get_ref().line();
        batch.begin_row(Position { index: self.rows, line, sheet: 0 });
        self.rows += 1;
        let width = self.columns.width();
        let found = self.record.len();
        let behind_are_blank = self.record.iter().skip(width).all(|cell| cell.iter().all(u8::is_ascii_whitespace));
        let found = if behind_are_blank { found.min(width) } else { found };
        let kept = found.min(self.options.limits.columns);
        let mut own_cells: Vec<Cow<'_, str>> = Vec::new();
        let mut column = 0;
        for (index, bytes) in self.record.iter().take(kept).enumerate() {
            if bytes.len() > self.options.limits.cell_bytes {
                return Err(self.cell_too_long(line, index, bytes.len()));
            }
            let cell = String::from_utf8_lossy(bytes);
            if self.columns.is_own.get(index).copied().unwrap_or(false) {
                own_cells.push(cell);
                continue;
            }
            // A replacement character that stands in UTF-8 text itself is what the source says.
            let was_broken = matches!(cell, Cow::Owned(_))
                || self.encoding.encoding != UTF_8 && cell.contains(char::REPLACEMENT_CHARACTER);
            let name = self.columns.headers.get(column).map_or("", String::as_str);
            if was_broken {
                batch.push_error(cell_error::not_in_encoding(&cell, column, name, self.encoding.encoding.name()));
            } else if let Some(error) = cell_error::control_character(&cell, column, name) {
                batch.push_error(error);
            }
            batch.push_cell(if self.columns.ours { formula::restored(&cell) } else { &cell });
            column += 1;
        }
        for cell in &own_cells {
            batch.push_own_cell(if self.columns.ours { formula::restored(cell) } else { cell });
        }
        if let Some(error) = ragged(width, found) {
            batch.push_error(error);
        }
        Ok(())
    }

    fn cell_too_long(&self, line: u64, index: usize, bytes: usize) -> Error {
        let name = self.columns.header_index(index).and_then(|at| self.columns.headers.get(at));
        let name = name.map_or_else(|| format!("column {}", index + 1), Clone::clone);
        cell_error::too_long(&self.path, "line", line, &name, bytes, self.options.limits.cell_bytes)
    }

    fn fault(&self, fault: RecordFault) -> Error {
        let name = self.path.display();
        let limit = self.options.limits.row_bytes >> 20;
        match fault {
            RecordFault::Disk(cause) => unreadable(&self.path, cause),
            RecordFault::Unclosed { opened } => {
                Error::usage(format!("{name}, line {opened}: a quote opens a cell here and is never closed"))
                    .hint("close the quote, or double it if it belongs to the text")
            }
            RecordFault::TooManyCells { line } => Error::usage(format!(
                "{name}, line {line}: more than {} cells in one row",
                self.options.limits.columns.saturating_mul(CELLS_FOR_EACH_COLUMN)
            ))
            .hint("this is no table of contacts, or its line ends were lost: save it again as CSV"),
            RecordFault::TooLong { opened: Some(opened), .. } => Error::usage(format!(
                "{name}, line {opened}: a quote opens a cell here and is not closed within {limit} MB"
            ))
            .hint("close the quote, or double it if it belongs to the text"),
            RecordFault::TooLong { line, opened: None } => {
                Error::usage(format!("{name}, line {line}: the line is longer than {limit} MB"))
                    .hint("this is no table of contacts, or its line ends were lost: save it again as CSV")
            }
        }
    }
}

impl RowReader for CsvReader {
    fn headers(&self) -> &[String] {
        &self.columns.headers
    }

    fn own_columns(&self) -> &[String] {
        &self.columns.own
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        batch.set_own_columns(&self.columns.own);
        while !batch.is_full(max_rows) && !self.ended {
            let limit_reached = self.options.limit.is_some_and(|limit| self.rows >= limit);
            if limit_reached || !(self.waiting || self.next_record()?) {
                self.ended = true;
                if self.blank_rows > 0 {
                    self.notes.push(format!("blank rows passed over: {}", self.blank_rows));
                }
                break;
            }
            self.waiting = false;
            self.push(batch)?;
        }
        Ok(batch.len())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn sheet_name(&self, _sheet: u16) -> Option<&str> {
        None
    }
}

fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace))
}

/// What came out of gzip or zstd must be text.
fn refuse_packed(path: &Path, sample: &[u8]) -> Result<()> {
    let inside = [
        (b"PK\x03\x04".as_slice(), "a workbook"),
        (b"\x1f\x8b", "another gzip file"),
        (b"\x28\xb5\x2f\xfd", "another zstd file"),
    ];
    if let Some((_, kind)) = inside.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Err(Error::usage(format!("{} is compressed and holds {kind}", path.display()))
            .hint("unpack it once and hand over what is inside"));
    }
    refuse_known(path, sample)
}

fn ragged(width: usize, found: usize) -> Option<RowError> {
    let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
    if found < width {
        let message =
            format!("the row has {} where the header has {width}: a cell or a line break is missing", cells(found));
        return Some(RowError::of_row("row.too_few_cells", message));
    }
    (found > width).then(|| {
        let message = format!(
            "the row has {} where the header has {width}: put quotes around a cell that holds the delimiter",
            cells(found)
        );
        RowError::of_row("row.too_many_cells", message)
    })
}
