//! Where a record begins and ends, and its cells.
//!
//! The csv crate does not tell an unclosed quote from a long cell, holds whatever a record grows to,
//! counts lines in ways of its own, and copies each byte three times before a row has it. So records
//! are cut out here, by the same quoting rules: a test compares the two over any text.

use std::io::{self, BufRead, Read};

use memchr::{memchr, memchr_iter, memchr2};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Records of a text.
pub struct Records {
    source: Box<dyn BufRead + Send>,
    rules: RecordRules,
    /// Line on which the next record begins.
    next_line: u64,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The text of all cells, and between them the ASCII bytes that divide them.
    bytes: Vec<u8>,
    /// Where each cell begins and ends in `bytes`.
    cells: Vec<(usize, usize)>,
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// Whether text stood behind a closing quote, so that the quotes are not as they should be.
    pub repaired: bool,
}

impl Record {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn cell(&self, index: usize) -> Option<&[u8]> {
        let (from, to) = *self.cells.get(index)?;
        Some(&self.bytes[from..to])
    }

    pub fn cells(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.cells.iter().map(|&(from, to)| &self.bytes[from..to])
    }

    /// All of the record: where this is UTF-8, each cell is.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each cell begins and ends in [`Record::bytes`].
    pub fn ranges(&self) -> &[(usize, usize)] {
        &self.cells
    }

    fn clear(&mut self, line: u64) {
        self.bytes.clear();
        self.cells.clear();
        self.line = line;
        self.repaired = false;
    }
}

/// What ends a field, a record, and patience.
#[derive(Clone, Copy, Debug)]
pub struct RecordRules {
    pub delimiter: u8,
    /// `\n`, before which a `\r` is taken off, or `\r` alone.
    pub line_end: u8,
    pub row_bytes: usize,
    /// Cells of one record, each of which costs more than its byte.
    pub row_cells: usize,
    /// Inside quotes a backslash takes the next character as it is.
    pub backslash: bool,
    /// Blanks before a quote that opens a cell don't count.
    pub blank_before_quote: bool,
}

/// What may come instead of a record.
#[derive(Debug)]
pub enum RecordFault {
    Disk(io::Error),
    /// The text ended inside a quoted cell that was opened on this line.
    Unclosed {
        opened: u64,
    },
    /// The record beginning on `line` is longer than `row_bytes`; `opened` is the line of the
    /// quoted cell that was still open.
    TooLong {
        line: u64,
        opened: Option<u64>,
    },
    /// The record beginning on `line` has more cells than `row_cells`.
    TooManyCells {
        line: u64,
    },
}

/// Where the scan of a record stands: a quote opens a cell only as its first byte, and two quotes
/// inside stand for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The cell began here, with nothing but blanks since.
    CellStart,
    Plain,
    Quoted {
        opened: u64,
    },
    /// Behind a backslash in quotes.
    Escaped {
        opened: u64,
    },
    QuoteInQuoted {
        opened: u64,
    },
    /// Behind a closing quote, with nothing but blanks since.
    Closed,
}

/// The cell being read. Bytes that don't count, such as one of two quotes, are passed over by moving
/// what follows to the left within the cell.
#[derive(Clone, Copy)]
struct Cell {
    from: usize,
    /// Where the next bytes go.
    out: usize,
    /// Where the bytes begin that were not moved yet.
    unmoved: usize,
}

impl Cell {
    fn begins(at: usize) -> Self {
        Self { from: at, out: at, unmoved: at }
    }

    /// Moves the bytes up to `to` and passes over one byte there.
    fn pass_over(&mut self, bytes: &mut [u8], to: usize) {
        if self.out < self.unmoved {
            bytes.copy_within(self.unmoved..to, self.out);
        }
        self.out += to - self.unmoved;
        self.unmoved = to + 1;
    }

    /// Ends the cell before `to`.
    fn end(mut self, bytes: &mut [u8], to: usize) -> (usize, usize) {
        self.pass_over(bytes, to);
        // What was moved may leave the half of a character behind.
        bytes[self.out..to].fill(b' ');
        (self.from, self.out)
    }
}

impl Records {
    /// Records from `source`, whose next line has number `line`.
    pub fn new(source: Box<dyn BufRead + Send>, rules: RecordRules, line: u64) -> Self {
        Self { source, rules, next_line: line }
    }

    /// Reads the next record over blank lines; false at the end.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, RecordFault> {
        loop {
            record.clear(self.next_line);
            if !self.fill(record)? {
                return Ok(false);
            }
            // A file that DOS closed ends in this character.
            if !record.bytes.is_empty() && record.bytes != b"\x1a" {
                return Ok(true);
            }
        }
    }

    /// Appends lines to the record until it is whole, and takes its line end off; false at the end.
    fn fill(&mut self, record: &mut Record) -> Result<bool, RecordFault> {
        let (mut state, mut cell) = (State::CellStart, Cell::begins(0));
        loop {
            let from = record.bytes.len();
            let room = (self.rules.row_bytes + 2).saturating_sub(from);
            let read = (&mut self.source)
                .take(room as u64)
                .read_until(self.rules.line_end, &mut record.bytes)
                .map_err(RecordFault::Disk)?;
            // Files put one behind the other bring their byte order marks with them.
            if from == 0 && record.bytes.starts_with(BYTE_ORDER_MARK) {
                record.bytes.drain(..BYTE_ORDER_MARK.len());
            }
            let line_ended = record.bytes.len() > from && record.bytes.last() == Some(&self.rules.line_end);
            state = self.scan(record, from, state, &mut cell);
            let opened = match state {
                State::Quoted { opened } | State::Escaped { opened } => Some(opened),
                _ => None,
            };
            self.next_line += u64::from(line_ended);
            if record.bytes.len() > self.rules.row_bytes + usize::from(line_ended) {
                return Err(RecordFault::TooLong { line: record.line, opened });
            }
            if line_ended && opened.is_none() {
                record.bytes.pop();
                return self.whole(record, cell);
            }
            if read == 0 {
                if let Some(opened) = opened {
                    return Err(RecordFault::Unclosed { opened });
                }
                return if record.bytes.is_empty() { Ok(false) } else { self.whole(record, cell) };
            }
        }
    }

    /// Ends the record with its last cell; a carriage return behind that belongs to the line end.
    fn whole(&self, record: &mut Record, cell: Cell) -> Result<bool, RecordFault> {
        if self.rules.line_end == b'\n' && record.bytes.last() == Some(&b'\r') {
            record.bytes.pop();
        }
        let end = record.bytes.len();
        self.end_cell(record, cell, end);
        // One cell more than may be is kept, and tells.
        if record.cells.len() > self.rules.row_cells {
            return Err(RecordFault::TooManyCells { line: record.line });
        }
        Ok(true)
    }

    fn end_cell(&self, record: &mut Record, cell: Cell, to: usize) {
        let range = cell.end(&mut record.bytes, to);
        if record.cells.len() <= self.rules.row_cells {
            record.cells.push(range);
        }
    }

    /// The state behind the bytes from `at` on; cells that end in them go to the record.
    fn scan(&self, record: &mut Record, mut at: usize, mut state: State, cell: &mut Cell) -> State {
        let RecordRules { delimiter, backslash, blank_before_quote, row_cells, .. } = self.rules;
        let end = record.bytes.len();
        if state == State::CellStart && cell.from == at && memchr(b'"', &record.bytes[at..]).is_none() {
            // Without a quote each delimiter ends a cell, and most lines have none.
            for length in memchr_iter(delimiter, &record.bytes[at..]) {
                if record.cells.len() <= row_cells {
                    record.cells.push((cell.from, at + length));
                }
                *cell = Cell::begins(at + length + 1);
            }
            return if cell.from == end { State::CellStart } else { State::Plain };
        }
        while at < end {
            let byte = record.bytes[at];
            state = match state {
                State::CellStart if byte == b'"' && (cell.from == at || blank_before_quote) => {
                    *cell = Cell::begins(at + 1);
                    State::Quoted { opened: self.next_line }
                }
                State::CellStart if byte == b' ' && blank_before_quote => State::CellStart,
                State::CellStart | State::Plain => {
                    let Some(length) = memchr(delimiter, &record.bytes[at..]) else { return State::Plain };
                    at += length;
                    self.end_cell(record, *cell, at);
                    *cell = Cell::begins(at + 1);
                    State::CellStart
                }
                State::Quoted { opened } => {
                    let rest = &record.bytes[at..];
                    let found = if backslash { memchr2(b'"', b'\\', rest) } else { memchr(b'"', rest) };
                    let Some(length) = found else { return state };
                    at += length;
                    let is_quote = record.bytes[at] == b'"';
                    cell.pass_over(&mut record.bytes, at);
                    if is_quote { State::QuoteInQuoted { opened } } else { State::Escaped { opened } }
                }
                State::Escaped { opened } => State::Quoted { opened },
                State::QuoteInQuoted { opened } if byte == b'"' => State::Quoted { opened },
                State::QuoteInQuoted { .. } | State::Closed if byte == delimiter => {
                    self.end_cell(record, *cell, at);
                    *cell = Cell::begins(at + 1);
                    State::CellStart
                }
                State::QuoteInQuoted { .. } | State::Closed if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => {
                    State::Closed
                }
                State::QuoteInQuoted { .. } | State::Closed => {
                    record.repaired = true;
                    State::Plain
                }
            };
            at += 1;
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn records(text: &[u8], row_bytes: usize) -> Records {
        let rules = RecordRules {
            delimiter: b',',
            line_end: b'\n',
            row_bytes,
            row_cells: 50,
            backslash: false,
            blank_before_quote: false,
        };
        Records::new(Box::new(Cursor::new(text.to_vec())), rules, 1)
    }

    fn advance(records: &mut Records) -> Result<bool, RecordFault> {
        records.read(&mut Record::default())
    }

    #[test]
    fn lines_are_counted_over_blank_lines_and_breaks_in_cells() {
        let mut records = records(b"\r\na,\"b\n\nc\"\r\n\n\nd,e\nf", 100);
        let (mut lines, mut record) = (Vec::new(), Record::default());
        while records.read(&mut record).expect("sound text") {
            lines.push(record.line);
        }
        assert_eq!(lines, [2, 7, 8]);
    }

    fn read(text: &str, backslash: bool, blank_before_quote: bool) -> Vec<(Vec<String>, bool)> {
        let rules = RecordRules {
            delimiter: b',',
            line_end: b'\n',
            row_bytes: 1000,
            row_cells: 50,
            backslash,
            blank_before_quote,
        };
        let mut records = Records::new(Box::new(Cursor::new(text.as_bytes().to_vec())), rules, 1);
        let (mut found, mut record) = (Vec::new(), Record::default());
        while records.read(&mut record).expect("sound text") {
            let cells = record.cells().map(|cell| String::from_utf8(cell.to_vec()).expect("text")).collect();
            found.push((cells, record.repaired));
        }
        found
    }

    #[test]
    fn text_behind_a_closing_quote_is_a_repair_and_blanks_are_none() {
        let repaired = |text| read(text, false, false)[0].1;
        assert!(repaired("\"Win\" Hale,1\n"));
        assert!(!repaired("\"Win\" ,\"a\"\"b\"\r\n") && !repaired("Tom \"Tex\" Hale,6\" nails\n"));
    }

    #[test]
    fn backslashes_and_blanks_before_quotes_are_read_where_the_file_is_so() {
        assert_eq!(read("\"a \\\"b, c\\\"\",\"C:\\\\t\"\n", true, false)[0].0, ["a \"b, c\"", "C:\\t"]);
        assert_eq!(read("x,  \"a, b\" , \"c\"\n", false, true)[0].0, ["x", "a, b ", "c"]);
        assert_eq!(read("x,  \"a\n", false, false)[0].0, ["x", "  \"a"]);
    }

    #[test]
    fn marks_and_the_end_of_a_dos_file_are_no_text() {
        let rows = read("\u{feff}a,b\n1,2\n\u{feff}\"a\",b\n\u{1a}", false, false);
        let rows: Vec<_> = rows.into_iter().map(|(cells, _)| cells.join("|")).collect();
        assert_eq!(rows, ["a|b", "1|2", "a|b"]);
    }

    #[test]
    fn an_unclosed_quote_names_the_line_it_opened_on() {
        let mut records = records(b"a,b\n\"c\nd\",\"e\nf,g\n", 100);
        assert!(advance(&mut records).expect("first record"));
        assert!(matches!(advance(&mut records), Err(RecordFault::Unclosed { opened: 3 })));
    }

    #[test]
    fn a_record_holds_no_more_than_its_limit() {
        let mut plain = records(b"0123456789\n01234567890", 10);
        assert!(advance(&mut plain).expect("ten bytes are allowed"));
        assert!(matches!(advance(&mut plain), Err(RecordFault::TooLong { line: 2, opened: None })));
        let mut quoted = records(b"a\n\"012\n345\n678\n9", 10);
        assert!(advance(&mut quoted).expect("first record"));
        assert!(matches!(advance(&mut quoted), Err(RecordFault::TooLong { line: 2, opened: Some(2) })));
    }

    #[test]
    fn a_record_has_no_more_cells_than_its_limit() {
        let mut records = records(format!("a,b\n{}\n{}\n", ",".repeat(49), ",".repeat(50)).as_bytes(), 1000);
        assert!(advance(&mut records).expect("two cells"));
        assert!(advance(&mut records).expect("fifty cells are allowed"));
        assert!(matches!(advance(&mut records), Err(RecordFault::TooManyCells { line: 3 })));
    }

    #[test]
    fn what_stands_between_cells_is_ascii_whatever_was_taken_out() {
        let (mut record, text) = (Record::default(), "\"a\"\"é\"\"\"\"\",\"é\"é\n");
        assert!(records(text.as_bytes(), 100).read(&mut record).expect("sound text"));
        let cells: Vec<_> = record.cells().map(|cell| std::str::from_utf8(cell).expect("text")).collect();
        assert_eq!(cells, ["a\"é\"\"", "éé"]);
        assert!(std::str::from_utf8(record.bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn records_and_cells_are_those_of_the_csv_crate(text in "[aé\",;\n ]{0,60}|([a\"]|\"\"|\",\"|,\"){0,30}", backslash in any::<bool>()) {
            let mut text = text;
            if backslash {
                text = text.replace(';', "\\");
                // Where a backslash stands before quotes, the csv crate knows no doubled ones.
                while text.contains("\"\"") {
                    text = text.replace("\"\"", "\"");
                }
            }
            let mut whole = csv::ReaderBuilder::new();
            whole.has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n'));
            if backslash {
                whole.escape(Some(b'\\')).double_quote(false);
            }
            let mut whole = whole.from_reader(text.as_bytes());
            let rules = RecordRules {
                delimiter: b',',
                line_end: b'\n',
                row_bytes: 1000,
                row_cells: 100,
                backslash,
                blank_before_quote: false,
            };
            let mut cut = Records::new(Box::new(Cursor::new(text.clone().into_bytes())), rules, 1);
            let mut record = Record::default();
            for expected in whole.byte_records() {
                let expected: Vec<_> = expected.expect("a record").iter().map(<[u8]>::to_vec).collect();
                match cut.read(&mut record) {
                    Ok(true) => prop_assert_eq!(record.cells().map(<[u8]>::to_vec).collect::<Vec<_>>(), expected),
                    // What the csv crate reads to the end as one cell is an unclosed quote here.
                    Err(RecordFault::Unclosed { .. }) => return Ok(()),
                    other => prop_assert!(false, "{other:?} for {expected:?}"),
                }
            }
            let ended = matches!(cut.read(&mut record), Ok(false) | Err(RecordFault::Unclosed { .. }));
            prop_assert!(ended, "more records than the csv crate finds");
        }
    }
}
