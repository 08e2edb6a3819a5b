//! One row: all its cells, all its errors.

use std::collections::HashSet;

use rlibphonenumber::Region;

use super::cell::{check_cell, check_set_name, identifier_text, region_of, told_by_reader};
use super::duplicates::Key;
use super::fault::{Fault, is_invisible, shown};
use super::phone::PhoneRegion;
use crate::contact::{Contact, FieldChange, Identifier, IdentifierKind, RowError, Value};
use crate::mapping::{
    Becomes, Blank, Check, Feed, FieldFeed, Forward, NameFeed, SetAction, SetFeed, join_name, split_name, split_set,
};
use crate::table::{CellFlag, RowView};

/// A row before duplicates are looked for.
pub(super) struct Checked {
    pub contact: Contact,
    /// In column order; empty if the row can be used.
    pub errors: Vec<RowError>,
    /// One for each identifier of the contact, in its order.
    pub keys: Vec<Key>,
}

/// What every row of a run shares.
pub(super) struct Rules<'a> {
    pub forward: &'a Forward,
    pub region: Option<Region>,
    /// The constants, checked once.
    pub constants: &'a [FieldChange],
}

impl Rules<'_> {
    /// Checks every cell of a row.
    pub fn check(&self, row: &RowView<'_>) -> Checked {
        let mut draft = Draft::new(self, row);
        // With too few or too many cells nobody knows which column a cell belongs to.
        let aligned = !draft.errors.iter().any(|error| error.code.starts_with("row."));
        if aligned {
            for feed in self.forward.feeds() {
                draft.feed(feed);
            }
            draft.constants();
            draft.identifiers();
        }
        draft.finish()
    }
}

struct Draft<'a> {
    rules: &'a Rules<'a>,
    row: &'a RowView<'a>,
    contact: Contact,
    errors: Vec<RowError>,
    /// An identifier's cell is filled but can't be used, so that none is missing.
    identifier_refused: bool,
}

impl<'a> Draft<'a> {
    fn new(rules: &'a Rules<'a>, row: &'a RowView<'a>) -> Self {
        let mut contact = Contact::default();
        contact.fields.reserve(rules.forward.feeds().len() + rules.constants.len());
        let errors = row.errors().iter().map(|(_, error)| error.clone()).collect();
        Self { rules, row, contact, errors, identifier_refused: false }
    }

    fn feed(&mut self, feed: &Feed) {
        let cell = self.row.cell(feed.column);
        if !self.errors.is_empty() && told_by_reader(self.row, feed.column) {
            self.identifier_refused |= matches!(&feed.becomes, Becomes::Field(field) if field.identifier.is_some());
            return;
        }
        match &feed.becomes {
            Becomes::Field(field) => self.field(cell, feed, field),
            Becomes::Name(name) => self.name(cell, feed, name),
            Becomes::Tags(set) => self.tags(cell, feed, set),
            Becomes::Lists(set) => self.lists(cell, feed, set),
        }
    }

    fn field(&mut self, cell: &str, feed: &Feed, field: &FieldFeed) {
        if is_blank(cell) {
            self.blank(feed.blank, field);
            return;
        }
        let checked = match digits_lost(self.row, feed.column, field) {
            Some(fault) => Err(fault),
            None => check_cell(cell, field, region_of(&field.check, self.row, self.rules.region)),
        };
        match checked {
            Ok(value) => {
                if let Some(kind) = field.identifier {
                    self.contact.identifiers.push(Identifier::new(kind, identifier_text(&value)));
                }
                self.set(field, value);
            }
            Err(fault) => {
                self.identifier_refused |= field.identifier.is_some();
                self.refuse(feed.column, cell, &fault);
            }
        }
    }

    fn name(&mut self, cell: &str, feed: &Feed, name: &NameFeed) {
        match name {
            NameFeed::Split { first, last } => {
                let (first_name, last_name) = split_name(cell);
                self.part(cell, &first_name, feed, first);
                self.part(cell, &last_name, feed, last);
            }
            NameFeed::Join { name, last_column } => {
                let whole = join_name(cell, last_column.map_or("", |column| self.row.cell(column)));
                self.part(&whole, &whole, feed, name);
            }
        }
    }

    /// One part of a name made from `cell`.
    fn part(&mut self, cell: &str, part: &str, feed: &Feed, field: &FieldFeed) {
        if part.is_empty() {
            self.blank(feed.blank, field);
            return;
        }
        match check_cell(part, field, PhoneRegion::Unknown) {
            Ok(value) => self.set(field, value),
            Err(fault) => self.refuse(feed.column, cell, &fault),
        }
    }

    fn tags(&mut self, cell: &str, feed: &Feed, set: &SetFeed) {
        let names = self.names(cell, feed, set);
        let tags = &mut self.contact.tags;
        match set.action {
            SetAction::Add => tags.add.extend(names),
            SetAction::Remove => tags.remove.extend(names),
            SetAction::Replace => {
                tags.replace |= !names.is_empty() || feed.blank == Blank::Clear;
                tags.add.extend(names);
            }
        }
    }

    fn lists(&mut self, cell: &str, feed: &Feed, set: &SetFeed) {
        let names = self.names(cell, feed, set);
        match set.action {
            SetAction::Remove => self.contact.lists.remove.extend(names),
            SetAction::Add | SetAction::Replace => self.contact.lists.add.extend(names),
        }
    }

    /// The names in a cell. However many of them can't be used, that is one error of the cell.
    fn names(&mut self, cell: &str, feed: &Feed, set: &SetFeed) -> Vec<String> {
        if is_blank(cell) {
            return Vec::new();
        }
        let names = split_set(cell, set.separator);
        let refused = names.iter().find_map(|name| Some((name, check_set_name(name, set.max_chars).err()?)));
        if let Some((name, fault)) = refused {
            self.refuse(feed.column, name, &fault);
        }
        names
    }

    fn constants(&mut self) {
        self.contact.fields.extend(self.rules.constants.iter().cloned());
        self.contact.tags.add.extend_from_slice(self.rules.forward.constant_tags());
        self.contact.lists.add.extend_from_slice(self.rules.forward.constant_lists());
        unrepeated(&mut self.contact.tags.add);
        unrepeated(&mut self.contact.tags.remove);
        unrepeated(&mut self.contact.lists.add);
        unrepeated(&mut self.contact.lists.remove);
        let tags = &self.contact.tags;
        if !tags.remove.is_empty() && !tags.add.is_empty() {
            let removed: HashSet<_> = tags.remove.iter().collect();
            if let Some(tag) = tags.add.iter().find(|tag| removed.contains(tag)) {
                let message = format!("one tag is both added and removed, keep one of the two: {}", shown(tag));
                self.errors.push(RowError::of_row("tags.added_and_removed", message));
            }
        }
    }

    fn identifiers(&mut self) {
        self.contact.identifiers.sort_by_key(|identifier| identifier.kind);
        if self.contact.identifiers.is_empty() && !self.identifier_refused {
            let kinds: Vec<_> = self.rules.forward.match_by().iter().copied().map(IdentifierKind::name).collect();
            let message = format!("nothing to find the contact by, fill one of: {}", kinds.join(", "));
            self.errors.push(RowError::of_row("identifier.missing", message));
        }
    }

    fn blank(&mut self, blank: Blank, field: &FieldFeed) {
        if blank == Blank::Clear {
            self.set(field, Value::Clear);
        }
    }

    fn set(&mut self, field: &FieldFeed, value: Value) {
        if field.store {
            let change = FieldChange { field: field.field.clone(), value, overwrite: field.overwrite };
            self.contact.fields.push(change);
        }
    }

    fn refuse(&mut self, column: usize, value: &str, fault: &Fault) {
        let header = self.rules.forward.headers().get(column).map_or("", String::as_str);
        let message = format!("{header}: {}: {}", fault.message, shown(value));
        self.errors.push(RowError::of_cell(fault.code, column, header, message));
    }

    fn finish(mut self) -> Checked {
        self.errors.sort_by_key(|error| error.column_index);
        let keys = self.contact.identifiers.iter().map(Key::of).collect();
        Checked { contact: self.contact, errors: self.errors, keys }
    }
}

/// A number so long that the spreadsheet dropped its last digits, unless it is an amount.
fn digits_lost(row: &RowView<'_>, column: usize, field: &FieldFeed) -> Option<Fault> {
    let code = match field.check {
        Check::Number(_) => return None,
        Check::Phone { .. } => "phone.digits_lost",
        _ => "value.digits_lost",
    };
    (row.flag(column) == Some(CellFlag::DigitsLost)).then(|| {
        let cause = "a spreadsheet keeps 15 digits of a number, and the last ones are gone";
        Fault::new(code, format!("{cause}, set the column's format to text there and enter the number again"))
    })
}

/// Whether there is nothing in the cell that a person could see.
fn is_blank(cell: &str) -> bool {
    cell.chars().all(|character| character.is_whitespace() || is_invisible(character))
}

/// Leaves the first of equal names.
fn unrepeated(names: &mut Vec<String>) {
    // For the few names of a usual cell, comparing each with those before it is quicker than hashing.
    if names.len() <= 16 {
        let mut at = 1;
        while at < names.len() {
            if names[..at].contains(&names[at]) {
                names.remove(at);
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut seen = HashSet::with_capacity(names.len());
    let first: Vec<bool> = names.iter().map(|name| seen.insert(name.as_str())).collect();
    let mut first = first.into_iter();
    names.retain(|_| first.next().unwrap_or(true));
}
