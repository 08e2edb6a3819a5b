use std::time::Duration;

use tokio_postgres::{Client, Row};

use super::super::stored::{CUT_OFF, Damaged, KEPT, StoredRun, back, int, run_name, run_prefix};
use super::super::{Fingerprint, NewRun, Run, RunState};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, rows, v};
use crate::contact::{Counts, Outcome};
use crate::journal::RunId;

pub(super) const COLUMNS: &str =
    "SELECT run.name, command, fingerprint, called, service, file, options, started, state,
    ended, created, updated, unchanged, skipped, rejected, failed, in_doubt, account.name, pruned, took, due, told
    FROM rolo.run JOIN rolo.account ON account.id = run.account_id";

/// The numbers of a run: its own, its account's, and when it began by the store's clock.
pub(super) struct RunNumbers {
    pub(super) id: i64,
    pub(super) account: i64,
    pub(super) begun: i64,
}

/// How long ago a run began, or was queued. A machine's clock may be wrong, but not by how long it is since something
/// happened on it: what is recorded is that long before what the store's clock shows.
#[derive(Clone, Copy)]
pub(super) struct Ago {
    micros: i64,
}

impl Ago {
    /// `today` is what the calendar of the machine shows that the run's own time is from.
    pub(super) fn of(run: &NewRun, today: Duration) -> Self {
        let now = int(micros(today));
        Self { micros: now.saturating_sub(int(run.started).saturating_mul(1_000_000)) }
    }

    /// When that was by the store's clock, to the second before.
    fn before(self, now: Duration) -> i64 {
        int(micros(now)).saturating_sub(self.micros).div_euclid(1_000_000)
    }

    /// The same to the nearest second, as the machine itself had it where its clock agrees.
    pub(super) fn nearest(self, now: Duration) -> u64 {
        back(Self { micros: self.micros.saturating_sub(500_000) }.before(now))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Records a new run, which began so long ago.
pub(super) async fn begin(work: &mut Work<'_>, run: &NewRun, ago: Ago) -> Result<RunId, Trouble> {
    prune(work).await?;
    record(work, run, ago, RunState::Running).await
}

/// Gives a new run a name, and records it.
pub(super) async fn record(work: &mut Work<'_>, run: &NewRun, ago: Ago, state: RunState) -> Result<RunId, Trouble> {
    let client = work.client;
    let account = work.names.account(client, &run.identity).await?;
    let started = ago.nearest(work.now);
    let minute = run_prefix(started)?;
    let latest = "SELECT max(name) FROM rolo.run WHERE name >= $1 AND name < $1 || '~'";
    let latest = row(client, latest, &[v(&minute)]).await?;
    let latest: Option<String> = latest.map_or(Ok(None), |row| row.try_get(0))?;
    let random = getrandom::u32().unwrap_or_default();
    let id = run_name(started, u64::from(random), latest.as_deref())?;
    let insert = "INSERT INTO rolo.run (name, command, fingerprint, account_id, service, file, options, started, state,
        called, begun) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (kind, fingerprint, options) = (run.kind.name(), &run.fingerprint.0[..], run.options.to_string());
    let (started, state) = (int(started), state.name());
    let begun = ago.before(work.now);
    let values = [
        v(&id.0),
        v(&kind),
        v(&fingerprint),
        v(&account),
        v(&run.service),
        v(&run.file),
        v(&options),
        v(&started),
        v(&state),
        v(&run.account),
        v(&begun),
    ];
    execute(client, insert, &values).await?;
    Ok(id)
}

/// Forgets who made what long ago, rows that nobody came to look at in time, and writers that are no more. What
/// another transaction holds is left to the next.
async fn prune(work: &Work<'_>) -> Result<(), Trouble> {
    let before = int(work.now.as_secs().saturating_sub(KEPT));
    for (table, old) in [("creating", "made < $1"), ("look_again", "since <= $1"), ("writer", "at < $1 * 1000000")] {
        let prune = format!(
            "DELETE FROM rolo.{table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM rolo.{table} WHERE {old} FOR UPDATE SKIP LOCKED))"
        );
        execute(work.client, &prune, &[v(&before)]).await?;
    }
    Ok(())
}

pub(super) async fn unfinished(client: &Client, fingerprint: &Fingerprint) -> Result<Option<Run>, Trouble> {
    let query = format!("{COLUMNS} WHERE fingerprint = $1 AND state = ANY($2) ORDER BY run.id DESC LIMIT 1");
    let cut_off: Vec<&str> = CUT_OFF.map(RunState::name).to_vec();
    let found = row(client, &query, &[v(&fingerprint.0.as_slice()), v(&cut_off)]).await?;
    found.map(|row| read(&row)).transpose()
}

pub(super) async fn run(client: &Client, id: &RunId) -> Result<Option<Run>, Trouble> {
    let found = row(client, &format!("{COLUMNS} WHERE run.name = $1"), &[v(&id.0)]).await?;
    found.map(|row| read(&row)).transpose()
}

pub(super) async fn runs(client: &Client, at_most: usize) -> Result<Vec<Run>, Trouble> {
    let query = format!("{COLUMNS} ORDER BY run.id DESC LIMIT $1");
    rows(client, &query, &[v(&int(at_most as u64))]).await?.iter().map(read).collect()
}

pub(super) async fn set_state(
    work: &mut Work<'_>,
    id: &RunId,
    state: RunState,
    counts: &Counts,
) -> Result<(), Trouble> {
    let number = numbers(work.client, id).await?.id;
    let ended = (!matches!(state, RunState::Running | RunState::Queued)).then(|| int(work.now.as_secs()));
    let set = "UPDATE rolo.run SET state = $2, ended = $3, created = $4, updated = $5, unchanged = $6, skipped = $7,
        rejected = $8, failed = $9, in_doubt = $10 WHERE id = $1";
    let count = Outcome::ALL.map(|outcome| int(counts[outcome]));
    let name = state.name();
    let mut values = vec![v(&number), v(&name), v(&ended)];
    values.extend(count.iter().map(v));
    execute(work.client, set, &values).await.map(drop)
}

/// That the run is under way again; what it had come to stays until it ends.
pub(super) async fn take_up(client: &Client, id: &RunId) -> Result<(), Trouble> {
    let number = numbers(client, id).await?.id;
    let take_up = "UPDATE rolo.run SET state = $2, ended = NULL, due = NULL, told = NULL WHERE id = $1";
    execute(client, take_up, &[v(&number), v(&RunState::Running.name())]).await.map(drop)
}

pub(super) async fn set_took(client: &Client, id: &RunId, took: Duration) -> Result<(), Trouble> {
    let number = numbers(client, id).await?.id;
    let took = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
    execute(client, "UPDATE rolo.run SET took = $2 WHERE id = $1", &[v(&number), v(&took)]).await.map(drop)
}

/// The numbers by which other tables name the run and its account.
pub(super) async fn numbers(client: &Client, id: &RunId) -> Result<RunNumbers, Trouble> {
    let found =
        row(client, "SELECT id, account_id, coalesce(begun, started) FROM rolo.run WHERE name = $1", &[v(&id.0)])
            .await?;
    let found = found.ok_or(Damaged("the ledger does not know the run"))?;
    Ok(RunNumbers { id: found.try_get(0)?, account: found.try_get(1)?, begun: found.try_get(2)? })
}

pub(super) fn read(row: &Row) -> Result<Run, Trouble> {
    let fingerprint: Vec<u8> = row.try_get(2)?;
    let stored = StoredRun {
        name: row.try_get(0)?,
        command: row.try_get(1)?,
        fingerprint: fingerprint.try_into().map_err(|_| Damaged("the fingerprint of a run can't be read"))?,
        called: row.try_get(3)?,
        service: row.try_get(4)?,
        file: row.try_get(5)?,
        options: row.try_get(6)?,
        started: row.try_get(7)?,
        state: row.try_get(8)?,
        ended: row.try_get(9)?,
        counts: (10..17).map(|column| row.try_get(column)).collect::<Result<_, _>>()?,
        identity: row.try_get(17)?,
        pruned: row.try_get(18)?,
        took: row.try_get(19)?,
        due: row.try_get(20)?,
        told: row.try_get(21)?,
    };
    Ok(stored.read()?)
}
