use std::time::Duration;

use tokio_postgres::Row;

use super::super::locks::Locks;
use super::super::stored::{back, int};
use super::super::{Claim, Fingerprint, Worker, claim};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, v};

/// Longer than any honest write; whoever asks tries again.
const WAIT_FOR_HOLDER: &str = "SET LOCAL lock_timeout = '2s'";

/// Claims, unless somebody who lives, or may live, has the claim. Only the server's clock counts.
pub(super) async fn take(
    work: &Work<'_>,
    locks: &Locks,
    fingerprint: &Fingerprint,
    worker: &Worker,
    lease: Duration,
) -> Result<Claim, Trouble> {
    let client = work.client;
    let print = &fingerprint.0[..];
    let nobody = "INSERT INTO rolo.claim (fingerprint, fence, lease_until, host, process, since, doing)
        VALUES ($1, 0, 0, '', 0, 0, '') ON CONFLICT DO NOTHING";
    execute(client, nobody, &[v(&print)]).await?;
    let held = "SELECT fence, lease_until, host, process, since, doing FROM rolo.claim WHERE fingerprint = $1";
    let seen = row(client, held, &[v(&print)]).await?;
    // Its holder is writing this moment, or was stopped while it was: the server ends that transaction soon.
    client.batch_execute(WAIT_FOR_HOLDER).await?;
    let held = match row(client, &format!("{held} FOR UPDATE"), &[v(&print)]).await {
        Err(trouble) if trouble.is_locked() => {
            let Some(seen) = seen else { return Err(trouble) };
            return Err(claim::taken(&holder(&seen)?).into());
        }
        held => held?,
    };
    // Read once nobody else can change the claim: there may have been a long wait.
    let now = row(client, "SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint", &[]).await?;
    let now: i64 = now.map_or(Ok(0), |row| row.try_get(0))?;
    let mut before = 0;
    if let Some(held) = held {
        before = back(held.try_get(0)?);
        if held.try_get::<_, i64>(1)? > now && !locks.prove_dead(fingerprint, before) {
            return Err(claim::taken(&holder(&held)?).into());
        }
    }
    let claim = Claim { fingerprint: fingerprint.clone(), fence: before + 1 };
    let take = "UPDATE rolo.claim SET fence = $2, lease_until = $3, host = $4, process = $5, since = $6, doing = $7
        WHERE fingerprint = $1";
    let until = now.saturating_add(micros(lease));
    let (fence, process, since) = (int(claim.fence), i64::from(worker.process), int(worker.since));
    let values = [v(&print), v(&fence), v(&until), v(&worker.host), v(&process), v(&since), v(&worker.doing)];
    execute(client, take, &values).await?;
    Ok(claim)
}

/// The holder of a claim, or a worker, in a row of its table.
pub(super) fn holder(held: &Row) -> Result<Worker, Trouble> {
    let process = u32::try_from(held.try_get::<_, i64>("process")?).unwrap_or_default();
    let since = back(held.try_get("since")?);
    Ok(Worker { host: held.try_get("host")?, process, since, doing: held.try_get("doing")? })
}

/// The fence and the holder of a claim that has not run out.
pub(super) async fn held(
    client: &tokio_postgres::Client,
    fingerprint: &Fingerprint,
) -> Result<Option<(u64, Worker)>, Trouble> {
    let held = "SELECT fence, host, process, since, doing FROM rolo.claim
        WHERE fingerprint = $1 AND lease_until > (extract(epoch from clock_timestamp()) * 1000000)::bigint";
    let Some(held) = row(client, held, &[v(&&fingerprint.0[..])]).await? else { return Ok(None) };
    Ok(Some((back(held.try_get("fence")?), holder(&held)?)))
}

/// Prolongs a claim, even one that has run out, as long as nobody else has claimed.
pub(super) async fn renew(client: &tokio_postgres::Client, held: &Claim, lease: Duration) -> Result<(), Trouble> {
    let renew = "UPDATE rolo.claim SET lease_until = (extract(epoch from clock_timestamp()) * 1000000)::bigint + $3
        WHERE fingerprint = $1 AND fence = $2";
    let print = &held.fingerprint.0[..];
    match execute(client, renew, &[v(&print), v(&int(held.fence)), v(&micros(lease))]).await? {
        0 => Err(claim::lost().into()),
        _ => Ok(()),
    }
}

/// Ends a claim, if it is still this one.
pub(super) async fn release(client: &tokio_postgres::Client, held: &Claim) -> Result<(), Trouble> {
    let end = "UPDATE rolo.claim SET lease_until = 0 WHERE fingerprint = $1 AND fence = $2";
    let print = &held.fingerprint.0[..];
    execute(client, end, &[v(&print), v(&int(held.fence))]).await.map(drop)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
