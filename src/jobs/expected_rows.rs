//! A file that has far fewer rows than the last one is taken for one that was cut off.

use std::path::Path;

use crate::config::Threshold;
use crate::error::{Error, Result, StopReason};
use crate::ledger::{LedgerHandle, RUNS_LOOKED_THROUGH, Run, RunKind, RunState};
use crate::report::words::moment;
use crate::report::{count, number};
use crate::storage::absolute;

/// Refuses a file with fewer rows than are expected of it: so many, or that share of those that the last finished
/// import of the same file into the same place read. Without such an import no share is asked for.
///
/// # Errors
/// With `run.expect_rows`, before anything is sent; those of the ledger.
pub async fn expect_rows(
    expected: Threshold,
    file: &Path,
    rows: u64,
    identity: &str,
    ledger: &LedgerHandle,
) -> Result<()> {
    let before = match expected {
        Threshold::Count(_) => None,
        Threshold::Share(_) => last_import(file, identity, ledger).await?,
    };
    let Some(least) = least(expected, before.as_ref().map(|run| run.counts.total())) else { return Ok(()) };
    if rows >= least {
        return Ok(());
    }
    let asked = match &before {
        Some(run) => format!(
            "expect_rows asks for {expected} of the {} that the run of {} read",
            number(run.counts.total()),
            moment(run.new.started)
        ),
        None => format!("expect_rows asks for {}", number(least)),
    };
    Err(Error::stopped(format!("{} has {}, and {asked}", file.display(), count(rows, "row")))
        .because(StopReason::FewRows)
        .hint(
            "nothing was sent; look whether the file was cut off: if it is right as it is, `rolo import` it once by \
             hand, and the next night is held to that",
        ))
}

async fn last_import(file: &Path, identity: &str, ledger: &LedgerHandle) -> Result<Option<Run>> {
    let file = absolute(file).display().to_string();
    let read_it_whole = |run: &Run| {
        run.new.kind == RunKind::Import
            && run.new.file == file
            && run.new.identity == identity
            && matches!(run.state, RunState::Finished | RunState::PartlyUndone | RunState::Undone)
    };
    Ok(ledger.runs(RUNS_LOOKED_THROUGH).await?.into_iter().find(read_it_whole))
}

/// The fewest rows that will do, if anything tells.
fn least(expected: Threshold, before: Option<u64>) -> Option<u64> {
    match expected {
        Threshold::Count(rows) => Some(rows),
        Threshold::Share(share) => before.map(|rows| rows.saturating_mul(share.into()).div_ceil(1000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_last_night_and_a_count_of_none() {
        assert_eq!(least(Threshold::Share(800), Some(50_000)), Some(40_000));
        assert_eq!(least(Threshold::Share(800), Some(3)), Some(3), "2.4 rows are not there");
        assert_eq!(least(Threshold::Share(800), None), None);
        assert_eq!(least(Threshold::Count(5), Some(50_000)), Some(5));
    }
}
