use std::collections::HashSet;
use std::io::{self, BufRead};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::cell::CellTag;
use crate::table::options::{ReadLimits, ReadOptions};
use crate::table::source::ContentFault;
use crate::table::unreadable::SAVE;
use crate::table::xlsx::{MergedCells, PartSeen, Room, RowsByNumber, SheetInMemory};

/// Nesting of elements; cells with rich text have about twelve.
const DEEPEST: usize = 64;

/// Sheets of one file.
const MOST_SHEETS: usize = 10_000;

/// The sheets in the part `content.xml`.
///
/// # Errors
/// A [`ContentFault`] if it is damaged or holds more than the limits allow.
pub fn read(part: impl BufRead, options: &ReadOptions) -> io::Result<Vec<SheetInMemory>> {
    let mut xml = Reader::from_reader(part);
    xml.config_mut().expand_empty_elements = true;
    let mut content = Content::new(options);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = xml.read_event_into(&mut buffer).map_err(|error| match error {
            // The XML reader shares it with its copies, of which there are none.
            quick_xml::Error::Io(cause) => std::sync::Arc::try_unwrap(cause)
                .unwrap_or_else(|shared| io::Error::new(shared.kind(), shared.to_string())),
            other => ContentFault::error(format!("is damaged: {other}"), SAVE),
        })?;
        match event {
            Event::Start(tag) => content.begin(&tag).map_err(ContentFault::into_error)?,
            Event::End(tag) => content.end(tag.name().0).map_err(ContentFault::into_error)?,
            Event::Text(text) => content.text(&text.xml10_content()),
            Event::CData(text) => content.text(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(character)) => content.text(character.encode_utf8(&mut [0; 4])),
                _ => content.text(resolve_predefined_entity(&name).unwrap_or("\u{fffd}")),
            },
            Event::DocType(_) => return Err(ContentFault::error("is damaged: it declares a document type", SAVE)),
            Event::Eof => return Ok(content.sheets),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

struct Content<'a> {
    limits: &'a ReadLimits,
    room: Room,
    sheets: Vec<SheetInMemory>,
    depth: usize,
    /// The style being read, and those that hide a table.
    style: String,
    hiding: HashSet<String>,
    /// The sheet being read, and its rows.
    sheet: Option<(SheetInMemory, RowsByNumber)>,
    row: u64,
    row_repeats: u64,
    row_is_hidden: bool,
    /// Cells of the present row: column, tag, text.
    cells: Vec<(usize, CellTag, String)>,
    column: usize,
    cell: Option<CellTag>,
    shown: String,
    /// Elements in a cell whose text is none of it: notes, drawings.
    aside: usize,
    /// In a paragraph of the cell.
    in_text: usize,
    paragraphs: usize,
    /// Behind a blank of the text, or at the beginning of a paragraph: another one is none.
    after_blank: bool,
}

impl<'a> Content<'a> {
    fn new(options: &'a ReadOptions) -> Self {
        Self {
            limits: &options.limits,
            room: Room::new(options),
            sheets: Vec::new(),
            depth: 0,
            style: String::new(),
            hiding: HashSet::new(),
            sheet: None,
            row: 0,
            row_repeats: 1,
            row_is_hidden: false,
            cells: Vec::new(),
            column: 0,
            cell: None,
            shown: String::new(),
            aside: 0,
            in_text: 0,
            paragraphs: 0,
            after_blank: true,
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), ContentFault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(damaged("its elements are nested too deep"));
        }
        let name = tag.name().0;
        if self.cell.is_some() {
            self.begin_in_cell(name, tag);
            return Ok(());
        }
        match name {
            "style:style" => self.style = attribute(tag, "style:name").unwrap_or_default(),
            "style:table-properties" if attribute(tag, "table:display").as_deref() == Some("false") => {
                self.hiding.insert(self.style.clone());
            }
            "table:table" if self.sheet.is_none() => {
                if self.sheets.len() >= MOST_SHEETS {
                    return Err(damaged("it has more sheets than a file can have"));
                }
                let hidden = attribute(tag, "table:style-name").is_some_and(|style| self.hiding.contains(&style));
                let name = attribute(tag, "table:name").unwrap_or_default();
                let sheet = SheetInMemory { name, is_visible: !hidden, rows: Vec::new(), seen: PartSeen::default() };
                self.sheet = Some((sheet, RowsByNumber::default()));
                self.row = 0;
            }
            "table:table-column" if is_hidden(tag) => {
                if let Some((sheet, _)) = &mut self.sheet {
                    sheet.seen.hidden_columns += repeats(tag, "table:number-columns-repeated");
                }
            }
            "table:table-row" => {
                self.row_repeats = repeats(tag, "table:number-rows-repeated");
                self.row_is_hidden = is_hidden(tag);
                self.column = 0;
            }
            "table:table-cell" | "table:covered-table-cell" if self.sheet.is_some() => {
                self.cell = Some(cell_tag(tag));
                self.shown.clear();
                (self.aside, self.in_text, self.paragraphs) = (0, 0, 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin_in_cell(&mut self, name: &str, tag: &BytesStart<'_>) {
        let is_aside = name == "table:table"
            || name == "office:annotation"
            || name == "text:note"
            || name.starts_with("draw:")
            || name.starts_with("text:ruby-");
        if self.aside > 0 || is_aside {
            self.aside += 1;
            return;
        }
        match name {
            "text:p" | "text:h" => {
                if self.paragraphs > 0 {
                    self.shown.push('\n');
                }
                self.paragraphs += 1;
                self.after_blank = true;
                self.in_text += 1;
            }
            "text:s" => {
                let count = attribute(tag, "text:c").and_then(|count| count.parse().ok()).unwrap_or(1_usize);
                self.shown.extend(std::iter::repeat_n(' ', count.min(self.limits.cell_bytes)));
                self.after_blank = false;
            }
            "text:tab" => self.shown.push('\t'),
            "text:line-break" => self.shown.push('\n'),
            _ => {}
        }
    }

    /// Text of a paragraph, in which blanks in a row are one.
    fn text(&mut self, text: &str) {
        if self.in_text == 0 || self.aside > 0 {
            return;
        }
        for character in text.chars() {
            if !matches!(character, ' ' | '\t' | '\n' | '\r') {
                self.shown.push(character);
            } else if !self.after_blank {
                self.shown.push(' ');
            }
            self.after_blank = matches!(character, ' ' | '\t' | '\n' | '\r');
        }
    }

    fn end(&mut self, name: &str) -> Result<(), ContentFault> {
        self.depth = self.depth.saturating_sub(1);
        if self.cell.is_some() {
            if self.aside > 0 {
                self.aside -= 1;
                return Ok(());
            }
            match name {
                "text:p" | "text:h" => self.in_text = self.in_text.saturating_sub(1),
                "table:table-cell" | "table:covered-table-cell" => self.end_cell(),
                _ => {}
            }
            return Ok(());
        }
        match name {
            "table:table-row" if self.sheet.is_some() => self.end_row()?,
            "table:table" => {
                if let Some((mut sheet, rows)) = self.sheet.take() {
                    sheet.rows = rows.finish(&mut sheet.seen);
                    self.sheets.push(sheet);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        let Some(tag) = self.cell.take() else { return };
        let columns = tag.columns;
        if !self.shown.is_empty() || !tag.value.is_empty() || tag.has_formula {
            self.cells.push((self.column, tag, std::mem::take(&mut self.shown)));
        }
        self.column = self.column.saturating_add(columns);
    }

    fn end_row(&mut self) -> Result<(), ContentFault> {
        let cells = std::mem::take(&mut self.cells);
        let (first, repeats) = (self.row, self.row_repeats);
        self.row = self.row.saturating_add(repeats);
        let Some((sheet, rows)) = &mut self.sheet else { return Ok(()) };
        if cells.is_empty() {
            return Ok(());
        }
        if self.row > self.limits.sheet_rows {
            return Err(damaged(&format!("a sheet has more than {} rows", self.limits.sheet_rows)));
        }
        let mut into = String::new();
        for row in first..first + repeats {
            let number = u32::try_from(row).unwrap_or(u32::MAX);
            if self.row_is_hidden {
                sheet.seen.hidden_rows.add(number);
                sheet.seen.is_filtered = true;
            }
            for (column, tag, shown) in &cells {
                let (text, kind) = tag.content(shown, &mut into);
                let last = column.saturating_add(tag.columns);
                if last > self.limits.sheet_columns {
                    return Err(damaged(&format!("a sheet has more than {} columns", self.limits.sheet_columns)));
                }
                for column in *column..last {
                    rows.push(&mut self.room, (row, column), text, kind, tag.typed(text))?;
                    let place = (number, u32::try_from(column).unwrap_or(u32::MAX));
                    if text.is_empty() && tag.has_formula && tag.kind.is_empty() {
                        rows.begin(row);
                        if !sheet.seen.add_unsaved(place) {
                            return Err(damaged("it has too many formulas without a value"));
                        }
                    }
                    let (down, right) = tag.spans;
                    let to = (place.0.saturating_add(down - 1), place.1.saturating_add(right - 1));
                    if to != place && !sheet.seen.add_merged(MergedCells { first: place, last: to }) {
                        return Err(damaged("it has too many merged cells"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn cell_tag(tag: &BytesStart<'_>) -> CellTag {
    let said = |name: &str| attribute(tag, name);
    let span = |name: &str| said(name).and_then(|count| count.parse().ok()).unwrap_or(1_u32).max(1);
    let kind = said("calcext:value-type").or_else(|| said("office:value-type")).unwrap_or_default();
    let value = match kind.as_str() {
        "date" => said("office:date-value"),
        "time" => said("office:time-value"),
        "boolean" => said("office:boolean-value"),
        "float" | "percentage" | "currency" => said("office:value"),
        _ => None,
    };
    CellTag {
        kind,
        value: value.unwrap_or_default(),
        has_formula: said("table:formula").is_some(),
        columns: usize::try_from(repeats(tag, "table:number-columns-repeated")).unwrap_or(usize::MAX),
        spans: (span("table:number-rows-spanned"), span("table:number-columns-spanned")),
    }
}

fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|count| count.parse().ok()).unwrap_or(1).max(1)
}

fn is_hidden(tag: &BytesStart<'_>) -> bool {
    attribute(tag, "table:visibility").is_some_and(|how| how == "collapse" || how == "filter")
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
}

fn damaged(what: &str) -> ContentFault {
    ContentFault { message: format!("can't be read: {what}"), hint: SAVE }
}
