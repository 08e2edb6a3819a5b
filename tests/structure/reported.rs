//! The table of reported scenarios against the tests that there are.

use std::collections::BTreeSet;
use std::path::Path;

/// Row, what stands as its tests, and on what they were seen to fail.
fn rows(table: &str) -> Vec<(&str, &str, &str)> {
    let cells = |line: &'_ str| line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| row ");
    let lines = table.lines().filter(|line| cells(line));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [row, _, tests, seen] = cells[..] else { panic!("four cells: {line}") };
            (row, tests, seen)
        })
        .collect()
}

fn named(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<', ' ']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_reported_scenario_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("tests/reported.md")).unwrap();
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests", "crates"] {
        tests_in(&root.join(folder), &mut tests);
    }
    let rows = rows(&table);
    assert_eq!(rows.len(), 51 + 13 + 16, "a row is gone or came: the table and this number go together");
    let mut missing = Vec::new();
    for (row, cell, seen) in &rows {
        assert!(named(cell).next().is_some(), "{row} names no test");
        let says = seen.starts_with("first version") || seen.starts_with("planted: ");
        assert!(says, "{row} does not say on what its tests were seen to fail: {seen}");
        let is_there = |name: &str| if name.contains('/') { root.join(name).exists() } else { tests.contains(name) };
        missing.extend(named(cell).filter(|name| !name.starts_with("--") && !is_there(name)).map(|name| (*row, name)));
    }
    assert!(missing.is_empty(), "{missing:?}");
}
