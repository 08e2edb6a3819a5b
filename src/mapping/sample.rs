use super::placeholder::is_placeholder;
use crate::contact::trim_unseen;
use crate::error::Result;
use crate::table::{RowBatch, RowReader};

/// Rows from the beginning of the file that are looked at one by one.
const FIRST: usize = 200;
/// Rows read at once after those; one of each such batch joins the sample.
const BATCH: usize = 512;
/// Batches from which a row is taken, before only each one at a power of two gives one.
const EACH: usize = 100;

/// Rows that stand for a file, and how full each of its columns is.
#[derive(Debug, Default)]
pub struct Sample {
    /// The first rows, and some from all over the file.
    pub rows: RowBatch,
    /// Rows in the whole file.
    pub total: u64,
    /// Those of them that are no header again, no total and the like.
    pub contacts: u64,
    /// For each column the rows of the whole file in which its cell holds something.
    pub filled: Vec<u64>,
}

impl Sample {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn read(reader: &mut dyn RowReader) -> Result<Self> {
        let mut sample = Self { filled: vec![0; reader.headers().len()], ..Self::default() };
        reader.read(&mut sample.rows, FIRST)?;
        let first = std::mem::take(&mut sample.rows);
        sample.count(&first);
        sample.rows = contacts_of(first);
        let mut batch = RowBatch::new();
        let mut batches = 0_usize;
        while reader.read(&mut batch, BATCH)? > 0 {
            batches += 1;
            sample.count(&batch);
            if batches <= EACH || batches.is_power_of_two() {
                batch.rows().find(|row| !row.is_no_contact()).into_iter().for_each(|row| sample.rows.push_row(row));
            }
        }
        Ok(sample)
    }

    /// The sample of a file that has only these rows.
    pub fn of(columns: usize, rows: RowBatch) -> Self {
        let mut sample = Self { filled: vec![0; columns], ..Self::default() };
        sample.count(&rows);
        sample.rows = contacts_of(rows);
        sample
    }

    fn count(&mut self, batch: &RowBatch) {
        self.total += batch.len() as u64;
        for row in batch.rows().filter(|row| !row.is_no_contact()) {
            self.contacts += 1;
            for (filled, cell) in self.filled.iter_mut().zip(row.cells()) {
                let cell = trim_unseen(cell);
                *filled += u64::from(!cell.is_empty() && !is_placeholder(cell));
            }
        }
    }
}

/// The rows that are no header again, no total and the like.
fn contacts_of(rows: RowBatch) -> RowBatch {
    if rows.rows().all(|row| !row.is_no_contact()) {
        return rows;
    }
    let mut contacts = RowBatch::new();
    rows.rows().filter(|row| !row.is_no_contact()).for_each(|row| contacts.push_row(row));
    contacts
}
