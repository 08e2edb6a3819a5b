use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::super::stored::{PackedKnown, back};
use super::errors;
use super::schema::{APPLICATION, NEWEST};
use crate::error::{Error, Result};
use crate::ledger::standing::{COUNTED, Counted};
use crate::ledger::{KeySource, Status};

/// A file up to this size is looked through whole whenever it is opened; of a larger one only the
/// tables that everything else hangs on. In bytes.
const QUICK: u64 = 16 << 20;

/// Damages that are named, at most.
const NAMED: usize = 10;

/// Tables that are small and that others refer to.
const SMALL: [&str; 6] = ["account", "account_alias", "budget", "field_name", "key_check", "run"];

/// Looks for damage in a bounded time, before anything of the file is believed.
pub(super) fn quick(db: &Connection, path: &Path) -> Result<()> {
    let found = (|| {
        let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let size: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        if back(pages).saturating_mul(back(size)) <= QUICK {
            return complaints(db, "PRAGMA quick_check(1)");
        }
        let mut found = Vec::new();
        for table in SMALL {
            found.extend(complaints(db, &format!("PRAGMA quick_check({table})"))?);
        }
        rusqlite::Result::Ok(found)
    })();
    match found.map_err(|error| errors::described(path, error))?.into_iter().next() {
        None => Ok(()),
        Some(damage) => Err(errors::damage(path).caused_by(damage)),
    }
}

fn complaints(db: &Connection, check: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(check)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Everything there is to say of the ledger in this file, damaged or not; `None` if there is none.
///
/// # Errors
/// Of kind `Stopped`: the file can't be read, or is no ledger.
pub fn status(path: &Path, key: &KeySource) -> Result<Option<Status>> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |error| errors::described(path, error);
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed)?;
    db.busy_timeout(errors::BUSY).map_err(failed)?;
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION {
        return Err(Error::stopped(format!("the file is no ledger of rolo: {}", path.display()))
            .at_path(path)
            .hint("name another folder with --state-dir"));
    }
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let size = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).map_or(0, |file| file.len())
    };
    let mut damage = Vec::new();
    let mut counts = Vec::new();
    for Counted { words, what, table, which } in COUNTED {
        let count = format!("SELECT count({what}) FROM {table} WHERE {which}");
        match db.query_row(&count, [], |row| row.get::<_, i64>(0)) {
            Ok(number) => counts.push((words, back(number))),
            // A ledger of an older version lacks a table; of the newest, none.
            Err(_) if back(version) < NEWEST as u64 => {}
            Err(error) => damage.push(format!("{words} can't be counted: {error}")),
        }
    }
    match complaints(&db, "PRAGMA integrity_check(10)") {
        Ok(found) => damage.extend(found),
        Err(error) => damage.push(error.to_string()),
    }
    damage.extend(unreadable(&db).unwrap_or_else(|error| vec![error.to_string()]));
    damage.truncate(NAMED);
    // Where it can't be read, the damage says so.
    let check = db.query_row("SELECT value FROM key_check", [], |row| row.get::<_, Vec<u8>>(0)).ok();
    Ok(Some(Status {
        place: path.display().to_string(),
        version: back(version),
        newest: NEWEST as u64,
        bytes: size("") + size("-wal"),
        key: (key.place(), key.standing(check.as_deref())),
        counts,
        damage,
        cure: "stop every rolo, keep a copy of the file, and put a backup back, or try `sqlite3 FILE .recover`",
    }))
}

/// Records that don't read as what they should be.
fn unreadable(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut contacts = db.prepare("SELECT account_id, remote_id, known FROM contact")?;
    let mut rows = contacts.query([])?;
    let mut broken = 0_u64;
    while let Some(row) = rows.next()? {
        let known = row.get_ref(2)?.as_blob().ok().map(PackedKnown::read);
        if !matches!(known, Some(Ok(_))) {
            broken += 1;
        }
    }
    if broken > 0 {
        found.push(format!("what is known of {broken} contacts can't be read"));
    }
    let orphans: Option<i64> = db
        .query_row("SELECT count(*) FROM contact_key WHERE contact NOT IN (SELECT id FROM contact)", [], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(orphans) = orphans.filter(|orphans| *orphans > 0) {
        found.push(format!("{orphans} identifiers lead to a contact that isn't there"));
    }
    let foreign: usize = db.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
    if foreign > 0 {
        found.push(format!("{foreign} records belong to an account or a run that isn't there"));
    }
    Ok(found)
}
