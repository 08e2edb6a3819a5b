use std::collections::BTreeSet;

use crate::contact::Position;
use crate::error::{Error, Result};
use crate::table::{RowBatch, RowReader, RowView};

/// Which rows of a source a retry takes.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// By index in the source.
    Indexes(BTreeSet<u64>),
    /// By the `_line` column of a mended results file.
    Lines(BTreeSet<u64>),
}

/// A source of which only some rows are read. They are numbered anew, and keep their lines.
pub struct Selected {
    inner: Box<dyn RowReader>,
    chosen: Chosen,
    /// Take the rows that are not chosen.
    others: bool,
    buffer: RowBatch,
    at: usize,
    taken: u64,
}

impl Selected {
    /// # Errors
    /// Kind `Usage` if rows are chosen by line and the file has no `_line` column.
    pub fn new(inner: Box<dyn RowReader>, chosen: Chosen) -> Result<Self> {
        if matches!(chosen, Chosen::Lines(_)) && !inner.own_columns().iter().any(|name| name == "_line") {
            return Err(Error::usage("the mended file has no _line column, so its rows can't be told")
                .hint("mend a results file as rolo wrote it: its last columns begin with _ and must stay"));
        }
        Ok(Self { inner, chosen, others: false, buffer: RowBatch::new(), at: 0, taken: 0 })
    }

    /// The rows that are not chosen.
    pub fn others(self) -> Self {
        Self { others: true, ..self }
    }

    /// The line of a row in the source, if the row is taken.
    fn wants(&self, row: &RowView<'_>) -> Result<Option<u64>> {
        match &self.chosen {
            Chosen::Indexes(indexes) => {
                Ok((indexes.contains(&row.position().index) != self.others).then(|| row.position().line))
            }
            Chosen::Lines(lines) => {
                let text = row.own("_line").unwrap_or_default().trim();
                let line = text.parse::<u64>().map_err(|_| {
                    Error::usage(format!(
                        "line {} of the mended file: _line is not a number: {text}",
                        row.position().line
                    ))
                    .hint("leave the _line column as rolo wrote it")
                })?;
                Ok((lines.contains(&line) != self.others).then_some(line))
            }
        }
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
        while batch.len() < max_rows {
            if self.at >= self.buffer.len() {
                self.at = 0;
                if self.inner.read(&mut self.buffer, max_rows.max(64))? == 0 {
                    break;
                }
            }
            let row = self.buffer.row(self.at);
            self.at += 1;
            let Some(line) = self.wants(&row)? else { continue };
            batch.begin_row(Position { index: self.taken, line, sheet: row.position().sheet });
            self.taken += 1;
            for cell in row.cells() {
                batch.push_cell(cell);
            }
            for column in 0..row.len() {
                if let Some(flag) = row.flag(column) {
                    batch.push_flag(column, flag);
                }
            }
            for (_, error) in row.errors() {
                batch.push_error(error.clone());
            }
        }
        Ok(batch.len())
    }

    fn notes(&self) -> &[String] {
        self.inner.notes()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.inner.sheet_name(sheet)
    }
}
