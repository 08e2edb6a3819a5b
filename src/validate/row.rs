//! One row: all its cells, all its errors.

use std::collections::HashSet;

use super::cell::{check_cell, check_set_name, digits_lost, identifier_text, region_of, told_by_reader};
use super::fault::{CellFault, Understood, shown};
use super::garbled::ungarbled;
use super::numbering::Region;
use super::phone::PhoneRegion;
use super::plain::{is_plain_name, is_plain_set, is_plainly_good};
use super::seen_keys::Key;
use super::sets::unrepeated;
use super::whole_row::{is_blank, told_by_id};
use crate::contact::{Contact, FieldChange, Identifier, IdentifierKind, Overwrite, RowError, Value, trim_unseen};
use crate::mapping::{
    BadCells, Becomes, Blank, ColumnFeed, FieldFeed, Forward, NameFeed, SetAction, SetFeed, Test, is_placeholder,
    is_system_group, join_name, looks_joined, split_name, split_set,
};
use crate::table::RowView;

/// A row before duplicates are looked for.
pub(super) struct Checked {
    pub contact: Contact,
    /// In column order; empty if the row can be used.
    pub errors: Vec<RowError>,
    /// One for each identifier of the contact, in its order.
    pub keys: Vec<Key>,
    /// The row is none of those that the mapping sends.
    pub not_selected: bool,
}

/// What every row of a run shares.
pub(super) struct Rules<'a> {
    pub forward: &'a Forward,
    pub region: Option<Region>,
    /// The constants, checked once.
    pub constants: &'a [FieldChange],
    /// Nobody will look at the values: only identifiers, errors and notes are kept.
    pub verdicts_only: bool,
    /// What cells hold is what a service holds.
    pub is_exported: bool,
}

impl Rules<'_> {
    /// Checks every cell of a row.
    pub fn check(&self, row: &RowView<'_>) -> Checked {
        let mut draft = Draft::new(self, row);
        if let Some((column, test)) =
            self.forward.conditions().iter().find(|(column, test)| !test.holds(row.cell(*column)))
        {
            return draft.not_selected(*column, test);
        }
        if row.is_no_contact() {
            return Checked { contact: Contact::default(), errors: draft.errors, keys: Vec::new(), not_selected: true };
        }
        // With too few or too many cells nobody knows which column a cell belongs to.
        let aligned = !draft.errors.iter().any(|error| error.code.starts_with("row."));
        if aligned {
            for feed in self.forward.feeds() {
                draft.feed(feed);
                if !row.is_sound() {
                    draft.doubt_letters(feed);
                }
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
    /// Errors of identifiers that were left out with their cells: where no identifier is left, they are
    /// why.
    left_out: Vec<RowError>,
    /// An identifier's cell is filled but can't be used, so that none is missing.
    identifier_refused: bool,
    /// See [`told_by_id`].
    told_by_id: bool,
}

impl<'a> Draft<'a> {
    fn new(rules: &'a Rules<'a>, row: &'a RowView<'a>) -> Self {
        let mut contact = Contact::default();
        if !rules.verdicts_only {
            contact.fields.reserve(rules.forward.feeds().len() + rules.constants.len());
        }
        // What is wrong with a cell that feeds nothing is no error: the cell is not sent.
        let counts = |error: &RowError| error.column.is_none() || rules.forward.uses(error.column_index);
        let errors = row.errors().iter().map(|(_, error)| error).filter(|error| counts(error)).cloned().collect();
        contact.notes.extend(row.remarks().iter().map(|(_, remark)| remark.clone()));
        for (column, shown) in row.all_covered().filter(|(column, _)| rules.forward.uses(*column)) {
            contact.notes.push(merged(column, &rules.forward.headers()[column], shown));
        }
        let told_by_id = told_by_id(rules.forward, row);
        Self { rules, row, contact, errors, left_out: Vec::new(), identifier_refused: false, told_by_id }
    }

    /// A row that a condition leaves out.
    fn not_selected(mut self, column: usize, test: &Test) -> Checked {
        let header = self.header(column).to_owned();
        let cell = self.row.cell(column);
        let cell = if is_blank(cell) { "an empty cell".to_owned() } else { shown(cell) };
        let message = format!("{header}: only rows with {header} {} are sent: {cell}", shown(&test.to_string()));
        self.errors = vec![RowError::of_cell("row.not_selected", column, &header, message)];
        Checked { contact: Contact::default(), errors: self.errors, keys: Vec::new(), not_selected: true }
    }

    fn feed(&mut self, feed: &ColumnFeed) {
        if self.rules.verdicts_only && is_plainly_good(self.row, feed) {
            return;
        }
        // An entry that names none of the columns says nothing of the field, and empties none.
        if std::iter::once(&feed.column).chain(&feed.stand_ins).all(|column| self.row.is_absent(*column)) {
            return;
        }
        if let Becomes::Field(field) = &feed.becomes {
            self.field(feed, field);
            return;
        }
        let cell = self.row.cell(feed.column);
        if told_by_reader(self.row, feed.column) {
            self.leave_out_told(feed, feed.column, false);
            return;
        }
        if self.is_nothing(feed.column) {
            self.placeholder(feed.column);
        }
        match &feed.becomes {
            Becomes::Field(_) => {}
            Becomes::Name(name) => self.name(cell, feed, name),
            Becomes::Tags(set) => self.tags(cell, feed, set),
            Becomes::Lists(set) => self.lists(cell, feed, set),
        }
    }

    /// The field's value out of the first of its columns that has a usable cell.
    fn field(&mut self, feed: &ColumnFeed, field: &FieldFeed) {
        let mut refused: Vec<(usize, CellFault)> = Vec::new();
        let mut told = false;
        for column in std::iter::once(feed.column).chain(feed.stand_ins.iter().copied()) {
            if told_by_reader(self.row, column) {
                self.leave_out_told(feed, column, field.identifier.is_some());
                told = true;
                continue;
            }
            let cell = self.row.cell(column);
            if is_blank(cell) {
                continue;
            }
            // `null` is a value of JSON, and a list of choices may offer any word.
            if self.is_nothing(column) && !field.check.takes_any_word() {
                self.placeholder(column);
                continue;
            }
            let checked = match digits_lost(self.row, column, field) {
                Some(fault) => Err(fault),
                None => check_cell(cell, field, region_of(&field.check, self.row, self.rules.region)),
            };
            match checked {
                Ok(Understood { value, note }) => {
                    if column != feed.column {
                        self.stood_in(feed.column, column, &refused);
                    }
                    if let Some(kind) = field.identifier {
                        self.contact.identifiers.push(Identifier::new(kind, identifier_text(&value)));
                    }
                    if let Some(note) = note {
                        let note = self.error(column, cell, &note);
                        self.note(note);
                    }
                    self.left_behind(feed, column, field, &value);
                    if self.keeps(field) {
                        let written = (self.told_by_id && value.as_text() != cell).then(|| cell.into());
                        // A null or an empty text that JSON states is nothing to empty a held value for.
                        let states_none = value.is_empty() && feed.blank == Blank::Ignore;
                        let overwrite = if states_none { Overwrite::IfEmpty } else { field.overwrite };
                        let value = FieldChange::new(field.field.clone(), value, overwrite);
                        self.contact.fields.push(FieldChange { written, ..value });
                    }
                    return;
                }
                Err(fault) => refused.push((column, fault)),
            }
        }
        if refused.is_empty() && !told {
            self.blank(feed.blank, field);
        }
        if self.told_by_id
            && feed.bad_cells == BadCells::Row
            && field.store
            && field.identifier != Some(IdentifierKind::Id)
            && let Some((column, fault)) = refused.first()
        {
            let cell = self.row.cell(*column);
            let doubt = Some(Box::new(self.error(*column, cell, fault)));
            self.contact.fields.push(FieldChange { doubt, ..change(field, Value::Text(cell.to_owned())) });
            return;
        }
        for (column, fault) in refused {
            self.refuse_cell(feed, column, self.row.cell(column), &fault, field.identifier.is_some());
        }
    }

    /// Says that the value is another column's than the one that feeds the field first.
    fn stood_in(&mut self, first: usize, column: usize, refused: &[(usize, CellFault)]) {
        let why: Vec<_> = refused
            .iter()
            .map(|(column, fault)| {
                format!("{}: {}: {}", self.header(*column), fault.message, shown(self.row.cell(*column)))
            })
            .collect();
        let why = if why.is_empty() { format!("{} is empty", self.header(first)) } else { why.join("; ") };
        let header = self.header(column).to_owned();
        let message = format!("{header}: taken from this column, since {why}");
        self.note(RowError::of_cell("value.stand_in", column, &header, message));
    }

    /// Says which columns behind `taken` hold another value for the field, since that is not sent.
    fn left_behind(&mut self, feed: &ColumnFeed, taken: usize, field: &FieldFeed, value: &Value) {
        let behind = feed.stand_ins.iter().copied().skip_while(|column| taken != feed.column && *column != taken);
        for column in behind.filter(|column| *column != taken) {
            let cell = self.row.cell(column);
            if is_blank(cell) || self.is_nothing(column) {
                continue;
            }
            let region = region_of(&field.check, self.row, self.rules.region);
            if check_cell(cell, field, region).is_ok_and(|other| other.value == *value) {
                continue;
            }
            let header = self.header(column).to_owned();
            let message = format!("{header}: not sent, since {} has one: {}", self.header(taken), shown(cell));
            self.note(RowError::of_cell("value.left_behind", column, &header, message));
        }
    }

    /// Says that a cell's letters look as if they had been read in a wrong encoding before.
    fn doubt_letters(&mut self, feed: &ColumnFeed) {
        let last = match &feed.becomes {
            Becomes::Name(NameFeed::Join { last_column, .. }) => *last_column,
            _ => None,
        };
        for column in std::iter::once(feed.column).chain(last).filter(|_| !self.rules.is_exported) {
            let cell = self.row.cell(column);
            if let Some(before) = ungarbled(cell) {
                let header = self.header(column).to_owned();
                let message =
                    format!("{header}: sent as it is, though it may be meant as {}: {}", shown(&before), shown(cell));
                self.note(RowError::of_cell("text.looks_garbled", column, &header, message));
            }
        }
    }

    /// Says that a cell holds a word for "nothing".
    fn placeholder(&mut self, column: usize) {
        let header = self.header(column).to_owned();
        let message = format!("{header}: read as empty: {}", shown(self.row.cell(column)));
        self.note(RowError::of_cell("value.placeholder", column, &header, message));
    }

    /// Whether a cell holds a word for "nothing". In a row that an id of the service's tells, it is what the
    /// service holds.
    fn is_nothing(&self, column: usize) -> bool {
        !self.told_by_id && !self.rules.is_exported && is_placeholder(trim_unseen(self.row.cell(column)))
    }

    fn note(&mut self, note: RowError) {
        if !self.contact.notes.contains(&note) {
            self.contact.notes.push(note);
        }
    }

    fn header(&self, column: usize) -> &'a str {
        self.rules.forward.headers().get(column).map_or("", String::as_str)
    }

    fn name(&mut self, cell: &str, feed: &ColumnFeed, name: &NameFeed) {
        if self.rules.verdicts_only && is_plain_name(self.row, feed, name) {
            return;
        }
        match name {
            NameFeed::Split { first, last } => {
                let cell = if self.is_nothing(feed.column) { "" } else { cell };
                let (first_name, last_name) = split_name(cell);
                if reordered(cell, &first_name, &last_name) {
                    let header = self.header(feed.column).to_owned();
                    let (first_name, last_name) = (shown(&first_name), shown(&last_name));
                    let message =
                        format!("{header}: read as first name {first_name} and last name {last_name}: {}", shown(cell));
                    self.note(RowError::of_cell("value.name_divided", feed.column, &header, message));
                }
                self.part(cell, &first_name, feed, first);
                self.part(cell, &last_name, feed, last);
            }
            NameFeed::Join { name, last_column } => {
                let last = match last_column {
                    Some(column) if self.is_nothing(*column) => {
                        self.placeholder(*column);
                        ""
                    }
                    Some(column) => self.row.cell(*column),
                    None => "",
                };
                let whole = join_name(if self.is_nothing(feed.column) { "" } else { cell }, last);
                self.part(&whole, &whole, feed, name);
            }
        }
    }

    /// One part of a name made from `cell`.
    fn part(&mut self, cell: &str, part: &str, feed: &ColumnFeed, field: &FieldFeed) {
        if part.is_empty() {
            self.blank(feed.blank, field);
            return;
        }
        match check_cell(part, field, PhoneRegion::Unknown) {
            Ok(Understood { value, .. }) => self.set(field, value),
            Err(fault) => self.refuse_cell(feed, feed.column, cell, &fault, false),
        }
    }

    fn tags(&mut self, cell: &str, feed: &ColumnFeed, set: &SetFeed) {
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

    fn lists(&mut self, cell: &str, feed: &ColumnFeed, set: &SetFeed) {
        let names = self.names(cell, feed, set);
        match set.action {
            SetAction::Remove => self.contact.lists.remove.extend(names),
            SetAction::Add | SetAction::Replace => self.contact.lists.add.extend(names),
        }
    }

    /// The names in a cell. However many of them can't be used, that is one error of the cell.
    fn names(&mut self, cell: &str, feed: &ColumnFeed, set: &SetFeed) -> Vec<String> {
        if is_blank(cell) || self.is_nothing(feed.column) {
            return Vec::new();
        }
        if self.rules.verdicts_only && is_plain_set(self.row, self.rules.forward, feed, set) {
            return Vec::new();
        }
        let mut names = split_set(cell, &set.separators);
        let header = self.header(feed.column);
        if let Some(group) = names.iter().find(|name| is_system_group(name)) {
            let message = format!("{header}: left out, a group that the address book made: {}", shown(group));
            self.note(RowError::of_cell("tags.system_group", feed.column, header, message));
            names.retain(|name| !is_system_group(name));
        }
        // In quotation marks it was written on purpose.
        let joined = |name: &&String| looks_joined(name).is_some() && !cell.contains(&format!("\"{name}\""));
        if let Some(name) = names.iter().find(joined).filter(|_| !cell.trim_start().starts_with('[')) {
            let message = format!("{header}: one name, though it looks like several: {}", shown(name));
            self.note(RowError::of_cell("tags.looks_joined", feed.column, header, message));
        }
        let refused = names.iter().find_map(|name| Some((name.clone(), check_set_name(name, set.max_chars).err()?)));
        if let Some((name, fault)) = refused {
            self.refuse_cell(feed, feed.column, &name, &fault, false);
            names.retain(|name| check_set_name(name, set.max_chars).is_ok());
        }
        names
    }

    fn constants(&mut self) {
        if !self.rules.verdicts_only {
            self.contact.fields.extend(self.rules.constants.iter().cloned());
        }
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
        if self.contact.identifiers.is_empty() && !self.left_out.is_empty() {
            let notes = &mut self.contact.notes;
            notes.retain(|note| !self.left_out.iter().any(|left_out| left_out.column_index == note.column_index));
            self.errors.append(&mut self.left_out);
            return;
        }
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
        if self.keeps(field) {
            self.contact.fields.push(change(field, value));
        }
    }

    fn keeps(&self, field: &FieldFeed) -> bool {
        field.store && !self.rules.verdicts_only
    }

    /// A cell that can't be used: an error of the row, or left out with a note where the mapping says so.
    fn refuse_cell(&mut self, feed: &ColumnFeed, column: usize, value: &str, fault: &CellFault, identifies: bool) {
        let error = self.error(column, value, fault);
        self.refused(feed, error, identifies);
    }

    fn error(&self, column: usize, value: &str, fault: &CellFault) -> RowError {
        let header = self.header(column);
        RowError::of_cell(fault.code, column, header, format!("{header}: {}: {}", fault.message, shown(value)))
    }

    fn refused(&mut self, feed: &ColumnFeed, error: RowError, identifies: bool) {
        if feed.bad_cells == BadCells::Row {
            self.identifier_refused |= identifies;
            self.errors.push(error);
            return;
        }
        self.note(error.clone().left_out());
        if identifies {
            self.left_out.push(error);
        }
    }

    /// Where cells are left out, an error of the reader concerns its cell alone.
    fn leave_out_told(&mut self, feed: &ColumnFeed, column: usize, identifies: bool) {
        if feed.bad_cells == BadCells::Row {
            self.identifier_refused |= identifies;
            return;
        }
        let (told, errors) =
            std::mem::take(&mut self.errors).into_iter().partition(|error| error.column_index == column);
        self.errors = errors;
        let told: Vec<RowError> = told;
        for error in told {
            self.refused(feed, error, identifies);
        }
    }

    fn finish(mut self) -> Checked {
        self.errors.sort_by_key(|error| error.column_index);
        let keys = self.contact.identifiers.iter().map(Key::of).collect();
        self.contact.notes.sort_by_key(|note| note.column_index);
        Checked { contact: self.contact, errors: self.errors, keys, not_selected: false }
    }
}

/// An empty cell that a sheet shows as filled.
fn merged(column: usize, header: &str, text: &str) -> RowError {
    let text = shown(text);
    let message = format!(
        "{header}: empty here, since merged cells count for their first row (merged = \"repeat\" in the mapping gives \
         it to each): {text}"
    );
    RowError::of_cell("value.merged", column, header, message)
}

fn change(field: &FieldFeed, value: Value) -> FieldChange {
    FieldChange::new(field.field.clone(), value, field.overwrite)
}

/// Whether a divided name has its words in another order than the cell.
fn reordered(cell: &str, first: &str, last: &str) -> bool {
    !last.is_empty() && join_name(first, last) != join_name(cell, "")
}
