use super::fault::shown;
use super::row::Rules;
use super::validator::Validator;
use crate::contact::{Contact, Field, IdentifierKind, RowError, trim_unseen};
use crate::mapping::{
    Becomes, ColumnFeed, FieldFeed, NameFeed, SetAction, SetFeed, is_placeholder, is_system_group, split_set,
};
use crate::table::RowBatch;

/// What a column becomes, with a few of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Position of the column, from 0.
    pub column: usize,
    /// Columns that stand in for it, in order.
    pub stand_ins: Vec<usize>,
    /// `phone`, `first_name and last_name`, `tags to add`.
    pub becomes: String,
    /// Different values, each as it stands in the file and as it would be sent, shortened; instead of the
    /// latter the code of an error.
    pub values: Vec<(String, String)>,
}

/// Different values shown of a column.
const SHOWN: usize = 3;

impl Validator {
    /// What each mapped column makes of the first few values in `batch`.
    pub fn preview(&self, batch: &RowBatch) -> Vec<Preview> {
        let rules = self.rules();
        self.forward().feeds().iter().map(|feed| of_feed(&rules, feed, batch)).collect()
    }
}

fn of_feed(rules: &Rules<'_>, feed: &ColumnFeed, batch: &RowBatch) -> Preview {
    let mut values: Vec<(String, String)> = Vec::new();
    for row in batch.rows() {
        let cell = trim_unseen(row.cell(feed.column));
        if cell.is_empty() || is_placeholder(cell) || values.iter().any(|(before, _)| *before == shown(cell)) {
            continue;
        }
        let checked = rules.check(&row);
        if checked.not_selected || checked.errors.iter().any(|error| error.code.starts_with("row.")) {
            continue;
        }
        let refused = checked.errors.iter().find(|error| error.column_index == feed.column);
        let after = match refused {
            Some(RowError { code, .. }) => code.to_string(),
            None => after(feed, cell, &checked.contact),
        };
        values.push((shown(cell), after));
        if values.len() == SHOWN {
            break;
        }
    }
    Preview { column: feed.column, stand_ins: feed.stand_ins.clone(), becomes: becomes(feed), values }
}

fn becomes(feed: &ColumnFeed) -> String {
    let set = |set: &SetFeed, what: &str| match set.action {
        SetAction::Add => format!("{what} to add"),
        SetAction::Remove => format!("{what} to take away"),
        SetAction::Replace => format!("all {what}"),
    };
    match &feed.becomes {
        Becomes::Field(field) => field.field.name().to_owned(),
        Becomes::Name(NameFeed::Split { first, last }) => format!("{} and {}", first.field.name(), last.field.name()),
        Becomes::Name(NameFeed::Join { name, last_column: Some(_) }) => format!("{}, with the last name", name.field),
        Becomes::Name(NameFeed::Join { name, last_column: None }) => name.field.name().to_owned(),
        Becomes::Tags(tags) => set(tags, "tags"),
        Becomes::Lists(lists) => set(lists, "lists"),
    }
}

fn after(feed: &ColumnFeed, cell: &str, contact: &Contact) -> String {
    let text = |field: &Field| {
        let change = contact.fields.iter().find(|change| change.field == *field);
        change.map_or_else(String::new, |change| match &change.doubt {
            Some(doubt) => doubt.code.to_string(),
            None => shown(&change.value.as_text()),
        })
    };
    match &feed.becomes {
        Becomes::Field(FieldFeed { field, store, .. }) => {
            if *store {
                return text(field);
            }
            let kind = IdentifierKind::from_name(field.name());
            let found = contact.identifiers.iter().find(|identifier| Some(identifier.kind) == kind);
            found.map_or_else(String::new, |identifier| shown(&identifier.value))
        }
        Becomes::Name(NameFeed::Split { first, last }) => {
            let parts = [text(&first.field), text(&last.field)];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(" + ")
        }
        Becomes::Name(NameFeed::Join { name, .. }) => text(&name.field),
        Becomes::Tags(set) | Becomes::Lists(set) => {
            let names = split_set(cell, &set.separators);
            let names = names.iter().filter(|name| !is_system_group(name));
            names.map(|name| shown(name)).collect::<Vec<_>>().join(" + ")
        }
    }
}
