use std::collections::HashMap;

use tokio_postgres::Client;

use super::super::stored::{Damaged, back, int};
use super::errors::Trouble;
use super::sql::{execute, row, rows, v};

/// Numbers of names, as far as they have been asked for. A number never changes, so what another
/// process adds makes this incomplete but never wrong.
#[derive(Default)]
pub(super) struct Names {
    accounts: HashMap<String, i64>,
    fields: HashMap<String, u64>,
    fields_by_number: HashMap<u64, String>,
}

impl Names {
    /// Gives numbers to those that have none. Outside a transaction, so that nobody waits for the end of one.
    pub(super) async fn give(&mut self, client: &Client, accounts: &[&str], fields: &[&str]) -> Result<(), Trouble> {
        for name in accounts {
            if self.known_account(client, name).await?.is_none() {
                execute(client, "INSERT INTO rolo.account (name) VALUES ($1) ON CONFLICT DO NOTHING", &[v(name)])
                    .await?;
            }
        }
        let missing: Vec<&str> = fields.iter().copied().filter(|name| !self.fields.contains_key(*name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // A value that is left out takes no number from the sequence, so that numbers stay small.
        let add = "INSERT INTO rolo.field_name (name) SELECT name FROM unnest($1) AS name
            WHERE name NOT IN (SELECT name FROM rolo.field_name) ORDER BY name ON CONFLICT DO NOTHING";
        execute(client, add, &[v(&missing)]).await?;
        let found = rows(client, "SELECT id, name FROM rolo.field_name WHERE name = ANY($1)", &[v(&missing)]).await?;
        for found in found {
            self.keep(back(found.try_get(0)?), found.try_get(1)?);
        }
        Ok(())
    }

    /// The number of an account that was given one.
    pub(super) async fn account(&mut self, client: &Client, name: &str) -> Result<i64, Trouble> {
        Ok(self.known_account(client, name).await?.ok_or(Damaged("an account has no number"))?)
    }

    pub(super) async fn known_account(&mut self, client: &Client, name: &str) -> Result<Option<i64>, Trouble> {
        if let Some(id) = self.accounts.get(name) {
            return Ok(Some(*id));
        }
        let Some(found) = row(client, "SELECT id FROM rolo.account WHERE name = $1", &[v(&name)]).await? else {
            return Ok(None);
        };
        let id = found.try_get(0)?;
        self.accounts.insert(name.to_owned(), id);
        Ok(Some(id))
    }

    /// The number of a field that was given one.
    pub(super) fn field(&self, name: &str) -> Result<u64, Damaged> {
        self.fields.get(name).copied().ok_or(Damaged("a field has no number"))
    }

    /// Asks for the names of these fields.
    pub(super) async fn learn(&mut self, client: &Client, numbers: impl Iterator<Item = u64>) -> Result<(), Trouble> {
        let missing: Vec<i64> = numbers.filter(|number| !self.fields_by_number.contains_key(number)).map(int).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found = rows(client, "SELECT id, name FROM rolo.field_name WHERE id = ANY($1)", &[v(&missing)]).await?;
        for found in found {
            self.keep(back(found.try_get(0)?), found.try_get(1)?);
        }
        Ok(())
    }

    /// The name of a field that was asked for.
    pub(super) fn field_name(&self, number: u64) -> Result<String, Damaged> {
        self.fields_by_number.get(&number).cloned().ok_or(Damaged("a field of a contact has no name"))
    }

    fn keep(&mut self, number: u64, name: String) {
        self.fields_by_number.insert(number, name.clone());
        self.fields.insert(name, number);
    }
}
