use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::{KeySource, LedgerKey, key};
use super::schema::{self, NEWEST, State};
use super::{checking, errors};
use crate::error::{Error, Result};
use crate::platform;

/// SQLite's name for a database without a file.
pub(super) const MEMORY: &str = ":memory:";

/// Statements that are kept prepared; there are fewer in all.
const STATEMENTS: usize = 64;

/// Pages of the log at which it is written back: 16 MB, so that a page which many rows change is written
/// back once for all of them.
const LOG_PAGES: i64 = 4000;

/// Room that is free in the file is given back when it is asked for, some pages at a time, so that nobody
/// waits for the whole file to be written anew.
const INCREMENTAL: i64 = 2;

/// Between two attempts to turn the log on.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) fn open(path: &Path, source: &KeySource) -> Result<(Connection, LedgerKey)> {
    if path != Path::new(MEMORY) {
        make_private(path).map_err(|error| {
            Error::stopped(format!("the ledger can't be opened: {}", path.display()))
                .at_path(path)
                .hint("check that its folder exists and is yours, or name another with --state-dir")
                .caused_by(error)
        })?;
    }
    let mut db = connect(path).map_err(|error| errors::described(path, error))?;
    let mut made = None;
    let migrated = schema::migrate(&mut db, |within| {
        let random = LedgerKey::random()?;
        let kept = source.keep(match within {
            Some(hashing) => random.with_hashing(hashing),
            None => random,
        })?;
        if within.is_some_and(|hashing| !kept.hashes_with(&hashing)) {
            return Err(key::another(source));
        }
        made = Some(kept.clone());
        Ok(kept)
    });
    let state = migrated.map_err(|error| errors::described(path, error))??;
    match state {
        State::Ours => checking::quick(&db, path)?,
        State::Foreign => {
            return Err(Error::stopped(format!("the file is no ledger of rolo: {}", path.display()))
                .at_path(path)
                .hint("name another folder with --state-dir"));
        }
        State::Newer(version) => {
            return Err(Error::stopped(format!("the ledger was written by a newer rolo: {}", path.display()))
                .at_path(path)
                .hint(format!(
                    "it has version {version} and this rolo knows {NEWEST}: update rolo, or use another --state-dir"
                )));
        }
    }
    let found = match made {
        Some(made) => {
            // What an earlier version kept in the ledger itself still stands in its log.
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(|error| errors::described(path, error))?;
            made
        }
        None => source.read()?,
    };
    let check: [u8; 32] = db
        .query_row("SELECT value FROM key_check", [], |row| row.get(0))
        .map_err(|error| errors::described(path, error))?;
    if found.check() != check {
        return Err(key::another(source));
    }
    Ok((db, found))
}

/// Copies the ledger in this file to another, which must not be there yet.
///
/// # Errors
/// Of kind `Stopped`: one of the files can't be opened, or the disk is full.
pub fn copy(path: &Path, to: &Path) -> Result<()> {
    let failed = |error| errors::described(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(errors::BUSY).map_err(failed)?;
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(drop).map_err(failed)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(errors::BUSY)?;
    // Takes only in a file that has nothing in it yet.
    db.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    use_log(&db)?;
    db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000;")?;
    // Else a statement is prepared anew whenever a bound value could make another plan better: for each row.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    db.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// Turns the write-ahead log on. SQLite does not wait for others while it does so, so this does: two
/// processes may begin with the same new file.
fn use_log(db: &Connection) -> rusqlite::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        match db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < errors::BUSY => {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            result => return result,
        }
    }
}

/// Makes the file and its folder readable by their owner alone. SQLite gives the files beside it the
/// same mode.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        platform::make_private_folder(folder)?;
    }
    match platform::private_file(&mut fs::OpenOptions::new()).write(true).create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
