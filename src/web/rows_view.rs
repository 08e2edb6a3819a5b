//! The rows of a results file, chosen, ordered and cut into pages on the server.

use std::path::Path;

use crate::contact::Outcome;
use crate::error::Result;
use crate::table::{ReadOptions, RowBatch, RowReader, RowView, open};

/// Rows of a page.
pub const ROWS: usize = 50;
/// Rows read at once.
const BATCH: usize = 512;

/// Which rows are wanted, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsWanted {
    pub outcome: Option<Outcome>,
    /// Somewhere in a cell or a message, without regard to case.
    pub text: Option<String>,
    /// Header of a column.
    pub sort: Option<String>,
    pub is_descending: bool,
    /// From 1.
    pub page: usize,
}

/// A page of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsFound {
    pub headers: Vec<String>,
    pub rows: Vec<ResultRow>,
    /// Rows that are wanted, on all pages.
    pub found: u64,
    pub pages: usize,
    pub page: usize,
}

/// A row with what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultRow {
    pub line: String,
    /// Of a workbook.
    pub sheet: String,
    pub contact_id: String,
    pub outcome: String,
    pub message: String,
    /// Headers of the cells that are wrong.
    pub wrong: Vec<String>,
    pub cells: Vec<String>,
}

impl ResultRow {
    /// Whether the cell under this header is why the row needs attention.
    pub fn is_wrong(&self, header: &str) -> bool {
        self.needs_attention() && self.wrong.iter().any(|wrong| wrong == header)
    }

    /// Whether the cell under this header may be the one to be mended: it is wrong, or nobody said which is.
    pub fn may_be_mended(&self, header: &str, headers: &[String]) -> bool {
        let is_told = headers.iter().any(|header| self.is_wrong(header));
        self.needs_attention() && (!is_told || self.is_wrong(header))
    }

    pub fn needs_attention(&self) -> bool {
        Outcome::from_name(&self.outcome).is_some_and(Outcome::needs_attention)
    }
}

impl RowsFound {
    /// Looks through a results file.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn of(results: &Path, wanted: &RowsWanted) -> Result<Self> {
        let options = ReadOptions { own_rows: true, ..ReadOptions::default() };
        let mut reader = open(results, &options)?;
        let headers = reader.headers().to_vec();
        let sorted_by = wanted.sort.as_ref().and_then(|name| headers.iter().position(|header| header == name));
        // In the file's order, the rows of the page are taken on the way; only another order needs a second look.
        let in_order = sorted_by.is_none() && !wanted.is_descending;
        let (first, text) = ((wanted.page.max(1) - 1) * ROWS, wanted.text.as_ref().map(|text| text.to_lowercase()));
        let (mut found, mut taken): (Vec<(String, u64)>, Vec<ResultRow>) = (Vec::new(), Vec::new());
        each(reader.as_mut(), |row| {
            if is_wanted(row, wanted.outcome, text.as_deref()) {
                if in_order && (first..first + ROWS).contains(&found.len()) {
                    taken.push(result_row(row));
                }
                let key = sorted_by.map_or_else(String::new, |column| sort_key(row.cell(column)));
                found.push((key, row.position().index));
            }
        })?;
        let pages = found.len().div_ceil(ROWS).max(1);
        let page = wanted.page.clamp(1, pages);
        if in_order && page == wanted.page.max(1) {
            return Ok(Self { headers, rows: taken, found: found.len() as u64, pages, page });
        }
        found.sort();
        if wanted.is_descending {
            found.reverse();
        }
        let shown: Vec<u64> = found.iter().skip((page - 1) * ROWS).take(ROWS).map(|(_, index)| *index).collect();
        let mut rows: Vec<(usize, ResultRow)> = Vec::with_capacity(shown.len());
        each(open(results, &options)?.as_mut(), |row| {
            if let Some(at) = shown.iter().position(|index| *index == row.position().index) {
                rows.push((at, result_row(row)));
            }
        })?;
        rows.sort_by_key(|(at, _)| *at);
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Self { headers, rows, found: found.len() as u64, pages, page })
    }
}

fn each(reader: &mut dyn RowReader, mut take: impl FnMut(&RowView<'_>)) -> Result<()> {
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, BATCH)? > 0 {
        batch.rows().for_each(|row| take(&row));
    }
    Ok(())
}

/// `text` is in small letters.
fn is_wanted(row: &RowView<'_>, outcome: Option<Outcome>, text: Option<&str>) -> bool {
    let own = |name| row.own(name).unwrap_or_default();
    if outcome.is_some_and(|outcome| own("_outcome") != outcome.name()) {
        return false;
    }
    text.is_none_or(|text| {
        let mut texts = row.cells().chain([own("_message"), own("_code"), own("_contact_id")]);
        texts.any(|cell| cell.to_lowercase().contains(text))
    })
}

/// Numbers by their value, all else as text without regard to case.
fn sort_key(cell: &str) -> String {
    let cell = cell.trim();
    let is_number = !cell.is_empty() && cell.len() < 20 && cell.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("{cell:0>20}") } else { cell.to_lowercase() }
}

fn result_row(row: &RowView<'_>) -> ResultRow {
    let own = |name| row.own(name).unwrap_or_default().to_owned();
    ResultRow {
        line: own("_line"),
        sheet: own("_sheet"),
        contact_id: own("_contact_id"),
        outcome: own("_outcome"),
        message: own("_message"),
        wrong: own("_column").split(crate::report::JOIN).map(str::to_owned).collect(),
        cells: row.cells().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &RowsWanted) -> RowsFound {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.results.csv");
        let mut text = "Name,Mobile,_line,_outcome,_contact_id,_code,_column,_message\n".to_owned();
        for n in 1..=120 {
            let (outcome, wrong) = if n % 40 == 0 { ("rejected", "Mobile") } else { ("created", "") };
            let message = if n == 80 { "an unusual thing" } else { "" };
            text.push_str(&format!("P{n},{},{},{outcome},c{n},,{wrong},{message}\n", 1000 - n, n + 1));
        }
        std::fs::write(&path, text).unwrap();
        RowsFound::of(&path, wanted).unwrap()
    }

    #[test]
    fn rows_are_chosen_by_outcome_and_text() {
        let of = |outcome, text: Option<&str>| {
            found(&RowsWanted { outcome, text: text.map(str::to_owned), page: 1, ..RowsWanted::default() })
        };
        assert_eq!(of(None, None).found, 120);
        let rejected = of(Some(Outcome::Rejected), None);
        assert_eq!((rejected.found, rejected.rows[0].wrong.clone()), (3, vec!["Mobile".to_owned()]));
        assert_eq!(of(None, Some("UNUSUAL")).rows[0].cells, ["P80", "920"]);
        assert_eq!(of(Some(Outcome::Created), Some("unusual")).found, 0);
        assert_eq!(of(None, Some("c77")).rows[0].line, "78");
    }

    #[test]
    fn rows_are_ordered_and_cut_into_pages() {
        let page = |sort: Option<&str>, is_descending, page| {
            let sort = sort.map(str::to_owned);
            let found = found(&RowsWanted { sort, is_descending, page, ..RowsWanted::default() });
            (found.rows[0].cells[0].clone(), found.rows.len(), found.page, found.pages)
        };
        assert_eq!(page(None, false, 1), ("P1".into(), 50, 1, 3));
        assert_eq!(page(None, false, 9), ("P101".into(), 20, 3, 3));
        assert_eq!(page(Some("Mobile"), false, 1).0, "P120", "numbers are ordered by their value");
        assert_eq!(page(Some("Mobile"), true, 2).0, "P51");
        assert_eq!(page(Some("Nothing"), false, 1).0, "P1");
    }
}
