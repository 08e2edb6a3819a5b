use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::stored::{back, int};
use super::errors::of_ours;
use crate::ledger::claim::{lost, taken};
use crate::ledger::lock::Lock;
use crate::ledger::locks::Locks;
use crate::ledger::{Claim, Fingerprint, Worker};

/// A claim as it stands, whether or not its holder still lives.
pub(super) struct HeldClaim {
    fence: u64,
    /// In microseconds of the store's clock.
    until: u64,
    pub(super) holder: Worker,
}

impl HeldClaim {
    /// How long it holds still without being renewed.
    pub(super) fn left(&self, now: Duration) -> Duration {
        Duration::from_micros(self.until).saturating_sub(now)
    }

    /// Whether the holder lives, or may live.
    pub(super) fn is_alive(&self, locks: &Locks, fingerprint: &Fingerprint, now: Duration) -> bool {
        self.until > micros(now) && !locks.prove_dead(fingerprint, self.fence)
    }
}

/// The latest claim of the fingerprint.
pub(super) fn held(db: &Connection, fingerprint: &Fingerprint) -> rusqlite::Result<Option<HeldClaim>> {
    db.prepare_cached("SELECT fence, lease_until, host, process, since, doing FROM claim WHERE fingerprint = ?1")?
        .query_row([fingerprint.0], |row| {
            let holder =
                Worker { host: row.get(2)?, process: row.get(3)?, since: back(row.get(4)?), doing: row.get(5)? };
            Ok(HeldClaim { fence: back(row.get(0)?), until: back(row.get(1)?), holder })
        })
        .optional()
}

/// Claims, unless somebody who lives, or may live, has the claim.
pub(super) fn take(
    db: &Connection,
    locks: &Locks,
    fingerprint: &Fingerprint,
    worker: &Worker,
    (now, lease): (Duration, Duration),
) -> rusqlite::Result<(Claim, Option<Lock>)> {
    let before = match held(db, fingerprint)? {
        Some(held) if held.is_alive(locks, fingerprint, now) => return Err(of_ours(taken(&held.holder))),
        held => held.map_or(0, |held| held.fence),
    };
    let claim = Claim { fingerprint: fingerprint.clone(), fence: before + 1 };
    let lock = locks.hold(&claim, worker).map_err(of_ours)?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO claim (fingerprint, fence, lease_until, host, process, since, doing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        fingerprint.0,
        int(claim.fence),
        int(micros(now + lease)),
        worker.host,
        worker.process,
        int(worker.since),
        worker.doing
    ])?;
    locks.clear(fingerprint, before);
    Ok((claim, lock))
}

/// Prolongs a claim, even one that has run out, as long as nobody else has claimed.
pub(super) fn renew(db: &Connection, claim: &Claim, now: Duration, lease: Duration) -> rusqlite::Result<()> {
    let renewed = db
        .prepare_cached("UPDATE claim SET lease_until = ?3 WHERE fingerprint = ?1 AND fence = ?2")?
        .execute(params![claim.fingerprint.0, int(claim.fence), int(micros(now + lease))])?;
    if renewed == 0 { Err(of_ours(lost())) } else { Ok(()) }
}

/// Ends a claim, if it is still this one.
pub(super) fn release(db: &Connection, claim: &Claim) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE claim SET lease_until = 0 WHERE fingerprint = ?1 AND fence = ?2")?
        .execute(params![claim.fingerprint.0, int(claim.fence)])
        .map(drop)
}

/// Refuses a write under a claim that is another's by now.
pub(super) fn check(db: &Connection, claim: &Claim) -> rusqlite::Result<()> {
    let present: Option<i64> = db
        .prepare_cached("SELECT fence FROM claim WHERE fingerprint = ?1")?
        .query_row([claim.fingerprint.0], |row| row.get(0))
        .optional()?;
    if present == Some(int(claim.fence)) { Ok(()) } else { Err(of_ours(lost())) }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
