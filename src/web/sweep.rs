use std::sync::PoisonError;
use std::time::{Duration, UNIX_EPOCH};

use super::draft::Draft;
use super::site::Site;
use crate::ledger::RunState;

/// Runs that are looked through for those that still need the copy of a file.
const LOOKED_THROUGH: usize = 1000;

/// How long a file is left alone that another server may be at.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets go of the files that were dropped on the page and that no run will read again: personal data is not kept
/// longer than it is of use. Where the ledger can't tell, they stay.
///
/// Those of this server go at its end; those that another left behind, which may still run, after a day.
pub async fn sweep(site: &Site, at_the_end: bool) {
    let own = site.own_copies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let today = (site.calendar)().saturating_sub(A_DAY);
    let is_old = |draft: &Draft| {
        let changed = draft.path.metadata().and_then(|there| there.modified()).ok();
        changed.is_none_or(|changed| changed.duration_since(UNIX_EPOCH).unwrap_or_default() < today)
    };
    let goes = |draft: &Draft| draft.is_copy && (at_the_end && own.contains(&draft.id) || is_old(draft));
    let copies: Vec<_> = site.drafts.all().into_iter().filter(goes).collect();
    if copies.is_empty() {
        return;
    }
    let Ok(ledger) = site.ledger() else { return };
    let Ok(runs) = ledger.runs(LOOKED_THROUGH).await else { return };
    for draft in copies {
        let path = draft.path.display().to_string();
        let goes_on = |state| matches!(state, RunState::Running | RunState::Stopped | RunState::Interrupted);
        if !runs.iter().any(|run| run.new.file == path && goes_on(run.state)) {
            drop(site.drafts.remove(&draft));
        }
    }
}
