use tokio_postgres::Client;

use super::super::stored::{back, int};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, v};

pub(super) async fn called(client: &Client, alias: &str) -> Result<Option<String>, Trouble> {
    let found =
        "SELECT account.name FROM rolo.account_alias JOIN rolo.account ON account.id = account_id WHERE alias = $1";
    Ok(row(client, found, &[v(&alias)]).await?.map(|row| row.try_get(0)).transpose()?)
}

pub(super) async fn call(work: &mut Work<'_>, alias: &str, account: &str) -> Result<(), Trouble> {
    let account = work.names.account(work.client, account).await?;
    let call = "INSERT INTO rolo.account_alias (alias, account_id) VALUES ($1, $2)
        ON CONFLICT (alias) DO UPDATE SET account_id = excluded.account_id";
    execute(work.client, call, &[v(&alias), v(&account)]).await.map(drop)
}

pub(super) async fn uncall(client: &Client, account: &str) -> Result<(), Trouble> {
    let uncall = "DELETE FROM rolo.account_alias WHERE account_id = (SELECT id FROM rolo.account WHERE name = $1)";
    execute(client, uncall, &[v(&account)]).await.map(drop)
}

pub(super) async fn rename(client: &Client, from: &str, to: &str) -> Result<bool, Trouble> {
    let rename = "UPDATE rolo.account SET name = $2
        WHERE name = $1 AND NOT EXISTS (SELECT FROM rolo.account AS other WHERE other.name = $2)";
    Ok(execute(client, rename, &[v(&from), v(&to)]).await? > 0)
}

pub(super) async fn note(client: &Client, account: &str, name: &str) -> Result<Option<String>, Trouble> {
    let found = "SELECT note.value FROM rolo.note JOIN rolo.account ON account.id = note.account_id
        WHERE account.name = $1 AND note.name = $2";
    Ok(row(client, found, &[v(&account), v(&name)]).await?.map(|row| row.try_get(0)).transpose()?)
}

/// Keeps small values, in order.
pub(super) async fn set_notes(work: &mut Work<'_>, account: &str, notes: &[(String, String)]) -> Result<(), Trouble> {
    let account = work.names.account(work.client, account).await?;
    let set = "INSERT INTO rolo.note (account_id, name, value) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value";
    for (name, value) in notes {
        execute(work.client, set, &[v(&account), v(name), v(value)]).await?;
    }
    Ok(())
}

pub(super) async fn remove_note(work: &mut Work<'_>, account: &str, name: &str) -> Result<(), Trouble> {
    let account = work.names.account(work.client, account).await?;
    let remove = "DELETE FROM rolo.note WHERE account_id = $1 AND name = $2";
    execute(work.client, remove, &[v(&account), v(&name)]).await.map(drop)
}

pub(super) async fn listed_at(client: &Client, account: &str) -> Result<Option<u64>, Trouble> {
    let found = row(client, "SELECT listed_at FROM rolo.account WHERE name = $1", &[v(&account)]).await?;
    let at: Option<i64> = found.map_or(Ok(None), |row| row.try_get(0))?;
    Ok(at.map(back))
}

pub(super) async fn set_listed_at(work: &mut Work<'_>, account: &str, at: Option<u64>) -> Result<(), Trouble> {
    let account = work.names.account(work.client, account).await?;
    let set = "UPDATE rolo.account SET listed_at = $2 WHERE id = $1";
    execute(work.client, set, &[v(&account), v(&at.map(int))]).await.map(drop)
}
