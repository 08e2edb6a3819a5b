use crate::jobs::UndoPlan;
use crate::ledger::Run;

/// What would be put back of a run.
pub struct UndoView {
    pub plan: UndoPlan,
    /// At most.
    pub calls: u64,
    /// The service can delete what the run created.
    pub deletes: bool,
}

/// Another one whenever more is known of a run.
pub fn run_key(run: &Run) -> String {
    let ended = run.ended.unwrap_or_default();
    format!("{}-{}-{ended}-{}", run.id, run.state.name(), run.counts.total())
}
