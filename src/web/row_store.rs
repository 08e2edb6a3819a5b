//! The rows of a results file, kept so that any of them is found at once: read once, whatever is then looked at.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::rows_view::{ResultRow, RowsWanted, StoredRow, is_wanted, sort_key};
use crate::error::{Error, Result};
use crate::platform::make_private_folder;
use crate::table::{ReadOptions, RowBatch, RowView, open};

/// Rows read at once.
const BATCH: usize = 512;
/// What a results file says of each row, in the order in which it is kept before the row's cells.
const OWN: [&str; 7] = ["_line", "_sheet", "_contact_id", "_outcome", "_message", "_code", "_column"];

/// The rows of a results file, in a file that has no name and goes with whoever holds it. In memory is only where
/// each of them ends.
pub struct RowStore {
    pub headers: Vec<String>,
    file: Mutex<File>,
    ends: Vec<u64>,
}

impl RowStore {
    /// Reads a results file to its end.
    ///
    /// # Errors
    /// Those of reading it; kind `Stopped` if there is no room in `folder`.
    pub fn of(results: &Path, folder: &Path) -> Result<Self> {
        let mut reader = open(results, &ReadOptions { own_rows: true, ..ReadOptions::default() })?;
        make_private_folder(folder).map_err(unkept)?;
        let mut kept = BufWriter::new(tempfile::tempfile_in(folder).map_err(unkept)?);
        let (mut ends, mut batch, mut record) = (Vec::new(), RowBatch::new(), Vec::new());
        let mut end = 0_u64;
        while reader.read(&mut batch, BATCH)? > 0 {
            for row in batch.rows() {
                record.clear();
                push_row(&mut record, &row);
                kept.write_all(&record).map_err(unkept)?;
                end += record.len() as u64;
                ends.push(end);
            }
        }
        let file = kept.into_inner().map_err(|error| unkept(error.into_error()))?;
        Ok(Self { headers: reader.headers().to_vec(), file: Mutex::new(file), ends })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The wanted rows by their number, in the wanted order.
    ///
    /// # Errors
    /// Kind `Stopped` if what was kept can't be read again.
    pub fn found(&self, wanted: &RowsWanted) -> Result<Vec<u32>> {
        let sorted_by = wanted.sort.as_ref().and_then(|name| self.headers.iter().position(|header| header == name));
        let text = wanted.text.as_ref().map(|text| text.to_lowercase());
        let mut found: Vec<(String, u32)> = Vec::new();
        for from in (0..self.len()).step_by(BATCH) {
            let until = (from + BATCH).min(self.len());
            let bytes = self.read(from, until)?;
            let start = self.start(from);
            for number in from..until {
                let row = stored(&bytes[at(self.start(number) - start)..at(self.ends[number] - start)])?;
                if is_wanted(&row, wanted.outcome, text.as_deref()) {
                    let cell = sorted_by.and_then(|column| row.cells.get(column));
                    found.push((
                        cell.map_or_else(String::new, |cell| sort_key(cell)),
                        u32::try_from(number).unwrap_or(u32::MAX),
                    ));
                }
            }
        }
        found.sort();
        if wanted.is_descending {
            found.reverse();
        }
        Ok(found.into_iter().map(|(_, number)| number).collect())
    }

    /// These rows.
    ///
    /// # Errors
    /// As for [`Self::found`].
    pub fn rows(&self, numbers: impl Iterator<Item = u32>) -> Result<Vec<ResultRow>> {
        let row = |number: u32| {
            let number = number as usize;
            Ok(ResultRow::from(&stored(&self.read(number, number + 1)?)?))
        };
        numbers.map(row).collect()
    }

    fn start(&self, number: usize) -> u64 {
        number.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn read(&self, from: usize, until: usize) -> Result<Vec<u8>> {
        let (start, end) = (self.start(from), self.start(until));
        let mut bytes = vec![0; at(end - start)];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes)).map_err(unkept)?;
        Ok(bytes)
    }
}

fn at(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn push_row(record: &mut Vec<u8>, row: &RowView<'_>) {
    let own = OWN.iter().map(|name| row.own(name).unwrap_or_default());
    for text in own.chain(row.cells()) {
        record.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        record.extend(text.as_bytes());
    }
}

fn stored(mut record: &[u8]) -> Result<StoredRow<'_>> {
    let broken = || Error::bug("a row that was kept can't be read again");
    let mut texts = Vec::new();
    while let Some((length, rest)) = record.split_first_chunk::<4>() {
        let (text, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(broken)?;
        texts.push(std::str::from_utf8(text).map_err(|_| broken())?);
        record = after;
    }
    if texts.len() < OWN.len() {
        return Err(broken());
    }
    let cells = texts.split_off(OWN.len());
    let [line, sheet, contact_id, outcome, message, code, wrong] = texts[..] else { return Err(broken()) };
    Ok(StoredRow { line, sheet, contact_id, outcome, message, code, wrong, cells })
}

fn unkept(cause: std::io::Error) -> Error {
    Error::stopped("rows can't be kept in the state folder").hint("make room on the disk").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Outcome;

    fn store() -> RowStore {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.results.csv");
        let mut text = "Name,Mobile,_line,_outcome,_contact_id,_code,_column,_message\n".to_owned();
        for n in 1..=1200 {
            let (outcome, wrong) = if n % 40 == 0 { ("rejected", "Mobile") } else { ("created", "") };
            let message = if n == 80 { "an unusual thing" } else { "" };
            let name = if n == 7 { "É7".to_owned() } else { format!("P{n}") };
            text.push_str(&format!("{name},{},{},{outcome},c{n},,{wrong},{message}\n", 2000 - n, n + 1));
        }
        std::fs::write(&path, text).unwrap();
        RowStore::of(&path, folder.path()).unwrap()
    }

    #[test]
    fn rows_are_chosen_by_outcome_and_text() {
        let store = store();
        let of = |outcome, text: Option<&str>| {
            let wanted = RowsWanted { outcome, text: text.map(str::to_owned), ..RowsWanted::default() };
            let found = store.found(&wanted).unwrap();
            (found.len(), store.rows(found.into_iter().take(1)).unwrap().pop())
        };
        assert_eq!(of(None, None).0, 1200);
        let (rejected, first) = of(Some(Outcome::Rejected), None);
        assert_eq!((rejected, first.unwrap().wrong), (30, vec!["Mobile".to_owned()]));
        assert_eq!(of(None, Some("UNUSUAL")).1.unwrap().cells, ["P80", "1920"]);
        assert_eq!(of(Some(Outcome::Created), Some("unusual")).0, 0);
        assert_eq!(of(None, Some("c77")).1.unwrap().line, "78");
        assert_eq!(of(None, Some("é7")).0, 1, "capital letters of every script");
    }

    #[test]
    fn rows_are_ordered_and_any_of_them_is_found() {
        let store = store();
        let ordered = |sort: Option<&str>, is_descending| {
            let wanted = RowsWanted { sort: sort.map(str::to_owned), is_descending, ..RowsWanted::default() };
            let found = store.found(&wanted).unwrap();
            store.rows(found.into_iter()).unwrap().into_iter().map(|row| row.cells[0].clone()).collect::<Vec<_>>()
        };
        assert_eq!(ordered(None, false)[599], "P600");
        assert_eq!(ordered(Some("Mobile"), false)[0], "P1200", "numbers are ordered by their value");
        assert_eq!(ordered(Some("Mobile"), true)[50], "P51");
        assert_eq!(ordered(Some("Nothing"), false)[0], "P1");
        assert_eq!(store.rows([1199, 0].into_iter()).unwrap()[0].line, "1201");
    }
}
