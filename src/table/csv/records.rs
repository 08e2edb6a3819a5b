//! Where a record begins and ends.
//!
//! The csv crate knows fields. It does not tell an unclosed quote from a long cell, holds whatever
//! a record grows to, and counts lines in ways of its own. So records are cut out here, by the
//! same quoting rules, and handed to it one at a time.

use std::io::{self, BufRead, Read};

/// Records of a text, each handed out through [`Read`] with one line feed behind it.
pub struct Records {
    source: Box<dyn BufRead + Send>,
    rules: RecordRules,
    /// The present record without its line end, and how much of it was handed out.
    record: Vec<u8>,
    handed_out: usize,
    /// Line on which the present record begins, from 1.
    line: u64,
    /// Line on which the next record begins.
    next_line: u64,
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

/// Where the scan of a record stands, by the rules of the csv crate: a quote opens a cell only as
/// its first byte, and two quotes inside stand for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted { opened: u64 },
    QuoteInQuoted { opened: u64 },
}

impl Records {
    /// Records from `source`, whose next line has number `line`.
    pub fn new(source: Box<dyn BufRead + Send>, rules: RecordRules, line: u64) -> Self {
        Self { source, rules, record: Vec::new(), handed_out: 0, line, next_line: line }
    }

    /// Line on which the present record begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Goes on to the next record, over blank lines; false at the end.
    pub fn advance(&mut self) -> Result<bool, RecordFault> {
        loop {
            self.record.clear();
            self.handed_out = 0;
            self.line = self.next_line;
            if !self.fill()? {
                return Ok(false);
            }
            if !self.record.is_empty() {
                self.record.push(b'\n');
                return Ok(true);
            }
        }
    }

    /// Appends lines to the record until it is whole, and takes its line end off; false at the end.
    fn fill(&mut self) -> Result<bool, RecordFault> {
        let mut state = State::CellStart;
        loop {
            let from = self.record.len();
            let room = (self.rules.row_bytes + 2).saturating_sub(from);
            let read = (&mut self.source)
                .take(room as u64)
                .read_until(self.rules.line_end, &mut self.record)
                .map_err(RecordFault::Disk)?;
            let line_ended = self.record.len() > from && self.record.last() == Some(&self.rules.line_end);
            state = self.scan(from, state);
            let opened = match state {
                State::Quoted { opened } => Some(opened),
                _ => None,
            };
            self.next_line += u64::from(line_ended);
            if self.record.len() > self.rules.row_bytes + usize::from(line_ended) {
                return Err(RecordFault::TooLong { line: self.line, opened });
            }
            if line_ended && opened.is_none() {
                self.record.pop();
                return self.whole();
            }
            if read == 0 {
                if let Some(opened) = opened {
                    return Err(RecordFault::Unclosed { opened });
                }
                return if self.record.is_empty() { Ok(false) } else { self.whole() };
            }
        }
    }

    /// The record is whole but for a carriage return behind it.
    fn whole(&mut self) -> Result<bool, RecordFault> {
        self.take_off_carriage_return();
        let most = self.rules.row_cells;
        let cells = || self.record.split(|byte| *byte == self.rules.delimiter).count();
        if self.record.len() >= most && cells() > most {
            return Err(RecordFault::TooManyCells { line: self.line });
        }
        Ok(true)
    }

    fn take_off_carriage_return(&mut self) {
        if self.rules.line_end == b'\n' && self.record.last() == Some(&b'\r') {
            self.record.pop();
        }
    }

    /// The state behind the bytes from `from` on.
    fn scan(&self, from: usize, mut state: State) -> State {
        let bytes = &self.record[from..];
        let in_quotes = matches!(state, State::Quoted { .. } | State::QuoteInQuoted { .. });
        if !in_quotes && !bytes.contains(&b'"') {
            return State::Plain;
        }
        let delimiter = self.rules.delimiter;
        for &byte in bytes {
            state = match (state, byte) {
                (State::CellStart, b'"') => State::Quoted { opened: self.next_line },
                (State::CellStart | State::Plain | State::QuoteInQuoted { .. }, byte) if byte == delimiter => {
                    State::CellStart
                }
                (State::Quoted { opened }, b'"') => State::QuoteInQuoted { opened },
                (State::Quoted { opened }, _) | (State::QuoteInQuoted { opened }, b'"') => State::Quoted { opened },
                (State::CellStart | State::Plain | State::QuoteInQuoted { .. }, _) => State::Plain,
            };
        }
        state
    }
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = &self.record[self.handed_out..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.handed_out += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn records(text: &[u8], row_bytes: usize) -> Records {
        let rules = RecordRules { delimiter: b',', line_end: b'\n', row_bytes, row_cells: 50 };
        Records::new(Box::new(Cursor::new(text.to_vec())), rules, 1)
    }

    fn fields(reader: &mut csv::Reader<Records>) -> Option<Vec<Vec<u8>>> {
        let mut record = csv::ByteRecord::new();
        if !reader.get_mut().advance().ok()? {
            return None;
        }
        assert!(reader.read_byte_record(&mut record).expect("a record"));
        Some(record.iter().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn lines_are_counted_over_blank_lines_and_breaks_in_cells() {
        let mut records = records(b"\r\na,\"b\n\nc\"\r\n\n\nd,e\nf", 100);
        let mut lines = Vec::new();
        while records.advance().expect("sound text") {
            lines.push(records.line());
        }
        assert_eq!(lines, [2, 7, 8]);
    }

    #[test]
    fn an_unclosed_quote_names_the_line_it_opened_on() {
        let mut records = records(b"a,b\n\"c\nd\",\"e\nf,g\n", 100);
        assert!(records.advance().expect("first record"));
        assert!(matches!(records.advance(), Err(RecordFault::Unclosed { opened: 3 })));
    }

    #[test]
    fn a_record_holds_no_more_than_its_limit() {
        let mut plain = records(b"0123456789\n01234567890", 10);
        assert!(plain.advance().expect("ten bytes are allowed"));
        assert!(matches!(plain.advance(), Err(RecordFault::TooLong { line: 2, opened: None })));
        let mut quoted = records(b"a\n\"012\n345\n678\n9", 10);
        assert!(quoted.advance().expect("first record"));
        assert!(matches!(quoted.advance(), Err(RecordFault::TooLong { line: 2, opened: Some(2) })));
    }

    #[test]
    fn a_record_has_no_more_cells_than_its_limit() {
        let mut records = records(format!("a,b\n{}\n{}\n", ",".repeat(49), ",".repeat(50)).as_bytes(), 1000);
        assert!(records.advance().expect("two cells"));
        assert!(records.advance().expect("fifty cells are allowed"));
        assert!(matches!(records.advance(), Err(RecordFault::TooManyCells { line: 3 })));
    }

    proptest! {
        #[test]
        fn records_are_cut_where_the_csv_crate_cuts_them(text in "[a\",\n ]{0,60}") {
            let mut whole = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .terminator(csv::Terminator::Any(b'\n'))
                .from_reader(text.as_bytes());
            let mut cut = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .terminator(csv::Terminator::Any(b'\n'))
                .from_reader(records(text.as_bytes(), 1000));
            for expected in whole.byte_records() {
                let expected: Vec<_> = expected.expect("a record").iter().map(<[u8]>::to_vec).collect();
                match fields(&mut cut) {
                    Some(fields) => prop_assert_eq!(fields, expected),
                    // What the csv crate reads to the end as one cell is an unclosed quote here.
                    None => return Ok(()),
                }
            }
            prop_assert!(fields(&mut cut).is_none());
        }
    }
}
