//! Commands that look into the ledger: runs, show, why, forget, report.

use std::path::Path;
use std::time::Duration;

use rolo::contact::{Counts, Identifier, IdentifierKind, Outcome, Position, RemoteId, RowError, RowRecord};
use rolo::journal::Entry;
use rolo::ledger::{ClaimedRun, Fingerprint, LedgerPlace, NewRun, RunKind, RunState, Worker};

use crate::program::said;

const PERSON: &str = "ann@example.org";

/// A state folder with one finished run of two rows; returns the run's name.
fn with_a_run(home: &Path) -> String {
    let state = home.join(".local/state/rolo");
    std::fs::create_dir_all(&state).unwrap();
    let ledger = LedgerPlace::in_folder(&state).open().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let new = NewRun {
        kind: RunKind::Import,
        fingerprint: Fingerprint([7; 32]),
        account: "support".into(),
        identity: "support".into(),
        service: "some-service".into(),
        file: "/data/contacts.csv".into(),
        options: serde_json::Value::Null,
        started: 1_795_253_460,
    };
    let worker = Worker::this_process("test");
    let claim = runtime.block_on(ledger.claim_run(&new.fingerprint, &worker, Duration::ZERO)).unwrap();
    let run = ClaimedRun::new(runtime.block_on(ledger.begin(&claim, &new)).unwrap(), claim);
    let ann = Identifier::new(IdentifierKind::Email, PERSON);
    let created = RowRecord {
        outcome: Outcome::Created,
        contact_id: Some(RemoteId("815".into())),
        calls: 2,
        attempts: 1,
        http_status: Some(200),
        errors: vec![],
    };
    let refused = vec![RowError::of_row("service.refused", "<b>no</b>")];
    let entries = vec![
        Entry::Row {
            position: Position { index: 0, line: 2, sheet: 0 },
            record: created,
            keys: vec![ledger.key(ann.kind.name(), &ann.comparable())],
        },
        Entry::Row {
            position: Position { index: 1, line: 3, sheet: 0 },
            record: RowRecord::unsent(Outcome::Failed, refused),
            keys: vec![],
        },
    ];
    runtime.block_on(ledger.write(&run, entries)).unwrap();
    let mut counts = Counts::default();
    counts[Outcome::Created] = 1;
    counts[Outcome::Failed] = 1;
    runtime.block_on(ledger.set_state(&run, RunState::Finished, &counts, Duration::from_micros(1_500))).unwrap();
    run.to_string()
}

#[test]
fn history_may_be_empty() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(said(home.path(), &["runs"]), (0, "there are no runs yet\n".into(), String::new()));
    let (code, out, err) = said(home.path(), &["show"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (2, "", "error: there is no run to show\nhint: `rolo runs` lists them\n")
    );
    assert_eq!(said(home.path(), &["why", PERSON]).0, 0);
    assert_eq!(said(home.path(), &["forget", PERSON, "--yes"]).0, 0);
}

#[test]
fn a_run_is_listed_shown_and_reported() {
    let home = tempfile::tempdir().unwrap();
    let run = with_a_run(home.path());
    let (code, runs, _) = said(home.path(), &["runs"]);
    assert_eq!(code, 0);
    assert!(runs.contains(&run) && runs.contains("2 rows: 1 created, 1 failed"), "{runs}");

    let (code, shown, _) = said(home.path(), &["show"]);
    assert_eq!(code, 0);
    assert!(shown.starts_with(&format!("import {run} of /data/contacts.csv to support (some-service)\n")), "{shown}");
    assert!(shown.contains("\n        1  created\n        1  failed\n"), "{shown}");
    assert!(
        shown.ends_with(&format!(
            "next: `rolo retry {run}` sends the failed rows again, once what their messages name is put right\n"
        )),
        "{shown}"
    );

    let (code, out, err) = said(home.path(), &["report", &run]);
    assert_eq!((code, out, err), (0, String::new(), format!("written: {run}.html\n")));
    let page = std::fs::read_to_string(home.path().join(format!("{run}.html"))).unwrap();
    assert!(page.contains("&lt;b&gt;no&lt;"), "{page}");
    assert!(page.contains(r#"<th class="name" scope="row">line 3</th><td class="name">failed</td>"#), "{page}");
}

#[test]
fn a_misspelt_run_is_answered_with_the_one_that_was_meant() {
    let home = tempfile::tempdir().unwrap();
    let run = with_a_run(home.path());
    let (code, _, err) = said(home.path(), &["show", &run[..run.len() - 1]]);
    assert_eq!(code, 2);
    assert!(err.ends_with(&format!("hint: did you mean {run}?\n")), "{err}");
}

#[test]
fn a_person_is_found_by_identifier_and_then_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let run = with_a_run(home.path());
    let (_, why, _) = said(home.path(), &["why", "Ann@Example.org"]);
    assert!(
        why.contains(&run)
            && why.contains("line 2 of contacts.csv")
            && why.contains("so it was created [created, id 815]"),
        "{why}"
    );

    let (code, out, err) = said(home.path(), &["forget", PERSON]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("hint: add --yes"), "{err}");
    assert!(!err.contains("ann@"), "a person stays out of errors: {err}");
    assert!(said(home.path(), &["why", PERSON]).1.contains(&run));

    let (code, forgotten, err) = said(home.path(), &["forget", PERSON, "--yes"]);
    assert_eq!(code, 0, "{err}");
    assert!(forgotten.starts_with("removed: "), "{forgotten}");
    let nothing = "nothing was ever done to this contact, as far as this ledger knows\n";
    assert_eq!(said(home.path(), &["why", PERSON]).1, nothing);
}
