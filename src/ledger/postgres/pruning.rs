//! Runs whose rows are let go of.

use super::super::stored::{Damaged, KEPT, int};
use super::super::{NeededFor, Prune, RunState, Swept};
use super::errors::Trouble;
use super::runs;
use super::session::Work;
use super::sql::{execute, row, rows, v};
use crate::journal::RunId;

/// Tables whose records are a run's own.
const OWN: [&str; 6] = ["before_image", "call", "open_row", "rested", "row_record", "row_key"];

/// Marks the run, unless something still needs its records.
pub(super) async fn mark(work: &Work<'_>, id: &RunId) -> Result<Prune, Trouble> {
    let client = work.client;
    let run = runs::numbers(client, id).await?.id;
    let query = "SELECT state, in_doubt, pruned,
        EXISTS (SELECT FROM rolo.open_row WHERE run_id = $1)
        OR EXISTS (SELECT FROM rolo.creating WHERE run_id = $1 AND made IS NULL),
        EXISTS (SELECT FROM rolo.look_again WHERE run_id = $1 AND since > $2)
        FROM rolo.run WHERE id = $1 FOR UPDATE";
    let now = work.now.as_secs();
    let found = row(client, query, &[v(&run), v(&int(now.saturating_sub(KEPT)))]).await?;
    let found = found.ok_or(Damaged("the ledger does not know the run"))?;
    let (state, in_doubt): (String, i64) = (found.try_get(0)?, found.try_get(1)?);
    if found.try_get::<_, Option<i64>>(2)?.is_some() {
        return Ok(Prune::Pruned);
    }
    if !RunState::ALL.iter().any(|ended| ended.has_ended() && ended.name() == state) {
        return Ok(Prune::Needed(NeededFor::Unfinished));
    }
    if in_doubt > 0 || found.try_get(3)? {
        return Ok(Prune::Needed(NeededFor::InDoubt));
    }
    if found.try_get(4)? {
        return Ok(Prune::Needed(NeededFor::SecondLook));
    }
    execute(client, "UPDATE rolo.run SET pruned = $2 WHERE id = $1", &[v(&run), v(&int(now))]).await?;
    Ok(Prune::Pruned)
}

/// Removes about so many records of runs that were pruned. The room that they had is used again once the database
/// has vacuumed its tables, which it does by itself.
pub(super) async fn sweep(work: &Work<'_>, at_most: usize) -> Result<Swept, Trouble> {
    let client = work.client;
    let found = rows(client, "SELECT id FROM rolo.run WHERE pruned IS NOT NULL AND swept = 0", &[]).await?;
    let unswept: Vec<i64> = found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if unswept.is_empty() {
        return Ok(Swept { records: 0, is_done: true });
    }
    for table in OWN {
        let delete = format!(
            "DELETE FROM rolo.{table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM rolo.{table} WHERE run_id = ANY ($1) LIMIT $2))"
        );
        let records = execute(client, &delete, &[v(&unswept), v(&int(at_most.max(1) as u64))]).await?;
        if records > 0 {
            return Ok(Swept { records, is_done: false });
        }
    }
    execute(client, "UPDATE rolo.run SET swept = 1 WHERE id = ANY ($1)", &[v(&unswept)]).await?;
    Ok(Swept { records: 0, is_done: true })
}
