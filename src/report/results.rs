use std::borrow::Cow;

use super::escape;
use crate::contact::{RowError, RowRecord};
use crate::error::Result;
use crate::table::{ResultCell, RowView, RowWriter};

/// What joins several errors of one row in one cell.
pub const JOIN: &str = " | ";

/// Where the columns of a results file stand.
///
/// Those of rolo's own all begin with `_`, so that they are ignored when the file is read again: `_line`,
/// `_sheet` (where the source is a workbook), `_outcome`, `_contact_id`, `_calls`, `_attempts`,
/// `_http_status`, `_code`, `_column`, `_message`. In a text file they follow the row's own columns. A
/// workbook is for people: there the columns that a contact is found by come first, then what became of
/// the row and why, and then all the others.
///
/// Cells of a row that has more of them than there are headers stand behind these, so that nothing of the
/// source is lost.
#[derive(Clone, Debug)]
pub struct ResultsLayout {
    columns: Vec<Column>,
    /// Columns of the source.
    width: usize,
    /// Those of rolo's own that follow the source's, where all of these stand together in front.
    own_behind: Option<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    Source(usize),
    Own(usize),
}

/// Rolo's own columns, in the order in which `ResultsWriter::write` has their cells.
const OWN: [&str; 10] = [
    "_line",
    "_sheet",
    "_outcome",
    "_contact_id",
    "_calls",
    "_attempts",
    "_http_status",
    "_code",
    "_column",
    "_message",
];
const SHEET: usize = 1;
const OUTCOME: usize = 2;
const MESSAGE: usize = 9;

impl ResultsLayout {
    /// The columns of a text file, for a source of `width` columns which is a workbook or none.
    pub fn of_text(width: usize, of_workbook: bool) -> Self {
        let own: Vec<usize> = (0..OWN.len()).filter(|own| of_workbook || *own != SHEET).collect();
        let columns = (0..width).map(Column::Source).chain(own.iter().copied().map(Column::Own)).collect();
        Self { columns, width, own_behind: Some(own) }
    }

    /// The columns of a workbook; contacts are found by the columns at `identifiers`.
    pub fn of_workbook(width: usize, of_workbook: bool, identifiers: &[usize]) -> Self {
        let mut layout = Self::of_text(width, of_workbook);
        let rank = |column: &Column| match column {
            Column::Source(index) if identifiers.contains(index) => 0,
            Column::Own(OUTCOME) => 1,
            Column::Own(MESSAGE) => 2,
            _ => 3,
        };
        layout.columns.sort_by_key(rank);
        Self { own_behind: None, ..layout }
    }

    /// The headers of the file.
    pub fn headers<'h>(&self, source: &'h [String]) -> Vec<&'h str> {
        let header = |column: &Column| match column {
            Column::Source(index) => source.get(*index).map_or("", String::as_str),
            Column::Own(own) => OWN[*own],
        };
        self.columns.iter().map(header).collect()
    }

    /// Where the source's column `index` stands in the file.
    pub fn place_of(&self, index: usize) -> Option<usize> {
        self.columns.iter().position(|column| *column == Column::Source(index))
    }
}

/// Writes the results file: every source row once, its own cells unchanged, and what became of it.
pub struct ResultsWriter {
    rows: Box<dyn RowWriter>,
    layout: ResultsLayout,
}

impl ResultsWriter {
    /// A writer to `rows`, which was created with the headers of `layout`.
    pub fn new(rows: Box<dyn RowWriter>, layout: ResultsLayout) -> Self {
        Self { rows, layout }
    }

    /// Writes one row; the caller passes rows in source order. `sheet_name` is written for a
    /// workbook and ignored for any other source.
    pub fn write(&mut self, row: RowView<'_>, sheet_name: Option<&str>, record: &RowRecord) -> Result<()> {
        let numbers = Numbers::of(row.position().line, record);
        let [code, columns, message] = joined(&record.errors);
        let own: [&str; OWN.len()] = [
            numbers.line.as_str(),
            sheet_name.unwrap_or_default(),
            record.outcome.name(),
            record.contact_id.as_ref().map_or("", |id| id.0.as_str()),
            numbers.calls.as_str(),
            numbers.attempts.as_str(),
            numbers.status.as_str(),
            &code,
            &columns,
            &message,
        ];
        if let Some(own_behind) = self.layout.own_behind.as_ref().filter(|_| row.len() == self.layout.width) {
            let mut behind = [""; OWN.len()];
            behind.iter_mut().zip(own_behind).for_each(|(cell, at)| *cell = own[*at]);
            return self.rows.write_behind(row, &behind[..own_behind.len()]);
        }
        let is_bad = record.outcome.needs_attention();
        // Of a row that went well, only the cells that were left out of it are wrong.
        let to_mend = record.errors.iter().filter(|error| is_bad || error.is_left_out());
        let wrong: Vec<(usize, Cow<'_, str>)> =
            to_mend.map(|error| (error.column_index, escape(&error.message))).collect();
        let needs_attention = is_bad || !wrong.is_empty();
        let cell = |column: &Column| match column {
            Column::Own(own_index) => own[*own_index].into(),
            Column::Source(index) => ResultCell {
                text: row.cell(*index),
                typed: row.typed(*index),
                wrong: wrong.iter().find(|(wrong, _)| wrong == index).map(|(_, message)| message.as_ref()),
            },
        };
        let surplus = row.cells().skip(self.layout.width).map(ResultCell::from);
        let cells: Vec<ResultCell<'_>> = self.layout.columns.iter().map(cell).chain(surplus).collect();
        self.rows.write_result(&cells, needs_attention)
    }

    /// Writes what is left, syncs, and puts the file in its place.
    pub fn finish(self) -> Result<()> {
        self.rows.finish()
    }
}

/// The numbers of a row as they are written.
struct Numbers {
    line: Digits,
    calls: Digits,
    attempts: Digits,
    status: Digits,
}

impl Numbers {
    fn of(line: u64, record: &RowRecord) -> Self {
        Self {
            line: Digits::of(line),
            calls: Digits::of(record.calls.into()),
            attempts: Digits::of(record.attempts.into()),
            status: record.http_status.map_or(Digits::NONE, |status| Digits::of(status.into())),
        }
    }
}

/// A number in decimal, which allocates nothing: there are four in each row.
struct Digits {
    text: [u8; 20],
    from: usize,
}

impl Digits {
    const NONE: Self = Self { text: [0; 20], from: 20 };

    fn of(mut number: u64) -> Self {
        let mut digits = Self::NONE;
        loop {
            digits.from -= 1;
            digits.text[digits.from] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return digits;
            }
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[self.from..]).unwrap_or_default()
    }
}

/// Codes, columns and messages of a row, each joined in column order.
///
/// The three have the same number of parts, so that a program can split them: an error of the
/// whole row has an empty column, and a ` | ` within a part is written ` ¦ `.
fn joined<'e>(errors: &'e [RowError]) -> [Cow<'e, str>; 3] {
    let code = |error: &'e RowError| Cow::Borrowed(&*error.code);
    let column = |error: &'e RowError| Cow::Borrowed(error.column.as_deref().unwrap_or_default());
    let message = |error: &'e RowError| escape(&error.message);
    match errors {
        [] => [const { Cow::Borrowed("") }; 3],
        [one] => [code(one), column(one), message(one)].map(part),
        _ => {
            let mut errors: Vec<&RowError> = errors.iter().collect();
            errors.sort_by_key(|error| error.column_index);
            let join = |of: &dyn Fn(&'e RowError) -> Cow<'e, str>| {
                Cow::Owned(errors.iter().map(|error| part(of(error))).collect::<Vec<_>>().join(JOIN))
            };
            [join(&code), join(&column), join(&message)]
        }
    }
}

/// A part that can't be taken for several.
fn part(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains(JOIN) { Cow::Owned(text.replace(JOIN, " ¦ ")) } else { text }
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
        let layout = ResultsLayout::of_text(columns, sheet.is_some());
        let mut results = ResultsWriter::new(Box::new(memory.clone()), layout);
        results.write(batch.row(0), sheet, record).unwrap();
        results.finish().unwrap();
        let mut rows = memory.0.lock().unwrap();
        rows.pop().unwrap()
    }

    #[test]
    fn a_text_source_has_a_line_and_a_workbook_a_sheet_as_well() {
        let source = ["Name".to_owned(), "Phone".to_owned()];
        assert_eq!(
            ResultsLayout::of_text(2, false).headers(&source).join(","),
            "Name,Phone,_line,_outcome,_contact_id,_calls,_attempts,_http_status,_code,_column,_message"
        );
        assert_eq!(
            ResultsLayout::of_text(2, true).headers(&source).join(","),
            "Name,Phone,_line,_sheet,_outcome,_contact_id,_calls,_attempts,_http_status,_code,_column,_message"
        );
    }

    #[test]
    fn a_workbook_has_identifiers_first_then_what_became_of_the_row() {
        let source = ["Name", "Phone", "City", "E-mail"].map(str::to_owned);
        let layout = ResultsLayout::of_workbook(4, false, &[1, 3]);
        assert_eq!(
            layout.headers(&source).join(","),
            "Phone,E-mail,_outcome,_message,Name,City,_line,_contact_id,_calls,_attempts,_http_status,_code,_column"
        );
        assert_eq!((layout.place_of(0), layout.place_of(3)), (Some(4), Some(1)));
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
            "Mobile has no digits: n/a<U+001B> | E-mail is not an address: a ¦ b | no column gives an identifier"
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
