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
}

impl Dialect {
    /// Decides by the first text of a file. `delimiter` is what the user said.
    pub fn of(text: &str, delimiter: Option<u8>) -> Self {
        let sample = whole_lines(text);
        let line_end = if sample.contains('\r') && !sample.contains('\n') { b'\r' } else { b'\n' };
        let separator = separator_line(sample);
        let delimiter = delimiter.or(separator).unwrap_or_else(|| detected(sample));
        Self { delimiter, line_end, has_separator_line: separator.is_some() }
    }
}

/// A name for messages.
pub fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".into(),
        b';' => "semicolon".into(),
        b'\t' => "tab".into(),
        b'|' => "bar".into(),
        other => format!("{:?}", char::from(other)),
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
    // The vote is taken on whatever the file holds: a panic in it is no vote.
    let vote = std::panic::catch_unwind(|| Sniffer::new().sniff_bytes(sample.as_bytes()).ok());
    let vote = vote.ok().flatten().map(|found| found.dialect.delimiter);
    let mut best = (0.0, b',');
    for delimiter in CANDIDATES {
        let evenness = evenness(sample, delimiter);
        let score = evenness + if vote == Some(delimiter) { VOTE } else { 0.0 };
        if evenness > 0.0 && score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Share of the first hundred rows that have as many cells as the first; 0 if that has only one.
fn evenness(sample: &str, delimiter: u8) -> f64 {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(sample.as_bytes());
    let widths: Vec<usize> = reader.byte_records().take(100).map_while(Result::ok).map(|record| record.len()).collect();
    match widths.first() {
        None | Some(0 | 1) => 0.0,
        Some(header) => {
            let even = widths.iter().filter(|width| *width == header).count();
            u32::try_from(even).map_or(0.0, f64::from) / u32::try_from(widths.len()).map_or(1.0, f64::from)
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
    }
}
