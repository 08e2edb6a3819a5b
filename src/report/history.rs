//! What the ledger remembers of runs and contacts, in words.

use std::time::Duration;

use comfy_table::{Table, presets};

use super::words::{count, moment, number};
use super::{Summary, escape};
use crate::contact::{Outcome, RowRecord};
use crate::error::Result;
use crate::ledger::{Event, Run, RunState};

/// A table of runs, one a line, in the order given.
pub fn runs_words(runs: &[Run]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row(["run", "began", "command", "account", "file", "how it stands", "rows"]);
    for run in runs {
        table.add_row([
            run.id.0.clone(),
            moment(run.new.started),
            run.new.command.clone(),
            escape(&run.new.account).into_owned(),
            escape(file_name(&run.new.file)).into_owned(),
            standing(run).to_owned(),
            rows_words(run),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

/// What happened to one contact, one event a line, in the order given.
pub fn history_words(events: &[Event]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for event in events {
        table.add_row([
            moment(event.at),
            event.run.0.clone(),
            escape(&event.account).into_owned(),
            format!("{} line {}", escape(file_name(&event.file)), event.line),
            escape(&event.what).into_owned(),
            event.contact_id.as_ref().map(|id| format!("id {}", escape(&id.0))).unwrap_or_default(),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

/// The summary of a recorded run, from the records of its rows.
///
/// The ledger keeps the calls of each row and not their kinds, so their sum is a remark.
pub fn recall(run: &Run, rows: impl Iterator<Item = Result<(u64, RowRecord)>>) -> Result<Summary> {
    let mut summary = Summary {
        command: command(&run.new.command),
        run: Some(run.id.0.clone()),
        account: Some(run.new.account.clone()),
        elapsed: Duration::from_secs(run.ended.map_or(0, |ended| ended.saturating_sub(run.new.started))),
        stopped: match run.state {
            RunState::Finished | RunState::Undone => None,
            RunState::Running => Some("it is still running, or was cut off".to_owned()),
            RunState::Stopped => Some("it could not go on".to_owned()),
            RunState::Interrupted => Some("a signal ended it".to_owned()),
        },
        ..Summary::default()
    };
    let mut calls: u64 = 0;
    for row in rows {
        let (_, record) = row?;
        summary.counts[record.outcome] += 1;
        calls += u64::from(record.calls);
        for error in record.errors {
            *summary.codes.entry(error.code.into_owned()).or_default() += 1;
        }
    }
    // A run that has ended knows how many rows it read; of another, those so far are all there is.
    summary.rows = if run.state == RunState::Finished { run.counts.total() } else { summary.counts.total() };
    if calls > 0 {
        summary.remarks.push(format!("calls of its rows: {}", number(calls)));
    }
    if run.state == RunState::Undone {
        summary.remarks.push("what it changed has been put back".to_owned());
    }
    Ok(summary)
}

const fn standing(run: &Run) -> &'static str {
    match run.state {
        RunState::Running => "running or cut off",
        other => other.name(),
    }
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

/// The name of the command as one of the program's own words.
fn command(recorded: &str) -> &'static str {
    ["import", "export", "copy", "retry", "undo"].into_iter().find(|known| *known == recorded).unwrap_or("run")
}

/// The last part of a path, of whichever system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Counts, RemoteId, RowError};
    use crate::ledger::{Fingerprint, NewRun, RunId};
    use crate::report::closing_words;

    fn run(state: RunState, of: &[(Outcome, u64)]) -> Run {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        Run {
            id: RunId("20261121-0931-k3f".into()),
            new: NewRun {
                command: "import".into(),
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                service: "some-service".into(),
                file: "/home/ann/con\u{1b}tacts.csv".into(),
                options: serde_json::Value::Null,
                started: 1_795_253_460,
            },
            state,
            ended: (state != RunState::Running).then_some(1_795_253_501),
            counts,
        }
    }

    #[test]
    fn runs_stand_in_a_table_that_cannot_drive_the_terminal() {
        let runs =
            [run(RunState::Finished, &[(Outcome::Created, 1200), (Outcome::Failed, 1)]), run(RunState::Running, &[])];
        let words = runs_words(&runs);
        let lines: Vec<_> = words.lines().collect();
        assert_eq!(lines.len(), 3);
        for part in
            ["2026-11-21 09:31 UTC", "import", "support", "con\\u{1b}tacts.csv", "1,201 rows: 1,200 created, 1 failed"]
        {
            assert!(lines[1].contains(part), "{part}: {words}");
        }
        assert!(lines[2].contains("running or cut off"));
    }

    #[test]
    fn a_recorded_run_is_summed_up_from_its_rows() {
        let refused = RowRecord {
            calls: 3,
            errors: vec![RowError::of_row("service.refused", "no")],
            ..RowRecord::unsent(Outcome::Failed, vec![])
        };
        let rows =
            vec![Ok((0, RowRecord { calls: 2, ..RowRecord::unsent(Outcome::Created, vec![]) })), Ok((1, refused))];
        let summary =
            recall(&run(RunState::Finished, &[(Outcome::Created, 1), (Outcome::Failed, 1)]), rows.into_iter());
        let words = closing_words(&summary.unwrap());
        assert!(words.contains("2 rows = 1 created + 1 failed\n"), "{words}");
        assert!(words.contains("calls of its rows: 5\n"), "{words}");
        assert!(words.contains(" 1  service.refused"), "{words}");
        assert!(words.contains("`rolo retry 20261121-0931-k3f`"), "{words}");
    }

    #[test]
    fn a_finished_run_whose_records_are_gone_does_not_balance() {
        let summary = recall(&run(RunState::Finished, &[(Outcome::Created, 2)]), std::iter::empty()).unwrap();
        assert!(!summary.counts.balances(summary.rows));
    }

    #[test]
    fn a_run_that_was_cut_off_says_how_to_go_on() {
        let rows = std::iter::once(Ok((0, RowRecord::unsent(Outcome::Created, vec![]))));
        let words = closing_words(&recall(&run(RunState::Running, &[]), rows).unwrap());
        assert!(words.contains("1 row = 1 created"), "{words}");
        assert!(words.contains("`rolo resume 20261121-0931-k3f`"), "{words}");
    }

    #[test]
    fn a_contacts_history_tells_when_where_and_what() {
        let event = Event {
            at: 1_795_253_460,
            run: RunId("20261121-0931-k3f".into()),
            account: "support".into(),
            file: "/home/ann/contacts.csv".into(),
            line: 12,
            what: "row: created".into(),
            contact_id: Some(RemoteId("815".into())),
        };
        let words = history_words(&[event]);
        assert_eq!(
            words.split_whitespace().collect::<Vec<_>>().join(" "),
            "2026-11-21 09:31 UTC 20261121-0931-k3f support contacts.csv line 12 row: created id 815"
        );
    }
}
