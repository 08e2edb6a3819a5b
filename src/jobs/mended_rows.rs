//! The rows of a mended file that are sent, once they are decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::row_cursor::{Renumbering, RowCursor};
use crate::error::{Error, Result};
use crate::table::{RowBatch, RowReader, RowView};

/// The place of a row in the source: index of its sheet, and its line there.
pub type RowPlace = (u16, u64);

/// The rows of a mended file that are sent.
#[derive(Debug)]
pub struct MendedRows {
    pub sent: BTreeSet<RowPlace>,
    /// The sheet that has all rows, if the file has two.
    pub main_sheet: Option<String>,
    /// Rows that stand otherwise on the sheet of rows to mend, or on it alone.
    pub instead: Mended,
    pub places: Places,
    /// To be told.
    pub notes: Vec<String>,
}

impl MendedRows {
    /// Digests what is sent, beside the file itself.
    pub fn digest_into(&self, hasher: &mut blake3::Hasher) {
        for (sheet, line) in &self.sent {
            hasher.update(&sheet.to_le_bytes());
            hasher.update(&line.to_le_bytes());
        }
    }
}

/// Rows of a mended file that are held, by their places in the source.
#[derive(Debug, Default)]
pub struct Mended {
    pub batch: RowBatch,
    pub rows: BTreeMap<RowPlace, usize>,
}

impl Mended {
    pub fn get(&self, place: RowPlace) -> Option<RowView<'_>> {
        self.rows.get(&place).map(|at| self.batch.row(*at))
    }

    pub fn hold(&mut self, place: RowPlace, row: RowView<'_>) {
        self.rows.insert(place, self.batch.len());
        self.batch.push_row(row);
    }
}

/// How the rows of a mended file name their places: by `_sheet` where the source has rows on several.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Names of the source's sheets; empty for text.
    pub sheets: Vec<String>,
    /// The sheet that all rows stand on.
    only: Option<u16>,
}

impl Places {
    /// Rows stand on the source's sheets from `first` to `last`.
    pub fn new(sheets: Vec<String>, first: u16, last: u16) -> Self {
        Self { sheets, only: (first == last).then_some(first) }
    }

    /// The place that a run recorded.
    pub fn of_run(&self, (sheet, line): RowPlace) -> RowPlace {
        (self.only.unwrap_or(sheet), line)
    }

    /// The place of a row; `None` for one that was added, which has no `_line`.
    ///
    /// # Errors
    /// Kind `Usage` if `_line` or `_sheet` is not as rolo wrote it.
    pub fn named_by(&self, row: &RowView<'_>) -> Result<Option<RowPlace>> {
        let text = row.own("_line").unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |what: String| {
            Error::usage(format!("line {} of the mended file: {what}", row.position().line))
                .hint("leave the _line and _sheet columns as rolo wrote them, and empty in a row that you add")
        };
        let line = text.parse::<u64>().map_err(|_| wrong(format!("_line is not a number: {text}")))?;
        if let Some(sheet) = self.only {
            return Ok(Some((sheet, line)));
        }
        let name = row.own("_sheet").unwrap_or_default();
        let sheet = self.sheets.iter().position(|sheet| sheet == name);
        let sheet = sheet.ok_or_else(|| wrong(format!("_sheet is no sheet of the source: {name}")))?;
        Ok(Some((u16::try_from(sheet).unwrap_or(u16::MAX), line)))
    }
}

/// The rows of a mended file that are sent, or those that are not. They are numbered anew, and have the
/// lines and sheets of the source.
pub struct MendedReader {
    rows: RowCursor,
    mended: Arc<MendedRows>,
    /// Take the rows that are not sent.
    others: bool,
    renumbering: Renumbering,
    /// Rows of the second sheet that the first didn't have yet.
    left: BTreeSet<RowPlace>,
    notes: Vec<String>,
}

impl MendedReader {
    pub fn new(inner: Box<dyn RowReader>, mended: Arc<MendedRows>, others: bool) -> Self {
        let notes = inner.notes().iter().chain(&mended.notes).cloned().collect();
        let left = mended.instead.rows.keys().copied().collect();
        Self { rows: RowCursor::new(inner), mended, others, renumbering: Renumbering::default(), left, notes }
    }
}

impl RowReader for MendedReader {
    fn headers(&self) -> &[String] {
        self.rows.source.headers()
    }

    fn own_columns(&self) -> &[String] {
        self.rows.source.own_columns()
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        batch.set_own_columns(&self.rows.source.own_columns().into());
        let (mended, others) = (self.mended.as_ref(), self.others);
        let takes = |place: &RowPlace| mended.sent.contains(place) != others;
        while !batch.is_full(max_rows)
            && let Some(row) = self.rows.next(max_rows)?
        {
            let Some(place) = mended.places.named_by(&row)? else { continue };
            self.left.remove(&place);
            if takes(&place) {
                self.renumbering.push(batch, mended.instead.get(place).unwrap_or(row), place);
            }
        }
        while !batch.is_full(max_rows)
            && let Some(place) = self.left.pop_first()
        {
            if let Some(row) = mended.instead.get(place).filter(|_| takes(&place)) {
                self.renumbering.push(batch, row, place);
            }
        }
        Ok(batch.len())
    }

    fn header_place(&self) -> String {
        self.rows.source.header_place()
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.mended.places.sheets.get(usize::from(sheet)).map(String::as_str)
    }
}
