//! Which delimiter, and which line end.

use csv_nose::Sniffer;

/// Text looked at before the delimiter is decided.
const SAMPLE_BYTES: usize = 64 << 10;

/// Delimiters that spreadsheets write.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What csv-nose's vote is worth beside the share of rows that a delimiter cuts evenly.
const VOTE: f64 = 0.2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub line_end: u8,
    /// Whether the first line is `sep=;`, which Excel writes and reads, and no data.
    pub has_separator_line: bool,
    /// Whether a quote inside a quoted cell is written `\"`, as databases do.
    pub backslash: bool,
    /// Whether cells are written `, "like this"`.
    pub blank_before_quote: bool,
}

impl Dialect {
    /// Decides by the first text of a file. `delimiter` is what the user said.
    pub fn of(text: &str, delimiter: Option<u8>) -> Self {
        let sample = whole_lines(text);
        let line_end = line_end(sample);
        let separator = separator_line(sample);
        let delimiter = delimiter.or(separator).unwrap_or_else(|| detected(sample));
        Self {
            delimiter,
            line_end,
            has_separator_line: separator.is_some(),
            backslash: has_backslashes(sample, delimiter),
            blank_before_quote: has_blanks_before_quotes(sample, delimiter),
        }
    }
}

/// A carriage return alone, if lines end so wherever they are not in quotes.
fn line_end(sample: &str) -> u8 {
    let (mut returns, mut feeds, mut quoted) = (0_usize, 0_usize, false);
    let mut bytes = sample.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => feeds += 1,
            b'\r' if !quoted && bytes.peek() != Some(&b'\n') => returns += 1,
            _ => {}
        }
    }
    if returns > 0 && feeds == 0 && sample.contains('\r') { b'\r' } else { b'\n' }
}

/// Whether quotes inside quoted cells are escaped by a backslash throughout: none is doubled, and the
/// rows are more even read so.
fn has_backslashes(sample: &str, delimiter: u8) -> bool {
    sample.contains("\\\"")
        && !doubled_quotes(sample, delimiter)
        && evenness(sample, delimiter, true).0 > evenness(sample, delimiter, false).0
}

/// Whether a quote is doubled inside a quoted cell; `,"",` is an empty cell.
fn doubled_quotes(sample: &str, delimiter: u8) -> bool {
    let delimiter = char::from(delimiter);
    sample.match_indices("\"\"").any(|(at, _)| {
        let ends = |c: char| c == delimiter || c == '\n' || c == '\r';
        let (before, behind) = (sample[..at].chars().next_back(), sample[at + 2..].chars().next());
        match before {
            // A quote behind a backslash and the end of the cell, or a backslash and a doubled quote.
            Some('\\') => !behind.is_none_or(ends),
            before => !before.is_none_or(ends),
        }
    })
}

/// Whether there are cells that begin with blanks and a quote, and each of them closes the quote at its end.
fn has_blanks_before_quotes(sample: &str, delimiter: u8) -> bool {
    #[derive(Clone, Copy)]
    enum At {
        CellStart { blanks: bool },
        Plain,
        Quoted { blanks: bool },
        QuoteInQuoted { blanks: bool },
        Closed { blanks: bool },
    }
    let mut at = At::CellStart { blanks: false };
    let mut found = false;
    for byte in sample.bytes() {
        let ends_cell = byte == delimiter || matches!(byte, b'\n' | b'\r');
        at = match (at, byte) {
            (At::CellStart { blanks }, b'"') => At::Quoted { blanks },
            (At::Quoted { blanks }, b'"') => At::QuoteInQuoted { blanks },
            (At::Quoted { blanks }, _) | (At::QuoteInQuoted { blanks }, b'"') => At::Quoted { blanks },
            (At::QuoteInQuoted { blanks } | At::Closed { blanks }, _) if ends_cell => {
                found |= blanks;
                At::CellStart { blanks: false }
            }
            (At::QuoteInQuoted { blanks } | At::Closed { blanks }, b' ') => At::Closed { blanks },
            (At::QuoteInQuoted { blanks: true } | At::Closed { blanks: true }, _) => return false,
            (_, _) if ends_cell => At::CellStart { blanks: false },
            (At::CellStart { .. }, b' ') => At::CellStart { blanks: true },
            _ => At::Plain,
        };
    }
    found && !matches!(at, At::Quoted { blanks: true })
}

/// A name for messages.
pub fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".into(),
        b';' => "semicolon".into(),
        b'\t' => "tab".into(),
        b'|' => "bar".into(),
        b' ' => "blank".into(),
        other if other.is_ascii_graphic() => format!("`{}`", char::from(other)),
        other => format!("U+{other:04X}"),
    }
}

fn whole_lines(text: &str) -> &str {
    let Some(mut end) = Some(SAMPLE_BYTES).filter(|end| *end < text.len()) else { return text };
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = &text[..end];
    cut.rfind(['\n', '\r']).map_or(cut, |at| &cut[..=at])
}

fn separator_line(sample: &str) -> Option<u8> {
    let first = sample.lines().next()?.trim_matches('"');
    let [separator] = first.strip_prefix("sep=")?.as_bytes() else { return None };
    separator.is_ascii().then_some(*separator)
}

fn detected(sample: &str) -> u8 {
    let found = CANDIDATES.map(|delimiter| {
        let (evenness, width) = evenness(sample, delimiter, false);
        (delimiter, evenness, width)
    });
    // `Last, First;Phone` is as even by commas as by semicolons: where several cut every row alike,
    // the one that cuts most is the delimiter, and the others stand in its cells.
    let even = || found.iter().filter(|(_, evenness, _)| *evenness >= 1.0);
    let widest = even().map(|(.., width)| *width).max();
    let mut widest = even().filter(|(.., width)| Some(*width) == widest);
    if let (Some((delimiter, ..)), None) = (widest.next(), widest.next()) {
        return *delimiter;
    }
    // Asked only where the rows don't tell: the sniffer compiles expressions that cost more than the sample.
    // The vote is taken on whatever the file holds: a panic in it is no vote.
    let vote = std::panic::catch_unwind(|| Sniffer::new().sniff_bytes(sample.as_bytes()).ok());
    let vote = vote.ok().flatten().map(|found| found.dialect.delimiter);
    let is_vote = |delimiter: u8| vote == Some(delimiter);
    if let Some((delimiter, ..)) =
        even().max_by_key(|(delimiter, _, width)| (*width, is_vote(*delimiter), *delimiter == b','))
    {
        return *delimiter;
    }
    let mut best = (0.0, b',');
    for (delimiter, evenness, _) in found {
        let score = evenness + if is_vote(delimiter) { VOTE } else { 0.0 };
        if evenness > 0.0 && score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Share of the first hundred rows that have as many cells as the first, and how many that has; 0 if
/// it has only one.
fn evenness(sample: &str, delimiter: u8, backslash: bool) -> (f64, usize) {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter);
    if backslash {
        reader.escape(Some(b'\\')).double_quote(false);
    }
    let mut reader = reader.from_reader(sample.as_bytes());
    let widths: Vec<usize> = reader.byte_records().take(100).map_while(Result::ok).map(|record| record.len()).collect();
    match widths.first() {
        None | Some(0 | 1) => (0.0, 1),
        Some(header) => {
            let even = widths.iter().filter(|width| *width == header).count();
            let share = u32::try_from(even).map_or(0.0, f64::from) / u32::try_from(widths.len()).map_or(1.0, f64::from);
            (share, *header)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(text: &str) -> u8 {
        Dialect::of(text, None).delimiter
    }

    #[test]
    fn delimiters_are_told_by_their_rows() {
        assert_eq!(delimiter("name,phone\nAnn;x,1\nBob;y,2\n"), b',');
        assert_eq!(delimiter("name;balance\nAnn;1,5\nBob;2,5\n"), b';');
        assert_eq!(delimiter("name\tphone\nAnn, Mrs\t1\n"), b'\t');
        assert_eq!(delimiter("name|phone\nAnn|1\n"), b'|');
        assert_eq!(delimiter("\"a;b\",c\n\"d;e\",f\n"), b',');
    }

    #[test]
    fn of_two_that_cut_every_row_alike_the_one_with_more_cells_is_the_delimiter() {
        assert_eq!(delimiter("Nachname, Vorname;Handy;Mail\nM\u{fc}ller, J;0171 1234567;j@example.de\n"), b';');
        assert_eq!(delimiter("Last, First\tPhone\tCity\nTan, Ann\t1\tKL\nLim, Ben\t2\tSG\n"), b'\t');
        assert_eq!(delimiter("a,b;c,d\n1,2;3,4\n"), b',');
    }

    #[test]
    fn a_single_column_is_read_with_commas() {
        assert_eq!(delimiter("email\nann@example.org\nbob@example.org\n"), b',');
    }

    #[test]
    fn the_users_word_and_the_separator_line_win() {
        assert_eq!(Dialect::of("a,b\n1,2\n", Some(b';')).delimiter, b';');
        let dialect = Dialect::of("sep=;\na,b;c\n", None);
        assert_eq!((dialect.delimiter, dialect.has_separator_line), (b';', true));
    }

    #[test]
    fn carriage_returns_alone_end_lines_where_there_is_no_line_feed() {
        assert_eq!(Dialect::of("a,b\r1,2\r", None).line_end, b'\r');
        assert_eq!(Dialect::of("a,b\r\n1,2\r\n", None).line_end, b'\n');
        assert_eq!(Dialect::of("a,b\r1,\"x\ny\"\r", None).line_end, b'\r');
        assert_eq!(Dialect::of("a,b\n1,\"x\ry\"\n", None).line_end, b'\n');
    }

    #[test]
    fn backslashes_escape_quotes_only_where_the_whole_file_says_so() {
        let backslash = |text| Dialect::of(text, None).backslash;
        assert!(backslash("\"a\",\"b\"\n\"x \\\"y, z\\\"\",\"1\"\n"));
        assert!(!backslash("\"a\",\"b\"\n\"C:\\temp\\\",\"1\"\n\"D:\\\",\"2\"\n"));
        assert!(!backslash("\"a\",\"b\"\n\"x \"\"y\"\"\",\"5\\\" nail\"\n"));
        assert!(!backslash("a,b\n1,2\n"));
    }

    #[test]
    fn blanks_before_quotes_are_known_by_their_closing_quotes() {
        let blanks = |text| Dialect::of(text, None).blank_before_quote;
        assert!(blanks("a, b\n1, \"x, y\"\n") && blanks("a, b\n1, \"{\"\"x\"\": 1, \"\"y\"\": 2}\"  \n"));
        assert!(!blanks("a, b\n1, \"Tex\" Hale\n") && !blanks("a, b\n1, 6\" nails\n"));
    }
}
