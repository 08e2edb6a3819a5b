use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::PathBuf;

use encoding_rs::UTF_8;
use memchr::{memchr, memchr_iter};

use super::dialect::{Dialect, delimiter_name};
use super::records::{Record, RecordFault, RecordRules, Records};
use crate::contact::{Position, RowError};
use crate::error::{Error, Result};
use crate::table::columns::Columns;
use crate::table::data_cell::is_data;
use crate::table::header::{self, NoContacts, Outline};
use crate::table::options::ReadOptions;
use crate::table::text::{OpenText, TextEncoding};
use crate::table::text_kind;
use crate::table::unreadable::unreadable;
use crate::table::{RowBatch, RowReader, cell_error};

/// Cells that a row may have for each column that a file may have: a ragged row is rejected alone,
/// but one of millions of cells ends the reading.
const CELLS_FOR_EACH_COLUMN: usize = 16;

/// Rows of a delimited text.
pub struct CsvReader {
    path: PathBuf,
    records: Records,
    columns: Columns,
    header_line: Option<u64>,
    encoding: TextEncoding,
    delimiter: u8,
    options: ReadOptions,
    notes: Vec<String>,
    /// Rows read while the header was looked for.
    sample: VecDeque<Record>,
    /// The present row.
    taken: Record,
    /// Whether `taken` was not handed out yet.
    waiting: bool,
    no_contacts: NoContacts,
    /// Blank cells behind the last column that each row has.
    surplus: usize,
    rows: u64,
    blank_rows: u64,
    ended: bool,
}

fn texts(record: &Record) -> Vec<Cow<'_, str>> {
    record.cells().map(String::from_utf8_lossy).collect()
}

fn is_blank(record: &Record) -> bool {
    record.cells().all(|cell| cell.iter().all(u8::is_ascii_whitespace))
}

impl CsvReader {
    /// # Errors
    /// Those of [`crate::table::open`].
    pub fn open(text: OpenText, options: &ReadOptions) -> Result<Self> {
        let OpenText { path, encoding, sample, bytes, .. } = text;
        let failed = |cause| unreadable(&path, cause);
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
            backslash: dialect.backslash,
            blank_before_quote: dialect.blank_before_quote,
        };
        let text = encoding.decoded(bytes).map_err(failed)?;
        let mut notes: Vec<String> = encoding.note().into_iter().collect();
        if dialect.delimiter != b',' && options.delimiter.is_none() {
            notes.push(format!("cells are separated by a {}", delimiter_name(dialect.delimiter)));
        }
        if dialect.backslash {
            notes.push("quotes inside cells are written with a backslash, and are read so".into());
        }
        notes.extend(text_kind::misnamed(&path, "text"));
        if options.sheet.is_some() {
            notes.push(format!("{} is text and has no sheets, so the one named is not used", path.display()));
        }
        let mut reader = Self {
            path: path.clone(),
            records: Records::new(text, rules, 1),
            columns: Columns::default(),
            header_line: None,
            encoding,
            delimiter: dialect.delimiter,
            options: options.clone(),
            notes,
            sample: VecDeque::new(),
            taken: Record::default(),
            waiting: false,
            no_contacts: NoContacts::default(),
            surplus: 0,
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
        let from = self.options.header_row.unwrap_or(if has_separator_line { 2 } else { 1 });
        let mut bytes = 0;
        while self.sample.len() < header::SAMPLE_ROWS && bytes < header::SAMPLE_BYTES && self.advance()? {
            if self.taken.line >= from && !(self.sample.is_empty() && is_blank(&self.taken)) {
                bytes += self.taken.bytes().len();
                self.sample.push_back(std::mem::take(&mut self.taken));
            }
        }
        if self.sample.is_empty() {
            return Err(Error::usage(format!("{} has no header row", self.path.display()))
                .hint("the first row must name the columns"));
        }
        let header = if self.options.no_header { None } else { Some(self.take_header()?) };
        let widest = self.sample.iter().map(Record::len).max().unwrap_or(0);
        let (cells, line) = match &header {
            Some(header) => (texts(header).into_iter().map(Cow::into_owned).collect(), header.line),
            None => ((0..widest).map(header::letters).collect::<Vec<String>>(), from),
        };
        self.header_line = header.as_ref().map(|header| header.line);
        let limits = &self.options.limits;
        if cells.len() > limits.columns {
            return Err(Error::usage(format!(
                "{}, line {line}: the header has {} columns, more than the {} allowed",
                self.path.display(),
                cells.len(),
                limits.columns
            ))
            .at_line(line)
            .hint("take the columns away that are not needed, or check the delimiter"));
        }
        self.columns = Columns::from_cells(cells.iter().map(String::as_str));
        if self.columns.headers.is_empty() {
            return Err(Error::usage(format!("{} has no columns but rolo's own", self.path.display()))
                .hint("hand over the whole results file, or the source itself"));
        }
        if let (Some(header), [cell]) = (&header, cells.as_slice()) {
            self.refuse_quoted_lines(header.line, cell)?;
        }
        let notes = std::mem::take(&mut self.columns.notes);
        self.notes.extend(notes);
        if header.is_some() {
            let sample: Vec<Vec<Cow<'_, str>>> = self.sample.iter().map(texts).collect();
            let names = cells.iter().map(|cell| cell.trim().to_owned()).collect();
            let rows = sample.iter().map(|row| row.iter().map(AsRef::as_ref));
            self.no_contacts = NoContacts::new(names, rows);
        }
        self.surplus = self.surplus_of_each();
        Ok(())
    }

    /// Refuses a file whose every line is one cell in quotation marks, with a whole row in it.
    fn refuse_quoted_lines(&self, line: u64, names: &str) -> Result<()> {
        let times = |cell: &[u8], mark: u8| memchr_iter(mark, cell).count();
        let is_whole = |row: &Record, mark: u8| {
            let cell = row.cell(0).filter(|_| row.len() == 1);
            cell.is_some_and(|cell| times(cell, mark) >= times(names.as_bytes(), mark))
        };
        let divides = |mark: &&u8| {
            times(names.as_bytes(), **mark) > 0
                && self.sample.iter().filter(|row| !is_blank(row)).all(|row| is_whole(row, **mark))
        };
        let has_data = || {
            let parts = |row: &Record| {
                texts(row).iter().any(|cell| cell.split([',', ';', '\t', '|']).map(str::trim).any(is_data))
            };
            self.sample.iter().any(parts)
        };
        if b",;\t|".iter().find(divides).is_none() || !has_data() {
            return Ok(());
        }
        Err(Error::usage(format!(
            "{}: each line stands in quotation marks as a whole, so that all of it is one column",
            self.path.display()
        ))
        .at_path(&self.path)
        .at_line(line)
        .hint("take off the quotation marks round each line, or export the table anew"))
    }

    /// Blank cells behind the last column that each of the first rows has.
    fn surplus_of_each(&self) -> usize {
        let width = self.columns.width();
        let rows = || self.sample.iter().filter(|row| !is_blank(row));
        let least = rows().map(|row| row.len().saturating_sub(width)).min().unwrap_or(0);
        let ends_blank =
            |row: &Record| row.cells().skip(row.len() - least).all(|cell| cell.iter().all(u8::is_ascii_whitespace));
        if rows().all(ends_blank) { least } else { 0 }
    }

    /// Takes the header out of the sample, and what stands above it.
    fn take_header(&mut self) -> Result<Record> {
        let at = if self.options.header_row.is_some() {
            0
        } else {
            let outlines: Vec<Outline> =
                self.sample.iter().map(|row| Outline::of(texts(row).iter().map(AsRef::as_ref))).collect();
            let Some(at) = header::find(&outlines) else {
                let first = &self.sample[0];
                let cells = texts(first);
                let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
                return Err(header::missing(&self.path, "line", first.line, &cells));
            };
            at
        };
        let mut taken = self.sample.drain(..=at);
        let header = taken.next_back();
        drop(taken);
        let header = header.ok_or_else(|| Error::bug("a header was found in no row"))?;
        if at > 0 {
            self.notes.push(format!("the header was found in line {}", header.line));
        }
        Ok(header)
    }

    /// Takes the next row that is not blank.
    fn next_record(&mut self) -> Result<bool> {
        loop {
            if let Some(row) = self.sample.pop_front() {
                self.taken = row;
            } else if !self.advance()? {
                return Ok(false);
            }
            if !self.is_blank_row() {
                return Ok(true);
            }
            self.blank_rows += 1;
        }
    }

    fn advance(&mut self) -> Result<bool> {
        self.records.read(&mut self.taken).map_err(|fault| self.fault(fault))
    }

    fn is_blank_row(&self) -> bool {
        self.taken.cells().enumerate().all(|(index, cell)| {
            self.is_blank_cell(cell)
                || !self.options.own_rows && self.columns.is_own.get(index).copied().unwrap_or(false)
        })
    }

    /// A guarded line break is blank in a file of ours, as one without a guard is elsewhere. Bytes that
    /// are no text are content.
    fn is_blank_cell(&self, cell: &[u8]) -> bool {
        std::str::from_utf8(cell).is_ok_and(|cell| self.columns.meant(cell).bytes().all(|b| b.is_ascii_whitespace()))
    }

    /// Hands the present row out.
    fn push(&mut self, batch: &mut RowBatch) -> Result<()> {
        let taken = std::mem::take(&mut self.taken);
        self.push_taken(&taken, batch)?;
        // What it allocated serves the next row.
        self.taken = taken;
        Ok(())
    }

    fn push_taken(&mut self, record: &Record, batch: &mut RowBatch) -> Result<()> {
        let line = record.line;
        batch.begin_row(Position { index: self.rows, line, sheet: 0 });
        self.rows += 1;
        let width = self.columns.width();
        let found = record.len();
        // Blank cells behind the last column mean nothing where each row has them; where only some have
        // them, a delimiter that belongs to a cell shifted the others.
        let behind_are_blank = record.cells().skip(width).all(|cell| self.is_blank_cell(cell));
        let found = if behind_are_blank && found <= width + self.surplus { found.min(width) } else { found };
        let kept = found.min(self.options.limits.columns);
        let plain_text = self.plain_text(record);
        let swallowed = if let Some(text) = plain_text {
            batch.push_cells(text, &record.ranges()[..kept]);
            let broken = |(from, to): &(usize, usize)| {
                let cell = &text[*from..*to];
                cell.contains('\n') && self.swallowed(cell, width)
            };
            if memchr(b'\n', text.as_bytes()).is_some() {
                record.ranges()[..kept].iter().position(broken)
            } else {
                None
            }
        } else {
            self.push_cells(record, kept, batch)?
        };
        if let Some(index) = swallowed {
            batch.push_error(swallowed_rows(record, index));
        } else if let Some(error) = ragged(width, found, record, self.delimiter) {
            batch.push_error(error);
        }
        let text_of = |&(from, to): &(usize, usize)| match plain_text {
            Some(text) => &text[from..to],
            None => std::str::from_utf8(&record.bytes()[from..to]).unwrap_or_default(),
        };
        if let Some(fault) = self.no_contacts.fault(record.ranges().iter().map(text_of), self.rows == 1) {
            batch.replace_errors(fault);
        }
        if record.repaired {
            let message = format!("line {line}: text behind a closing quote: the quotes were left out, check the cell");
            batch.push_remark(RowError::of_row("row.quotes_repaired", message));
        }
        Ok(())
    }

    /// The text of a record whose cells all mean what they say, with nothing to be told of any of them:
    /// nearly every record is one.
    fn plain_text<'r>(&self, record: &'r Record) -> Option<&'r str> {
        let short = record.bytes().len() <= self.options.limits.cell_bytes;
        let text = std::str::from_utf8(record.bytes()).ok().filter(|_| short && !self.columns.have_meanings())?;
        // A replacement character that stands in UTF-8 text itself is what the source says.
        let was_broken = self.encoding.encoding != UTF_8 && text.contains(char::REPLACEMENT_CHARACTER);
        (!was_broken && memchr(0, text.as_bytes()).is_none()).then_some(text)
    }

    /// Pushes each cell by itself; returns the index of a cell that has rows of the table in it.
    fn push_cells(&self, record: &Record, kept: usize, batch: &mut RowBatch) -> Result<Option<usize>> {
        let width = self.columns.width();
        let mut own_cells: Vec<Cow<'_, str>> = Vec::new();
        let mut column = 0;
        let mut swallowed = None;
        for (index, bytes) in record.cells().take(kept).enumerate() {
            if bytes.len() > self.options.limits.cell_bytes {
                return Err(self.cell_too_long(record.line, index, bytes.len()));
            }
            let cell = String::from_utf8_lossy(bytes);
            if swallowed.is_none() && bytes.contains(&b'\n') {
                swallowed = self.swallowed(&cell, width).then_some(index);
            }
            if self.columns.is_own.get(index).copied().unwrap_or(false) {
                own_cells.push(cell);
                continue;
            }
            // See `plain_text`.
            let was_broken = matches!(cell, Cow::Owned(_))
                || self.encoding.encoding != UTF_8 && cell.contains(char::REPLACEMENT_CHARACTER);
            let name = self.columns.headers.get(column).map_or("", String::as_str);
            if was_broken {
                batch.push_error(cell_error::not_in_encoding(&cell, column, name, self.encoding.encoding.name()));
            } else if let Some(error) = cell_error::control_character(&cell, column, name) {
                batch.push_error(error);
            }
            batch.push_cell(&self.columns.meant(&cell));
            column += 1;
        }
        for cell in &own_cells {
            batch.push_own_cell(self.columns.meant_own(cell));
        }
        Ok(swallowed)
    }

    /// Whether a cell of several lines has rows of the table in it: a line that divides into as many
    /// cells, one of which is a phone number or an e-mail address.
    fn swallowed(&self, cell: &str, width: usize) -> bool {
        width >= 2
            && cell.split(['\n', '\r']).any(|line| {
                let cells = line.split(char::from(self.delimiter)).map(|cell| cell.trim().trim_matches('"'));
                cells.clone().count() >= width && cells.clone().any(is_data)
            })
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
                    .at_path(&self.path)
                    .at_line(opened)
                    .hint("close the quote, or double it if it belongs to the text")
            }
            RecordFault::TooManyCells { line } => Error::usage(format!(
                "{name}, line {line}: more than {} cells in one row",
                self.options.limits.columns.saturating_mul(CELLS_FOR_EACH_COLUMN)
            ))
            .at_path(&self.path)
            .at_line(line)
            .hint("this is no table of contacts, or its line ends were lost: save it again as CSV"),
            RecordFault::TooLong { opened: Some(opened), .. } => Error::usage(format!(
                "{name}, line {opened}: a quote opens a cell here and is not closed within {limit} MB"
            ))
            .at_path(&self.path)
            .at_line(opened)
            .hint("close the quote, or double it if it belongs to the text"),
            RecordFault::TooLong { line, opened: None } => {
                Error::usage(format!("{name}, line {line}: the line is longer than {limit} MB"))
                    .at_path(&self.path)
                    .at_line(line)
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

    fn header_place(&self) -> String {
        match self.header_line {
            Some(line) => format!("line {line} was taken for the header"),
            None => "the file is read without a header".into(),
        }
    }

    fn sheet_name(&self, _sheet: u16) -> Option<&str> {
        None
    }
}

/// What seems to divide the cells of a row that has one alone.
fn other_delimiter(width: usize, record: &Record, delimiter: u8) -> Option<u8> {
    let (Some(cell), 1) = (record.cell(0), record.len()) else { return None };
    let times = |mark: u8| memchr_iter(mark, cell).count();
    b",;\t|".iter().copied().find(|mark| *mark != delimiter && width > 1 && times(*mark) == width - 1)
}

/// The cell at `index` has rows of the table in it: its quote was closed by one further down.
fn swallowed_rows(record: &Record, index: usize) -> RowError {
    let breaks = |cell: &[u8]| cell.split(|byte| *byte == b'\n').count() as u64 - 1;
    let opened = record.line + record.cells().take(index).map(breaks).sum::<u64>();
    let closed = opened + record.cell(index).map_or(0, breaks);
    RowError::of_row(
        "row.quote_over_rows",
        format!("a quote opens a cell in line {opened} and closes in line {closed}, with other rows in between"),
    )
}

fn ragged(width: usize, found: usize, record: &Record, delimiter: u8) -> Option<RowError> {
    let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
    if found < width {
        if let Some(other) = other_delimiter(width, record, delimiter) {
            let (other, ours) = (delimiter_name(other), delimiter_name(delimiter));
            let message =
                format!("the row has its cells divided by a {other}, and the file is read as divided by a {ours}");
            return Some(RowError::of_row("row.too_few_cells", message));
        }
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
