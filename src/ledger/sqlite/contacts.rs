use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{Known, PackedKnown, back, int, merged, named};
use super::leads::{self, Led, Maker};
use super::names::Names;
use super::recent::{Recent, RecentContact};
use super::tools::Tools;
use crate::contact::RemoteId;
use crate::journal::{AsApplied, Key, KnownContact, Memory};

/// Merges what is newly known of a contact into what was.
pub(super) fn learn(
    db: &Connection,
    tools: &mut Tools<'_>,
    recent: &mut Recent,
    (account, contact, keys, told): (&str, &KnownContact, &[Key], bool),
    by: Option<&Maker>,
) -> rusqlite::Result<()> {
    let account = tools.names.account(db, account)?;
    let id = contact.id.0.as_str();
    let before = match recent.take_contact(account, id) {
        Some(recent) => Some(recent),
        None => stored(db, tools, account, id)?,
    };
    let now = tools.now.as_secs();
    let known = before.as_ref().map(|before| &before.known);
    let known = merged(known, (contact, keys, told), now, |name| tools.names.field(db, name))?;
    let (number, mut led, mut beside, mut maker) = match before {
        Some(before) if before.known == known => (before.contact, before.led, before.beside, before.maker),
        Some(before) => {
            db.prepare_cached("UPDATE contact SET known = ?2 WHERE id = ?1")?
                .execute(params![before.contact, tools.pack(db, id, &known)?])?;
            (before.contact, before.led, before.beside, before.maker)
        }
        None => {
            db.prepare_cached("INSERT INTO contact (account_id, remote_id, known) VALUES (?1, ?2, ?3)")?
                .execute(params![account, id, tools.pack(db, id, &known)?])?;
            (db.last_insert_rowid(), Vec::new(), Vec::new(), None)
        }
    };
    let by_row = by.map(|maker| (maker.run, maker.row));
    if by_row.is_some() && maker != by_row {
        (beside, maker) = (Vec::new(), by_row);
    }
    for key in keys {
        if !led.contains(key) {
            match leads::point(db, account, key, number, by)? {
                Led::Nowhere if by.is_some() => beside.push(*key),
                Led::Nowhere | Led::There => {}
                Led::Elsewhere => recent.key_moved(key),
            }
            led.push(*key);
        }
    }
    recent.keep_contact(account, id, RecentContact { contact: number, known, led, beside, maker });
    Ok(())
}

fn stored(db: &Connection, tools: &mut Tools<'_>, account: i64, id: &str) -> rusqlite::Result<Option<RecentContact>> {
    let stored = db
        .prepare_cached("SELECT id, known FROM contact WHERE account_id = ?1 AND remote_id = ?2")?
        .query_row(params![account, id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((contact, bytes)) = stored else { return Ok(None) };
    let known = tools.open(db, id, &bytes)?;
    Ok(Some(RecentContact { contact, known, led: Vec::new(), beside: Vec::new(), maker: None }))
}

/// The number of a contact as which a row ends, `None` if nothing is known of it; and the keys beside which that row
/// stands already.
pub(super) fn number(
    db: &Connection,
    recent: &mut Recent,
    (run, account, row): (i64, i64, i64),
    id: &str,
) -> rusqlite::Result<(Option<i64>, Vec<Key>)> {
    if let Some(recent) = recent.take_contact(account, id) {
        let beside = if recent.maker == Some((run, row)) { recent.beside } else { Vec::new() };
        return Ok((Some(recent.contact), beside));
    }
    let number = db
        .prepare_cached("SELECT id FROM contact WHERE account_id = ?1 AND remote_id = ?2")?
        .query_row(params![account, id], |row| row.get(0))
        .optional()?;
    Ok((number, Vec::new()))
}

/// Removes a contact and the keys that lead to it; returns how many records went.
pub(super) fn remove(db: &Connection, tools: &mut Tools<'_>, account: i64, id: &str) -> rusqlite::Result<u64> {
    let stored = db
        .prepare_cached("DELETE FROM contact WHERE account_id = ?1 AND remote_id = ?2 RETURNING id, known")?
        .query_row(params![account, id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((contact, bytes)) = stored else { return Ok(0) };
    let mut removed = 1;
    let keys = tools.open(db, id, &bytes)?.keys;
    super::creating::gone(db, account, &keys)?;
    for key in keys {
        removed += leads::unpoint(db, account, &key, contact)?;
    }
    Ok(removed)
}

/// The service no longer has the contact.
pub(super) fn gone(
    db: &Connection,
    tools: &mut Tools<'_>,
    recent: &mut Recent,
    account: &str,
    id: &RemoteId,
) -> rusqlite::Result<()> {
    match tools.names.known_account(db, account)? {
        Some(account) => {
            recent.take_contact(account, &id.0);
            remove(db, tools, account, &id.0).map(drop)
        }
        None => Ok(()),
    }
}

pub(super) fn by_keys(
    db: &Connection,
    tools: &mut Tools<'_>,
    account: &str,
    keys: &[Key],
) -> rusqlite::Result<Vec<Option<KnownContact>>> {
    let asked: Vec<_> = keys.iter().map(|key| (*key, None)).collect();
    let known = memories(db, tools, account, &asked)?.into_iter().map(|memory| match memory {
        Some(Memory::Whole(known)) => Some(known),
        // Nobody asked whether a row was applied.
        Some(Memory::AsApplied(_)) | None => None,
    });
    Ok(known.collect())
}

/// The contacts that keys lead to; of one to which the row beside its key was applied, no more is opened than that.
pub(super) fn memories(
    db: &Connection,
    tools: &mut Tools<'_>,
    account: &str,
    asked: &[(Key, Option<Key>)],
) -> rusqlite::Result<Vec<Option<Memory>>> {
    let Some(account) = tools.names.known_account(db, account)? else { return Ok(vec![None; asked.len()]) };
    let mut find = db.prepare_cached(
        "SELECT contact.remote_id, contact.known FROM contact_key JOIN contact ON contact.id = contact_key.contact
         WHERE contact_key.key = ?1 AND contact_key.account_id = ?2",
    )?;
    let mut found = Vec::with_capacity(asked.len());
    for (key, digest) in asked {
        let mut rows = find.query(params![key.0, account])?;
        found.push(match rows.next()? {
            Some(row) => {
                let id: String = row.get(0)?;
                let packed = PackedKnown::read(row.get_ref(1)?.as_blob()?)?;
                match digest.and_then(|digest| packed.applied(&digest)) {
                    Some((applied, seen_at)) => {
                        Some(Memory::AsApplied(AsApplied { id: RemoteId(id), seen_at, applied }))
                    }
                    None => {
                        let known = tools.unpack(db, &id, packed)?;
                        Some(Memory::Whole(whole(db, tools.names, id, known)?))
                    }
                }
            }
            None => None,
        });
    }
    Ok(found)
}

pub(super) fn by_id(
    db: &Connection,
    tools: &mut Tools<'_>,
    account: &str,
    id: &RemoteId,
) -> rusqlite::Result<Option<KnownContact>> {
    let Some(account) = tools.names.known_account(db, account)? else { return Ok(None) };
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT known FROM contact WHERE account_id = ?1 AND remote_id = ?2")?
        .query_row(params![account, id.0], |row| row.get(0))
        .optional()?;
    let Some(bytes) = bytes else { return Ok(None) };
    let known = tools.open(db, &id.0, &bytes)?;
    whole(db, tools.names, id.0.clone(), known).map(Some)
}

/// The contacts that were made last, with the keys that lead to them.
pub(super) fn some(
    db: &Connection,
    tools: &mut Tools<'_>,
    account: &str,
    at_most: usize,
) -> rusqlite::Result<Vec<(KnownContact, Vec<Key>)>> {
    let Some(account) = tools.names.known_account(db, account)? else { return Ok(Vec::new()) };
    let stored: Vec<(String, Vec<u8>)> = db
        .prepare_cached("SELECT remote_id, known FROM contact WHERE account_id = ?1 ORDER BY id DESC LIMIT ?2")?
        .query_map(params![account, int(at_most as u64)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut found = Vec::with_capacity(stored.len());
    for (id, bytes) in stored {
        let known = tools.open(db, &id, &bytes)?;
        let keys = known.keys.clone();
        found.push((whole(db, tools.names, id, known)?, keys));
    }
    Ok(found)
}

/// The contacts behind a place, each with its own.
pub(super) fn page(
    db: &Connection,
    tools: &mut Tools<'_>,
    account: &str,
    after: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<(u64, KnownContact)>> {
    let Some(account) = tools.names.known_account(db, account)? else { return Ok(Vec::new()) };
    let stored: Vec<(i64, String, Vec<u8>)> = db
        .prepare_cached(
            "SELECT id, remote_id, known FROM contact WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        )?
        .query_map(params![account, int(after), int(at_most as u64)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut page = Vec::with_capacity(stored.len());
    for (place, id, bytes) in stored {
        let known = tools.open(db, &id, &bytes)?;
        page.push((back(place), whole(db, tools.names, id, known)?));
    }
    Ok(page)
}

fn whole(db: &Connection, names: &mut Names, id: String, known: Known) -> rusqlite::Result<KnownContact> {
    named(id, known, |number| names.field_name(db, number))
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
