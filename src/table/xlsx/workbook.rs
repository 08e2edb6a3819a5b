//! What a workbook says of itself: its sheets, where they stand, and how they show numbers.

use std::collections::HashMap;
use std::sync::Arc;

use super::number::{NumberFormat, NumberKind};
use crate::table::strings::Strings;
use crate::table::xml::{Attributes, Tag, TagKind, Token, meant};

/// The formats that a workbook uses without saying what they are (ECMA-376 part 1, 18.8.30).
const KNOWN_FORMATS: [(u32, &str); 31] = [
    (1, "0"),
    (2, "0.00"),
    (3, "#,##0"),
    (4, "#,##0.00"),
    (9, "0%"),
    (10, "0.00%"),
    (11, "0.00E+00"),
    (12, "# ?/?"),
    (13, "# ??/??"),
    (14, "mm-dd-yy"),
    (15, "d-mmm-yy"),
    (16, "d-mmm"),
    (17, "mmm-yy"),
    (18, "h:mm AM/PM"),
    (19, "h:mm:ss AM/PM"),
    (20, "h:mm"),
    (21, "h:mm:ss"),
    (22, "m/d/yy h:mm"),
    (37, "#,##0 ;(#,##0)"),
    (38, "#,##0 ;[Red](#,##0)"),
    (39, "#,##0.00;(#,##0.00)"),
    (40, "#,##0.00;[Red](#,##0.00)"),
    (41, "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)"),
    (42, "_($* #,##0_);_($* (#,##0);_($* \"-\"_);_(@_)"),
    (43, "_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)"),
    (44, "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)"),
    (45, "mm:ss"),
    (46, "[h]:mm:ss"),
    (47, "mmss.0"),
    (48, "##0.0E+0"),
    (49, "@"),
];

/// Formats of dates and times that differ by the language of the program.
const MOMENTS_BY_LANGUAGE: [std::ops::RangeInclusive<u32>; 2] = [27..=36, 50..=58];

const GENERAL: &str = "General";

/// How cells of one style show numbers.
#[derive(Clone, Debug)]
pub struct CellStyle {
    pub format: NumberFormat,
    pub code: Arc<str>,
    pub kind: NumberKind,
}

impl CellStyle {
    fn of(number: Option<u32>, said: &HashMap<u32, String>) -> Self {
        let known = || KNOWN_FORMATS.iter().find(|(known, _)| Some(*known) == number).map(|(_, code)| *code);
        let code = number.and_then(|number| said.get(&number)).map(String::as_str).or_else(known);
        let is_moment = number.is_some_and(|number| MOMENTS_BY_LANGUAGE.iter().any(|range| range.contains(&number)));
        let kind = match code {
            None if is_moment => NumberKind::Moment,
            code => code.map_or(NumberKind::Number, NumberKind::of),
        };
        let code = code.unwrap_or(GENERAL);
        Self { format: NumberFormat::parse(code), code: code.into(), kind }
    }
}

/// What the cells of all sheets refer to.
#[derive(Default)]
pub struct SharedContent {
    pub strings: Strings,
    pub styles: Vec<CellStyle>,
    /// Days are counted from 1904 on.
    pub is_1904: bool,
}

/// What a part of the package refers to: id, kind and target.
#[derive(Debug, Default)]
pub struct PackageRelations(Vec<(String, String, String)>);

impl PackageRelations {
    pub fn take(&mut self, token: Token<'_>) {
        let Some(tag) = begun(token, b"Relationship") else { return };
        let said = |name| tag.attributes.text(name).unwrap_or_default();
        self.0.push((said(b"Id"), said(b"Type"), said(b"Target")));
    }

    /// The target of the last one of a kind, by the end of the kind's name.
    pub fn of_kind(&self, end: &str) -> Option<&str> {
        self.0.iter().rfind(|(_, kind, _)| kind.ends_with(end)).map(|(.., target)| target.as_str())
    }

    /// Kind and target of the one with this id.
    pub fn of_id(&self, id: &str) -> Option<(&str, &str)> {
        let found = self.0.iter().rfind(|(found, ..)| found == id);
        found.map(|(_, kind, target)| (kind.as_str(), target.as_str()))
    }
}

/// A sheet as the workbook names it.
#[derive(Clone, Debug)]
pub struct NamedSheet {
    pub name: String,
    pub is_visible: bool,
    pub relation: String,
}

/// The part that names the sheets.
#[derive(Debug, Default)]
pub struct WorkbookPart {
    pub sheets: Vec<NamedSheet>,
    /// Days are counted from 1904 on.
    pub is_1904: bool,
}

impl WorkbookPart {
    pub fn take(&mut self, token: Token<'_>) {
        if let Some(tag) = begun(token, b"sheet") {
            let relation = tag.attributes.clone().find(|(name, _)| is_id(name)).and_then(|(_, value)| meant(value));
            self.sheets.push(NamedSheet {
                name: tag.attributes.text(b"name").unwrap_or_default(),
                is_visible: tag.attributes.value(b"state").is_none_or(|state| state == b"visible"),
                relation: relation.unwrap_or_default(),
            });
        } else if let Some(tag) = begun(token, b"workbookPr")
            && let Some(said) = tag.attributes.value(b"date1904")
        {
            self.is_1904 = said == b"1" || said == b"true";
        }
    }
}

/// Whether an attribute is `r:id`, whatever stands for its namespace.
fn is_id(name: &[u8]) -> bool {
    crate::table::xml::local(name) == b"id"
}

/// The part that holds the styles. Formats and styles of other things than cells stand in lists of their own.
#[derive(Debug, Default)]
pub struct StylesPart {
    said: HashMap<u32, String>,
    numbers: Vec<Option<u32>>,
    in_formats: bool,
    in_cells: bool,
}

impl StylesPart {
    pub fn take(&mut self, token: Token<'_>) {
        let Token::Tag(tag) = token else { return };
        let tag = Tag::of(tag);
        let begins = tag.kind == TagKind::Begin;
        match tag.local() {
            b"numFmts" => self.in_formats = begins,
            b"cellXfs" => self.in_cells = begins,
            b"numFmt" if self.in_formats && tag.kind != TagKind::End => {
                if let (Some(number), Some(code)) = (format_number(&tag.attributes), tag.attributes.text(b"formatCode"))
                {
                    self.said.insert(number, code);
                }
            }
            b"xf" if self.in_cells && tag.kind != TagKind::End => self.numbers.push(format_number(&tag.attributes)),
            _ => {}
        }
    }

    /// The styles by the number that a cell names.
    pub fn finish(self) -> Vec<CellStyle> {
        self.numbers.into_iter().map(|number| CellStyle::of(number, &self.said)).collect()
    }
}

fn format_number(attributes: &Attributes<'_>) -> Option<u32> {
    std::str::from_utf8(attributes.value(b"numFmtId")?).ok()?.parse().ok()
}

/// The tag, if it begins such an element.
fn begun<'t>(token: Token<'t>, name: &[u8]) -> Option<Tag<'t>> {
    let Token::Tag(tag) = token else { return None };
    let tag = Tag::of(tag);
    (tag.kind != TagKind::End && tag.local() == name).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::xml::Tokens;

    fn styles(part: &str) -> Vec<(String, NumberKind)> {
        let (mut tokens, mut styles) = (Tokens::new(part.as_bytes(), 1_000), StylesPart::default());
        while let Some(token) = tokens.read().expect("a document") {
            styles.take(token);
        }
        styles.finish().into_iter().map(|style| (style.code.to_string(), style.kind)).collect()
    }

    #[test]
    fn styles_of_cells_have_the_formats_of_the_workbook() {
        let found = styles(
            "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"&quot;+&quot;0\"/></numFmts>\
             <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf/><xf numFmtId=\"164\"><alignment/></xf>\
             <xf numFmtId=\"14\"/><xf numFmtId=\"31\"/><xf numFmtId=\"46\"/><xf numFmtId=\"999\"/></cellXfs>\
             <dxfs><dxf><numFmt numFmtId=\"164\" formatCode=\"no\"/></dxf></dxfs></styleSheet>",
        );
        let expected = [
            ("General", NumberKind::Number),
            ("\"+\"0", NumberKind::Number),
            ("mm-dd-yy", NumberKind::Moment),
            ("General", NumberKind::Moment),
            ("[h]:mm:ss", NumberKind::Elapsed),
            ("General", NumberKind::Number),
        ];
        assert_eq!(found, expected.map(|(code, kind)| (code.to_owned(), kind)));
    }
}
