use std::io::Write as _;
use std::path::PathBuf;

use super::line::Line;
use crate::error::Result;
use crate::table::columns::{Columns, MARK_COLUMN};
use crate::table::output::{Output, unwritable};
use crate::table::packed::Packed;
use crate::table::written::Place;
use crate::table::{PlusNumbers, RowView, RowWriter, WriteOptions};

/// Without it, spreadsheets take UTF-8 for an older encoding, and `José` comes out as `JosÃ©`.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Rows into a delimited text, UTF-8.
pub struct CsvWriter {
    path: PathBuf,
    packed: Packed,
    line: Line,
    /// Whether each row gets an empty cell for [`MARK_COLUMN`].
    marked: bool,
    /// For each column whether it is rolo's own.
    is_own: Vec<bool>,
}

impl CsvWriter {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(place: &Place, headers: &[&str], options: &WriteOptions) -> Result<Self> {
        let path = place.path.as_path();
        let output = Output::create(place)?;
        let (mut packed, inner) = Packed::new(output, path).map_err(|cause| unwritable(path, cause))?;
        if options.plus_numbers == PlusNumbers::Guarded {
            packed.write_all(BYTE_ORDER_MARK).map_err(|cause| unwritable(path, cause))?;
        }
        let is_tabbed = inner.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let line = Line::new(if is_tabbed { b'\t' } else { b',' }, options.plus_numbers);
        let columns = Columns::from_cells(headers.iter().copied());
        let marked = !columns.ours;
        let mut writer = Self { path: path.to_owned(), packed, line, marked, is_own: columns.is_own };
        writer.push_from(0, headers.iter().copied().chain(marked.then_some(MARK_COLUMN)));
        writer.end_line()?;
        Ok(writer)
    }

    /// Adds cells to the line, the first of which stands in column `first`.
    fn push_from<'a>(&mut self, first: usize, cells: impl Iterator<Item = &'a str>) {
        for (column, cell) in (first..).zip(cells) {
            if self.is_own.get(column).copied().unwrap_or(false) {
                self.line.push_own(cell);
            } else {
                self.line.push(cell);
            }
        }
    }

    fn end_line(&mut self) -> Result<()> {
        self.line.end(&mut self.packed).map_err(|cause| unwritable(&self.path, cause))
    }

    /// Fills a row of `cells` cells up.
    fn fill_up(&mut self, cells: usize) {
        // The mark stands in its column also behind a row that is too short; one that is too long
        // keeps its cells and has no mark.
        let missing = self.is_own.len().saturating_sub(cells);
        let padded = self.marked && cells <= self.is_own.len();
        self.push_from(cells, std::iter::repeat_n("", if padded { missing + 1 } else { 0 }));
    }
}

impl RowWriter for CsvWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        self.push_from(0, cells.iter().copied());
        self.fill_up(cells.len());
        self.end_line()
    }

    fn write_behind(&mut self, row: RowView<'_>, more: &[&str]) -> Result<()> {
        if self.is_own.iter().take(row.len()).any(|is_own| *is_own) {
            self.push_from(0, row.cells());
        } else {
            self.line.push_row(row);
        }
        self.push_from(row.len(), more.iter().copied());
        self.fill_up(row.len() + more.len());
        self.end_line()
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path;
        self.packed.finish().map_err(|cause| unwritable(&path, cause))?.finish()
    }
}
