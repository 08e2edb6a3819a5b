use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use super::super::stored::Damaged;
use crate::error::Error;

/// How long to wait for another process that is writing; then it counts as an error.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// The file does not hold what was written.
pub(super) fn damage(path: &Path) -> Error {
    Error::stopped(format!("the ledger is damaged: {}", path.display())).at_path(path).hint(DAMAGE_HINT)
}

const DAMAGE_HINT: &str = "stop every rolo, keep a copy of the file, and look with `rolo ledger status`; then put a \
                           backup back, or try `sqlite3 FILE .recover`; a ledger must lie on a local disk";

impl From<Damaged> for rusqlite::Error {
    fn from(damage: Damaged) -> Self {
        Self::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(damage))
    }
}

/// An error of ours, which ends a transaction.
pub(super) fn of_ours(error: Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// What went wrong with the file, and what to do about it.
pub(super) fn described(path: &Path, error: rusqlite::Error) -> Error {
    let file = path.display();
    let error = match error {
        rusqlite::Error::ToSqlConversionFailure(ours) => match ours.downcast::<Error>() {
            Ok(ours) => return *ours,
            Err(other) => rusqlite::Error::ToSqlConversionFailure(other),
        },
        other => other,
    };
    let (message, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            ("the disk is full, so the ledger can't be written", "free some space, then resume")
        }
        Some(ErrorCode::ReadOnly) => {
            ("the ledger can't be written", "make the file and its folder writable, or name another with --state-dir")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => (
            "the ledger can't be opened",
            "check that its folder exists and is yours, or name another with --state-dir",
        ),
        Some(ErrorCode::NotADatabase) => {
            ("the ledger is not a SQLite database", "move the file away, or name another folder with --state-dir")
        }
        Some(ErrorCode::DatabaseCorrupt) => ("the ledger is damaged", DAMAGE_HINT),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "another program has locked the ledger",
            "close the program that has the file open, or wait for the other run, then resume",
        ),
        Some(ErrorCode::SystemIoFailure) => {
            ("the ledger can't be read or written", "check the disk; a ledger must lie on a local disk")
        }
        None if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => {
            ("the ledger is damaged", DAMAGE_HINT)
        }
        _ => ("the ledger can't be used", "the cause below says why"),
    };
    Error::stopped(format!("{message}: {file}")).hint(hint).caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use rusqlite::ffi;

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn each_trouble_with_the_file_names_it_and_its_cure() {
        for (code, words, cure) in [
            (ffi::SQLITE_FULL, "the disk is full", "free some space"),
            (ffi::SQLITE_READONLY, "can't be written", "writable"),
            (ffi::SQLITE_CANTOPEN, "can't be opened", "--state-dir"),
            (ffi::SQLITE_NOTADB, "not a SQLite database", "move the file away"),
            (ffi::SQLITE_CORRUPT, "damaged", ".recover"),
            (ffi::SQLITE_BUSY, "another program has locked", "close the program"),
            (ffi::SQLITE_LOCKED, "another program has locked", "close the program"),
            (ffi::SQLITE_IOERR_FSYNC, "can't be read or written", "check the disk"),
            (ffi::SQLITE_MISUSE, "can't be used", "cause"),
        ] {
            let cause = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = described(Path::new("/state/ledger.db"), cause);
            assert_eq!(error.kind, ErrorKind::Stopped);
            assert!(error.message.contains(words), "{error}");
            assert!(error.message.ends_with(": /state/ledger.db"), "{error}");
            assert!(error.hint.as_ref().unwrap().contains(cure), "{:?}", error.hint);
            assert!(error.source().is_some());
        }
    }
}
