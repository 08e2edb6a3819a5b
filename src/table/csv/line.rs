//! Cells to a line of CSV.
//!
//! The csv crate asks of each byte whether it needs quotes. Here most cells are looked at many bytes at a
//! time, and a row that stands in its batch as it stood in a file is copied as one text. The lines are the
//! same: a test compares the two over any cells.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use crate::table::{PlusNumbers, RowView, formula};

/// One line, built cell by cell.
pub(super) struct Line {
    bytes: Vec<u8>,
    cells: usize,
    delimiter: u8,
    plus_numbers: PlusNumbers,
}

impl Line {
    pub(super) fn new(delimiter: u8, plus_numbers: PlusNumbers) -> Self {
        Self { bytes: Vec::new(), cells: 0, delimiter, plus_numbers }
    }

    /// Adds a cell of the user's.
    pub(super) fn push(&mut self, cell: &str) {
        if self.is_plain(cell) {
            self.begin_cell();
            self.bytes.extend_from_slice(cell.as_bytes());
        } else {
            self.put(&formula::guarded(cell, self.plus_numbers));
        }
    }

    /// Adds a cell of rolo's own columns.
    pub(super) fn push_own(&mut self, cell: &str) {
        self.put(&formula::guarded_own(cell, self.plus_numbers));
    }

    /// Adds all cells of a row, none of which is of rolo's own columns.
    pub(super) fn push_row(&mut self, row: RowView<'_>) {
        let mut at = 0;
        for (cells, text) in row.stretches(self.delimiter) {
            // All of it is looked at, since that is quicker than to stop at a byte.
            if cells > 1 && !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
                self.push_stretch(row, at..at + cells, text);
            } else {
                (at..at + cells).for_each(|column| self.push(row.cell(column)));
            }
            at += cells;
        }
    }

    /// Adds cells that stand side by side in `text`, none of which needs quotes.
    fn push_stretch(&mut self, row: RowView<'_>, columns: Range<usize>, text: &str) {
        self.begin_cell();
        self.cells += columns.len() - 1;
        // What was copied of the text, and where the next cell begins in it.
        let (mut copied, mut at) = (0, 0);
        for column in columns {
            let cell = row.cell(column);
            if self.wants_guard(cell) {
                self.bytes.extend_from_slice(&text.as_bytes()[copied..at]);
                self.bytes.push(b'\'');
                copied = at;
            }
            at += cell.len() + 1;
        }
        self.bytes.extend_from_slice(&text.as_bytes()[copied..]);
    }

    /// Writes the line and its end; what is added from then on is the next one.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        // A line without anything is none, and would be passed over by whoever reads it.
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(b"\"\"");
        }
        self.bytes.push(b'\n');
        let written = out.write_all(&self.bytes);
        self.bytes.clear();
        self.cells = 0;
        written
    }

    fn begin_cell(&mut self) {
        if self.cells > 0 {
            self.bytes.push(self.delimiter);
        }
        self.cells += 1;
    }

    /// Writes a cell that is guarded already, in quotes where it needs them.
    fn put(&mut self, cell: &str) {
        self.begin_cell();
        let bytes = cell.as_bytes();
        let delimiter = self.delimiter;
        let needs = |byte: u8| byte == delimiter || byte == b'"' || byte == b'\n' || byte == b'\r';
        if !bytes.iter().fold(false, |found, byte| found | needs(*byte)) {
            self.bytes.extend_from_slice(bytes);
            return;
        }
        self.bytes.push(b'"');
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'"', rest) {
            self.bytes.extend_from_slice(&rest[..=at]);
            self.bytes.push(b'"');
            rest = &rest[at + 1..];
        }
        self.bytes.extend_from_slice(rest);
        self.bytes.push(b'"');
    }

    /// Whether a cell is written as it is.
    fn is_plain(&self, cell: &str) -> bool {
        let delimiter = self.delimiter;
        let suspect = |byte: u8| is_suspect(byte) || byte == delimiter;
        let found = cell.bytes().fold(false, |found, byte| found | suspect(byte));
        !found && !self.wants_guard(cell)
    }

    /// Whether a spreadsheet may run the cell: an apostrophe is to stand in front of it.
    fn wants_guard(&self, cell: &str) -> bool {
        // Most cells begin with a letter or digit, of which no guard has to be asked.
        cell.bytes().next().is_some_and(|first| !first.is_ascii_alphanumeric())
            && matches!(formula::guarded_own(cell, self.plus_numbers), Cow::Owned(_))
    }
}

/// Whether a byte may have to be written otherwise, or within quotes.
#[inline]
fn is_suspect(byte: u8) -> bool {
    formula::may_be_written_out(byte) || byte == b'"' || byte < 0x20
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::Position;
    use crate::table::RowBatch;

    /// The line as the csv crate writes it.
    fn expected(cells: &[String], delimiter: u8) -> Vec<u8> {
        let mut csv = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
        for cell in cells {
            csv.write_field(formula::guarded(cell, PlusNumbers::AsTheyAre).as_bytes()).unwrap();
        }
        csv.write_record(None::<&[u8]>).unwrap();
        csv.into_inner().unwrap()
    }

    fn ended(line: &mut Line) -> Vec<u8> {
        let mut written = Vec::new();
        line.end(&mut written).unwrap();
        written
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9 ]{0,20}",
            "[-+=@'\"<>,;\t\r\n a-z0-9]{0,8}",
            Just("+447400123456".to_owned()),
            Just("<U+001B>".to_owned()),
            ".{0,12}",
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn a_line_is_the_one_that_the_csv_crate_writes(cells in prop::collection::vec(cell(), 0..6), tab in any::<bool>()) {
            let delimiter = if tab { b'\t' } else { b',' };
            let mut line = Line::new(delimiter, PlusNumbers::AsTheyAre);
            for cell in &cells {
                line.push(cell);
            }
            let written = expected(&cells, delimiter);
            prop_assert_eq!(ended(&mut line), written);
            prop_assert_eq!(ended(&mut line), b"\"\"\n", "nothing of a line is left for the next");
        }

        #[test]
        fn a_row_copied_as_a_whole_is_the_row_cell_by_cell(cells in prop::collection::vec(cell(), 1..6), divider in "[,;]") {
            let text = cells.join(&divider);
            // A cell with its own delimiter stands in quotation marks.
            prop_assume!(cells.len() == 1 || !cells.iter().any(|cell| cell.contains(&divider)) || text.contains('"'));
            let mut at = 0;
            let ranges: Vec<_> = cells.iter().map(|cell| {
                let range = (at, at + cell.len());
                at = range.1 + 1;
                range
            }).collect();
            let mut batch = RowBatch::new();
            batch.begin_row(Position { index: 0, line: 1, sheet: 0 });
            batch.push_cells(&text, &ranges);
            let mut line = Line::new(b',', PlusNumbers::AsTheyAre);
            line.push_row(batch.row(0));
            let written = expected(&cells, b',');
            prop_assert_eq!(ended(&mut line), written);
        }
    }
}
