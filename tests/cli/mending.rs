//! Results that a person mended, in a text file and on either sheet of a workbook.

use std::process::Stdio;
use std::time::Duration;

use calamine::Reader as _;
use rust_xlsxwriter::Workbook;

use crate::world::{Said, World, cells};

const PEOPLE: &str = "Name,Phone,City,Notes\n\
    Ann Lee,+447400100101,Leeds,old friend\n\
    Bob Day,call office,York,\n\
    Cy Cole,+447400100103,Hull,\n\
    Di Dean,none,Bath,\n";

const MAPPING: &str = "[columns]\nName.field = \"name\"\nPhone.field = \"phone\"\nCity.field = \"custom.city\"\n";

/// A run of which the second and the fourth row were rejected.
fn imported(results: &str) -> World {
    let world = World::new();
    world.write("contacts.csv", PEOPLE);
    world.write("contacts.mapping.toml", MAPPING);
    let said = world.rolo(&format!("import contacts.csv --unthrottled --results {results}"));
    assert_eq!(said.code, 1, "{}", said.err);
    world
}

/// Saves a workbook as a spreadsheet program would, with other texts in some cells of a sheet.
fn mend(world: &World, file: &str, edits: &[(&str, &str, &str)]) {
    let mut read: calamine::Xlsx<_> = calamine::open_workbook(world.path(file)).unwrap();
    let mut book = Workbook::new();
    for name in read.sheet_names() {
        let sheet = book.add_worksheet();
        sheet.set_name(&name).unwrap();
        for (row, cells) in (0..).zip(read.worksheet_range(&name).unwrap().rows()) {
            for (column, cell) in (0..).zip(cells) {
                let cell = cell.to_string();
                let edit = edits.iter().find(|(on, was, _)| *on == name && *was == cell);
                sheet.write_string(row, column, edit.map_or(cell, |(.., now)| (*now).to_owned())).unwrap();
            }
        }
    }
    book.save(world.path(file)).unwrap();
}

fn retried(world: &World, options: &str) -> Said {
    world.rolo(&format!("retry {options} --unthrottled --results again.csv"))
}

/// Line and outcome of each row of the retry.
fn outcomes(world: &World) -> Vec<String> {
    let rows = world.csv("again.csv");
    cells(&rows, "_line")
        .iter()
        .zip(cells(&rows, "_outcome"))
        .map(|(line, outcome)| format!("{line} {outcome}"))
        .collect()
}

#[test]
fn rows_are_taken_from_the_sheet_that_was_mended_or_from_both() {
    for (edits, expected) in [
        (&[("needs attention", "call office", "+447400100102")][..], ["3 created", "5 rejected"]),
        (&[("results", "call office", "+447400100102")], ["3 created", "5 rejected"]),
        (
            &[("results", "none", "+447400100104"), ("needs attention", "call office", "+447400100102")],
            ["3 created", "5 created"],
        ),
        // One row, a cell on each sheet.
        (
            &[("results", "York", "Ripon"), ("needs attention", "call office", "+447400100102")],
            ["3 created", "5 rejected"],
        ),
    ] {
        let world = imported("r.xlsx");
        mend(&world, "r.xlsx", edits);
        let said = retried(&world, "--with r.xlsx");
        assert_eq!(outcomes(&world), expected, "{edits:?}\n{}", said.err);
        if edits.iter().any(|(_, _, now)| *now == "Ripon") {
            assert_eq!(cells(&world.csv("again.csv"), "City")[0], "Ripon");
            assert_eq!(cells(&world.csv("again.csv"), "Phone")[0], "+447400100102");
        }
    }
}

#[test]
fn a_cell_that_was_mended_otherwise_on_each_sheet_is_refused_with_both_values() {
    let world = imported("r.xlsx");
    let edits = [("results", "call office", "+447400100102"), ("needs attention", "call office", "+447400100109")];
    mend(&world, "r.xlsx", &edits);
    let said = retried(&world, "--with r.xlsx");
    assert_eq!(said.code, 2, "{}", said.err);
    for word in ["_line 3", "Phone", "+447400100102", "+447400100109", "--sheet"] {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    let mut command = world.command("retry --with r.xlsx --unthrottled --results again.csv --sheet");
    let said = crate::world::said(command.arg("needs attention"));
    assert_eq!(cells(&world.csv("again.csv"), "Phone")[0], "+447400100109", "{}", said.err);
}

#[test]
fn without_the_source_two_sheets_have_to_agree() {
    let world = imported("r.xlsx");
    world.write("contacts.csv", "Name,Phone,City,Notes\nSomebody,+447400100199,Ely,\n");
    mend(&world, "r.xlsx", &[("needs attention", "call office", "+447400100102")]);
    let said = retried(&world, "--with r.xlsx");
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("_line 3") && said.err.contains("call office"), "{}", said.err);
    mend(&world, "r.xlsx", &[("results", "call office", "+447400100102")]);
    let said = retried(&world, "--with r.xlsx");
    assert_eq!(outcomes(&world), ["3 created", "5 rejected"], "{}", said.err);
    assert!(said.err.contains("source is gone or was changed"), "{}", said.err);
    // By their lines alone the rows of a changed source would be other people.
    let said = retried(&world, "20");
    assert_eq!(said.code, 2);
}

#[test]
fn a_good_row_that_was_changed_is_sent_too_and_what_changes_nothing_is_said() {
    let world = imported("r.csv");
    let mended = world
        .read("r.csv")
        .replace("call office", "+447400100102")
        .replace("Leeds", "Bradford")
        .replace("old friend", "best friend")
        .replace("Hull", "")
        + "Ed East,+447400100105,Ely,\n";
    world.write("r.csv", &mended);
    let said = retried(&world, "--with r.csv");
    assert_eq!(outcomes(&world), ["2 updated", "3 created", "5 rejected"], "{}", said.err);
    for words in [
        "1 row that went well and changed since is sent too: City (line 2)",
        "blank = \"ignore\" leaves the field as it is: City (line 4)",
        "no use for their columns: Notes (line 2)",
        "1 row without _line, added by hand, not sent",
    ] {
        assert!(said.err.contains(words), "{words}\n{}", said.err);
    }
}

#[test]
fn a_column_that_a_spreadsheet_rewrote_is_not_sent_unasked() {
    let world = World::new();
    let rows: String = (0..40).map(|n| format!("P {n},+4474001002{n:02},0{n}\n")).collect();
    world.write("contacts.csv", &format!("Name,Phone,Code\n{rows}Bad,none,07\n"));
    world.write(
        "contacts.mapping.toml",
        "[columns]\nName.field = \"name\"\nPhone.field = \"phone\"\nCode.field = \"custom.code\"\n",
    );
    world.rolo("import contacts.csv --unthrottled --results r.csv");
    let mended: String = world.read("r.csv").lines().map(|line| line.replacen(",0", ",", 1) + "\n").collect();
    world.write("r.csv", &mended.replace("none", "+447400100199"));
    let said = retried(&world, "--with r.csv");
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("Code") && said.err.contains("--yes"), "{}", said.err);
    let said = retried(&world, "--with r.csv --yes");
    assert_eq!(outcomes(&world).len(), 41, "{}", said.err);
}

#[test]
fn rows_whose_line_can_not_be_right_are_refused() {
    for (was, now, words) in [
        (",3,rejected", ",9,rejected", "the source has no row with _line 9"),
        (",3,rejected", ",2,rejected", "a second row with _line 2"),
        (",3,rejected", ",third,rejected", "_line is not a number: third"),
    ] {
        let world = imported("r.csv");
        world.write("r.csv", &world.read("r.csv").replace(was, now));
        let said = retried(&world, "--with r.csv");
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains(words), "{}", said.err);
    }
}

#[test]
fn a_retry_of_a_retry_knows_its_rows() {
    let world = imported("r.csv");
    assert_eq!(retried(&world, "").code, 1);
    assert_eq!(outcomes(&world), ["3 rejected", "5 rejected"]);
    // The latest run is the retry now.
    assert_eq!(retried(&world, "").code, 1);
    assert_eq!(outcomes(&world), ["3 rejected", "5 rejected"]);
    world.write("mended.csv", &world.read("again.csv").replace("call office", "+447400100102"));
    let said = retried(&world, "--with mended.csv");
    assert_eq!(outcomes(&world), ["3 created", "5 rejected"], "{}", said.err);
}

#[test]
fn a_source_that_changes_while_it_is_sent_is_told_at_the_end() {
    let world = World::new();
    let rows: String = (0..60).map(|n| format!("P {n},+4474001002{n:02}\n")).collect();
    world.write("contacts.csv", &format!("Name,Phone\n{rows}"));
    // One answer is held back, so that it can't be done before the file is replaced.
    let mut command = world.command("import contacts.csv --unthrottled --fault latency=4s,nth:1");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ledger = world.path(".local/state/rolo/ledger.sqlite");
    let is_sending = || {
        let db = rusqlite::Connection::open_with_flags(&ledger, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let intents =
            |db: rusqlite::Connection| db.query_row("SELECT count(*) FROM call", [], |row| row.get::<_, i64>(0));
        db.and_then(intents).is_ok_and(|intents| intents > 0)
    };
    while !is_sending() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was seen to begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    world.write("new.csv", "Name,Phone\n");
    std::fs::rename(world.path("new.csv"), world.path("contacts.csv")).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("contacts.csv was replaced or changed since it was read"), "{said}");
    assert!(said.contains("60 rows = 60 created"), "{said}");
}
