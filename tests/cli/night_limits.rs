//! Runs that take several nights: `--max-calls` and `--until`, as options and as settings of a job.

use serde_json::Value;

use crate::generated::{CHATWOOT, DMCHAMP, RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, Rehearsal, SOURCE, calls_of, code, events, said, stderr};

/// So many new contacts, each with two tags.
fn rows(shape: Shape, n: u64) -> Rehearsal {
    let rest = ",".repeat(shape.custom);
    let row = |n| format!("Person {n},Doe,+447400{n:06},p{n}@example.org,a;b{rest}\n");
    let rows: String = (0..n).map(row).collect();
    Rehearsal::new(shape, &format!("{}{rows}", shape.header()))
}

/// Contacts of the sandbox without both of their tags.
fn half_done(rehearsal: &Rehearsal) -> usize {
    let has = |contact: &Value, tag: &str| contact.to_string().contains(&format!("\"{tag}\""));
    rehearsal.contacts().values().filter(|contact| !has(contact, "a") || !has(contact, "b")).count()
}

/// Runs the nights to their end, and returns how many calls each made.
fn nights(rehearsal: &Rehearsal, most: u64) -> Vec<u64> {
    let limit = most.to_string();
    let mut nights = Vec::new();
    loop {
        let output = rehearsal.import_with(&["--max-calls", &limit]).output().unwrap();
        let calls = calls_of(&output);
        assert!(calls <= most, "{calls} calls: {}", said(&output));
        assert_eq!(half_done(rehearsal), 0, "{}", said(&output));
        nights.push(calls);
        if code(&output) == 0 {
            return nights;
        }
        assert_eq!(code(&output), 3, "{}", said(&output));
        let end = events(&output).pop().unwrap();
        assert_eq!(end["stopped_by"]["code"], "run.max_calls", "{end}");
        let left = end["outcomes"]["skipped"].as_u64().unwrap();
        let words = stderr(&output);
        assert!(words.contains(&format!("it was allowed {most} calls, and used {calls}; {left} row")), "{words}");
        assert!(words.contains("next: `rolo resume "), "{words}");
        assert!(nights.len() < 50, "it comes to no end: {nights:?}");
    }
}

#[test]
fn an_import_goes_on_night_after_night_within_its_calls_and_leaves_no_contact_half_done() {
    for shape in [Shape { custom: 0, ..RESPONDIO_V1 }, Shape { custom: 0, ..CHATWOOT }, DMCHAMP] {
        let rehearsal = rows(shape, 30);
        let peace = Peace::of(&rehearsal);
        let nights = nights(&rehearsal, 40);
        assert!(nights.len() > 1, "{}: {nights:?}", shape.service);
        rehearsal.check_same(&peace, shape.service);
        // What was left over each night would not have been enough for a contact more.
        let wasted = nights.iter().rev().skip(1).filter(|calls| **calls < 28).count();
        assert_eq!(wasted, 0, "{}: {nights:?}", shape.service);
    }
}

#[test]
fn a_plan_and_a_rehearsal_tell_the_nights_that_the_import_then_takes() {
    let rehearsal = rows(Shape { custom: 0, ..RESPONDIO_V1 }, 50);
    let account = rehearsal.account();
    let foretold = |arguments: &[&str]| {
        let all = [arguments, &[SOURCE, "--to", &account, "--unthrottled", "--max-calls", "60", "--json", "-q"]];
        let output = rehearsal.command(&all.concat()).output().unwrap();
        events(&output).pop().unwrap()["nights"].clone()
    };
    let (plan, rehearsed) = (foretold(&["plan"]), foretold(&["import", "--rehearse"]));
    let nights = nights(&rehearsal, 60);
    for told in [&plan, &rehearsed] {
        assert_eq!(told["count"].as_u64().unwrap(), nights.len() as u64, "{told} against {nights:?}");
        assert!(told["first"][0]["calls"].as_u64().unwrap() <= 60, "{told}");
        assert!(told["first"][1]["begins"].as_u64() > told["first"][0]["ends"].as_u64(), "{told}");
    }
    let output = rehearsal.command(&["plan", SOURCE, "--to", &account, "--max-calls", "60"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains("finishes in 0"), "{}", said(&output));
}

#[test]
fn what_one_contact_may_take_is_more_than_a_night_allows() {
    let rehearsal = rows(Shape { custom: 0, ..RESPONDIO_V1 }, 3);
    let output = rehearsal.import_with(&["--max-calls", "1"]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("allow more than that"), "{}", said(&output));
    assert_eq!(rehearsal.contacts().len(), 0);
    // And a resume has limits of its own.
    let output = rehearsal.command(&["resume", "-q", "--max-calls", "100"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(half_done(&rehearsal), 0);
}

#[test]
fn a_job_has_its_nights_in_the_configuration() {
    let rehearsal = rows(Shape { custom: 0, ..RESPONDIO_V1 }, 30);
    let job = |more: &str| {
        let text = format!("[jobs.nightly]\nimport = \"{SOURCE}\"\nto = \"{}\"\n{more}\n", rehearsal.account());
        std::fs::write(rehearsal.path("rolo.toml"), text).unwrap();
        rehearsal.command(&["run", "nightly"]).output().unwrap()
    };
    let output = job("max_calls = 4\nuntil = \"06:00\"\ntime_zone = \"Europe/Berlin\"");
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(stderr(&output).contains("within the same limits"), "{}", said(&output));
    for (wrong, why) in [
        ("until = \"6 am\"", "not a time of day: 6 am"),
        ("until = \"06:00\"\ntime_zone = \"Berlin\"", "no time zone is called: Berlin"),
        ("time_zone = \"UTC\"", "it says nothing without `schedule` or `until`"),
        ("max_calls = 0", "a night has at least one call"),
    ] {
        let output = job(wrong);
        assert_eq!(code(&output), 2, "{wrong}");
        assert!(stderr(&output).contains(why), "{}", said(&output));
    }
}
