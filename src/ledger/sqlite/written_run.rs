use rusqlite::{Connection, OptionalExtension as _};

use super::super::stored::Damaged;
use crate::journal::RunId;

/// A run that is written to.
#[derive(Clone, Copy)]
pub(super) struct WrittenRun {
    pub(super) number: i64,
    /// Number of its account.
    pub(super) account: i64,
    /// Seconds from the Unix epoch.
    pub(super) started: i64,
}

/// The run with this name.
pub(super) fn of(db: &Connection, id: &RunId) -> rusqlite::Result<WrittenRun> {
    db.prepare_cached("SELECT id, account_id, started FROM run WHERE name = ?1")?
        .query_row([&id.0], |row| Ok(WrittenRun { number: row.get(0)?, account: row.get(1)?, started: row.get(2)? }))
        .optional()?
        .ok_or_else(|| Damaged("the ledger does not know the run").into())
}
