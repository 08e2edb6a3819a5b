use std::borrow::Cow;

use super::escape;
use crate::contact::{RowError, RowRecord};
use crate::error::Result;
use crate::table::{RowView, RowWriter};

/// What joins several errors of one row in one cell.
const JOIN: &str = " | ";

/// Writes the results file: every source row once, its own columns unchanged, then what became of it.
///
/// The columns that follow the row's own, all beginning with `_` so that they are ignored when the
/// file is read again: `_line`, `_sheet` (workbooks only), `_outcome`, `_contact_id`, `_calls`,
/// `_attempts`, `_http_status`, `_code`, `_column`, `_message`. Cells of a row that has more of them
/// than there are headers stand behind these, so that nothing of the source is lost.
pub struct ResultsWriter {
    rows: Box<dyn RowWriter>,
    columns: usize,
    workbook: bool,
}

impl ResultsWriter {
    /// The headers of the results file, which `rows` is created with.
    pub fn headers(source_headers: &[String], workbook: bool) -> Vec<String> {
        let own: &[&str] = if workbook { &["_line", "_sheet"] } else { &["_line"] };
        let outcome =
            ["_outcome", "_contact_id", "_calls", "_attempts", "_http_status", "_code", "_column", "_message"];
        let own = own.iter().chain(&outcome).map(|&name| name.to_owned());
        source_headers.iter().cloned().chain(own).collect()
    }

    /// A writer of rows that have `columns` columns of their own in the source.
    ///
    /// `workbook` says whether the source is one, as in [`ResultsWriter::headers`].
    pub fn new(rows: Box<dyn RowWriter>, columns: usize, workbook: bool) -> Self {
        Self { rows, columns, workbook }
    }

    /// Writes one row; the caller passes rows in source order. `sheet_name` is written for a
    /// workbook and ignored for any other source.
    pub fn write(&mut self, row: RowView<'_>, sheet_name: Option<&str>, record: &RowRecord) -> Result<()> {
        let line = row.position().line.to_string();
        let calls = record.calls.to_string();
        let attempts = record.attempts.to_string();
        let status = record.http_status.map(|status| status.to_string()).unwrap_or_default();
        let [code, columns, message] = joined(&record.errors);

        let mut written: Vec<&str> = Vec::with_capacity(row.len().max(self.columns) + 10);
        written.extend((0..self.columns).map(|index| row.cell(index)));
        written.push(&line);
        if self.workbook {
            written.push(sheet_name.unwrap_or_default());
        }
        written.extend([
            record.outcome.name(),
            record.contact_id.as_ref().map_or("", |id| id.0.as_str()),
            &calls,
            &attempts,
            &status,
            &code,
            &columns,
            &message,
        ]);
        written.extend(row.cells().skip(self.columns));
        if !record.outcome.needs_attention() {
            return self.rows.write(&written);
        }
        let marked: Vec<usize> =
            record.errors.iter().map(|error| error.column_index).filter(|index| *index < self.columns).collect();
        self.rows.write_needing_attention(&written, &marked)
    }

    /// Writes what is left, syncs, and puts the file in its place.
    pub fn finish(self) -> Result<()> {
        self.rows.finish()
    }
}

/// Codes, columns and messages of a row, each joined in column order.
///
/// The three have the same number of parts, so that a program can split them: an error of the
/// whole row has an empty column, and a ` | ` within a part is written ` ¦ `.
fn joined(errors: &[RowError]) -> [String; 3] {
    let mut errors: Vec<&RowError> = errors.iter().collect();
    errors.sort_by_key(|error| error.column_index);
    let join = |part: fn(&RowError) -> Cow<'_, str>| {
        errors.iter().map(|error| part(error).replace(JOIN, " ¦ ")).collect::<Vec<_>>().join(JOIN)
    };
    [
        join(|error| Cow::Borrowed(&error.code)),
        join(|error| Cow::Borrowed(error.column.as_deref().unwrap_or_default())),
        join(|error| escape(&error.message)),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::contact::{Outcome, Position, RemoteId};
    use crate::table::RowBatch;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<Vec<String>>>>);

    impl RowWriter for Memory {
        fn write(&mut self, cells: &[&str]) -> Result<()> {
            self.0.lock().unwrap().push(cells.iter().map(|&cell| cell.to_owned()).collect());
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<()> {
            Ok(())
        }
    }

    fn written(cells: &[&str], columns: usize, sheet: Option<&str>, record: &RowRecord) -> Vec<String> {
        let memory = Memory::default();
        let mut batch = RowBatch::new();
        batch.begin_row(Position { index: 5, line: 7, sheet: 1 });
        for cell in cells {
            batch.push_cell(cell);
        }
        let mut results = ResultsWriter::new(Box::new(memory.clone()), columns, sheet.is_some());
        results.write(batch.row(0), sheet, record).unwrap();
        results.finish().unwrap();
        let mut rows = memory.0.lock().unwrap();
        rows.pop().unwrap()
    }

    #[test]
    fn a_text_source_has_a_line_and_a_workbook_a_sheet_as_well() {
        let source = ["Name".to_owned(), "Phone".to_owned()];
        assert_eq!(
            ResultsWriter::headers(&source, false).join(","),
            "Name,Phone,_line,_outcome,_contact_id,_calls,_attempts,_http_status,_code,_column,_message"
        );
        assert_eq!(
            ResultsWriter::headers(&source, true).join(","),
            "Name,Phone,_line,_sheet,_outcome,_contact_id,_calls,_attempts,_http_status,_code,_column,_message"
        );
    }

    #[test]
    fn a_row_that_went_well_keeps_its_cells_and_has_no_reason() {
        let record = RowRecord {
            outcome: Outcome::Created,
            contact_id: Some(RemoteId("815".into())),
            calls: 3,
            attempts: 2,
            http_status: Some(200),
            errors: vec![],
        };
        assert_eq!(
            written(&[" Ann ", "+44 20 7946 0000"], 2, None, &record),
            [" Ann ", "+44 20 7946 0000", "7", "created", "815", "3", "2", "200", "", "", ""]
        );
        assert_eq!(
            written(&["Ann", ""], 2, Some("Leads"), &record)[2..6],
            ["7".to_owned(), "Leads".into(), "created".into(), "815".into()]
        );
    }

    #[test]
    fn several_errors_stand_in_column_order_with_as_many_parts_in_each_cell() {
        let errors = vec![
            RowError::of_row("identifier.missing", "no column gives an identifier"),
            RowError::of_cell("email.syntax", 3, "E-mail", "E-mail is not an address: a | b"),
            RowError::of_cell("phone.not_a_number", 1, "Mobile", "Mobile has no digits: n/a\u{1b}"),
        ];
        let cells = written(&["Ann"], 1, None, &RowRecord::unsent(Outcome::Rejected, errors));
        assert_eq!(cells[2..7], ["rejected", "", "0", "0", ""].map(String::from));
        assert_eq!(cells[7], "phone.not_a_number | email.syntax | identifier.missing");
        assert_eq!(cells[8], "Mobile | E-mail | ");
        assert_eq!(
            cells[9],
            "Mobile has no digits: n/a\\u{1b} | E-mail is not an address: a ¦ b | no column gives an identifier"
        );
    }

    #[test]
    fn a_ragged_row_moves_no_column_and_loses_no_cell() {
        let record = RowRecord::unsent(Outcome::Rejected, vec![]);
        assert_eq!(written(&["a"], 2, None, &record), ["a", "", "7", "rejected", "", "0", "0", "", "", "", ""]);
        let long = written(&["a", "b", "surplus", "more"], 2, None, &record);
        assert_eq!(long[..4], ["a", "b", "7", "rejected"].map(String::from));
        assert_eq!(long[11 - 1..], ["", "surplus", "more"].map(String::from));
    }
}
