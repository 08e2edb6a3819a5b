use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::vault::Vault;
use super::known::Known;
use super::names::Names;
use super::stored::{back, int};
use super::tools::Tools;
use crate::contact::{Field, RemoteId};
use crate::journal::{Key, KnownContact, LastKnown};

/// Merges what is newly known of a contact into what was.
pub(super) fn learn(
    db: &Connection,
    Tools { names, vault, now, .. }: &mut Tools<'_>,
    account: &str,
    contact: &KnownContact,
    keys: &[Key],
    told: bool,
) -> rusqlite::Result<()> {
    let account = names.account(db, account)?;
    let stored = db
        .prepare_cached("SELECT id, known FROM contact WHERE account_id = ?1 AND remote_id = ?2")?
        .query_row(params![account, contact.id.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let before = stored.as_ref().map(|(_, bytes)| Known::decode(bytes)).transpose()?;
    let mut known = before.clone().unwrap_or_default();
    // Whoever only looks, and sees a value as it was last known, takes nothing from how it was sent.
    let only_looks = told && contact.applied.is_none();
    let mut held: Option<LastKnown> = None;
    for (name, value) in &contact.fields {
        let number = names.field(db, name)?;
        if only_looks && known.fields.get(&number).is_some_and(|before| before != value) {
            let before = known.values.as_deref();
            let held = held.get_or_insert_with(|| before.and_then(|it| unsealed(vault, it)).unwrap_or_default());
            let seen = contact.values.as_ref().and_then(|values| values.fields.get(&Field::new(name)));
            if seen.is_some() && seen == held.fields.get(&Field::new(name)) {
                continue;
            }
        }
        known.fields.insert(number, *value);
    }
    if contact.tags.is_some() {
        known.tags.clone_from(&contact.tags);
    }
    if told {
        unite(&mut known.lists, &contact.lists);
    } else {
        known.lists.clone_from(&contact.lists);
    }
    unite(&mut known.keys, keys);
    let now = now.as_secs();
    let is_as_before =
        before.as_ref().is_some_and(|before| (&before.fields, &before.tags) == (&known.fields, &known.tags));
    known.applied = match &contact.applied {
        Some(applied) if applied.at == 0 => Some(crate::journal::Applied { at: now, ..applied.clone() }),
        Some(applied) => Some(applied.clone()),
        // Somebody who only looked, and saw it as it was, takes nothing away.
        None if told && is_as_before => known.applied,
        None => None,
    };
    if told {
        known.seen_at = now;
    }
    known.values = merged(vault, known.values.as_deref(), contact.values.as_ref());
    let id = match stored {
        Some((id, _)) if before.as_ref() == Some(&known) => id,
        Some((id, _)) => {
            db.prepare_cached("UPDATE contact SET known = ?2 WHERE id = ?1")?.execute(params![id, known.encode()])?;
            id
        }
        None => {
            db.prepare_cached("INSERT INTO contact (account_id, remote_id, known) VALUES (?1, ?2, ?3)")?
                .execute(params![account, contact.id.0, known.encode()])?;
            db.last_insert_rowid()
        }
    };
    // A key that another contact had is this one's from now on.
    let mut point = db.prepare_cached(
        "INSERT INTO contact_key (key, account_id, contact) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET contact = excluded.contact WHERE contact <> excluded.contact",
    )?;
    for key in keys {
        point.execute(params![key.0, account, id])?;
    }
    Ok(())
}

/// Sealed values, newer over older ones. `None` if values are not to be kept.
fn merged(vault: &Vault, before: Option<&[u8]>, newer: Option<&LastKnown>) -> Option<Vec<u8>> {
    let newer = newer?;
    let mut values = before.and_then(|sealed| unsealed(vault, sealed)).unwrap_or_default();
    values.fields.extend(newer.fields.iter().map(|(field, value)| (field.clone(), value.clone())));
    values.tags = newer.tags.clone().or(values.tags);
    values.lists.clone_from(&newer.lists);
    vault.seal(&serde_json::to_vec(&values).ok()?)
}

/// Values that were sealed with another key are as good as not kept.
fn unsealed(vault: &Vault, sealed: &[u8]) -> Option<LastKnown> {
    serde_json::from_slice(&vault.unseal(sealed)?).ok()
}

/// Removes a contact and the keys that lead to it; returns how many records went.
pub(super) fn remove(db: &Connection, account: i64, id: &str) -> rusqlite::Result<u64> {
    let stored = db
        .prepare_cached("DELETE FROM contact WHERE account_id = ?1 AND remote_id = ?2 RETURNING id, known")?
        .query_row(params![account, id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((contact, bytes)) = stored else { return Ok(0) };
    let mut unpoint =
        db.prepare_cached("DELETE FROM contact_key WHERE key = ?1 AND account_id = ?2 AND contact = ?3")?;
    let mut removed = 1;
    let keys = Known::decode(&bytes)?.keys;
    super::creating::gone(db, account, &keys)?;
    for key in keys {
        removed += unpoint.execute(params![key.0, account, contact])? as u64;
    }
    Ok(removed)
}

/// The service no longer has the contact.
pub(super) fn gone(db: &Connection, names: &mut Names, account: &str, id: &RemoteId) -> rusqlite::Result<()> {
    match names.known_account(db, account)? {
        Some(account) => remove(db, account, &id.0).map(drop),
        None => Ok(()),
    }
}

pub(super) fn by_keys(
    db: &Connection,
    names: &mut Names,
    vault: &Vault,
    account: &str,
    keys: &[Key],
) -> rusqlite::Result<Vec<Option<KnownContact>>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(vec![None; keys.len()]) };
    let mut find = db.prepare_cached(
        "SELECT contact.remote_id, contact.known FROM contact_key JOIN contact ON contact.id = contact_key.contact
         WHERE contact_key.key = ?1 AND contact_key.account_id = ?2",
    )?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let mut rows = find.query(params![key.0, account])?;
        found.push(match rows.next()? {
            Some(row) => {
                let known = Known::decode(row.get_ref(1)?.as_blob()?)?;
                Some(named(db, names, vault, row.get(0)?, known)?)
            }
            None => None,
        });
    }
    Ok(found)
}

pub(super) fn by_id(
    db: &Connection,
    names: &mut Names,
    vault: &Vault,
    account: &str,
    id: &RemoteId,
) -> rusqlite::Result<Option<KnownContact>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(None) };
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT known FROM contact WHERE account_id = ?1 AND remote_id = ?2")?
        .query_row(params![account, id.0], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| named(db, names, vault, id.0.clone(), Known::decode(&bytes)?)).transpose()
}

/// The contacts that were made last, with the keys that lead to them.
pub(super) fn some(
    db: &Connection,
    names: &mut Names,
    vault: &Vault,
    account: &str,
    at_most: usize,
) -> rusqlite::Result<Vec<(KnownContact, Vec<Key>)>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(Vec::new()) };
    let stored: Vec<(String, Vec<u8>)> = db
        .prepare_cached("SELECT remote_id, known FROM contact WHERE account_id = ?1 ORDER BY id DESC LIMIT ?2")?
        .query_map(params![account, int(at_most as u64)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut found = Vec::with_capacity(stored.len());
    for (id, bytes) in stored {
        let known = Known::decode(&bytes)?;
        let keys = known.keys.clone();
        found.push((named(db, names, vault, id, known)?, keys));
    }
    Ok(found)
}

/// The contacts behind a place, each with its own.
pub(super) fn page(
    db: &Connection,
    names: &mut Names,
    vault: &Vault,
    account: &str,
    after: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<(u64, KnownContact)>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(Vec::new()) };
    let stored: Vec<(i64, String, Vec<u8>)> = db
        .prepare_cached(
            "SELECT id, remote_id, known FROM contact WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        )?
        .query_map(params![account, int(after), int(at_most as u64)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let page = stored
        .into_iter()
        .map(|(place, id, bytes)| Ok((back(place), named(db, names, vault, id, Known::decode(&bytes)?)?)));
    page.collect()
}

fn named(
    db: &Connection,
    names: &mut Names,
    vault: &Vault,
    id: String,
    known: Known,
) -> rusqlite::Result<KnownContact> {
    let mut contact = KnownContact {
        id: RemoteId(id),
        fields: BTreeMap::new(),
        tags: known.tags,
        lists: known.lists,
        values: known.values.and_then(|sealed| unsealed(vault, &sealed)),
        seen_at: known.seen_at,
        applied: known.applied,
    };
    for (number, value) in known.fields {
        contact.fields.insert(names.field_name(db, number)?, value);
    }
    Ok(contact)
}

fn unite(keys: &mut Vec<Key>, more: &[Key]) {
    for key in more {
        if !keys.contains(key) {
            keys.push(*key);
        }
    }
}

pub(super) fn listed_at(db: &Connection, account: &str) -> rusqlite::Result<Option<u64>> {
    let at: Option<Option<i64>> = db
        .prepare_cached("SELECT listed_at FROM account WHERE name = ?1")?
        .query_row([account], |row| row.get(0))
        .optional()?;
    Ok(at.flatten().map(back))
}

pub(super) fn set_listed_at(
    db: &Connection,
    names: &mut Names,
    account: &str,
    at: Option<u64>,
) -> rusqlite::Result<()> {
    let account = names.account(db, account)?;
    db.execute("UPDATE account SET listed_at = ?2 WHERE id = ?1", params![account, at.map(int)]).map(drop)
}
