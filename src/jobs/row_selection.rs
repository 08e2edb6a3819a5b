use std::collections::BTreeSet;
use std::sync::Arc;

use super::mended_rows::{MendedRows, RowPlace};
use super::row_cursor::{Renumbering, RowCursor};
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
pub struct SelectedReader {
    rows: RowCursor,
    places: Arc<BTreeSet<RowPlace>>,
    /// Take the rows that are not chosen.
    others: bool,
    renumbering: Renumbering,
}

impl SelectedReader {
    /// The rows at these places, or the others.
    pub fn new(inner: Box<dyn RowReader>, places: Arc<BTreeSet<RowPlace>>, others: bool) -> Self {
        Self { rows: RowCursor::new(inner), places, others, renumbering: Renumbering::default() }
    }
}

impl RowReader for SelectedReader {
    fn headers(&self) -> &[String] {
        self.rows.source.headers()
    }

    fn own_columns(&self) -> &[String] {
        self.rows.source.own_columns()
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        while !batch.is_full(max_rows)
            && let Some(row) = self.rows.next(max_rows)?
        {
            let place = (row.position().sheet, row.position().line);
            if self.places.contains(&place) != self.others {
                self.renumbering.push(batch, row, place);
            }
        }
        Ok(batch.len())
    }

    fn header_place(&self) -> String {
        self.rows.source.header_place()
    }

    fn notes(&self) -> &[String] {
        self.rows.source.notes()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.rows.source.sheet_name(sheet)
    }
}
