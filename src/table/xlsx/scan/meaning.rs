//! What the tags of a part mean: rows, cells, strings, and how many of each.

use super::place::{PlaceFault, digits, place};
use super::{Content, ContentFault, DAMAGED, DEEPEST, MOST_DEFINITIONS, PartKind, SPLIT, Scan};
use crate::table::xml::{Attributes, Tag, TagKind, local};

impl Scan<'_> {
    pub(super) fn tag(&mut self, tag: Tag<'_>) -> Result<(), ContentFault> {
        if tag.kind == TagKind::End {
            return self.end(tag.name);
        }
        if tag.name.is_empty() || self.open.len() >= DEEPEST {
            return Err(self.damaged("is not well-formed"));
        }
        self.open.push(self.names.len());
        self.names.extend_from_slice(tag.name);
        self.start(tag.local(), tag.attributes)?;
        if tag.kind == TagKind::Empty { self.end(tag.name) } else { Ok(()) }
    }

    fn start(&mut self, name: &[u8], attributes: Attributes<'_>) -> Result<(), ContentFault> {
        match name {
            b"sheetData" => self.kind = PartKind::Sheet,
            b"row" => self.start_row(attributes)?,
            b"filterColumn" => self.seen.is_filtered = true,
            b"mergeCell" => {
                let ends = attributes.value(b"ref").unwrap_or_default();
                if !self.seen.merge(ends) {
                    return Err(self.refused("has more merged cells than a table of contacts", SPLIT));
                }
            }
            b"c" => self.start_cell(attributes)?,
            b"f" => self.content.has_formula = true,
            b"dimension" => {
                let ends = attributes.value(b"ref").unwrap_or_default().split(|byte| *byte == b':');
                ends.filter(|end| !end.is_empty()).try_for_each(|end| self.place_of(end).map(drop))?;
            }
            b"sst" => self.start_strings(&attributes)?,
            b"si" => {
                self.strings += 1;
                if self.strings > self.limits.distinct_strings {
                    return Err(self.too_many_strings());
                }
                self.start_content();
            }
            b"col" if attributes.value(b"hidden").is_some_and(says_yes) => {
                let edge = |key| attributes.value(key).and_then(digits).unwrap_or(0).min(16_384);
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

    fn start_row(&mut self, attributes: Attributes<'_>) -> Result<(), ContentFault> {
        self.seen.rows += 1;
        self.cells_in_row = 0;
        let (mut number, mut is_hidden) = (Some(0), false);
        for (name, value) in attributes {
            match name {
                b"r" => number = digits(value),
                b"hidden" => is_hidden = says_yes(value),
                _ => {}
            }
        }
        if self.seen.rows > self.limits.sheet_rows || number.is_none_or(|number| number > self.limits.sheet_rows) {
            return Err(self.too_many_rows());
        }
        // A row without a number follows the one before it.
        let row = number.filter(|number| *number > 0).and_then(|number| u32::try_from(number - 1).ok());
        let row = row.unwrap_or(if self.seen.rows == 1 { 0 } else { self.place.0 + 1 });
        self.place = (row, 0);
        if is_hidden {
            self.seen.hidden_rows.add(row);
        }
        Ok(())
    }

    fn start_cell(&mut self, attributes: Attributes<'_>) -> Result<(), ContentFault> {
        self.cells_in_row += 1;
        let mut column = if self.cells_in_row == 1 { 0 } else { self.place.1 + 1 };
        let mut is_text_result = false;
        for (name, value) in attributes {
            match name {
                b"r" => column = self.place_of(value)?.1,
                b"t" => is_text_result = value == b"str",
                _ => {}
            }
        }
        self.place.1 = column;
        if self.cells_in_row > self.limits.sheet_columns {
            return Err(self.too_many_columns());
        }
        self.start_content();
        self.content.is_text_result = is_text_result;
        Ok(())
    }

    /// Row and column of a reference such as `XFD12`: what lies outside of a sheet is refused.
    fn place_of(&self, reference: &[u8]) -> Result<(u32, u32), ContentFault> {
        place(reference, self.limits.sheet_rows, self.limits.sheet_columns).map_err(|fault| match fault {
            PlaceFault::NoPlace => self.damaged("has a cell in no place"),
            PlaceFault::TooManyColumns => self.too_many_columns(),
            PlaceFault::TooManyRows => self.too_many_rows(),
        })
    }

    fn start_strings(&mut self, attributes: &Attributes<'_>) -> Result<(), ContentFault> {
        self.kind = PartKind::Strings;
        // Room for this many is made at once, so the claim counts as much as what is there.
        let claimed = attributes.value(b"uniqueCount").map_or(Some(0), digits);
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

fn says_yes(value: &[u8]) -> bool {
    value == b"1" || value == b"true"
}
