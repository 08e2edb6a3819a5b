//! What a report writes below its table: who printed it and when, pages, notes, lines to sign on.

use std::collections::VecDeque;

use super::closing_line::is_words;
use super::data_cell::is_data;
use super::{RowBatch, RowReader, RowView};
use crate::contact::RowError;
use crate::error::{Error, Result};

/// Rows below which a table has no end, but another table.
const LONGEST: usize = 100;

/// Columns from which on a row of one cell is no row like the others.
const SEVERAL: usize = 3;

const CODE: &str = "row.footer";
const TOTAL: &str = "row.total";
const TOO_FEW: &str = "row.too_few_cells";

/// The row stands below the table.
pub fn told() -> RowError {
    RowError::of_row(CODE, "a line below the table, as reports write them, and no contact")
}

/// Rows of a table whose footer is told as what it is.
///
/// A line that says so by its words (`Page 1 of 3`) the reader below knows by itself. Here the lines beside
/// it are recognized, which only their place tells: at the end, behind a blank row or such a line, with fewer
/// cells than the header. No row that holds a phone number or an e-mail address is one.
pub struct FooterReader {
    reader: Box<dyn RowReader>,
    /// Lines are counted within cells as well, as a text has them.
    lines_in_cells: bool,
    /// Rows after which the reader ends although the table doesn't.
    limit: Option<u64>,
    rows: u64,
    /// Read to see what follows, and not wholly handed out yet.
    ahead: VecDeque<RowBatch>,
    /// Rows of the first of them that were handed out.
    taken: usize,
    /// The buffers of a batch that is done with.
    spare: RowBatch,
    failed: Option<Error>,
    ended: bool,
    /// The row above the first batch.
    before: Option<Above>,
}

/// The row above another.
#[derive(Clone, Copy)]
struct Above {
    sheet: u16,
    /// The line on which it ends.
    line: u64,
    /// It is no whole row, so that the next may be its rest.
    is_broken: bool,
}

impl FooterReader {
    pub fn new(reader: Box<dyn RowReader>, lines_in_cells: bool, limit: Option<u64>) -> Self {
        Self {
            reader,
            lines_in_cells,
            limit,
            rows: 0,
            ahead: VecDeque::new(),
            taken: 0,
            spare: RowBatch::new(),
            failed: None,
            ended: false,
            before: None,
        }
    }

    /// Whether another batch was read; an error waits until the rows before it are handed out.
    fn read_ahead(&mut self, max_rows: usize) -> bool {
        if self.ended {
            return false;
        }
        let mut batch = std::mem::take(&mut self.spare);
        match self.reader.read(&mut batch, max_rows) {
            Ok(0) => self.ended = true,
            Ok(rows) => {
                self.rows += rows as u64;
                self.ahead.push_back(batch);
            }
            Err(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
        }
        !self.ended
    }

    /// Marks the footers of the first batch, looking ahead as far as they tell.
    fn settle(&mut self, max_rows: usize) {
        let width = self.reader.headers().len();
        let mut block = Block::default();
        let (mut batch, mut row) = (0, 0);
        loop {
            while batch < self.ahead.len() && row == self.ahead[batch].len() {
                (batch, row) = (batch + 1, 0);
                if block.rows.is_empty() {
                    break;
                }
            }
            if batch > 0 && block.rows.is_empty() || block.rows.len() > LONGEST {
                break;
            }
            if batch == self.ahead.len() {
                if self.read_ahead(max_rows) {
                    continue;
                }
                if self.failed.is_none() && self.limit.is_none_or(|limit| self.rows < limit) {
                    block.mark(&mut self.ahead);
                }
                break;
            }
            let view = self.ahead[batch].row(row);
            let position = view.position();
            if !block.rows.is_empty() && block.sheet != position.sheet {
                block.mark(&mut self.ahead);
                block.rows.clear();
                continue;
            }
            match Line::of(view, width) {
                Some(line) => {
                    let above = self.above(batch, row).filter(|above| above.sheet == position.sheet);
                    if block.rows.is_empty() {
                        block.is_broken = above.is_some_and(|above| above.is_broken);
                        block.sheet = position.sheet;
                    }
                    let is_apart = above.is_some_and(|above| position.line > above.line + 1);
                    block.rows.push(BlockRow { batch, row, line, is_apart });
                }
                None => block.rows.clear(),
            }
            row += 1;
        }
        let last = self.ahead.front().and_then(|batch| batch.rows().last());
        self.before = last.map(|row| self.outline(row)).or(self.before);
    }

    /// The row above a row of a batch that is ahead.
    fn above(&self, batch: usize, row: usize) -> Option<Above> {
        if row > 0 {
            return Some(self.outline(self.ahead[batch].row(row - 1)));
        }
        match batch.checked_sub(1) {
            Some(earlier) => self.ahead[earlier].rows().last().map(|row| self.outline(row)),
            None => self.before,
        }
    }

    fn outline(&self, row: RowView<'_>) -> Above {
        let breaks = || row.cells().map(|cell| cell.bytes().filter(|byte| *byte == b'\n').count() as u64).sum::<u64>();
        let line = row.position().line + if self.lines_in_cells { breaks() } else { 0 };
        let is_broken = row.errors().iter().any(|(_, error)| error.code.starts_with("row.") && !is_known(error));
        let is_broken = is_broken || has(row, TOO_FEW) && row.cells().map(str::trim).any(is_data);
        Above { sheet: row.position().sheet, line, is_broken }
    }
}

/// Rows that may stand below the table.
#[derive(Default)]
struct Block {
    rows: Vec<BlockRow>,
    sheet: u16,
    /// The row above is none that is whole, so these may be its rest.
    is_broken: bool,
}

struct BlockRow {
    batch: usize,
    row: usize,
    line: Line,
    /// There is a blank row above.
    is_apart: bool,
}

impl Block {
    /// Marks what is a footer, now that nothing follows.
    fn mark(&self, ahead: &mut VecDeque<RowBatch>) {
        let begins = |row: &BlockRow| row.is_apart || row.line == Line::Words;
        let Some(from) = self.rows.iter().position(begins).filter(|_| !self.is_broken) else { return };
        let by_words = self.rows[from..].iter().any(|row| row.line == Line::Words);
        for BlockRow { batch, row, line, .. } in &self.rows[from..] {
            if *line == Line::Short || *line == Line::OneCell && by_words {
                ahead[*batch].refuse(*row, told());
            }
        }
    }
}

/// A row that may be a line of a footer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Its words say what it is.
    Words,
    /// It has fewer cells than the header.
    Short,
    /// It has words in one cell alone.
    OneCell,
}

impl Line {
    fn of(row: RowView<'_>, width: usize) -> Option<Self> {
        let mut filled = row.cells().map(str::trim).filter(|cell| !cell.is_empty());
        let one = filled.next().filter(|_| filled.next().is_none());
        // Nearly every row ends here.
        if one.is_none() && row.errors().is_empty() {
            return None;
        }
        if !row.errors().iter().all(|(_, error)| is_known(error)) || row.cells().map(str::trim).any(is_data) {
            return None;
        }
        if has(row, CODE) || has(row, TOTAL) {
            return Some(Self::Words);
        }
        if has(row, TOO_FEW) {
            return Some(Self::Short);
        }
        one.filter(|cell| width >= SEVERAL && is_words(cell)).map(|_| Self::OneCell)
    }
}

fn is_known(error: &RowError) -> bool {
    matches!(error.code.as_ref(), CODE | TOTAL | TOO_FEW)
}

fn has(row: RowView<'_>, code: &str) -> bool {
    row.errors().iter().any(|(_, error)| error.code == code)
}

impl RowReader for FooterReader {
    fn headers(&self) -> &[String] {
        self.reader.headers()
    }

    fn own_columns(&self) -> &[String] {
        self.reader.own_columns()
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        if self.ahead.is_empty() && !self.read_ahead(max_rows) {
            return self.failed.take().map_or(Ok(0), Err);
        }
        if self.taken == 0 {
            self.settle(max_rows);
        }
        let left = self.ahead.front().map_or(0, |first| first.len() - self.taken);
        if self.taken > 0 || left > max_rows {
            if let Some(first) = self.ahead.front() {
                batch.set_own_columns(&self.own_columns().into());
                let rows = first.rows().skip(self.taken).take(max_rows);
                rows.for_each(|row| batch.push_row(row));
            }
            self.taken += batch.len();
            if left <= max_rows {
                self.ahead.pop_front();
                self.taken = 0;
            }
        } else if let Some(next) = self.ahead.pop_front() {
            self.spare = std::mem::replace(batch, next);
        }
        Ok(batch.len())
    }

    fn notes(&self) -> &[String] {
        self.reader.notes()
    }

    fn header_place(&self) -> String {
        self.reader.header_place()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.reader.sheet_name(sheet)
    }
}
