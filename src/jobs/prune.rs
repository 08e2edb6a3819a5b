use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::run_record::{ImportRecord, RunRecord as _, UndoRecord};
use crate::clock;
use crate::config::{KeepRuns, Retention};
use crate::contact::Outcome;
use crate::error::Result;
use crate::ledger::{LedgerHandle, NeededFor, Prune, Run, RunKind, RunState};

/// Records that one change removes: some milliseconds of work, so that a run under way hardly waits.
const STEP: usize = 2000;

/// The least time between two changes, in which whoever waits for the ledger has it.
const PAUSE: Duration = Duration::from_millis(5);

/// Of which runs the rows are let go, and which are kept though they are older.
#[derive(Clone, Debug, Default)]
pub struct PrunePlan {
    /// Latest first.
    pub runs: Vec<Run>,
    /// Older runs that are still needed, by what for.
    pub kept: BTreeMap<NeededFor, u64>,
}

/// What pruning did.
#[derive(Clone, Debug, Default)]
pub struct PrunedRuns {
    /// Runs whose rows were let go.
    pub runs: u64,
    /// Records that went.
    pub records: u64,
    /// Older runs that are still needed, by what for.
    pub kept: BTreeMap<NeededFor, u64>,
    /// Copies of standard input that no run needs any more.
    pub files: Vec<PathBuf>,
}

impl PrunePlan {
    /// Decides by how runs stand alone. `runs` are all there are, latest first; `retention` says what is kept
    /// of an account's; `now` is in seconds from the Unix epoch.
    pub fn of(runs: &[Run], retention: impl Fn(&str) -> Retention, now: u64) -> Self {
        let taken_from: BTreeSet<String> =
            runs.iter().filter(|run| need(run) == Some(NeededFor::Unfinished)).filter_map(takes_rows_of).collect();
        let mut plan = Self::default();
        let mut earlier: HashMap<&str, u64> = HashMap::new();
        for run in runs.iter().filter(|run| run.new.kind != RunKind::Export) {
            let later = earlier.entry(&run.new.account).or_default();
            *later += 1;
            let retention = retention(&run.new.account);
            let age = Duration::from_secs(now.saturating_sub(run.ended.unwrap_or(run.new.started)));
            let is_old = match retention.keep_runs {
                None => false,
                Some(KeepRuns::Latest(runs)) => *later > runs,
                Some(KeepRuns::Within(span)) => age >= span,
            };
            if !is_old || run.pruned.is_some() {
                continue;
            }
            let needed = need(run)
                .or(taken_from.contains(&run.id.0).then_some(NeededFor::OtherRun))
                .or((can_be_put_back(run) && age < retention.keep_undo()).then_some(NeededFor::Undo));
            match needed {
                Some(need) => *plan.kept.entry(need).or_default() += 1,
                None => plan.runs.push(run.clone()),
            }
        }
        plan
    }
}

/// What its own state needs a run for.
fn need(run: &Run) -> Option<NeededFor> {
    match run.state {
        state if !state.has_ended() => Some(NeededFor::Unfinished),
        _ if run.counts[Outcome::InDoubt] > 0 => Some(NeededFor::InDoubt),
        _ => None,
    }
}

fn can_be_put_back(run: &Run) -> bool {
    let changed = run.counts[Outcome::Created] + run.counts[Outcome::Updated] + run.counts[Outcome::Failed];
    run.new.kind.sends_rows() && matches!(run.state, RunState::Finished | RunState::Cancelled) && changed > 0
}

/// The run whose rows this one sends again or puts back.
fn takes_rows_of(run: &Run) -> Option<String> {
    match run.new.kind {
        RunKind::Import | RunKind::Retry => ImportRecord::of(run).ok()?.retries,
        RunKind::Undo => UndoRecord::of(run).ok().map(|record| record.undoes),
        RunKind::Export => None,
    }
}

/// Lets go of the rows of the runs, and removes their records a few at a time. What was cut off before is
/// finished by this.
///
/// # Errors
/// Those of the ledger; what went by then is gone, and the same command goes on.
pub async fn prune(plan: PrunePlan, ledger: &LedgerHandle, state_dir: &Path) -> Result<PrunedRuns> {
    let mut pruned = PrunedRuns { kept: plan.kept, ..PrunedRuns::default() };
    for run in &plan.runs {
        match ledger.prune(&run.id).await? {
            Prune::Pruned => pruned.runs += 1,
            Prune::Needed(need) => *pruned.kept.entry(need).or_default() += 1,
        }
    }
    loop {
        let begun = clock::now();
        let swept = ledger.sweep(STEP).await?;
        pruned.records += swept.records;
        if swept.is_done {
            break;
        }
        tokio::time::sleep((clock::now() - begun).max(PAUSE)).await;
    }
    pruned.files = remove_input(ledger, state_dir).await?;
    Ok(pruned)
}

/// Removes copies of standard input whose runs were all pruned.
async fn remove_input(ledger: &LedgerHandle, state_dir: &Path) -> Result<Vec<PathBuf>> {
    let folder = state_dir.join("input");
    let runs = ledger.runs(usize::MAX >> 1).await?;
    let of = |kept: bool| {
        runs.iter().filter(move |run| run.pruned.is_none() == kept).map(|run| PathBuf::from(&run.new.file))
    };
    let needed: BTreeSet<PathBuf> = of(true).collect();
    let mut gone: BTreeSet<PathBuf> = of(false).filter(|file| file.starts_with(&folder)).collect();
    gone.retain(|file| !needed.contains(file) && std::fs::remove_file(file).is_ok());
    Ok(gone.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Counts;
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun};

    const DAY: u64 = 86_400;
    const NOW: u64 = 1000 * DAY;

    /// A run that ended so many days ago and created a contact.
    fn run(name: &str, days: u64) -> Run {
        let mut counts = Counts::default();
        counts[Outcome::Created] = 1;
        Run {
            id: RunId(name.into()),
            new: NewRun {
                kind: RunKind::Import,
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                identity: "support".into(),
                service: "s".into(),
                file: "a.csv".into(),
                options: serde_json::Value::Null,
                started: NOW - days * DAY,
            },
            state: RunState::Finished,
            ended: Some(NOW - days * DAY),
            took: None,
            counts,
            pruned: None,
            due: None,
            told: None,
        }
    }

    fn planned(runs: &[Run], keep: Retention) -> (Vec<String>, Vec<(NeededFor, u64)>) {
        let plan = PrunePlan::of(runs, |_| keep, NOW);
        (plan.runs.into_iter().map(|run| run.id.0).collect(), plan.kept.into_iter().collect())
    }

    fn within(days: u64) -> Retention {
        Retention::new(Some(KeepRuns::Within(Duration::from_secs(days * DAY))), None)
    }

    #[test]
    fn older_runs_go_by_age_or_by_number_and_none_where_nothing_is_said() {
        let runs = [run("e", 1), run("d", 40), run("c", 60), run("b", 90), run("a", 91)];
        assert_eq!(planned(&runs, within(60)), (["c", "b", "a"].map(str::to_owned).to_vec(), vec![]));
        let latest = Retention::new(Some(KeepRuns::Latest(2)), None);
        assert_eq!(planned(&runs, latest).0, ["c", "b", "a"]);
        assert_eq!(planned(&runs, Retention::default()), (vec![], vec![]));
        let mut other = run("other", 80);
        other.new.account = "sales".into();
        assert_eq!(planned(&[runs[0].clone(), other], latest).0, [""; 0], "each account has its own latest runs");
    }

    #[test]
    fn what_is_still_needed_stays_however_old_it_is() {
        let mut unfinished: Vec<Run> =
            [RunState::Running, RunState::Stopped, RunState::Interrupted, RunState::PartlyUndone]
                .map(|state| Run { state, ..run("unfinished", 500) })
                .into();
        let mut in_doubt = run("in doubt", 500);
        in_doubt.counts[Outcome::InDoubt] = 1;
        unfinished.extend([in_doubt, run("recent", 29), run("old", 31)]);
        let kept = vec![(NeededFor::Unfinished, 4), (NeededFor::InDoubt, 1), (NeededFor::Undo, 1)];
        assert_eq!(planned(&unfinished, within(7)), (vec!["old".to_owned()], kept));
    }

    #[test]
    fn a_promise_to_put_back_holds_no_run_that_changed_nothing_or_was_put_back() {
        let mut same = run("same", 10);
        same.counts = Counts::default();
        let undone = Run { state: RunState::Undone, ..run("undone", 10) };
        let mut export = run("export", 10);
        export.new.kind = RunKind::Export;
        let runs = [same, undone, export, run("changed", 10)];
        assert_eq!(
            planned(&runs, within(7)),
            (vec!["same".to_owned(), "undone".to_owned()], vec![(NeededFor::Undo, 1)])
        );
        let shorter = Retention::new(Some(KeepRuns::Within(Duration::ZERO)), Some(Duration::from_secs(9 * DAY)));
        assert_eq!(planned(&runs, shorter).0, ["same", "undone", "changed"]);
    }

    #[test]
    fn rows_that_an_unfinished_run_takes_from_another_stay() {
        let mut undo = Run { state: RunState::Stopped, ..run("undo", 40) };
        undo.new.kind = RunKind::Undo;
        undo.new.options = serde_json::json!({"undoes": "original", "results": "/r.csv"});
        let kept = vec![(NeededFor::Unfinished, 1), (NeededFor::OtherRun, 1)];
        assert_eq!(planned(&[undo.clone(), run("original", 50)], within(7)), (vec![], kept));
        undo.state = RunState::Finished;
        assert_eq!(planned(&[undo, run("original", 50)], within(7)).0, ["undo", "original"]);
    }
}
