//! Cells of which a glance tells that they are good, for whoever does not want their values.
//!
//! Of a cell that needs a closer look none of these says anything: it is looked at as any other, and the
//! verdict on it is the same either way.

use super::text::is_spreadsheet_error;
use crate::contact::is_invisible;
use crate::mapping::{Becomes, Check, ColumnFeed, FieldFeed, Forward, NameFeed, SetAction, SetFeed, is_placeholder};
use crate::table::RowView;

/// Whether a cell is free text with which nothing can be wrong and of which nothing is to be told.
pub(super) fn is_plainly_good(row: &RowView<'_>, feed: &ColumnFeed) -> bool {
    let Becomes::Field(field) = &feed.becomes else { return false };
    matches!(field.check, Check::Text)
        && field.identifier.is_none()
        && feed.stand_ins.is_empty()
        && row.plain_cell(feed.column).is_some_and(|cell| is_plain_text(cell, field))
}

/// The same for a name that is divided or joined: its words stay in their order.
pub(super) fn is_plain_name(row: &RowView<'_>, feed: &ColumnFeed, name: &NameFeed) -> bool {
    // Words that are errors of a spreadsheet, or turn a name round.
    let is_plain = |cell: &str, field: &FieldFeed| {
        is_plain_text(cell, field) && !cell.bytes().any(|byte| matches!(byte, b'#' | b':' | b',' | b')' | b']' | b'='))
    };
    let Some(cell) = row.plain_cell(feed.column) else { return false };
    match name {
        NameFeed::Split { first, last } => is_plain(cell, first) && is_plain(cell, last),
        NameFeed::Join { name, last_column } => {
            let Some(last) = last_column.map_or(Some(""), |column| row.plain_cell(column)) else { return false };
            let fits = name.max_chars.is_none_or(|most| cell.len() + last.len() < most);
            fits && is_plain(cell, name) && is_plain(last, name)
        }
    }
}

/// Whether all names in a cell can be used, and none looks like several.
pub(super) fn is_plain_set(row: &RowView<'_>, forward: &Forward, feed: &ColumnFeed, set: &SetFeed) -> bool {
    let Some(cell) = row.plain_cell(feed.column) else { return false };
    let divides = |byte: u8| set.separators.iter().any(|separator| separator.as_bytes() == [byte]);
    // A failed formula, a group of an address book, a list in JSON, and what may stand between names.
    let is_mark = |byte: u8| matches!(byte, b'#' | b'*' | b'[' | b':' | b';' | b',' | b'|' | b'/');
    let tells = |byte: u8| is_mark(byte) && (matches!(byte, b'#' | b'*' | b'[' | b':') || !divides(byte));
    set.max_chars.is_none_or(|most| cell.len() <= most)
        && !cell.bytes().any(tells)
        // What is both added and removed is told.
        && !forward.feeds().iter().any(|feed| matches!(&feed.becomes, Becomes::Tags(set) if set.action == SetAction::Remove))
}

/// Whether a text that is not empty begins and ends with what can be seen.
fn ends_seen(text: &str) -> bool {
    let is_seen = |character: char| {
        if character.is_ascii() {
            character.is_ascii_graphic()
        } else {
            !character.is_whitespace() && !is_invisible(character)
        }
    };
    let mut characters = text.chars();
    characters.next().is_some_and(is_seen) && characters.next_back().is_none_or(is_seen)
}

/// Whether a plain cell is free text that can be used as it is.
fn is_plain_text(cell: &str, field: &FieldFeed) -> bool {
    if !matches!(field.check, Check::Text) {
        return false;
    }
    let Some(first) = cell.as_bytes().first() else { return true };
    ends_seen(cell)
        && *first != b'='
        && field.max_chars.is_none_or(|most| cell.len() <= most)
        && !is_placeholder(cell)
        && !is_spreadsheet_error(cell)
}
