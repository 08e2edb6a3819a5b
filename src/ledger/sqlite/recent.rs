//! What this handle has written of rows that are under way and of their contacts, so that the next entry about them
//! need not read it again.

use std::collections::HashMap;

use rusqlite::Connection;

use super::super::stored::{Known, UnpackedCall};
use crate::journal::Key;

/// Of so many contacts or rows at most: those under way are fewer, and a listing learns of contacts whose rows may
/// never come.
const AT_MOST: usize = 1024;

/// Right as long as nobody else has changed the file: see [`Self::as_of`]. Whoever changes what it holds by another
/// way than entries starts anew with an empty one.
#[derive(Default)]
pub(super) struct Recent {
    version: Option<i64>,
    /// By the number of the account and id.
    contacts: HashMap<(i64, String), RecentContact>,
    /// By the number of the run and index.
    rows: HashMap<(i64, i64), RecentRow>,
}

/// A contact as it was last written.
pub(super) struct RecentContact {
    /// Its number.
    pub(super) contact: i64,
    pub(super) known: Known,
    /// Keys that were led to it since it is held here.
    pub(super) led: Vec<Key>,
    /// Those of them that have the row that made it beside them, and which that is: run and row.
    pub(super) beside: Vec<Key>,
    pub(super) maker: Option<(i64, i64)>,
}

/// What stands of a row that is under way.
pub(super) struct RecentRow {
    /// `None` if nobody has asked yet.
    pub(super) calls: Option<Vec<UnpackedCall>>,
    /// Identifiers that it claims for a create whose end nobody knows; `None` if it may claim others.
    pub(super) open_claims: Option<Vec<Key>>,
    /// It has claimed some, or may have, whatever their end.
    pub(super) has_claimed: bool,
}

impl RecentRow {
    /// A row of which nothing was written before.
    pub(super) fn new() -> Self {
        Self { calls: Some(Vec::new()), open_claims: Some(Vec::new()), has_claimed: false }
    }

    /// A row of which it is not known what an earlier execution, or another handle, wrote.
    pub(super) fn unknown() -> Self {
        Self { calls: None, open_claims: None, has_claimed: true }
    }
}

impl Recent {
    /// Lets go of everything if another connection has changed the file since, within a transaction.
    pub(super) fn as_of(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let version = db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.version != Some(version) || self.contacts.len().max(self.rows.len()) > AT_MOST {
            *self = Self { version: Some(version), ..Self::default() };
        }
        Ok(())
    }

    /// A contact, which is not held any more.
    pub(super) fn take_contact(&mut self, account: i64, id: &str) -> Option<RecentContact> {
        self.contacts.remove(&(account, id.to_owned()))
    }

    pub(super) fn keep_contact(&mut self, account: i64, id: &str, contact: RecentContact) {
        self.contacts.insert((account, id.to_owned()), contact);
    }

    /// A key leads to somebody else from now on: whose it was is looked at again.
    pub(super) fn key_moved(&mut self, key: &Key) {
        for contact in self.contacts.values_mut() {
            contact.led.retain(|led| led != key);
            contact.beside.retain(|led| led != key);
        }
    }

    /// What stands of a row, `None` if that is not known.
    pub(super) fn row(&mut self, run: i64, row: i64) -> Option<&mut RecentRow> {
        self.rows.get_mut(&(run, row))
    }

    /// The same; a row of which nothing is known yet is noted.
    pub(super) fn row_or(&mut self, run: i64, row: i64, new: impl FnOnce() -> RecentRow) -> &mut RecentRow {
        self.rows.entry((run, row)).or_insert_with(new)
    }

    /// The row has ended.
    pub(super) fn take_row(&mut self, run: i64, row: i64) -> Option<RecentRow> {
        self.rows.remove(&(run, row))
    }
}
