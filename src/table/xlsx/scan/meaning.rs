//! What the tags of a part mean: rows, cells, strings, and how many of each.

use super::attributes::{attribute, column_number, digits, is_hidden, local, place};
use super::{Content, ContentFault, DAMAGED, DEEPEST, MOST_DEFINITIONS, PartKind, SPLIT, Scan};

impl Scan<'_> {
    /// A whole tag, without its brackets.
    pub(super) fn tag(&mut self, tag: &[u8]) -> Result<(), ContentFault> {
        if let Some(name) = tag.strip_prefix(b"/") {
            return self.end(name.trim_ascii_end());
        }
        let closed = tag.strip_suffix(b"/");
        let tag = closed.unwrap_or(tag);
        let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if name.is_empty() || self.open.len() >= DEEPEST {
            return Err(self.damaged("is not well-formed"));
        }
        self.open.push(self.names.len());
        self.names.extend_from_slice(name);
        self.start(local(name), &tag[name.len()..])?;
        if closed.is_some() { self.end(name) } else { Ok(()) }
    }

    fn start(&mut self, name: &[u8], attributes: &[u8]) -> Result<(), ContentFault> {
        match name {
            b"sheetData" => self.kind = PartKind::Sheet,
            b"row" => self.start_row(attributes)?,
            b"filterColumn" => self.seen.is_filtered = true,
            b"mergeCell" => {
                let ends = attribute(attributes, b"ref").unwrap_or_default();
                if !self.seen.merge(ends) {
                    return Err(self.refused("has more merged cells than a table of contacts", SPLIT));
                }
            }
            b"c" => self.start_cell(attributes)?,
            b"f" => self.content.has_formula = true,
            b"dimension" => {
                let ends = attribute(attributes, b"ref").unwrap_or_default().split(|byte| *byte == b':');
                ends.filter(|end| !end.is_empty()).try_for_each(|end| self.check_reference(end))?;
            }
            b"sst" => self.start_strings(attributes)?,
            b"si" => {
                self.strings += 1;
                if self.strings > self.limits.distinct_strings {
                    return Err(self.too_many_strings());
                }
                self.start_content();
            }
            b"col" if is_hidden(attributes) => {
                let edge = |key| attribute(attributes, key).and_then(digits).unwrap_or(0).min(16_384);
                self.seen.hidden_columns += (edge(b"max") + 1).saturating_sub(edge(b"min"));
            }
            b"xf" | b"font" | b"fill" | b"border" | b"numFmt" | b"sheet" | b"definedName" | b"Relationship" => {
                self.definitions += 1;
                if self.definitions > MOST_DEFINITIONS {
                    return Err(self.refused(&format!("has more than {MOST_DEFINITIONS} styles and names"), SPLIT));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn start_row(&mut self, attributes: &[u8]) -> Result<(), ContentFault> {
        self.seen.rows += 1;
        self.cells_in_row = 0;
        let number = attribute(attributes, b"r").map_or(Some(0), digits);
        if self.seen.rows > self.limits.sheet_rows || number.is_none_or(|number| number > self.limits.sheet_rows) {
            return Err(self.too_many_rows());
        }
        // A row without a number follows the one before it.
        let row = number.filter(|number| *number > 0).and_then(|number| u32::try_from(number - 1).ok());
        let row = row.unwrap_or(if self.seen.rows == 1 { 0 } else { self.place.0 + 1 });
        self.place = (row, 0);
        if is_hidden(attributes) {
            self.seen.hidden_rows.add(row);
        }
        Ok(())
    }

    fn start_cell(&mut self, attributes: &[u8]) -> Result<(), ContentFault> {
        self.cells_in_row += 1;
        let mut column = if self.cells_in_row == 1 { 0 } else { self.place.1 + 1 };
        if let Some(reference) = attribute(attributes, b"r") {
            self.check_reference(reference)?;
            column = place(reference).map_or(column, |(_, column)| column);
        }
        self.place.1 = column;
        if self.cells_in_row > self.limits.sheet_columns {
            return Err(self.too_many_columns());
        }
        self.start_content();
        self.content.is_text_result = attribute(attributes, b"t") == Some(b"str");
        Ok(())
    }

    /// A reference such as `XFD12`: what lies outside of a sheet overflows in other readers.
    fn check_reference(&self, reference: &[u8]) -> Result<(), ContentFault> {
        let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let row = digits(&reference[letters..]);
        if letters == 0 || !reference[letters..].iter().all(u8::is_ascii_digit) || row == Some(0) {
            return Err(self.damaged("has a cell in no place"));
        }
        if column_number(&reference[..letters]).is_none_or(|column| column > self.limits.sheet_columns) {
            return Err(self.too_many_columns());
        }
        if row.is_none_or(|row| row > self.limits.sheet_rows) {
            return Err(self.too_many_rows());
        }
        Ok(())
    }

    fn start_strings(&mut self, attributes: &[u8]) -> Result<(), ContentFault> {
        self.kind = PartKind::Strings;
        // Room for this many is made at once, so the claim counts as much as what is there.
        let claimed = attribute(attributes, b"uniqueCount").map_or(Some(0), digits);
        if claimed.is_none_or(|claimed| claimed > self.limits.distinct_strings) {
            return Err(self.too_many_strings());
        }
        Ok(())
    }

    fn start_content(&mut self) {
        if self.content.depth == 0 {
            self.content = Content { depth: self.open.len(), ..Content::default() };
        }
    }

    fn end(&mut self, name: &[u8]) -> Result<(), ContentFault> {
        let Some(from) = self.open.last().copied() else { return Err(self.damaged("is not well-formed")) };
        if &self.names[from..] != name {
            return Err(self.damaged("is not well-formed"));
        }
        // Programs that compute nothing write an empty value behind a formula.
        self.content.has_value |= self.text_before > 0 && matches!(local(name), b"v" | b"t");
        if self.content.depth == self.open.len() {
            if local(name) == b"c" {
                self.seen.filled_cells += u64::from(self.content.has_value);
                let Content { has_formula, has_value, is_text_result, .. } = self.content;
                if has_formula && !has_value && !is_text_result && !self.seen.add_unsaved(self.place) {
                    return Err(self.refused("has too many formulas without a saved value", DAMAGED));
                }
            }
            self.content = Content::default();
        }
        self.names.truncate(from);
        self.open.pop();
        Ok(())
    }
}
