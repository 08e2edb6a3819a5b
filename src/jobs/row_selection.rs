use std::collections::BTreeSet;
use std::sync::Arc;

use super::mended_rows::{MendedRows, RowPlace};
use crate::contact::Position;
use crate::error::Result;
use crate::table::{RowBatch, RowReader};

/// Which rows of a source a retry takes.
#[derive(Clone, Debug)]
pub enum RowSelection {
    /// By where they stand in the source.
    Places(Arc<BTreeSet<RowPlace>>),
    /// Rows of a mended results file.
    Mended(Arc<MendedRows>),
}

/// A source of which only some rows are read. They are numbered anew, and keep their lines.
pub struct Selected {
    inner: Box<dyn RowReader>,
    places: Arc<BTreeSet<RowPlace>>,
    /// Take the rows that are not chosen.
    others: bool,
    buffer: RowBatch,
    at: usize,
    taken: u64,
}

impl Selected {
    /// The rows at these places, or the others.
    pub fn new(inner: Box<dyn RowReader>, places: Arc<BTreeSet<RowPlace>>, others: bool) -> Self {
        Self { inner, places, others, buffer: RowBatch::new(), at: 0, taken: 0 }
    }
}

impl RowReader for Selected {
    fn headers(&self) -> &[String] {
        self.inner.headers()
    }

    fn own_columns(&self) -> &[String] {
        self.inner.own_columns()
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        while !batch.is_full(max_rows) {
            if self.at >= self.buffer.len() {
                self.at = 0;
                if self.inner.read(&mut self.buffer, max_rows.max(64))? == 0 {
                    break;
                }
            }
            let row = self.buffer.row(self.at);
            self.at += 1;
            let Position { line, sheet, .. } = row.position();
            if self.places.contains(&(sheet, line)) != self.others {
                batch.push_row_at(row, Position { index: self.taken, line, sheet });
                self.taken += 1;
            }
        }
        Ok(batch.len())
    }

    fn header_place(&self) -> String {
        self.inner.header_place()
    }

    fn notes(&self) -> &[String] {
        self.inner.notes()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.inner.sheet_name(sheet)
    }
}
