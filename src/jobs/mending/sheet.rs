use std::collections::BTreeSet;

use super::first_lines::FirstLines;
use super::original::{Original, columns_of, hash};
use crate::error::{Error, Result};
use crate::jobs::feed::BATCH;
use crate::jobs::mended_rows::{Mended, Places, RowPlace};
use crate::table::{RowBatch, RowReader, RowView};

/// What was found on one sheet of a mended file, or in the file itself.
pub struct Sheet {
    /// Rows that are otherwise than they were written.
    pub changed: Mended,
    /// Columns it shares with the source: header, and index on this sheet.
    pub columns: Vec<(String, usize)>,
    place: String,
    seen: BTreeSet<RowPlace>,
    added: FirstLines,
}

impl Sheet {
    /// Reads it all. Rows that `hold` wants are held even if they were not changed.
    ///
    /// # Errors
    /// Kind `Usage` if its rows can't be told.
    pub fn read(
        mut reader: Box<dyn RowReader>,
        original: Option<&Original>,
        places: &Places,
        common: &[String],
        hold: &dyn Fn(&RowPlace) -> bool,
    ) -> Result<Self> {
        if !reader.own_columns().iter().any(|name| name == "_line") {
            return Err(Error::usage("the mended file has no _line column, so its rows can't be told")
                .hint("mend a results file as rolo wrote it: its columns that begin with _ must stay"));
        }
        let shared = original.map(|original| original.columns.iter().map(|(header, _)| header.clone()).collect());
        let shared: Vec<String> = shared.unwrap_or_else(|| common.to_vec());
        let columns = columns_of(reader.headers(), &shared);
        let indexes: Vec<usize> = columns.iter().map(|(_, index)| *index).collect();
        let mut sheet = Self {
            changed: Mended::default(),
            columns,
            place: reader.header_place(),
            seen: BTreeSet::new(),
            added: FirstLines::default(),
        };
        sheet.changed.batch.set_own_columns(&reader.own_columns().into());
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, BATCH)? > 0 {
            for row in batch.rows() {
                sheet.take(row, original, places, &indexes, hold)?;
            }
        }
        Ok(sheet)
    }

    fn take(
        &mut self,
        row: RowView<'_>,
        original: Option<&Original>,
        places: &Places,
        indexes: &[usize],
        hold: &dyn Fn(&RowPlace) -> bool,
    ) -> Result<()> {
        let line = row.position().line;
        let Some(place) = places.named_by(&row)? else {
            self.added.add(line);
            return Ok(());
        };
        if !self.seen.insert(place) {
            return Err(Error::usage(format!("line {line} of the mended file: a second row with _line {}", place.1))
                .hint("leave one of them, and empty _line in a row that you add"));
        }
        let is_changed = match original {
            None => false,
            Some(original) => match original.find(place) {
                Some(written) => written != hash(&row, indexes),
                None => {
                    return Err(Error::usage(format!(
                        "line {line} of the mended file: the source has no row with _line {}",
                        place.1
                    ))
                    .hint("leave the _line column as rolo wrote it, and empty in a row that you add"));
                }
            },
        };
        if is_changed || hold(&place) {
            self.changed.hold(place, row);
        }
        Ok(())
    }

    pub fn has(&self, place: RowPlace) -> bool {
        self.seen.contains(&place)
    }

    pub fn rows(&self) -> usize {
        self.seen.len()
    }

    /// Says which rows were added: nobody knows what became of them before, so they are not sent.
    pub fn tell_added(&self, notes: &mut Vec<String>) {
        if self.added.rows == 0 {
            return;
        }
        let rows = if self.added.rows == 1 { "row" } else { "rows" };
        notes.push(format!(
            "{} {rows} without _line, added by hand, not sent ({}; {}): import them from a file of their own",
            self.added.rows, self.place, self.added,
        ));
    }
}
