//! Rows that no call was made for, since what is remembered says that nothing is to be changed. Nobody needs
//! more of them than their number: a nightly run of a large file has hardly any others. So they are kept
//! as ranges that neither overlap nor touch.

use rusqlite::{Connection, params};

use super::super::stored::{back, int};
use crate::journal::RunId;

/// Adds rows of a run, in any order; some of them may be there already.
pub(super) fn add(db: &Connection, run: i64, rows: &mut [u64]) -> rusqlite::Result<()> {
    rows.sort_unstable();
    for range in rows.chunk_by(|row, next| next - row <= 1) {
        if let (Some(first), Some(last)) = (range.first(), range.last()) {
            add_range(db, run, int(*first), int(*last) + 1)?;
        }
    }
    Ok(())
}

/// Adds the rows from `first` on that stand before `end`.
fn add_range(db: &Connection, run: i64, first: i64, end: i64) -> rusqlite::Result<()> {
    // Of the ranges that begin before, only the last can reach as far.
    const MET: &str = "run_id = ?1 AND first + rows >= ?2 AND first BETWEEN
        coalesce((SELECT max(first) FROM rested WHERE run_id = ?1 AND first <= ?2), ?2) AND ?3";
    let (from, to): (Option<i64>, Option<i64>) = db
        .prepare_cached(&format!("SELECT min(first), max(first + rows) FROM rested WHERE {MET}"))?
        .query_row(params![run, first, end], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (from, to) = (from.unwrap_or(first).min(first), to.unwrap_or(end).max(end));
    db.prepare_cached(&format!("DELETE FROM rested WHERE {MET}"))?.execute(params![run, first, end])?;
    db.prepare_cached("INSERT INTO rested (run_id, first, rows) VALUES (?1, ?2, ?3)")?
        .execute(params![run, from, to - from])
        .map(drop)
}

/// How many rows of a run rest. One that was taken up again and then ended otherwise has a record, and
/// counts by that.
pub(super) fn count(db: &Connection, run: &RunId) -> rusqlite::Result<u64> {
    db.prepare_cached(
        "SELECT coalesce(sum(rows - (SELECT count(*) FROM row_record WHERE row_record.run_id = rested.run_id
         AND row >= first AND row < first + rows)), 0)
         FROM rested WHERE run_id = (SELECT id FROM run WHERE name = ?1)",
    )?
    .query_row([&run.0], |row| row.get(0).map(back))
}
