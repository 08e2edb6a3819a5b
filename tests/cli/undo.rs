//! Putting back what a run changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generated::{CHATWOOT, RESPONDIO, RESPONDIO_V1, Shape};
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
    assert_eq!(code(&output), 1, "{}", said(&output));
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
    assert_eq!(code(&output), 1, "{}", said(&output));
    let file = rehearsal.path("contacts.undo.csv");
    assert_eq!(column(&file, "_outcome"), ["updated", "updated", "updated", "skipped"]);
    assert_eq!(column(&file, "_code")[3], "undo.no_delete");
    assert_eq!(rehearsal.contacts().len(), 4);
}

#[test]
fn where_nothing_can_be_put_back_only_what_would_help_is_advised() {
    let rehearsal = Rehearsal::new(RESPONDIO_V1, &source(RESPONDIO_V1, "New", "new", 0..2));
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let shown = rehearsal.command(&["undo"]).output().unwrap();
    let plan = String::from_utf8(shown.stdout).unwrap();
    assert!(plan.contains("2  created contacts would stay: this service can't delete contacts"), "{plan}");
    assert!(plan.ends_with("\nnothing can be put back\n"), "nothing was replaced that could be kept: {plan}");
}

/// Writes a row over whoever has its address, with a ledger of its own, as somebody else would.
fn somebody_writes(rehearsal: &Rehearsal, shape: Shape, row: &str) {
    std::fs::write(rehearsal.path("other.csv"), format!("{}{row}\n", shape.header())).unwrap();
    if std::fs::create_dir(rehearsal.path("other")).is_ok() {
        std::os::unix::fs::symlink(rehearsal.path("state/sandbox"), rehearsal.path("other/sandbox")).unwrap();
    }
    let (account, mapping) = (rehearsal.account(), "contacts.mapping.toml");
    let arguments =
        ["import", "other.csv", "--to", &account, "--mapping", mapping, "--unthrottled", "-q", "--state-dir", "other"];
    let output = rehearsal.command(&arguments).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
}

#[test]
fn a_contact_that_the_run_created_and_somebody_changed_since_is_not_deleted() {
    for shape in [RESPONDIO, CHATWOOT] {
        let cells = ",".repeat(shape.custom);
        let rehearsal = Rehearsal::new(shape, &source(shape, "New", "new", 0..4));
        assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
        let run = rehearsal.run_name();
        // One is renamed, one is labelled.
        somebody_writes(&rehearsal, shape, &format!("Somebody,Family,+447400000001,p1@example.org,new{cells}"));
        somebody_writes(&rehearsal, shape, &format!("New 2,Family,+447400000002,p2@example.org,kept{cells}"));
        let output = rehearsal.command(&["undo", &run, "--yes", "-q"]).output().unwrap();
        assert_eq!(code(&output), 1, "{}: {}", shape.service, said(&output));
        let contacts = rehearsal.contacts();
        assert_eq!(contacts.len(), 2, "{}: {contacts:?}", shape.service);
        assert!(contact(&contacts, "p1@example.org").to_string().contains("Somebody"));
        let file = rehearsal.path("contacts.undo.csv");
        assert_eq!(column(&file, "_outcome"), ["updated", "skipped", "skipped", "updated"], "{}", shape.service);
        assert_eq!(column(&file, "_code")[1..3], ["undo.changed_since"; 2]);
        let told = column(&file, "_message");
        let name = if shape.service == "chatwoot" { "name" } else { "first_name" };
        assert!(told[1].ends_with(&format!("so it is not deleted: {name}")), "{}", told[1]);
        assert!(told[2].ends_with("so it is not deleted: tags"), "{}", told[2]);
        assert_eq!(state_of(&rehearsal, &run), "partly_undone");
    }
}

#[test]
fn an_undo_takes_no_more_calls_than_were_shown() {
    for shape in [RESPONDIO, CHATWOOT] {
        let rehearsal = with_three(shape);
        std::fs::write(rehearsal.path(SOURCE), source(shape, "After", "new", 0..5)).unwrap();
        assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
        let shown = rehearsal.command(&["undo"]).output().unwrap();
        let plan = String::from_utf8(shown.stdout).unwrap();
        let (_, after) = plan.split_once("calls at most: ").unwrap();
        let at_most: u64 = after.lines().next().unwrap().parse().unwrap();
        let output = rehearsal.command(&["undo", "--yes", "--json"]).output().unwrap();
        assert_eq!(code(&output), 0, "{}", said(&output));
        let calls = last_event(&output)["calls"].clone();
        let made: u64 = calls.as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert!(made <= at_most && at_most <= made + 5, "{}: at most {at_most}, made {calls}", shape.service);
    }
}

#[test]
fn an_undo_that_is_refused_since_somebody_has_the_value_names_them() {
    let rehearsal = with_three(CHATWOOT);
    let cells = ",".repeat(CHATWOOT.custom);
    let mapping = std::fs::read_to_string(rehearsal.path("contacts.mapping.toml")).unwrap();
    let row = |name: &str, phone: &str, email: &str| format!("{name},Family,{phone},{email},old{cells}\n");
    let moved = row("Before 1", "+447400000001", "moved@example.org");
    std::fs::write(rehearsal.path(SOURCE), format!("{}{moved}", CHATWOOT.header())).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0, "{mapping}");
    let run = rehearsal.run_name();
    somebody_writes(&rehearsal, CHATWOOT, row("Thief", "+447400000099", "p1@example.org").trim_end());
    let output = rehearsal.command(&["undo", &run, "--yes", "-q"]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    let contacts = rehearsal.contacts();
    let id = |name: &str| contacts.iter().find(|(_, contact)| contact.to_string().contains(name)).unwrap().0.clone();
    let file = rehearsal.path("contacts.undo.csv");
    assert_eq!(column(&file, "_code"), ["contact.conflict"]);
    let told = &column(&file, "_message")[0];
    assert!(told.contains(&format!("contact {}", id("Thief"))) && told.contains(" has it, and contact "), "{told}");
    assert!(told.ends_with(" was not given that email"), "{told}");
}

/// The state of a recorded run.
fn state_of(rehearsal: &Rehearsal, run: &str) -> String {
    let db = rusqlite::Connection::open(rehearsal.ledger_path()).unwrap();
    db.query_row("SELECT state FROM run WHERE name = ?1", [run], |row| row.get(0)).unwrap()
}

fn last_event(output: &std::process::Output) -> Value {
    crate::world::last_event(&String::from_utf8(output.stdout.clone()).unwrap())
}

#[test]
fn attack_05_what_was_kept_before_a_change_is_kept_whole_and_put_back() {
    for shape in [RESPONDIO, CHATWOOT] {
        let rehearsal = with_three(shape);
        let before = rehearsal.contacts();
        std::fs::write(rehearsal.path(SOURCE), source(shape, "After", "new", 0..3)).unwrap();
        assert_eq!(code(&rehearsal.import_with(&["--keep-before"]).output().unwrap()), 0);
        assert_ne!(rehearsal.contacts(), before);
        let run = rehearsal.run_name();
        let output = rehearsal.command(&["undo", "--yes", "--json"]).output().unwrap();
        assert_eq!(code(&output), 0, "{}: {}", shape.service, said(&output));
        assert_eq!(rehearsal.contacts(), before, "{}", shape.service);
        let told = last_event(&output);
        assert_eq!((told["not_put_back"].as_u64(), told["outcomes"]["updated"].as_u64()), (Some(0), Some(3)), "{told}");
        assert_eq!(state_of(&rehearsal, &run), "undone");
    }
}

#[test]
fn attack_05_what_nobody_knows_is_left_and_the_run_does_not_count_as_undone() {
    let rehearsal = with_three(RESPONDIO);
    std::fs::write(rehearsal.path(SOURCE), source(RESPONDIO, "After", "new", 0..3)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let run = rehearsal.run_name();
    // Of the first contact nothing was recorded, as by a version that recorded less.
    let db = rusqlite::Connection::open(rehearsal.ledger_path()).unwrap();
    assert!(db.execute("DELETE FROM before_image WHERE row = 0", []).unwrap() > 0);
    drop(db);
    let shown = rehearsal.command(&["undo", &run]).output().unwrap();
    let plan = String::from_utf8(shown.stdout).unwrap();
    assert!(plan.contains("1  changed contact would stay: nobody knows what was there before"), "{plan}");

    let output = rehearsal.command(&["undo", &run, "--yes", "--json"]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    let told = last_event(&output);
    assert_eq!(told["not_put_back"], 1, "{told}");
    let remark = format!("1 contact is not wholly as before run {run}: the results say which, and why");
    assert_eq!(told["remarks"], serde_json::json!([remark]));
    let file = rehearsal.path("contacts.undo.csv");
    assert_eq!(column(&file, "_code"), ["undo.not_known", "", ""]);
    assert_eq!(column(&file, "_outcome"), ["skipped", "updated", "updated"]);
    assert_eq!(state_of(&rehearsal, &run), "partly_undone");
}

#[test]
fn remote_31_an_ordinary_nightly_update_is_put_back_without_extra_calls() {
    for shape in [RESPONDIO, CHATWOOT] {
        let rehearsal = Rehearsal::new(shape, &source(shape, "Before", "old", 0..3));
        assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
        let before = rehearsal.contacts();
        std::fs::write(rehearsal.path(SOURCE), source(shape, "After", "old", 0..3)).unwrap();
        let output = rehearsal.import().output().unwrap();
        assert_eq!(code(&output), 0, "{}", said(&output));
        let calls = last_event(&output)["calls"].clone();
        assert_eq!(calls["update"], 3, "{}: {calls}", shape.service);
        let reads = ["read", "read tags", "list"].map(|kind| calls[kind].as_u64().unwrap_or(0));
        assert_eq!(reads, [0; 3], "{}: nothing is read for the sake of an undo: {calls}", shape.service);
        let output = rehearsal.command(&["undo", "--yes", "-q"]).output().unwrap();
        assert_eq!(code(&output), 0, "{}", said(&output));
        assert_eq!(rehearsal.contacts(), before, "{}", shape.service);
    }
}

#[test]
fn after_an_undo_that_failed_no_command_goes_on_with_the_run_and_all_name_the_same_step() {
    let rehearsal = with_three(RESPONDIO);
    let before = rehearsal.contacts();
    std::fs::write(rehearsal.path(SOURCE), source(RESPONDIO, "After", "new", 0..3)).unwrap();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let run = rehearsal.run_name();
    // The service refuses to change the second contact.
    let fault = "status=422,method:PUT,nth:2";
    let output = rehearsal.command(&["undo", &run, "--yes", "--json", "--fault", fault]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    let undo = rehearsal.run_name();
    let told = last_event(&output);
    assert_eq!(told["outcomes"]["failed"], 1, "{told}");
    assert_eq!(told["next"], serde_json::json!([{"step": "resume", "command": format!("rolo resume {undo}")}]));
    assert_eq!((state_of(&rehearsal, &run), state_of(&rehearsal, &undo)), ("partly_undone".into(), "stopped".into()));

    let shown = |arguments: &[&str]| {
        let output = rehearsal.command(arguments).output().unwrap();
        (code(&output), String::from_utf8(output.stdout.clone()).unwrap() + said(&output).as_str())
    };
    let (_, words) = shown(&["show", &run]);
    assert!(words.contains("state: put back in part\n"), "{words}");
    assert!(
        words.contains(&format!("next: `rolo undo {run} --yes` puts back the rest, but for what was changed since\n")),
        "{words}"
    );
    let (_, words) = shown(&["show", &undo]);
    assert!(words.contains(&format!("next: `rolo resume {undo}` puts back the rest\n")), "{words}");
    for command in [&["resume", &run], &["retry", &run]] {
        let (code, words) = shown(command);
        assert_eq!(code, 2, "{words}");
        assert!(words.contains(&format!("hint: `rolo undo {run} --yes` puts back the rest")), "{words}");
    }
    let (code, words) = shown(&["retry", &undo]);
    assert_eq!(code, 2, "{words}");
    assert!(words.contains(&format!("hint: `rolo resume {undo}` puts back the rest")), "{words}");

    let (code, words) = shown(&["resume", &undo, "-q"]);
    assert_eq!(code, 0, "{words}");
    assert_eq!(rehearsal.contacts(), before);
    assert_eq!((state_of(&rehearsal, &run), state_of(&rehearsal, &undo)), ("undone".into(), "finished".into()));
    assert_eq!(column(&rehearsal.path("contacts.undo.csv"), "_outcome"), ["updated"; 3]);
}
