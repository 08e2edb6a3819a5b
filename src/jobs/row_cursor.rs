use crate::contact::Position;
use crate::error::Result;
use crate::table::{RowBatch, RowReader, RowView};

/// A source that is read row by row, for a reader that passes on only some of them.
pub struct RowCursor {
    pub source: Box<dyn RowReader>,
    buffer: RowBatch,
    at: usize,
}

impl RowCursor {
    pub fn new(source: Box<dyn RowReader>) -> Self {
        Self { source, buffer: RowBatch::new(), at: 0 }
    }

    /// The next row, read together with others: about as many as `max_rows`.
    pub fn next(&mut self, max_rows: usize) -> Result<Option<RowView<'_>>> {
        if self.at >= self.buffer.len() {
            self.at = 0;
            if self.source.read(&mut self.buffer, max_rows.max(64))? == 0 {
                return Ok(None);
            }
        }
        self.at += 1;
        Ok(Some(self.buffer.row(self.at - 1)))
    }
}

/// Numbers the rows that are passed on anew; they keep their lines and sheets.
#[derive(Default)]
pub struct Renumbering {
    given: u64,
}

impl Renumbering {
    pub fn push(&mut self, batch: &mut RowBatch, row: RowView<'_>, (sheet, line): (u16, u64)) {
        batch.push_row_at(row, Position { index: self.given, line, sheet });
        self.given += 1;
    }
}
