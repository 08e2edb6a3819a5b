//! Putting back what a run changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generated::{RESPONDIO, RESPONDIO_V1, Shape};
use crate::rehearsal::{RESULTS, Rehearsal, SOURCE, code, column, said};

/// An account with three contacts of which the ledger does not know.
fn with_three(shape: Shape) -> Rehearsal {
    let rehearsal = Rehearsal::new(shape, &source(shape, "Before", "old", 0..3));
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    forget_all(&rehearsal);
    rehearsal
}

fn forget_all(rehearsal: &Rehearsal) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(rehearsal.path(&format!("state/ledger.sqlite{ending}")));
    }
}

fn source(shape: Shape, name: &str, tags: &str, people: std::ops::Range<u64>) -> String {
    let cells = ",".repeat(shape.custom);
    let row = |n| format!("{name} {n},Family,+447400{n:06},p{n}@example.org,{tags}{cells}\n");
    let rows: String = people.map(row).collect();
    format!("{}{rows}", shape.header())
}

fn contact<'a>(contacts: &'a BTreeMap<String, Value>, email: &str) -> &'a Value {
    contacts.values().find(|contact| contact.to_string().contains(email)).unwrap()
}

#[test]
fn a_plan_is_shown_first_and_sends_nothing() {
    let rehearsal = with_three(RESPONDIO);
    std::fs::write(rehearsal.path(SOURCE), source(RESPONDIO, "After", "new", 0..5)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let after = rehearsal.contacts();
    let output = rehearsal.command(&["undo"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let plan = String::from_utf8(output.stdout).unwrap();
    assert!(plan.contains("nothing was sent") && plan.contains(&rehearsal.run_name()), "{plan}");
    assert_eq!(rehearsal.contacts(), after);
}

#[test]
fn what_was_changed_is_put_back_and_what_was_created_is_deleted() {
    let rehearsal = with_three(RESPONDIO);
    let before = rehearsal.contacts();
    std::fs::write(rehearsal.path(SOURCE), source(RESPONDIO, "After", "new", 0..5)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    assert_eq!(rehearsal.contacts().len(), 5);
    let run = rehearsal.run_name();
    let output = rehearsal.command(&["undo", "--yes", "-q"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(rehearsal.contacts(), before);
    let again = rehearsal.command(&["undo", &run, "--yes"]).output().unwrap();
    assert_eq!(code(&again), 2);
    assert!(said(&again).contains(&format!("run {run} was put back already")), "{}", said(&again));
    // The ledger knows what was put back: the same import brings it all again.
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    assert_eq!(column(&rehearsal.path(RESULTS), "_outcome"), ["updated", "updated", "updated", "created", "created"]);
}

#[test]
fn a_field_that_somebody_changed_since_stays_and_is_told() {
    let rehearsal = with_three(RESPONDIO);
    let before = rehearsal.contacts();
    std::fs::write(rehearsal.path(SOURCE), source(RESPONDIO, "After", "new", 0..3)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let run = rehearsal.run_name();
    // Somebody else, with a ledger of their own, renames the second contact.
    let row = "Somebody,Family,+447400000001,p1@example.org,\n";
    std::fs::write(rehearsal.path("other.csv"), format!("{}{row}", RESPONDIO.header())).unwrap();
    std::fs::create_dir(rehearsal.path("other")).unwrap();
    std::os::unix::fs::symlink(rehearsal.path("state/sandbox"), rehearsal.path("other/sandbox")).unwrap();
    let account = rehearsal.account();
    let mapping = "contacts.mapping.toml";
    let arguments =
        ["import", "other.csv", "--to", &account, "--mapping", mapping, "--unthrottled", "-q", "--state-dir", "other"];
    let output = rehearsal.command(&arguments).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));

    let output = rehearsal.command(&["undo", &run, "--yes", "-q"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let after = rehearsal.contacts();
    for n in [0, 2] {
        let email = format!("p{n}@example.org");
        assert_eq!(contact(&after, &email), contact(&before, &email));
    }
    let changed = contact(&after, "p1@example.org");
    assert_eq!(changed["firstName"], "Somebody");
    assert_eq!(changed["tags"], serde_json::json!(["old"]), "the tag that the run added goes all the same");
    let file = rehearsal.path("contacts.undo.csv");
    let told = column(&file, "_code");
    assert_eq!(told.iter().filter(|codes| codes.contains("undo.changed_since")).count(), 1, "{told:?}");
    assert_eq!(column(&file, "_outcome"), ["updated"; 3]);
}

#[test]
fn a_service_that_deletes_nothing_keeps_what_was_created_and_says_so() {
    let shape = Shape { custom: 0, ..RESPONDIO_V1 };
    let rehearsal = with_three(shape);
    std::fs::write(rehearsal.path(SOURCE), source(shape, "After", "new", 0..4)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let output = rehearsal.command(&["undo", "--yes", "-q"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let file = rehearsal.path("contacts.undo.csv");
    assert_eq!(column(&file, "_outcome"), ["updated", "updated", "updated", "skipped"]);
    assert_eq!(column(&file, "_code")[3], "undo.no_delete");
    assert_eq!(rehearsal.contacts().len(), 4);
}
