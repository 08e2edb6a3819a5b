//! Stopping by itself: thresholds, refused credentials, the first rows; and sending again.

use crate::generated::{RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, RESULTS, Rehearsal, SOURCE, calls_of, code, column, events, said, stderr};

const SHAPE: Shape = Shape { custom: 0, ..RESPONDIO_V1 };

/// So many new contacts; every row of `bad` has a phone that is none.
fn rows(n: u64, bad: &[u64]) -> Rehearsal {
    let row = |n| {
        let phone = if bad.contains(&n) { "none".to_owned() } else { format!("+447400{n:06}") };
        format!("Person {n},Doe,{phone},,\n")
    };
    let rows: String = (0..n).map(row).collect();
    Rehearsal::new(SHAPE, &format!("{}{rows}", SHAPE.header()))
}

/// Refuses creates, from the first on, so many of them.
fn refuse(times: u64) -> String {
    format!("status=400,method:POST,path:/contact/,nth:1,times:{times}")
}

fn count(rehearsal: &Rehearsal, outcome: &str) -> u64 {
    rehearsal.outcomes().get(outcome).copied().unwrap_or(0)
}

/// Every row stands in the results once, in source order.
fn check_whole(rehearsal: &Rehearsal, rows: u64) {
    let lines: Vec<u64> = rehearsal.column("_line").iter().map(|line| line.parse().unwrap()).collect();
    assert_eq!(lines, (2..rows + 2).collect::<Vec<_>>());
}

#[test]
fn a_count_of_failed_rows_stops_the_run_and_resume_goes_on() {
    let rehearsal = rows(200, &[]);
    let output = rehearsal.import_with(&["--stop-when", "failed=3", "--fault", &refuse(3)]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("3 rows failed, and the run was told to stop at 3"), "{}", said(&output));
    assert_eq!(events(&output).pop().unwrap()["stopped_by"]["code"], "run.threshold");
    check_whole(&rehearsal, 200);
    assert_eq!(count(&rehearsal, "failed"), 3);
    let created = count(&rehearsal, "created");
    assert!(count(&rehearsal, "skipped") > 100 && created < 90, "{:?}", rehearsal.outcomes());

    let output = rehearsal.command(&["resume", "-q"]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    check_whole(&rehearsal, 200);
    assert_eq!((count(&rehearsal, "failed"), count(&rehearsal, "created")), (3, 197));

    let output = rehearsal.command(&["retry", "-q"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(column(&rehearsal.path("contacts.retry.csv"), "_outcome"), ["created"; 3]);
    assert_eq!(rehearsal.contacts().len(), 200);
}

#[test]
fn a_share_of_failed_rows_is_judged_from_the_hundredth_on() {
    let rehearsal = rows(300, &[]);
    let output = rehearsal.import_with(&["--stop-when", "failed=5%", "--fault", &refuse(20)]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("and the run was told to stop at 5.0 %"), "{}", said(&output));
    check_whole(&rehearsal, 300);
    assert_eq!(count(&rehearsal, "failed"), 20);
    let sent = 300 - count(&rehearsal, "skipped");
    assert!((100..160).contains(&sent), "{:?}", rehearsal.outcomes());

    let few = rows(300, &[]);
    let output = few.import_with(&["--stop-when", "failed=5%", "--fault", &refuse(4)]).output().unwrap();
    assert_eq!(code(&output), 1, "four of a hundred are fewer than five: {}", said(&output));
}

#[test]
fn rows_that_fail_for_the_same_reason_one_after_another_stop_the_run() {
    let rehearsal = rows(120, &[]);
    let output = rehearsal.import_with(&["--stop-when", "same_reason=4", "--fault", &refuse(1000)]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("the last 4 rows all failed for the same reason: "), "{}", said(&output));
    check_whole(&rehearsal, 120);
    assert!(count(&rehearsal, "skipped") > 60, "{:?}", rehearsal.outcomes());
}

#[test]
fn rejected_rows_stop_the_run_once_and_not_again_when_it_is_resumed() {
    let rehearsal = rows(60, &[3, 4, 5]);
    let output = rehearsal.import_with(&["--stop-when", "rejected=3"]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("3 rows were rejected, and the run was told to stop at 3"), "{}", said(&output));
    check_whole(&rehearsal, 60);
    let output = rehearsal.command(&["resume", "-q"]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    assert_eq!((count(&rehearsal, "rejected"), count(&rehearsal, "created")), (3, 57));
}

#[test]
fn credentials_refused_in_the_middle_stop_the_run_and_fail_no_row() {
    let rehearsal = rows(80, &[7]);
    let peace = Peace::of(&rehearsal);
    let output = rehearsal.import_with(&["--fault", "status=401,nth:40,times:100000"]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("respondio-v1 refused account sandbox:respondio-v1"), "{}", said(&output));
    let end = events(&output).pop().unwrap();
    assert_eq!(end["stopped_by"]["code"], "account.unauthorized");
    assert_eq!(end["stopped_by"]["message"], end["stopped"]);
    let remarks = end["remarks"].as_array().unwrap();
    assert_eq!(remarks.last(), Some(&end["stopped_by"]["hint"]), "people are told the cure last");
    let place = serde_json::json!({
        "service": "respondio-v1", "account": "sandbox:respondio-v1", "http_status": 401, "run": end["run"],
    });
    assert_eq!(end["stopped_by"]["context"], place);
    check_whole(&rehearsal, 80);
    let outcomes = rehearsal.outcomes();
    assert!(
        outcomes.keys().all(|outcome| ["created", "skipped", "rejected"].contains(&outcome.as_str())),
        "{outcomes:?}"
    );
    // Requests under way when the refusal came are all that may follow it.
    let refused = events(&output).iter().filter(|event| event["http_status"] == 401).count();
    assert!(refused <= 8, "{refused} requests with refused credentials");

    let output = rehearsal.import().output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    rehearsal.check_same(&peace, "resumed with good credentials");
}

#[test]
fn first_rows_that_go_well_let_the_others_follow() {
    let rehearsal = rows(40, &[]);
    let output = rehearsal.import_with(&["--canary", "5"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let told = events(&output);
    let at =
        told.iter().position(|event| event["text"].as_str().is_some_and(|text| text.starts_with("the first 5 rows")));
    let before = &told[..at.expect("it is told that the first rows went well")];
    assert_eq!(before.iter().filter(|event| event["call"] == "create").count(), 5);
    assert_eq!(rehearsal.contacts().len(), 40);
}

/// Each of the calls that a row counts stands before it, among those of others.
#[test]
fn the_calls_of_a_row_are_told_before_the_row() {
    let rehearsal = rows(60, &[]);
    let output = rehearsal.import_with(&[]).output().unwrap();
    let (mut called, mut counted) = (0, 0);
    for event in events(&output) {
        called += u64::from(event["event"] == "called");
        counted += if event["event"] == "row" { event["calls"].as_u64().unwrap() } else { 0 };
        assert!(called >= counted, "{called} calls were told, and rows count {counted}: {event}");
    }
    assert!(counted >= 60, "{counted} calls");
}

#[test]
fn a_first_row_that_fails_keeps_the_others_back_until_somebody_says_so() {
    let rehearsal = rows(40, &[]);
    let output = rehearsal.import_with(&["--canary", "5", "--fault", &refuse(1)]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("1 of the first 5 rows failed"), "{}", said(&output));
    check_whole(&rehearsal, 40);
    assert_eq!((count(&rehearsal, "created"), count(&rehearsal, "failed"), count(&rehearsal, "skipped")), (4, 1, 35));

    // A yes answers what would be asked; the first rows are looked at all the same.
    for arguments in [&["--canary", "5"][..], &["--canary", "5", "--yes"]] {
        let output = rehearsal.import_with(arguments).output().unwrap();
        assert_eq!((code(&output), calls_of(&output)), (3, 0), "given again, it sends no more: {}", said(&output));
    }

    let output = rehearsal.command(&["resume", "-q"]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", said(&output));
    assert_eq!((count(&rehearsal, "created"), count(&rehearsal, "failed")), (39, 1));
}

#[test]
fn mended_rows_of_a_results_file_are_sent_and_no_others() {
    let rehearsal = rows(12, &[2, 9]);
    assert_eq!(code(&rehearsal.import().output().unwrap()), 1);
    let mended = rehearsal.results().replacen("Person 2,Doe,none", "Person 2,Doe,+447400000002", 1);
    std::fs::write(rehearsal.path("mended.csv"), mended).unwrap();
    let output = rehearsal.command(&["retry", "--with", "mended.csv", "-q"]).output().unwrap();
    assert_eq!(code(&output), 1, "one row is as bad as before: {}", said(&output));
    let retried = rehearsal.path("contacts.retry.csv");
    assert_eq!(column(&retried, "_line"), ["4", "11"]);
    assert_eq!(column(&retried, "_outcome"), ["created", "rejected"]);
    assert_eq!(rehearsal.contacts().len(), 11);

    let mended = std::fs::read_to_string(&retried).unwrap().replacen("none", "+447400000009", 1);
    std::fs::write(rehearsal.path("mended again.csv"), mended).unwrap();
    let output = rehearsal.command(&["retry", "--with", "mended again.csv", "-q"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(rehearsal.contacts().len(), 12);
}

#[test]
fn why_tells_what_was_done_to_a_person_and_forget_leaves_no_trace() {
    let rehearsal = rows(6, &[]);
    let source = std::fs::read(rehearsal.path(SOURCE)).unwrap();
    let mut import = rehearsal.command(&["import", "-", "--mapping", "contacts.mapping.toml", "--unthrottled", "-q"]);
    std::fs::write(rehearsal.path("piped"), source).unwrap();
    let output = import.stdin(std::fs::File::open(rehearsal.path("piped")).unwrap()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let id = column(&rehearsal.path("stdin.results.csv"), "_contact_id").remove(3);
    let why = || rehearsal.command(&["why", "+447400000003"]).output().unwrap();
    let told = String::from_utf8(why().stdout).unwrap();
    assert!(told.contains(&id) && told.contains("so it was created"), "{told}");

    let output = rehearsal.command(&["forget", "+447400000003", "--yes"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(!String::from_utf8(why().stdout).unwrap().contains(&id));
    for ending in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(rehearsal.path(&format!("state/ledger.sqlite{ending}"))) else { continue };
        assert!(!bytes.windows(id.len()).any(|window| window == id.as_bytes()), "ledger{ending} holds the contact");
    }
    let results = std::fs::read_to_string(rehearsal.path("stdin.results.csv")).unwrap();
    assert!(!results.contains("+447400000003") && !results.contains(&id), "{results}");
    assert!(results.contains("+447400000002"), "{results}");
    let outcomes = column(&rehearsal.path("stdin.results.csv"), "_outcome");
    assert_eq!(outcomes, vec!["created"; 6], "every row is still accounted for");
    let kept = std::fs::read_dir(rehearsal.path("state/input")).unwrap().count();
    assert_eq!(kept, 0, "what came on standard input held the person");
    assert!(!rehearsal.path(RESULTS).exists());
}
