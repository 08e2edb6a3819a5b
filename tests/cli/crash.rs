//! Death at every named point: each point, each time it is reached, then the same command again.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use rolo::crash::POINTS;

use crate::generated::{RESPONDIO, RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, RESULTS, Rehearsal, SOURCE, code, said, tell};

/// Points that an import passes.
const OF_IMPORT: &[&str] = &[
    "key_kept",
    "migrating",
    "migrated",
    "before_run",
    "after_run",
    "before_intent",
    "after_intent",
    "after_answer",
    "after_outcome",
    "before_row",
    "after_row",
    "before_rows",
    "after_rows",
    "before_file",
    "after_file",
    "before_state",
    "after_state",
];
/// Points of an import that lie behind a resumed one.
const BEFORE_RESUME: &[&str] =
    &["key_kept", "migrating", "migrated", "before_run", "after_run", "before_rows", "after_rows"];
/// Points that only a resumed import passes.
const OF_RESUME: &[&str] = &["after_settled"];
const OF_EXPORT: &[&str] = &[
    "before_run",
    "after_run",
    "before_page",
    "after_page",
    "before_file",
    "after_file",
    "before_spool_removed",
    "before_state",
    "after_state",
];
/// Points of whoever sends an alert: swept where alerts are.
pub const OF_ALERT: &[&str] = &["alert_taken", "alert_sent"];
const OF_UNDO: &[&str] = &[
    "before_run",
    "after_run",
    "before_undo",
    "before_intent",
    "after_intent",
    "after_answer",
    "after_outcome",
    "before_row",
    "after_row",
    "after_undo",
    "before_file",
    "after_file",
    "before_state",
    "after_undone",
    "after_state",
];

#[test]
fn every_point_in_the_code_is_listed_and_swept() {
    let mut found = BTreeSet::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    let listed: BTreeSet<String> = POINTS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, listed, "src/crash.rs lists every crash point in src, and no other");
    let swept = [OF_IMPORT, OF_RESUME, OF_EXPORT, OF_UNDO, OF_ALERT].concat();
    let swept: BTreeSet<String> = swept.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(listed, swept);
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("crash_point!(\"").skip(1) {
                found.insert(part.split('"').next().unwrap().to_owned());
            }
        }
    }
}

/// Runs `command` in copies of `base`, dead at each of `points` for the n-th time, n = 1, 2… as long
/// as it is reached and at most `at_most`; after each death `after` looks at what is left.
fn sweep(
    base: &Rehearsal,
    points: &[&str],
    at_most: u64,
    command: &dyn Fn(&Rehearsal) -> Command,
    after: &dyn Fn(&mut Rehearsal, &str),
) -> u64 {
    let mut deaths = 0;
    for point in points {
        for n in 1..=at_most {
            let mut copy = base.copy();
            let what = format!("ROLO_CRASH={point}:{n}");
            let output = command(&copy).env("ROLO_CRASH", format!("{point}:{n}")).output().unwrap();
            if output.status.signal().is_none() {
                assert!(n > 1, "{point} was never reached: {}", said(&output));
                assert!(matches!(code(&output), 0 | 1), "{what}: {}", said(&output));
                break;
            }
            deaths += 1;
            copy.check_intents();
            after(&mut copy, &what);
        }
    }
    deaths
}

/// An account that holds six contacts, of which no ledger knows, and a source of thirty rows: new
/// contacts, changed ones, unchanged ones, one with more than 30 fields, one with more than 10 tags,
/// and bad rows.
fn thirty_rows(shape: Shape) -> Rehearsal {
    let row = |name: &str, phone: u64, email: &str, tags: &str, custom: usize| {
        let cells: String =
            (1..=shape.custom).map(|n| if n <= custom { format!(",c{n}") } else { ",".into() }).collect();
        format!("{name},Doe,+447400{phone:06},{email},{tags}{cells}\n")
    };
    let there: String = (0..6).map(|n| row(&format!("Old {n}"), n, "", "old", 1)).collect();
    let rehearsal = Rehearsal::new(shape, &format!("{}{there}", shape.header()));
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(rehearsal.path(&format!("state/ledger.sqlite{ending}")));
    }
    std::fs::remove_file(rehearsal.path(RESULTS)).unwrap();

    let mut source = shape.header();
    source += &row("Old 0", 0, "", "old", 1);
    source += &row("Old 1", 1, "", "", 0);
    source += &row("Renamed 2", 2, "", "old", 1);
    source += &row("Renamed 3", 3, "three@example.org", "new;newer", 2);
    source += &row("Old 4", 4, "", "tag", 1);
    source += &row("Wide", 100, "wide@example.org", "", shape.custom);
    let many: Vec<String> = (0..23).map(|n| format!("t{n}")).collect();
    source += &row("Many", 101, "", &many.join(";"), 0);
    for n in 0..8 {
        source += &row(&format!("New {n}"), 110 + n, "", if n % 3 == 0 { "a;b" } else { "" }, 1);
    }
    for n in 0..15 {
        source += &format!("Bad {n},Doe,no number,not an address,{}\n", ",".repeat(shape.custom));
    }
    std::fs::write(rehearsal.path(SOURCE), source).unwrap();
    rehearsal
}

fn resumed(peace: &Peace) -> impl Fn(&mut Rehearsal, &str) + '_ {
    |rehearsal, what| {
        if rehearsal.ledger_path().exists() && rehearsal.run_state().as_deref() == Some("finished") {
            // It died after all was done: the same command would be a second import.
        } else {
            let output = rehearsal.import().output().unwrap();
            assert_eq!(code(&output), 1, "{what}: {}", said(&output));
        }
        rehearsal.check_same(peace, what);
    }
}

#[test]
fn an_import_that_dies_at_any_point_ends_like_one_left_in_peace() {
    let base = thirty_rows(RESPONDIO_V1);
    let peace = Peace::of(&base);
    let deaths = sweep(&base, OF_IMPORT, u64::MAX, &Rehearsal::import, &resumed(&peace));
    tell(&format!("{deaths} deaths, each point and each time it was reached"));
    assert!(deaths > 100, "{deaths}");
}

#[test]
fn a_resume_that_dies_at_any_point_ends_like_an_import_left_in_peace() {
    for shape in [RESPONDIO_V1, RESPONDIO] {
        let whole = thirty_rows(shape);
        let peace = Peace::of(&whole);
        let base = with_creates_in_doubt(&whole);
        let of_resume: Vec<&str> = OF_IMPORT.iter().copied().filter(|point| !BEFORE_RESUME.contains(point)).collect();
        let mut deaths = sweep(&base, &of_resume, 4, &Rehearsal::import, &resumed(&peace));
        deaths += sweep(&base, OF_RESUME, 4, &Rehearsal::import, &resumed(&peace));
        tell(&format!("{}: {deaths} deaths while resuming", shape.service));
    }
}

/// A copy that died when the service had created contacts whose answers nobody wrote down.
fn with_creates_in_doubt(whole: &Rehearsal) -> Rehearsal {
    for n in 8..100 {
        let copy = whole.copy();
        let died = copy.import().env("ROLO_CRASH", format!("after_answer:{n}")).output().unwrap();
        assert!(died.status.signal().is_some(), "{}", said(&died));
        let done = copy.ask("SELECT count(*) FROM call WHERE kind = 'create' AND verdict IS NOT NULL");
        if copy.contacts().len() > 6 + usize::try_from(done).unwrap() {
            return copy;
        }
    }
    panic!("no create was ever in doubt")
}

fn export(rehearsal: &Rehearsal) -> Command {
    rehearsal.command(&["export", "out.csv", "--from", &rehearsal.account(), "--unthrottled", "-q"])
}

#[test]
fn an_export_that_dies_at_any_point_goes_on_to_the_same_file() {
    let base = thirty_rows(RESPONDIO);
    assert_eq!(code(&base.import().output().unwrap()), 1);
    let peace = base.copy();
    let output = export(&peace).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    let wanted = std::fs::read_to_string(peace.path("out.csv")).unwrap();
    assert_eq!(wanted.lines().count(), 17, "a header and sixteen contacts");
    let deaths = sweep(&base, OF_EXPORT, u64::MAX, &export, &|rehearsal, what| {
        let finished = "SELECT count(*) FROM run WHERE command = 'export' AND state = 'finished'";
        // Dead after all was done, the same command would be refused: the file is there.
        if rehearsal.ask(finished) == 0 {
            let output = export(rehearsal).output().unwrap();
            assert_eq!(code(&output), 0, "{what}: {}", said(&output));
        }
        assert_eq!(std::fs::read_to_string(rehearsal.path("out.csv")).unwrap(), wanted, "{what}");
    });
    tell(&format!("{deaths} deaths while exporting"));
}

#[test]
fn an_undo_that_dies_at_any_point_puts_everything_back() {
    let base = thirty_rows(RESPONDIO);
    let before = base.contacts();
    assert_eq!(code(&base.import().output().unwrap()), 1);
    assert_ne!(base.contacts(), before);
    let run = base.run_name();
    let undo = |rehearsal: &Rehearsal| rehearsal.command(&["undo", &run, "--yes", "--unthrottled", "-q"]);
    // The place that the run remembers, whichever copy of the state folder knows of it.
    let file = base.path("contacts.undo.csv");
    let peace = base.copy();
    let output = undo(&peace).output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(peace.contacts(), before);
    let wanted = std::fs::read_to_string(&file).unwrap();
    let deaths = sweep(&base, OF_UNDO, u64::MAX, &undo, &|rehearsal, what| {
        let output = undo(rehearsal).output().unwrap();
        let done = code(&output) == 2 && said(&output).contains("was put back already");
        assert!(done || code(&output) == 0, "{what}: {}", said(&output));
        assert_eq!(rehearsal.contacts(), before, "{what}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), wanted, "{what}");
    });
    tell(&format!("{deaths} deaths while putting back"));
}
