use std::time::Duration;

use jiff::SignedDuration;
use tokio_postgres::Client;

use super::super::stored::{FURTHEST, FURTHEST_CALLS, int};
use super::errors::Trouble;
use super::sql::{execute, row, v};

/// One update of one row is the whole of it, so that no two can have the same moment. The clock is read once
/// the row is this statement's. `$2` is the period, `$3` the lateness that is allowed, `$4` how far ahead an
/// honest use reserves.
const RESERVE: &str = "
INSERT INTO rolo.budget AS budget (scope, next_at, postponed_until)
VALUES ($1, (extract(epoch from clock_timestamp()) * 1000000)::bigint - $3 + $2, 0)
ON CONFLICT (scope) DO UPDATE SET next_at = (
    SELECT greatest(earliest, CASE WHEN budget.next_at > earliest + $4 THEN earliest + $2 ELSE budget.next_at END) + $2
    FROM (SELECT greatest((extract(epoch from clock_timestamp()) * 1000000)::bigint - $3, budget.postponed_until)
          AS earliest) AS now)
RETURNING next_at - $2 - (extract(epoch from clock_timestamp()) * 1000000)::bigint";

const POSTPONE: &str = "
INSERT INTO rolo.budget AS budget (scope, next_at, postponed_until)
VALUES ($1, 0, (extract(epoch from clock_timestamp()) * 1000000)::bigint + $2)
ON CONFLICT (scope) DO UPDATE SET postponed_until = greatest(budget.postponed_until,
    (extract(epoch from clock_timestamp()) * 1000000)::bigint + $2)";

/// How long from now the next free moment is. The way of the answer is not taken off: a call leaves that much
/// later, as each does, and never earlier than its moment.
pub(super) async fn reserve(
    client: &Client,
    scope: &str,
    period: Duration,
    lateness: Duration,
) -> Result<SignedDuration, Trouble> {
    let period = micros(period);
    let furthest = int(FURTHEST).max(period.saturating_mul(int(FURTHEST_CALLS)));
    let lateness = micros(lateness);
    let values = [v(&scope), v(&period), v(&lateness), v(&furthest)];
    let wait: i64 = row(client, RESERVE, &values).await?.map_or(Ok(0), |row| row.try_get(0))?;
    Ok(SignedDuration::from_micros(wait))
}

pub(super) async fn postpone(client: &Client, scope: &str, wait: Duration) -> Result<(), Trouble> {
    execute(client, POSTPONE, &[v(&scope), v(&micros(wait))]).await.map(drop)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
