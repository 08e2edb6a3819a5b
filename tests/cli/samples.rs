//! Every sample, run as its own page tells; and what comes out, held against what the page promises.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::console::{Session, copy_folder, updating};
use crate::workbook;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Runs the page of a sample in a copy of it; `after` looks at what is there then.
fn run(name: &str, after: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let sample = samples().join(name);
    copy_folder(&sample, folder.path());
    let commands = Session { page: &sample.join("README.md"), folder: folder.path(), home: home.path() }.run();
    assert!(commands > 0, "{name}");
    for entry in std::fs::read_dir(&sample).unwrap() {
        let expected = entry.unwrap().path();
        let file = expected.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(results) = file.strip_suffix(".expected.csv") {
            let results = std::fs::read_to_string(folder.path().join(format!("{results}.results.csv"))).unwrap();
            let expected = std::fs::read_to_string(&expected).unwrap();
            for (line, (is, should)) in results.lines().zip(expected.lines()).enumerate() {
                assert_eq!(undated(is), should, "{name}/{file}, line {}", line + 1);
            }
            assert_eq!(results.len(), expected.len(), "{name}/{file}");
        }
    }
    after(folder.path());
}

/// A line of results with the day on which its row was sent taken for the one in the sample.
fn undated(line: &str) -> String {
    match line.split_once("as sent on ") {
        Some((before, after)) => format!("{before}as sent on 2026-11-23{}", after.get(10..).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The cells of one column of a results file.
fn column(file: &Path, name: &str) -> Vec<String> {
    // A row with surplus cells has them behind the last column.
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

#[test]
fn every_folder_is_a_sample_that_is_run_here() {
    let there: BTreeSet<_> = std::fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let run = ["dirty-file", "excel-import", "first-import", "nightly", "round-trip"];
    assert_eq!(there, run.map(str::to_owned).into());
}

#[test]
fn the_first_import_creates_what_is_usable_and_explains_the_rest() {
    run("first-import", |folder| {
        let outcomes = column(&folder.join("contacts.results.csv"), "_outcome");
        assert_eq!(outcomes.len(), 40);
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "rejected").count(), 5);
    });
}

#[test]
fn a_dirty_file_shows_every_code_that_a_file_can() {
    run("dirty-file", |folder| {
        let page = std::fs::read_to_string(samples().join("../docs/row-errors.md")).unwrap();
        // Rows that planning, a service or an undo stopped are no matter of the file.
        let of_files = page.split("## Found while planning").next().unwrap();
        let mut documented: BTreeSet<&str> =
            of_files.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let other_mappings = [
            "row.not_selected",
            "duplicate.left_out",
            "duplicate.value_left",
            "duplicate.merged",
            "duplicate.not_compared",
            "duplicate.not_merged",
            "value.stand_in",
            "value.left_behind",
            "value.name_divided",
        ];
        let other_services = ["value.not_a_choice", "value.not_a_service_id", "row.internal_error"];
        // What only other shapes of files have: tests/cases shows each.
        let other_files = [
            "row.not_json",
            "row.not_vcard",
            "row.quotes_repaired",
            "row.quote_over_rows",
            "row.repeated_header",
            "row.second_header",
            "row.total",
            "row.footer",
            "text.looks_garbled",
            "value.formula_unsaved",
            "value.merged",
        ];
        let by_edits = ["edit.applied", "edit.row_changed", "edit.row_left_out"];
        let elsewhere = other_mappings.into_iter().chain(other_services).chain(other_files).chain(by_edits);
        for elsewhere in elsewhere {
            assert!(documented.remove(elsewhere), "{elsewhere}");
        }
        let codes = column(&folder.join("contacts.results.csv"), "_code");
        let shown: BTreeSet<&str> =
            codes.iter().flat_map(|codes| codes.split(" | ")).filter(|code| !code.is_empty()).collect();
        assert_eq!(shown, documented);
        assert_eq!((codes.first().unwrap().as_str(), codes.last().unwrap().as_str()), ("", ""));
    });
}

#[test]
fn the_second_night_sends_only_what_changed() {
    run("nightly", |folder| {
        let results = folder.join("contacts.results.csv");
        assert_eq!(column(&results, "_outcome"), ["unchanged", "updated", "unchanged", "unchanged", "created"]);
        // One update; one look-up, one create and one call for the tag.
        assert_eq!(column(&results, "_calls"), ["0", "1", "0", "0", "3"]);
    });
}

#[test]
fn one_cell_edited_in_an_export_is_one_call() {
    run("round-trip", |folder| {
        let calls = column(&folder.join("all.results.csv"), "_calls");
        let towns = column(&folder.join("all.results.csv"), "custom.cf_town");
        for (calls, town) in calls.iter().zip(towns) {
            assert_eq!(calls, if town == "Bristol" { "1" } else { "0" }, "{town}");
        }
    });
}

#[test]
fn a_workbook_is_read_as_its_sheet_shows_it() {
    run("excel-import", |folder| {
        let results = folder.join("fair.results.csv");
        assert_eq!(column(&results, "_sheet"), ["Visitors"; 5]);
        assert_eq!(column(&results, "_line"), ["5", "6", "7", "8", "10"]);
        assert_eq!(column(&results, "cf_badge"), ["00042", "01730", "00007", "20815", "00099"]);
        assert_eq!(column(&results, "cf_visited")[0], "2026-10-12");
        assert_eq!(column(&results, "E-mail")[2], "siti.rahman@example.com");
        assert_eq!(column(&results, "_code"), ["", "", "", "", "phone.digits_lost"]);
        let visitors = folder.join("visitors.csv");
        // Written so that no spreadsheet takes the plus for a formula.
        assert_eq!(column(&visitors, "phone"), ["'+60123456780"]);
    });
}

#[test]
fn the_workbook_is_the_one_that_is_made_here() {
    let path = samples().join("excel-import/fair.xlsx");
    let made = workbook::fair().unwrap();
    if updating() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == made, "UPDATE_DOCS=1 makes the workbook anew");
}
