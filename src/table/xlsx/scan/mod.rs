//! The measuring of one part of a workbook, before anything that has no limits reads it.
//!
//! A part is XML. It is read once, unpacked but not kept, as tags and text, and refused when it is
//! more than a spreadsheet needs. What is odd is refused as well, so that no other reader can see
//! something else in it: document types, tags that don't match, zero bytes.

mod meaning;
mod place;
mod seen;

use std::io;

use crate::table::options::ReadLimits;
use crate::table::unreadable::ContentFault;
use crate::table::xml::{Tag, Token, XmlFault};

pub use place::place;
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

    /// Takes the next piece of the part.
    pub fn take(&mut self, token: Token<'_>) -> Result<(), ContentFault> {
        match token {
            Token::Text(text) => self.text(text.len()),
            Token::Tag(tag) => {
                self.markup(tag.len() + 1)?;
                self.tag(Tag::of(tag))
            }
            Token::Aside(aside) => self.markup(aside.len() + 1),
            Token::MarkedText(text) => {
                self.markup(text.len())?;
                self.text(text.len())
            }
        }
    }

    /// Ends the part.
    pub fn finish(self) -> Result<PartSeen, ContentFault> {
        if !self.open.is_empty() {
            return Err(self.damaged("is cut off"));
        }
        Ok(self.seen)
    }

    /// Bytes that the part may have, as far as it is known.
    pub fn most_bytes(&self) -> u64 {
        match self.kind {
            PartKind::Small => SMALL_PART_BYTES,
            PartKind::Sheet => self.limits.part_bytes,
            PartKind::Strings => self.limits.distinct_strings_bytes,
        }
    }

    /// What a fault of the part's markup says.
    pub fn told(&self, fault: XmlFault) -> io::Error {
        let fault = match fault {
            XmlFault::Unreadable(cause) => return cause,
            XmlFault::NotWellFormed => self.damaged("is not well-formed"),
            XmlFault::CutOff => self.damaged("is cut off"),
            XmlFault::ZeroByte => self.damaged("has zero bytes in it"),
            XmlFault::DocumentType => self.refused("declares a document type, as no spreadsheet does", DAMAGED),
            XmlFault::TooLong => self.too_long(),
            XmlFault::TooLarge => self.refused(&format!("unpacks to more than {} MB", self.most_bytes() >> 20), SPLIT),
        };
        fault.into_error()
    }

    /// Takes note of markup, which ends the text before it.
    fn markup(&mut self, length: usize) -> Result<(), ContentFault> {
        self.text_before = std::mem::take(&mut self.text);
        if self.content.depth > 0 {
            self.content.markup += length;
            if self.content.markup > self.limits.text_run_bytes.saturating_mul(MARKUP_FACTOR) {
                return Err(self.too_long());
            }
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

#[cfg(test)]
mod tests {
    use super::place::column_number;
    use super::*;
    use crate::table::xml::Tokens;

    fn scan(part: &str) -> Result<PartSeen, String> {
        scan_within(part, &ReadLimits::default())
    }

    fn scan_within(part: &str, limits: &ReadLimits) -> Result<PartSeen, String> {
        let mut scan = Scan::new("sheet1.xml", limits);
        let mut tokens = Tokens::new(part.as_bytes(), limits.text_run_bytes);
        let mut take_all = || -> io::Result<()> {
            while let Some(token) = tokens.read().map_err(|fault| scan.told(fault))? {
                scan.take(token).map_err(ContentFault::into_error)?;
            }
            Ok(())
        };
        take_all()
            .and_then(|()| scan.finish().map_err(ContentFault::into_error))
            .map_err(|fault| fault.to_string().replace("can't be read: its part sheet1.xml ", ""))
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
