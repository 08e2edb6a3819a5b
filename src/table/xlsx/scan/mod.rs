//! The measuring of one part of a workbook, before anything that has no limits reads it.
//!
//! A part is XML. It is read once, unpacked but not kept, as tags and text, and refused when it is
//! more than a spreadsheet needs. What is odd is refused as well, so that no other reader can see
//! something else in it: document types, tags that don't match, zero bytes.

mod attributes;
mod meaning;
mod seen;

use crate::table::options::ReadLimits;
use crate::table::unreadable::ContentFault;

pub use seen::{MergedCells, PartSeen};

/// Nesting of elements; sheets have about seven.
const DEEPEST: usize = 64;

/// Bytes that a part other than a sheet or the table of strings may unpack to.
const SMALL_PART_BYTES: u64 = 64 << 20;

/// Styles, fonts, sheets, names and the like in one part; Excel has at most 65,490 cell styles.
const MOST_DEFINITIONS: u64 = 200_000;

/// Markup that one cell may have for each byte of text it may have: rich text is verbose.
const MARKUP_FACTOR: usize = 16;

const DAMAGED: &str = "open it in a spreadsheet program and save it again as .xlsx";
const SPLIT: &str = "keep the contacts alone and save them as .csv";

pub struct Scan<'a> {
    limits: &'a ReadLimits,
    /// Name of the part, for messages.
    part: &'a str,
    bytes: u64,
    at: At,
    /// The markup being read, without its `<`.
    token: Vec<u8>,
    /// Length of the text being read, and of that before the present markup.
    text: usize,
    text_before: usize,
    /// Names of the open elements, one after the other, and where each begins.
    names: Vec<u8>,
    open: Vec<usize>,
    content: Content,
    kind: PartKind,
    cells_in_row: usize,
    strings: u64,
    definitions: u64,
    /// Row and column, from 0, of the cell being read.
    place: (u32, u32),
    seen: PartSeen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Text,
    Markup { quote: Option<u8> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Small,
    Sheet,
    Strings,
}

/// The cell or string being read.
#[derive(Clone, Copy, Default)]
struct Content {
    /// Depth of its element; 0 outside of any.
    depth: usize,
    text: usize,
    markup: usize,
    has_formula: bool,
    has_value: bool,
    /// Its value is the result of a formula that gives text, which may be none.
    is_text_result: bool,
}

impl<'a> Scan<'a> {
    pub fn new(part: &'a str, limits: &'a ReadLimits) -> Self {
        Self {
            limits,
            part,
            bytes: 0,
            at: At::Text,
            token: Vec::new(),
            text: 0,
            text_before: 0,
            names: Vec::new(),
            open: Vec::new(),
            content: Content::default(),
            kind: PartKind::Small,
            cells_in_row: 0,
            strings: 0,
            definitions: 0,
            place: (0, 0),
            seen: PartSeen::default(),
        }
    }

    /// Takes the next bytes of the part.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), ContentFault> {
        self.bytes += bytes.len() as u64;
        self.check_size()?;
        if bytes.contains(&0) {
            return Err(self.damaged("has zero bytes in it"));
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match self.at {
                At::Text => self.text_begins(rest)?,
                At::Markup { quote } => self.markup_begins(rest, quote)?,
            };
            rest = &rest[length..];
        }
        Ok(())
    }

    /// Takes text from the beginning of `bytes` and the `<` behind it; returns how many bytes.
    fn text_begins(&mut self, bytes: &[u8]) -> Result<usize, ContentFault> {
        let Some(length) = memchr::memchr(b'<', bytes) else {
            self.text(bytes.len())?;
            return Ok(bytes.len());
        };
        self.text(length)?;
        self.text_before = std::mem::take(&mut self.text);
        // Nearly every tag is there as a whole.
        let behind = &bytes[length + 1..];
        if let Some(tag) = whole_tag(behind) {
            if self.content.depth > 0 {
                self.content.markup += tag.len() + 1;
            }
            self.check_markup(tag.len() + 1)?;
            self.tag(tag)?;
            return Ok(length + 1 + tag.len() + 1);
        }
        self.token.clear();
        self.at = At::Markup { quote: None };
        Ok(length + 1)
    }

    /// Takes markup from the beginning of `bytes`, up to a byte that matters; returns how many bytes.
    fn markup_begins(&mut self, bytes: &[u8], quote: Option<u8>) -> Result<usize, ContentFault> {
        let matters = |byte: u8| match quote {
            Some(quote) => byte == quote,
            None => matches!(byte, b'>' | b'"' | b'\'' | b'<'),
        };
        // A declaration is told by its first bytes, so each of them matters.
        let is_tag = self.token.first().is_some_and(|first| !matches!(first, b'!' | b'?'));
        let plain = if is_tag { bytes.iter().position(|byte| matters(*byte)).unwrap_or(bytes.len()) } else { 0 };
        self.token.extend_from_slice(&bytes[..plain]);
        self.add_markup(plain)?;
        let Some(byte) = bytes.get(plain) else { return Ok(plain) };
        self.token.push(*byte);
        self.add_markup(1)?;
        self.markup(*byte)?;
        Ok(plain + 1)
    }

    fn add_markup(&mut self, length: usize) -> Result<(), ContentFault> {
        if self.content.depth > 0 {
            self.content.markup += length;
        }
        self.check_markup(self.token.len())
    }

    fn check_markup(&self, token: usize) -> Result<(), ContentFault> {
        let most = self.limits.text_run_bytes;
        if token > most || self.content.markup > most.saturating_mul(MARKUP_FACTOR) {
            return Err(self.too_long());
        }
        Ok(())
    }

    /// Ends the part.
    pub fn finish(self) -> Result<PartSeen, ContentFault> {
        if self.at != At::Text || !self.open.is_empty() {
            return Err(self.damaged("is cut off"));
        }
        Ok(self.seen)
    }

    fn check_size(&self) -> Result<(), ContentFault> {
        let most = match self.kind {
            PartKind::Small => SMALL_PART_BYTES,
            PartKind::Sheet => self.limits.part_bytes,
            PartKind::Strings => self.limits.distinct_strings_bytes,
        };
        if self.bytes > most {
            return Err(self.refused(&format!("unpacks to more than {} MB", most >> 20), SPLIT));
        }
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), ContentFault> {
        self.text += length;
        if self.content.depth > 0 {
            self.content.text += length;
        }
        if self.text.max(self.content.text) > self.limits.text_run_bytes {
            return Err(self.too_long());
        }
        Ok(())
    }

    /// Takes note of `byte`, which `token` ends with.
    fn markup(&mut self, byte: u8) -> Result<(), ContentFault> {
        let first = self.token[0];
        let ended = match first {
            b'!' => return self.declaration(),
            b'?' => self.token.len() > 2 && self.token.ends_with(b"?>"),
            _ => self.ends_tag(byte)?,
        };
        if ended {
            self.at = At::Text;
            if first != b'?' {
                let token = std::mem::take(&mut self.token);
                self.tag(&token[..token.len() - 1])?;
                self.token = token;
            }
        }
        Ok(())
    }

    fn ends_tag(&mut self, byte: u8) -> Result<bool, ContentFault> {
        let At::Markup { quote } = &mut self.at else { return Ok(false) };
        match (*quote, byte) {
            (Some(open), byte) => {
                if open == byte {
                    *quote = None;
                }
            }
            (None, b'"' | b'\'') if self.token[0] != b'/' => *quote = Some(byte),
            (None, b'"' | b'\'' | b'<') => return Err(self.damaged("is not well-formed")),
            (None, b'>') => return Ok(true),
            (None, _) => {}
        }
        Ok(false)
    }

    /// Comments and marked text pass, document types don't.
    fn declaration(&mut self) -> Result<(), ContentFault> {
        const MARKED_TEXT: &[u8] = b"![CDATA[";
        let token = &self.token;
        if token.starts_with(b"!--") {
            if token.ends_with(b"-->") {
                if token.len() < 6 {
                    return Err(self.damaged("is not well-formed"));
                }
                self.at = At::Text;
            }
        } else if token.starts_with(MARKED_TEXT) {
            if token.ends_with(b"]]>") {
                self.at = At::Text;
                let length = token.len() - MARKED_TEXT.len() - 3;
                self.text(length)?;
            }
        } else if !MARKED_TEXT.starts_with(token) && !b"!--".starts_with(token) {
            return Err(self.refused("declares a document type, as no spreadsheet does", DAMAGED));
        }
        Ok(())
    }

    fn too_long(&self) -> ContentFault {
        let most = self.limits.text_run_bytes >> 10;
        self.refused(&format!("has a cell of more than {most} KB, where spreadsheets allow 32,767 characters"), SPLIT)
    }

    fn too_many_rows(&self) -> ContentFault {
        self.refused(&format!("has more than {} rows", self.limits.sheet_rows), SPLIT)
    }

    fn too_many_columns(&self) -> ContentFault {
        self.refused(&format!("has more than {} columns", self.limits.sheet_columns), SPLIT)
    }

    fn too_many_strings(&self) -> ContentFault {
        self.refused(&format!("has more than {} distinct texts", self.limits.distinct_strings), SPLIT)
    }

    fn damaged(&self, how: &str) -> ContentFault {
        self.refused(how, DAMAGED)
    }

    fn refused(&self, why: &str, hint: &'static str) -> ContentFault {
        ContentFault { message: format!("can't be read: its part {} {why}", self.part), hint }
    }
}

/// The tag that `bytes` begin with, without its `>`; `None` for one that goes on behind them, is no tag, or
/// is not as it should be.
fn whole_tag(bytes: &[u8]) -> Option<&[u8]> {
    let first = *bytes.first().filter(|first| !matches!(first, b'!' | b'?'))?;
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(&bytes[..at]),
            (None, b'<') => return None,
            (None, b'"' | b'\'') if first == b'/' => return None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::attributes::column_number;
    use super::*;

    fn scan(part: &str) -> Result<PartSeen, String> {
        scan_within(part, &ReadLimits::default())
    }

    fn scan_within(part: &str, limits: &ReadLimits) -> Result<PartSeen, String> {
        let fed = |length: usize| {
            let mut scan = Scan::new("sheet1.xml", limits);
            let fed = part.as_bytes().chunks(length).try_for_each(|bytes| scan.feed(bytes));
            fed.and_then(|()| scan.finish())
                .map_err(|fault| fault.message.replace("can't be read: its part sheet1.xml ", ""))
        };
        // Tags in pieces and tags as a whole are read in two ways.
        let in_pieces = fed(3);
        assert_eq!(fed(part.len().max(1)), in_pieces, "{part}");
        in_pieces
    }

    #[test]
    fn a_sheet_is_counted() {
        let seen = scan(
            "<?xml version='1.0'?><worksheet><cols><col min=\"2\" max='4' hidden=\"1\"/></cols><sheetData>\
             <!-- a > b --><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>a&lt;b</t></is></c><c r=\"B1\"/></row>\
             <x:row hidden=\"true\"><x:c><f>A1&gt;2</f></x:c><x:c><f>1</f><v>2</v></x:c><c><f>1</f><v/></c></x:row></sheetData></worksheet>",
        );
        let seen = seen.expect("a sheet");
        assert_eq!((seen.filled_cells, seen.rows, seen.hidden_columns), (2, 2, 3));
        assert_eq!((seen.hidden_rows.count(), seen.hidden_rows.contains(1)), (1, true));
        assert_eq!(seen.unsaved_formulas(), 2);
        assert!(seen.is_unsaved(1, 0) && !seen.is_unsaved(1, 1) && seen.is_unsaved(1, 2));
    }

    #[test]
    fn merged_cells_filters_and_empty_results_are_seen() {
        let seen = scan(
            "<sheetData><row r=\"2\"><c r=\"B2\" t=\"str\"><f>\"\"</f><v></v></c><c><f>1</f></c></row></sheetData>\
             <autoFilter ref=\"A1:B9\"><filterColumn colId=\"0\"/></autoFilter>\
             <mergeCells><mergeCell ref=\"B2:C4\"/><mergeCell ref=\"A1\"/></mergeCells>",
        )
        .expect("a sheet");
        assert!(seen.is_filtered);
        assert_eq!(seen.merged, [MergedCells { first: (1, 1), last: (3, 2) }]);
        assert!(!seen.is_unsaved(1, 1) && seen.is_unsaved(1, 2));
    }

    #[test]
    fn what_is_odd_is_refused() {
        for (part, why) in [
            ("<!DOCTYPE x [<!ENTITY a \"b\">]><x/>", "declares a document type, as no spreadsheet does"),
            ("<a><b></a></b>", "is not well-formed"),
            ("<a></a></a>", "is not well-formed"),
            ("<a b='1' <c/>", "is not well-formed"),
            ("<a></a b=\">\">", "is not well-formed"),
            ("<!--->", "is not well-formed"),
            ("<a>", "is cut off"),
            ("<a></a", "is cut off"),
            ("<a>\0</a>", "has zero bytes in it"),
        ] {
            assert_eq!(scan(part), Err(why.to_owned()), "{part}");
        }
    }

    #[test]
    fn sizes_are_limited_however_they_are_reached() {
        let limits = ReadLimits {
            text_run_bytes: 60,
            sheet_rows: 2,
            sheet_columns: 3,
            distinct_strings: 2,
            ..ReadLimits::default()
        };
        let refused = |part: &str| scan_within(part, &limits).expect_err("a refusal");
        let long = "has a cell of more than 0 KB, where spreadsheets allow 32,767 characters";
        assert_eq!(refused(&format!("<t>{}</t>", "x".repeat(61))), long);
        assert_eq!(refused(&format!("<t x='{}'/>", "x".repeat(61))), long);
        assert_eq!(refused(&format!("<!--{}", "x".repeat(61))), long);
        assert_eq!(refused(&format!("<c>{}</c>", "<t>xxxxxxxxxxxxxxxxxxxx</t>".repeat(4))), long);
        assert_eq!(refused(&format!("<c>{}</c>", "<c>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</c>".repeat(2))), long);
        assert_eq!(refused(&format!("<c>{}</c>", "<f/>".repeat(400))), long);
        assert_eq!(refused("<row/><row/><row/>"), "has more than 2 rows");
        assert_eq!(refused("<row r='3'/>"), "has more than 2 rows");
        assert_eq!(refused("<row r='99999999999999999999999'/>"), "has more than 2 rows");
        assert_eq!(refused("<row><c/><c/><c/><c/></row>"), "has more than 3 columns");
        assert_eq!(refused("<row><c r='D1'/></row>"), "has more than 3 columns");
        assert_eq!(refused("<sst><si/><si/><si/></sst>"), "has more than 2 distinct texts");
        assert_eq!(refused("<sst uniqueCount=\"99999999999\"/>"), "has more than 2 distinct texts");
        assert!(scan_within("<row><c r='C2'><is><t>12345678901234567890</t></is></c></row>", &limits).is_ok());
    }

    #[test]
    fn columns_are_numbers_in_letters() {
        assert_eq!((column_number(b"A"), column_number(b"xfd")), (Some(1), Some(16_384)));
    }

    #[test]
    fn cells_outside_of_a_sheet_are_refused() {
        for reference in ["7", "A", "A0", "1A", "A1B", "$A$1", "A-1"] {
            assert!(scan(&format!("<c r=\"{reference}\"/>")).is_err(), "{reference}");
            assert!(scan(&format!("<dimension ref=\"A1:{reference}\"/>")).is_err(), "{reference}");
        }
        assert_eq!(scan("<c r='XFE1'/>").expect_err("a refusal"), "has more than 16384 columns");
        assert_eq!(scan("<c r='ZZZZZZZZZZZZZZZZZZZZZZ1'/>").expect_err("a refusal"), "has more than 16384 columns");
        assert_eq!(scan("<c r='A99999999999999999999'/>").expect_err("a refusal"), "has more than 1048576 rows");
        assert!(scan("<dimension ref=\"A1:XFD1048576\"/>").is_ok());
    }
}
