use rusqlite::{Connection, OptionalExtension as _, params};

use super::names::Names;

pub(super) fn called(db: &Connection, alias: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached(
        "SELECT account.name FROM account_alias JOIN account ON account.id = account_id WHERE alias = ?1",
    )?
    .query_row([alias], |row| row.get(0))
    .optional()
}

pub(super) fn call(db: &Connection, names: &mut Names, alias: &str, account: &str) -> rusqlite::Result<()> {
    let account = names.account(db, account)?;
    db.prepare_cached(
        "INSERT INTO account_alias (alias, account_id) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET account_id = excluded.account_id WHERE account_id <> excluded.account_id",
    )?
    .execute(params![alias, account])
    .map(drop)
}

pub(super) fn uncall(db: &Connection, account: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM account_alias WHERE account_id = (SELECT id FROM account WHERE name = ?1)", [account])
        .map(drop)
}

pub(super) fn rename(db: &Connection, from: &str, to: &str) -> rusqlite::Result<bool> {
    db.execute("UPDATE OR IGNORE account SET name = ?2 WHERE name = ?1", params![from, to]).map(|renamed| renamed > 0)
}

pub(super) fn note(db: &Connection, account: &str, name: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached(
        "SELECT note.value FROM note JOIN account ON account.id = note.account_id
         WHERE account.name = ?1 AND note.name = ?2",
    )?
    .query_row([account, name], |row| row.get(0))
    .optional()
}

pub(super) fn set_note(
    db: &Connection,
    names: &mut Names,
    account: &str,
    name: &str,
    value: Option<&str>,
) -> rusqlite::Result<()> {
    let account = names.account(db, account)?;
    match value {
        Some(value) => db.execute(
            "INSERT INTO note (account_id, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET value = excluded.value",
            params![account, name, value],
        ),
        None => db.execute("DELETE FROM note WHERE account_id = ?1 AND name = ?2", params![account, name]),
    }
    .map(drop)
}
