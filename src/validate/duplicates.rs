//! Rows that name somebody an earlier row has named.

use super::fault::shown;
use super::seen_keys::{Key, Place, SeenKeys};
use crate::contact::{Identifier, IdentifierKind, Position, RowError};

/// The identifiers of the rows seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    keys: SeenKeys,
}

impl Seen {
    /// The error of a row one of whose identifiers an earlier row has. Two rows with the service's own ids
    /// name two contacts, whatever those have in common.
    pub fn conflict(&self, identifiers: &[Identifier], keys: &[Key], position: Position) -> Option<RowError> {
        for (identifier, key) in identifiers.iter().zip(keys) {
            match self.keys.get(key) {
                Ok(None) => {}
                Ok(Some(first)) => {
                    if identifier.kind == IdentifierKind::Id || !(first.by_id && has_id(identifiers)) {
                        return Some(named_before(identifier, first, position));
                    }
                }
                Err(error) => {
                    let message = format!("earlier rows can't be read back from a temporary file: {error}");
                    return Some(RowError::of_row("duplicate.not_compared", message));
                }
            }
        }
        None
    }

    /// Remembers the identifiers of a row that will be sent.
    pub fn remember(&mut self, identifiers: &[Identifier], keys: &[Key], position: Position) {
        let line = u32::try_from(position.line).unwrap_or(u32::MAX);
        let place = Place { line, sheet: position.sheet, by_id: has_id(identifiers) };
        for key in keys {
            // Where it stood first is kept. Of a row that is in no conflict an earlier one has a key only
            // where both have ids.
            if !(place.by_id && self.keys.get(key).is_ok_and(|first| first.is_some())) {
                self.keys.add(*key, place);
            }
        }
    }
}

fn named_before(identifier: &Identifier, first: Place, position: Position) -> RowError {
    let sheet =
        if first.sheet == position.sheet { String::new() } else { format!(" of sheet {}", u32::from(first.sheet) + 1) };
    let message = format!(
        "line {}{sheet} has the same {}, keep one of the two rows: {}",
        first.line,
        identifier.kind,
        shown(&identifier.value)
    );
    RowError::of_row("duplicate.in_file", message)
}

/// Whether the service's own id is among the identifiers of a row.
pub(super) fn has_id(identifiers: &[Identifier]) -> bool {
    identifiers.iter().any(|identifier| identifier.kind == IdentifierKind::Id)
}
