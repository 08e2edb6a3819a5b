//! Rows that name somebody an earlier row has named.

use std::collections::HashMap;

use super::fault::shown;
use crate::contact::{Identifier, Position, RowError};

/// An identifier in 16 bytes: a hash, since a file of millions of rows has to fit into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub fn of(identifier: &Identifier) -> Self {
        let text = format!("{}\0{}", identifier.kind, identifier.comparable());
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        Self(key)
    }
}

/// Where an identifier stood first.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: u32,
    sheet: u16,
}

/// The identifiers of the rows seen so far: some 40 bytes each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    places: HashMap<Key, Place>,
}

impl Seen {
    /// The error of a row one of whose identifiers an earlier row has.
    pub fn conflict(&self, identifiers: &[Identifier], keys: &[Key], position: Position) -> Option<RowError> {
        let (identifier, first) = identifiers
            .iter()
            .zip(keys)
            .find_map(|(identifier, key)| self.places.get(key).map(|first| (identifier, first)))?;
        let sheet = if first.sheet == position.sheet {
            String::new()
        } else {
            format!(" of sheet {}", u32::from(first.sheet) + 1)
        };
        let message = format!(
            "line {}{sheet} has the same {}, keep one of the two rows: {}",
            first.line,
            identifier.kind,
            shown(&identifier.value)
        );
        Some(RowError::of_row("duplicate.in_file", message))
    }

    /// Remembers the identifiers of a row that will be sent.
    pub fn remember(&mut self, keys: &[Key], position: Position) {
        let place = Place { line: u32::try_from(position.line).unwrap_or(u32::MAX), sheet: position.sheet };
        for key in keys {
            self.places.entry(*key).or_insert(place);
        }
    }
}
