use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::super::stored::{Damaged, back, int};

/// Numbers of names, as far as they have been asked for. A number never changes, so what another
/// process adds makes this incomplete but never wrong.
#[derive(Default)]
pub(super) struct Names {
    accounts: HashMap<String, i64>,
    fields: HashMap<String, u64>,
    fields_by_number: HashMap<u64, String>,
}

impl Names {
    /// The account's number, given now if it has none.
    pub(super) fn account(&mut self, db: &Connection, name: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.known_account(db, name)? {
            return Ok(id);
        }
        db.prepare_cached("INSERT INTO account (name) VALUES (?1)")?.execute([name])?;
        let id = db.last_insert_rowid();
        self.accounts.insert(name.to_owned(), id);
        Ok(id)
    }

    pub(super) fn known_account(&mut self, db: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.accounts.get(name) {
            return Ok(Some(*id));
        }
        let id = db
            .prepare_cached("SELECT id FROM account WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if let Some(id) = id {
            self.accounts.insert(name.to_owned(), id);
        }
        Ok(id)
    }

    pub(super) fn field(&mut self, db: &Connection, name: &str) -> rusqlite::Result<u64> {
        if let Some(number) = self.fields.get(name) {
            return Ok(*number);
        }
        db.prepare_cached("INSERT OR IGNORE INTO field_name (name) VALUES (?1)")?.execute([name])?;
        let number: i64 =
            db.prepare_cached("SELECT id FROM field_name WHERE name = ?1")?.query_row([name], |row| row.get(0))?;
        let number = back(number);
        self.fields.insert(name.to_owned(), number);
        self.fields_by_number.insert(number, name.to_owned());
        Ok(number)
    }

    pub(super) fn field_name(&mut self, db: &Connection, number: u64) -> rusqlite::Result<String> {
        if let Some(name) = self.fields_by_number.get(&number) {
            return Ok(name.clone());
        }
        let name: String = db
            .prepare_cached("SELECT name FROM field_name WHERE id = ?1")?
            .query_row([int(number)], |row| row.get(0))
            .optional()?
            .ok_or(Damaged("a field of a contact has no name"))?;
        self.fields_by_number.insert(number, name.clone());
        Ok(name)
    }
}
