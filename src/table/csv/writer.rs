use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::error::Result;
use crate::table::columns::{Columns, MARK_COLUMN};
use crate::table::output::{Output, unwritable};
use crate::table::packed::Packed;
use crate::table::written::Place;
use crate::table::{PlusNumbers, RowWriter, WriteOptions, formula};

/// Without it, spreadsheets take UTF-8 for an older encoding, and `José` comes out as `JosÃ©`.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Rows into a delimited text, UTF-8.
pub struct CsvWriter {
    path: PathBuf,
    csv: csv::Writer<Packed>,
    plus_numbers: PlusNumbers,
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
        let csv = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(if is_tabbed { b'\t' } else { b',' })
            .from_writer(packed);
        let columns = Columns::from_cells(headers.iter().copied());
        let marked = !columns.ours;
        let mut writer =
            Self { path: path.to_owned(), csv, plus_numbers: options.plus_numbers, marked, is_own: columns.is_own };
        writer.write_cells(headers.iter().copied().chain(marked.then_some(MARK_COLUMN)))?;
        Ok(writer)
    }

    fn write_cells<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        for (index, cell) in cells.enumerate() {
            let is_own = self.is_own.get(index).copied().unwrap_or(false);
            let guard = if is_own { formula::guarded_own } else { formula::guarded };
            let cell = guard(cell, self.plus_numbers);
            self.csv.write_field(cell.as_bytes()).map_err(|cause| unwritable(&self.path, cause))?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(|cause| unwritable(&self.path, cause))
    }
}

impl RowWriter for CsvWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        // The mark stands in its column also behind a row that is too short; one that is too long
        // keeps its cells and has no mark.
        let missing = self.is_own.len().saturating_sub(cells.len());
        let padded = self.marked && cells.len() <= self.is_own.len();
        let filler = std::iter::repeat_n("", if padded { missing + 1 } else { 0 });
        self.write_cells(cells.iter().copied().chain(filler))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path;
        let packed =
            self.csv.into_inner().map_err(|failed| unwritable(&path, io::Error::from(failed.error().kind())))?;
        packed.finish().map_err(|cause| unwritable(&path, cause))?.finish()
    }
}
