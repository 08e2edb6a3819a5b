use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::contact::{Counts, Outcome, Position, RowError, RowRecord};
use crate::error::{Error, Result};
use crate::report::{Event, Remark, Reporter, ResultsWriter, RowRemark, Skips};
use crate::table::{RowBatch, RowView};

/// Joins finished rows with their own cells again, writes the results and keeps the count.
pub struct RowResults {
    batches: Receiver<Arc<RowBatch>>,
    queue: VecDeque<Arc<RowBatch>>,
    /// Next row within the first queued batch.
    at: usize,
    results: Option<ResultsWriter>,
    sheet_names: Vec<String>,
    pub read: u64,
    pub counts: Counts,
    pub skips: Skips,
    /// Rows by error code, of those that a person has to look at.
    pub codes: BTreeMap<String, u64>,
    /// What is told of rows that need nobody, by code and column.
    remarks: BTreeMap<(String, Option<String>, bool), RowRemark>,
    /// Rows that stay as they are by what is remembered alone.
    pub not_looked_at: u64,
}

/// Lines named of a notice.
const LINES: usize = 5;

impl RowResults {
    pub fn new(batches: Receiver<Arc<RowBatch>>, results: Option<ResultsWriter>, sheet_names: Vec<String>) -> Self {
        Self {
            batches,
            queue: VecDeque::new(),
            at: 0,
            results,
            sheet_names,
            read: 0,
            counts: Counts::default(),
            skips: Skips::default(),
            codes: BTreeMap::new(),
            remarks: BTreeMap::new(),
            not_looked_at: 0,
        }
    }

    /// Takes the record of the next row in source order.
    pub fn finished(&mut self, position: Position, record: RowRecord, reporter: &mut dyn Reporter) -> Result<()> {
        while self.queue.front().is_none_or(|batch| self.at >= batch.len()) {
            if self.queue.pop_front().is_some() {
                self.at = 0;
            }
            if self.queue.is_empty() {
                let batch = self
                    .batches
                    .try_recv()
                    .map_err(|_| Error::bug(format!("a row finished that was not read: {position}")))?;
                self.queue.push_back(batch);
            }
        }
        let Some(batch) = self.queue.front().cloned() else { return Err(Error::bug("no batch to take a row from")) };
        let row = batch.row(self.at);
        if row.position() != position {
            return Err(Error::bug(format!("rows out of order: {} instead of {position}", row.position())));
        }
        self.at += 1;
        self.take(row, record, reporter)
    }

    fn take(&mut self, row: RowView<'_>, record: RowRecord, reporter: &mut dyn Reporter) -> Result<()> {
        self.read += 1;
        self.counts[record.outcome] += 1;
        self.skips.take(&record);
        for (at, error) in record.errors.iter().enumerate() {
            if error.code == "contact.not_looked_at" {
                self.not_looked_at += 1;
            } else if record.outcome.needs_attention() || error.code == "run.stopped" {
                match self.codes.get_mut(&*error.code) {
                    Some(rows) => *rows += 1,
                    None => drop(self.codes.insert(error.code.to_string(), 1)),
                }
            } else if record.errors[..at].iter().all(|told| told.code != error.code || told.column != error.column) {
                self.remark(row.position().line, error);
            }
        }
        if let Some(results) = &mut self.results {
            let sheet = self.sheet_names.get(usize::from(row.position().sheet)).map(String::as_str);
            results.write(row, sheet, &record)?;
        }
        reporter.event(&Event::Row { position: row.position(), record });
        Ok(())
    }

    fn remark(&mut self, line: u64, error: &RowError) {
        let key = (error.code.to_string(), error.column.clone(), error.is_left_out());
        let remark = self.remarks.entry(key).or_insert_with(|| RowRemark {
            code: error.code.to_string(),
            column: error.column.clone(),
            left_out: error.is_left_out(),
            ..RowRemark::default()
        });
        remark.rows += 1;
        if remark.lines.len() < LINES {
            remark.lines.push(line);
        }
    }

    /// That the conditions let no row through.
    pub fn none_chosen(&self) -> Option<Remark> {
        (self.read > 0 && self.skips.not_chosen() == self.read).then_some(Remark::NoRowChosen)
    }

    /// Remarks on rows that need nobody: once for each code and column, with lines.
    pub fn remarks(&self) -> Vec<RowRemark> {
        self.remarks.values().cloned().collect()
    }

    /// Gives the rows that were read but not finished their records: those in `apart`, and for the
    /// others that the run stopped before them.
    pub fn rest_of_queue(&mut self, apart: &mut BTreeMap<u64, RowRecord>, reporter: &mut dyn Reporter) -> Result<()> {
        while let Ok(batch) = self.batches.try_recv() {
            self.queue.push_back(batch);
        }
        let at = std::mem::take(&mut self.at);
        for (n, batch) in std::mem::take(&mut self.queue).into_iter().enumerate() {
            self.unreached(&batch, if n == 0 { at } else { 0 }, apart, reporter)?;
        }
        Ok(())
    }

    /// The rows of a batch from `first` on, none of which was sent.
    pub fn unreached(
        &mut self,
        batch: &RowBatch,
        first: usize,
        apart: &mut BTreeMap<u64, RowRecord>,
        reporter: &mut dyn Reporter,
    ) -> Result<()> {
        for row in batch.rows().skip(first) {
            let record = apart.remove(&row.position().index).unwrap_or_else(not_reached);
            self.take(row, record, reporter)?;
        }
        Ok(())
    }

    /// Puts the results file in its place.
    pub fn finish(&mut self) -> Result<()> {
        self.results.take().map_or(Ok(()), ResultsWriter::finish)
    }
}

fn not_reached() -> RowRecord {
    RowRecord::unsent(
        Outcome::Skipped,
        vec![RowError::of_row("run.stopped", "the run stopped before this row: `rolo resume` takes it up")],
    )
}
