//! The cells of a sheet, out of the XML of its part.

use std::io::Read;
use std::path::Path;

use calamine::{ExcelDateTime, ExcelDateTimeType};

use super::damage::{damaged, no_text};
use super::number::{NumberFormat, NumberKind};
use super::scan::place;
use super::sheet_row::{CellKind, SheetRow};
use super::text::{RichText, TextFault, add_marked_text, add_text, without_escapes};
use super::workbook::{CellStyle, SharedContent};
use crate::error::Error;
use crate::table::batch::TypedValue;
use crate::table::unreadable::unreadable;
use crate::table::xml::{Tag, TagKind, Token, Tokens, XmlFault, local};

/// Why a sheet can't be read on. Its markup was measured, so that only what its cells say can be wrong.
pub enum SheetFault {
    Markup(XmlFault),
    Text(TextFault),
    Said(&'static str),
}

impl SheetFault {
    pub fn at(self, path: &Path) -> Error {
        match self {
            Self::Markup(XmlFault::Unreadable(cause)) => unreadable(path, cause),
            Self::Markup(_) => damaged(path, "a sheet of it is damaged"),
            Self::Text(TextFault) => unreadable(path, no_text().into_error()),
            Self::Said(how) => damaged(path, how),
        }
    }
}

impl From<XmlFault> for SheetFault {
    fn from(fault: XmlFault) -> Self {
        Self::Markup(fault)
    }
}

impl From<TextFault> for SheetFault {
    fn from(fault: TextFault) -> Self {
        Self::Text(fault)
    }
}

/// The beginning of a cell: where it stands, from 0, and how what it holds is written.
#[derive(Clone, Copy, Debug)]
pub struct CellHead {
    pub row: u32,
    pub column: u32,
    style: Option<usize>,
    written: Written,
    /// There is nothing in it.
    is_empty: bool,
}

/// How the value of a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// A number, or text where it is none.
    Untold,
    Number,
    /// The number of a string of the workbook.
    Shared,
    /// The result of a formula that gives text.
    Text,
    /// Text in an element of its own.
    Inline,
    Boolean,
    Error,
    Moment,
}

impl Written {
    fn of(told: &[u8]) -> Option<Self> {
        Some(match told {
            b"n" => Self::Number,
            b"s" => Self::Shared,
            b"str" => Self::Text,
            b"inlineStr" | b"is" => Self::Inline,
            b"b" => Self::Boolean,
            b"e" => Self::Error,
            b"d" => Self::Moment,
            _ => return None,
        })
    }
}

/// Cells in the order of the part.
pub struct SheetCells<'a> {
    tokens: Tokens<Box<dyn Read + 'a>>,
    shared: &'a SharedContent,
    /// Whether the rows have begun, and have ended.
    begun: bool,
    ended: bool,
    /// Where a cell stands that doesn't say so.
    row: u32,
    column: u32,
    rich: RichText,
    text: String,
}

impl<'a> SheetCells<'a> {
    pub fn new(tokens: Tokens<Box<dyn Read + 'a>>, shared: &'a SharedContent) -> Self {
        let (rich, text) = (RichText::default(), String::new());
        Self { tokens, shared, begun: false, ended: false, row: 0, column: 0, rich, text }
    }

    /// The beginning of the next cell; `None` behind the last one.
    pub fn next(&mut self) -> Result<Option<CellHead>, SheetFault> {
        while !self.ended {
            let Some(token) = self.tokens.read()? else {
                return Err(SheetFault::Said("a sheet of it has no rows"));
            };
            let Token::Tag(tag) = token else { continue };
            let tag = Tag::of(tag);
            match (tag.local(), tag.kind) {
                (b"c", TagKind::Begin | TagKind::Empty) if self.begun => {
                    let head = head(&tag, (self.row, self.column)).map_err(SheetFault::Said)?;
                    self.column = head.column + 1;
                    return Ok(Some(head));
                }
                (b"row", kind) if self.begun => {
                    if let Some(number) = tag.attributes.value(b"r") {
                        self.row = row_of(number).ok_or(SheetFault::Said("a row of it has no number"))?;
                    }
                    if kind != TagKind::Begin {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                }
                (b"sheetData", kind) => {
                    self.begun = true;
                    self.ended = kind != TagKind::Begin;
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Reads what the cell that began holds, and adds it to `row`.
    pub fn read(&mut self, head: CellHead, row: &mut SheetRow) -> Result<(), SheetFault> {
        if head.is_empty {
            return Ok(());
        }
        let mut has_value = false;
        self.text.clear();
        loop {
            let Some(token) = self.tokens.read()? else { return Err(XmlFault::CutOff.into()) };
            let Token::Tag(tag) = token else { continue };
            let tag = Tag::of(tag);
            match (tag.local(), tag.kind) {
                (b"c", TagKind::End) => break,
                (b"v", TagKind::Begin) => {
                    self.text.clear();
                    self.plain_text()?;
                    has_value = head.written != Written::Inline;
                }
                (b"is", TagKind::Begin) => {
                    self.text.clear();
                    self.rich_text()?;
                    row.push(head.column as usize, &self.text, CellKind::Text);
                    return Ok(());
                }
                // What it computes is no value, and neither is what a later version adds.
                (_, TagKind::Begin) => {
                    let name = tag.name.to_vec();
                    self.pass_over(&name)?;
                }
                (_, TagKind::End | TagKind::Empty) => {}
            }
        }
        if has_value && !self.text.is_empty() { self.push_value(head, row) } else { Ok(()) }
    }

    /// Text up to the end of the element `v`.
    fn plain_text(&mut self) -> Result<(), SheetFault> {
        loop {
            match self.tokens.read()? {
                Some(Token::Text(text)) => add_text(text, &mut self.text)?,
                Some(Token::MarkedText(text)) => add_marked_text(text, &mut self.text)?,
                Some(Token::Tag(tag)) if is_end(tag, b"v") => return Ok(()),
                Some(_) => {}
                None => return Err(XmlFault::CutOff.into()),
            }
        }
    }

    /// The text of the element `is`.
    fn rich_text(&mut self) -> Result<(), SheetFault> {
        self.rich.begin();
        loop {
            match self.tokens.read()? {
                Some(Token::Tag(tag)) if is_end(tag, b"is") => return Ok(()),
                Some(token) => self.rich.take(token, &mut self.text)?,
                None => return Err(XmlFault::CutOff.into()),
            }
        }
    }

    /// Passes over the element of this name that has begun.
    fn pass_over(&mut self, name: &[u8]) -> Result<(), SheetFault> {
        let mut depth = 1;
        while depth > 0 {
            let Some(token) = self.tokens.read()? else { return Err(XmlFault::CutOff.into()) };
            let Token::Tag(tag) = token else { continue };
            let tag = Tag::of(tag);
            match tag.kind {
                TagKind::Begin if tag.name == name => depth += 1,
                TagKind::End if tag.name == name => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn push_value(&self, head: CellHead, row: &mut SheetRow) -> Result<(), SheetFault> {
        let (column, text) = (head.column as usize, self.text.as_str());
        match head.written {
            Written::Untold => match text.parse() {
                Ok(number) => self.push_number(head, number, row),
                Err(_) => row.push(column, text, CellKind::Text),
            },
            Written::Number => {
                let number = text.parse().map_err(|_| SheetFault::Said("a number of it is none"))?;
                self.push_number(head, number, row);
            }
            Written::Shared => {
                let index = if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().unwrap_or(0) } else { 0 };
                let shared = self.shared.strings.get(index);
                let shared = shared.ok_or(SheetFault::Said("a cell of it refers to a text that is not there"))?;
                row.push(column, shared, CellKind::Text);
            }
            Written::Text => row.push(column, &without_escapes(text), CellKind::Text),
            Written::Boolean => {
                let value = match text.trim() {
                    "" => return Ok(()),
                    "1" => true,
                    "0" => false,
                    word if word.eq_ignore_ascii_case("true") => true,
                    word if word.eq_ignore_ascii_case("false") => false,
                    _ => return Err(SheetFault::Said("a cell of it is neither true nor false")),
                };
                row.hold(column, TypedValue::Boolean(value));
                row.push(column, if value { "true" } else { "false" }, CellKind::Value);
            }
            Written::Error => row.push(column, text, CellKind::Error),
            Written::Moment => row.push(column, text, CellKind::Value),
            Written::Inline => {}
        }
        Ok(())
    }

    fn push_number(&self, head: CellHead, number: f64, row: &mut SheetRow) {
        let styles = &self.shared.styles;
        let style = styles.get(head.style.unwrap_or(0));
        // A cell that names no style is no moment, whatever the first style is.
        let kind = head.style.and(style).map_or(NumberKind::Number, |style| style.kind);
        let moment = |kind| ExcelDateTime::new(number, kind, self.shared.is_1904);
        let general = NumberFormat::default();
        let format = style.map_or(&general, |style| &style.format);
        let shown = match kind {
            NumberKind::Number => format.show(number),
            NumberKind::Moment => format.show_date(moment(ExcelDateTimeType::DateTime)),
            NumberKind::Elapsed => format.show_date(moment(ExcelDateTimeType::TimeDelta)),
        };
        let code = style.map_or_else(|| "General".into(), |style: &CellStyle| style.code.clone());
        let column = head.column as usize;
        row.hold(column, TypedValue::Number { number, format: code });
        let kind = if shown.digits_lost { CellKind::DigitsLost } else { CellKind::Value };
        row.push(column, &shown.text, kind);
    }
}

/// The beginning of the cell that this tag begins; `next` is where it stands if it doesn't say.
fn head(tag: &Tag<'_>, next: (u32, u32)) -> Result<CellHead, &'static str> {
    let is_empty = tag.kind == TagKind::Empty;
    let mut head = CellHead { row: next.0, column: next.1, style: None, written: Written::Untold, is_empty };
    for (name, value) in tag.attributes.clone() {
        match name {
            b"r" => {
                (head.row, head.column) =
                    place(value, u64::from(u32::MAX), usize::MAX).map_err(|_| "a cell of it is in no place")?;
            }
            b"s" => head.style = Some(number(value).unwrap_or(0)),
            b"t" => head.written = Written::of(value).ok_or("a cell of it is of no known kind")?,
            _ => {}
        }
    }
    Ok(head)
}

fn is_end(tag: &[u8], name: &[u8]) -> bool {
    tag.strip_prefix(b"/").is_some_and(|end| local(end.trim_ascii_end()) == name)
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// The number from 0 of the row that `number` counts from 1.
fn row_of(number: &[u8]) -> Option<u32> {
    let number = self::number(number).filter(|number| *number > 0)?;
    u32::try_from(number - 1).ok()
}
