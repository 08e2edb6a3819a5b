use std::time::Duration;

use rusqlite::Connection;

use super::super::stored::{Known, PackedKnown, Secrets};
use super::super::vault::Vault;
use super::names::Names;
use crate::journal::Hasher;

/// What a piece of work has at hand.
pub(super) struct Tools<'a> {
    pub(super) names: &'a mut Names,
    pub(super) hasher: &'a Hasher,
    pub(super) vault: &'a Vault,
    /// What the store's calendar shows, from the Unix epoch.
    pub(super) now: Duration,
}

impl Tools<'_> {
    /// What the bytes say that are known of the contact with this id.
    pub(super) fn open(&mut self, db: &Connection, id: &str, known: &[u8]) -> rusqlite::Result<Known> {
        self.unpack(db, id, PackedKnown::read(known)?)
    }

    /// What was taken apart of the contact with this id, opened.
    pub(super) fn unpack(&mut self, db: &Connection, id: &str, known: PackedKnown) -> rusqlite::Result<Known> {
        let secrets = Secrets { hasher: self.hasher, vault: self.vault };
        known.open(secrets, id, |number| self.names.field_name(db, number))
    }

    /// What is known of the contact with this id, as bytes.
    pub(super) fn pack(&mut self, db: &Connection, id: &str, known: &Known) -> rusqlite::Result<Vec<u8>> {
        let secrets = Secrets { hasher: self.hasher, vault: self.vault };
        known.pack(secrets, id, |number| self.names.field_name(db, number))
    }
}
