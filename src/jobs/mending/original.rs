use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::error::Result;
use crate::jobs::feed::BATCH;
use crate::jobs::import::sheet_names;
use crate::jobs::mended_rows::{Places, RowPlace};
use crate::jobs::source::SourceSpec;
use crate::table::{RowBatch, RowView};

/// The source of the rows as hashes: what was written of each row.
pub struct Original {
    /// In the order of their places.
    rows: Vec<(RowPlace, u64)>,
    /// Columns that the source shares with the mended file: header, and index in the source.
    pub columns: Vec<(String, usize)>,
    /// Names of the source's sheets; empty for text.
    pub sheets: Vec<String>,
}

impl Original {
    pub fn read(source: &SourceSpec, headers: &[String]) -> Result<Self> {
        let mut reader = source.open()?;
        let columns = columns_of(reader.headers(), headers);
        let indexes: Vec<usize> = columns.iter().map(|(_, index)| *index).collect();
        let mut rows = Vec::new();
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, BATCH)? > 0 {
            rows.extend(batch.rows().map(|row| (place_of(&row), hash(&row, &indexes))));
        }
        rows.sort_unstable();
        let sheets = sheet_names(reader.as_ref());
        Ok(Self { rows, columns, sheets })
    }

    /// The hash of what was written of a row.
    pub fn find(&self, place: RowPlace) -> Option<u64> {
        let at = self.rows.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(self.rows[at].1)
    }

    /// How its rows are named.
    pub fn places(&self) -> Places {
        let sheet = |row: Option<&(RowPlace, u64)>| row.map_or(0, |((sheet, _), _)| *sheet);
        Places::new(self.sheets.clone(), sheet(self.rows.first()), sheet(self.rows.last()))
    }
}

/// Which of `headers` these are, by name.
pub fn columns_of(of: &[String], headers: &[String]) -> Vec<(String, usize)> {
    let index = |header: &String| of.iter().position(|of| of == header);
    headers.iter().filter_map(|header| Some((header.clone(), index(header)?))).collect()
}

pub fn place_of(row: &RowView<'_>) -> RowPlace {
    (row.position().sheet, row.position().line)
}

/// A hash of the cells at `columns`, in this order.
pub fn hash(row: &RowView<'_>, columns: &[usize]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for column in columns {
        meant(row.cell(*column)).hash(&mut hasher);
    }
    hasher.finish()
}

/// A cell without what a spreadsheet program may change by itself: white space at its ends, and how line
/// breaks are written; as far as a cell of a workbook reaches.
pub fn meant(cell: &str) -> Cow<'_, str> {
    const REACH: usize = 30_000;
    let cell = cell.trim();
    let cell = cell.char_indices().nth(REACH).filter(|_| cell.len() > REACH).map_or(cell, |(end, _)| &cell[..end]);
    if cell.contains('\r') { Cow::Owned(cell.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(cell) }
}
