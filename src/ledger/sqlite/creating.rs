use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{CREATE_LAG, KEPT, back, int};
use super::names::Names;
use super::written_run::WrittenRun;
use crate::journal::{Key, RunId, Taken};

/// For each key, who claims it.
pub(super) fn open(
    db: &Connection,
    names: &mut Names,
    account: &str,
    keys: &[Key],
) -> rusqlite::Result<Vec<Option<Taken>>> {
    let Some(account) = names.known_account(db, account)? else { return Ok(vec![None; keys.len()]) };
    // Mostly nothing is open at all, and then nobody's key is looked for.
    if !db.prepare_cached("SELECT 1 FROM creating WHERE made IS NULL LIMIT 1")?.exists([])? {
        return Ok(vec![None; keys.len()]);
    }
    keys.iter().map(|key| of_key(db, account, key, None)).collect()
}

/// Who claims the key, or has made its contact from `since` on: what was made may stand beside the key that leads to
/// it instead (see `leads.rs`).
fn of_key(db: &Connection, account: i64, key: &Key, since: Option<i64>) -> rusqlite::Result<Option<Taken>> {
    db.prepare_cached(
        "SELECT run.name, claimed.row, claimed.since, claimed.made IS NOT NULL FROM (
         SELECT run_id, row, since, made FROM creating WHERE account_id = ?1 AND key = ?2
         UNION ALL SELECT run_id, row, made, made FROM contact_key
         WHERE account_id = ?1 AND key = ?2 AND made IS NOT NULL) AS claimed JOIN run ON run.id = claimed.run_id
         WHERE claimed.made IS NULL OR claimed.made >= ?3 LIMIT 1",
    )?
    .query_row(params![account, key.0, since], |row| {
        let (run, since) = (RunId(row.get(0)?), back(row.get(2)?));
        Ok(Taken { run, row: back(row.get(1)?), since, is_made: row.get(3)? })
    })
    .optional()
}

/// Who has claimed keys that are to be claimed.
pub(super) enum Claimed {
    ByNobody,
    /// Nobody whose claim holds, as far as the row is concerned.
    BySomebody,
    By(Taken),
}

/// Who else claims one of the keys, if somebody does; or has made it since this run looked: its look-up
/// may be older than what it says is not there. `taken_over` are claims that the row has looked into.
pub(super) fn conflict(
    db: &Connection,
    WrittenRun { account, started, .. }: WrittenRun,
    run: &RunId,
    row: u64,
    keys: &[Key],
    taken_over: &[Taken],
) -> rusqlite::Result<Claimed> {
    // Mostly nobody has, and that is seen soonest where nobody is named.
    let mut claims = db.prepare_cached(
        "SELECT 1 FROM creating WHERE account_id = ?1 AND key = ?2
         UNION ALL SELECT 1 FROM contact_key WHERE key = ?2 AND account_id = ?1 AND made IS NOT NULL",
    )?;
    let mut is_free = |key: &Key| claims.exists(params![account, key.0]).map(|claimed| !claimed);
    let since = Some(started.saturating_sub(CREATE_LAG));
    let mut claimed = Claimed::ByNobody;
    for key in keys {
        if is_free(key)? {
            continue;
        }
        claimed = Claimed::BySomebody;
        let taken = of_key(db, account, key, since)?
            .filter(|taken| (taken.run != *run || taken.row != row) && !taken_over.contains(taken));
        if let Some(taken) = taken {
            return Ok(Claimed::By(taken));
        }
    }
    Ok(claimed)
}

/// Claims the keys for a row, whoever had them; `are_free` if nobody had.
pub(super) fn claim(
    db: &Connection,
    (account, run, row): (i64, i64, i64),
    keys: &[Key],
    now: Duration,
    are_free: bool,
) -> rusqlite::Result<()> {
    let now = int(now.as_secs());
    for key in keys {
        let claimed = db
            .prepare_cached(
                "INSERT INTO creating (account_id, key, run_id, row, since) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![account, key.0, run, row, now])?;
        if claimed == 0 {
            db.prepare_cached(
                "UPDATE creating SET run_id = ?3, row = ?4, since = ?5, made = NULL WHERE account_id = ?1 AND key = ?2",
            )?
            .execute(params![account, key.0, run, row, now])?;
        }
        if !are_free {
            made_by_nobody(db, account, key)?;
        }
    }
    Ok(())
}

/// Takes the create from beside the key that leads to what it made.
fn made_by_nobody(db: &Connection, account: i64, key: &Key) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE contact_key SET made = NULL WHERE key = ?1 AND account_id = ?2 AND made IS NOT NULL")?
        .execute(params![key.0, account])
        .map(drop)
}

/// What became of a row's creates.
#[derive(Clone, Copy)]
pub(super) enum ClaimEnd {
    /// They were applied, now: others only have to look again.
    Made(Duration),
    /// They were not applied.
    NotMade,
}

/// Ends what a row claims.
pub(super) fn end(db: &Connection, run: i64, row: i64, end: ClaimEnd) -> rusqlite::Result<()> {
    match end {
        ClaimEnd::Made(now) => db
            .prepare_cached("UPDATE creating SET made = ?3 WHERE run_id = ?1 AND row = ?2 AND made IS NULL")?
            .execute(params![run, row, int(now.as_secs())]),
        ClaimEnd::NotMade => db
            .prepare_cached("DELETE FROM creating WHERE run_id = ?1 AND row = ?2 AND made IS NULL")?
            .execute(params![run, row]),
    }
    .map(drop)
}

/// The same, where the keys are known: found by each, it costs a third.
pub(super) fn end_of(
    db: &Connection,
    (account, run, row): (i64, i64, i64),
    keys: &[Key],
    end: ClaimEnd,
) -> rusqlite::Result<()> {
    for key in keys {
        match end {
            ClaimEnd::Made(now) => db
                .prepare_cached(
                    "UPDATE creating SET made = ?5
                     WHERE account_id = ?1 AND key = ?2 AND run_id = ?3 AND row = ?4 AND made IS NULL",
                )?
                .execute(params![account, key.0, run, row, int(now.as_secs())])?,
            ClaimEnd::NotMade => db
                .prepare_cached(
                    "DELETE FROM creating WHERE account_id = ?1 AND key = ?2 AND run_id = ?3 AND row = ?4
                     AND made IS NULL",
                )?
                .execute(params![account, key.0, run, row])?,
        };
    }
    Ok(())
}

/// Forgets who made what long ago.
pub(super) fn prune(db: &Connection, now: Duration) -> rusqlite::Result<()> {
    let before = now.as_secs().saturating_sub(KEPT);
    db.execute("DELETE FROM creating WHERE made < ?1", [int(before)]).map(drop)
}

/// The contact of these keys is gone: nobody has made it.
pub(super) fn gone(db: &Connection, account: i64, keys: &[Key]) -> rusqlite::Result<()> {
    let mut delete =
        db.prepare_cached("DELETE FROM creating WHERE account_id = ?1 AND key = ?2 AND made IS NOT NULL")?;
    for key in keys {
        delete.execute(params![account, key.0])?;
        made_by_nobody(db, account, key)?;
    }
    Ok(())
}

/// The creates of these identifiers were applied, whoever began them.
pub(super) fn settled(db: &Connection, account: i64, keys: &[Key], now: Duration) -> rusqlite::Result<()> {
    let mut update =
        db.prepare_cached("UPDATE creating SET made = ?3 WHERE account_id = ?1 AND key = ?2 AND made IS NULL")?;
    for key in keys {
        update.execute(params![account, key.0, int(now.as_secs())])?;
    }
    Ok(())
}
