//! What the ledger remembers of runs, in words.

use super::words::{count, moment, number, span, state_words};
use super::{JobState, NextStep, TextTable, escape};
use crate::contact::Outcome;
use crate::ledger::{Run, RunState, Worker};

/// A table of runs, one a line, in the order given, each with whoever works on it now, in so many columns.
pub fn runs_words(runs: &[(Run, Option<Worker>)], width: Option<u16>) -> String {
    let titles = ["run", "began", "took", "command", "job", "account", "file", "state", "rows", "next"];
    let mut table = TextTable::new(titles);
    for (run, worker) in runs {
        let is_under_way = worker.is_some();
        table.add_row([
            run.id.0.clone(),
            moment(run.new.started),
            took(run),
            run.new.kind.name().to_owned(),
            escape(run.job().unwrap_or("-")).into_owned(),
            escape(&run.new.account).into_owned(),
            escape(file_name(&run.new.file)).into_owned(),
            state_words(run, is_under_way).to_owned(),
            rows_words(run),
            next_words(run, is_under_way),
        ]);
    }
    // Whoever has no jobs sees no column of them.
    if runs.iter().all(|(run, _)| run.job().is_none()) {
        table.remove_column("job");
    }
    let mut words = table.words(width);
    for (run, _) in runs.iter().filter(|(run, _)| matches!(run.state, RunState::Queued | RunState::Failed)) {
        if let Some(told) = &run.told {
            words.push_str(&format!("{} {}: {}\n", run.id, run.state.name(), escape(told)));
        }
    }
    words
}

/// How long all executions of the run took together.
fn took(run: &Run) -> String {
    run.worked().map_or_else(|| "-".to_owned(), span)
}

/// What a person would do about the run, one word each.
fn next_words(run: &Run, is_under_way: bool) -> String {
    let steps = JobState::of_run(run, is_under_way, None).next_steps();
    steps.iter().map(NextStep::name).collect::<Vec<_>>().join(", ")
}

fn rows_words(run: &Run) -> String {
    let parts: Vec<_> = Outcome::ALL
        .into_iter()
        .filter(|outcome| run.counts[*outcome] > 0)
        .map(|outcome| format!("{} {outcome}", number(run.counts[outcome])))
        .collect();
    if parts.is_empty() {
        "-".to_owned()
    } else {
        format!("{}: {}", count(run.counts.total(), "row"), parts.join(", "))
    }
}

/// The last part of a path, of whichever system.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Counts;
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun};

    fn run(state: RunState, of: &[(Outcome, u64)]) -> Run {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        Run {
            id: RunId("20261121-0931-k3f".into()),
            new: NewRun {
                kind: crate::ledger::RunKind::Import,
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                identity: "support".into(),
                service: "some-service".into(),
                file: "/home/ann/con\u{1b}tacts.csv".into(),
                options: serde_json::Value::Null,
                started: 1_795_253_460,
            },
            state,
            ended: (state != RunState::Running).then_some(1_795_253_501),
            took: None,
            counts,
            pruned: None,
            due: None,
            told: None,
        }
    }

    #[test]
    fn runs_stand_in_a_table_that_cannot_drive_the_terminal() {
        let worker = Worker { host: "here".into(), process: 1, since: 0, doing: "import".into() };
        let runs = [
            (run(RunState::Finished, &[(Outcome::Created, 1200), (Outcome::Failed, 1)]), None),
            (run(RunState::Running, &[]), None),
            (run(RunState::Running, &[]), Some(worker.clone())),
            (run(RunState::Interrupted, &[]), Some(worker)),
        ];
        let words = runs_words(&runs, None);
        let lines: Vec<_> = words.lines().collect();
        assert_eq!(lines.len(), 5);
        for part in [
            "2026-11-21 09:31 UTC  41 s  import",
            "support",
            "con<U+001B>tacts.csv",
            "1,201 rows: 1,200 created, 1 failed",
        ] {
            assert!(lines[1].contains(part), "{part}: {words}");
        }
        assert!(lines[2].contains("cut off") && lines[2].ends_with("resume"), "{words}");
        assert!(
            lines[3].contains("running") && !lines[3].contains("resume"),
            "what is under way needs nobody: {words}"
        );
        assert!(lines[4].contains("running") && !lines[4].contains("resume"), "it is being taken up: {words}");
    }
}
