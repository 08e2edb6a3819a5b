//! `rolo check` on many dirty rows: each accounted for, in order, in memory that doesn't grow.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::dirty_contacts::{CUSTOM_COLUMNS, DirtyContacts};
use crate::world::Bare as _;

const MAPPING: &str = r#"
[columns.first_name]
field = "first_name"
[columns.last_name]
field = "last_name"
[columns.phone]
field = "phone"
region_column = "country"
[columns.email]
field = "email"
[columns.tags]
tags = "add"
"#;

fn generated(home: &Path, rows: u64) -> PathBuf {
    let path = home.join("contacts.csv");
    DirtyContacts::new(42).write_csv(rows, &mut BufWriter::new(File::create(&path).unwrap())).unwrap();
    let mut mapping = MAPPING.to_owned();
    for column in 1..=CUSTOM_COLUMNS {
        mapping.push_str(&format!("[columns.cf_{column:02}]\nfield = \"custom.cf_{column:02}\"\n"));
    }
    std::fs::write(home.join("contacts.mapping.toml"), mapping).unwrap();
    path
}

/// Runs a check of `path`; returns its exit code and the most memory it held, in KiB.
fn check(home: &Path, path: &Path) -> (i32, u64) {
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_rolo"))
        .args(["check", path.to_str().unwrap(), "--quiet"])
        .bare()
        .env("HOME", home)
        .current_dir(home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    watched(child)
}

/// Waits for a program; its exit code and the most memory it held, in KiB.
pub fn watched(mut child: std::process::Child) -> (i32, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        // The peak never falls, so the last look before the end tells it.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended.code().unwrap_or(-1), most);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every data row of both files, read anew by a reader that shares nothing with the program's own.
fn rows(path: &Path) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_path(path).unwrap().into_records().map(Result::unwrap)
}

/// Codes of docs/row-errors.md that are no errors, and that the generated rows bring about.
const UNDERSTOOD: [&str; 3] = ["value.placeholder", "phone.older_form", "tags.looks_joined"];

#[test]
fn every_dirty_row_is_accounted_for_in_order() {
    const ROWS: usize = 3_000;
    let home = tempfile::tempdir().unwrap();
    let source = generated(home.path(), ROWS as u64);
    let (code, _) = check(home.path(), &source);
    assert_eq!(code, 1, "some rows are rejected, and the code says so");
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let written = home.path().join("contacts.results.csv");
    let mut results = rows(&written);
    let headers = csv::Reader::from_path(&written).unwrap().headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (outcome, error) = (at("_outcome"), at("_code"));
    for (number, row) in rows(&source).enumerate() {
        let result = results.next().unwrap_or_else(|| panic!("row {number} has no result"));
        for (column, cell) in row.iter().enumerate() {
            // A cell that a spreadsheet would take for a formula has an apostrophe before it.
            let written = result.get(column).unwrap();
            assert!(
                written == cell || written.strip_prefix('\'') == Some(cell),
                "row {number}: {written:?} for {cell:?}"
            );
        }
        let rejected = &result[outcome] == "rejected";
        // A row that is in order says at most how its cells were understood.
        let understood = |code: &str| UNDERSTOOD.contains(&code) || code.is_empty();
        assert_eq!(rejected, !result[error].split(" | ").all(understood), "row {number}: {result:?}");
        *outcomes.entry(result[outcome].to_owned()).or_default() += 1;
    }
    assert!(results.next().is_none());
    assert_eq!(outcomes.values().sum::<usize>(), ROWS);
    // About one phone in ten can't be used, and one address in twenty-five.
    assert!((ROWS / 20..ROWS / 2).contains(&outcomes["rejected"]), "{outcomes:?}");
    assert_eq!(outcomes.keys().collect::<Vec<_>>(), ["rejected", "skipped"]);
}

#[test]
fn memory_stays_flat_however_many_rows_there_are() {
    let home = tempfile::tempdir().unwrap();
    let (_, of_few) = check(home.path(), &generated(home.path(), 6_000));
    let (_, of_many) = check(home.path(), &generated(home.path(), 30_000));
    // Held as cells, 24,000 rows of 42 columns would take 40 MB more; what may grow is what finds
    // duplicates, some forty bytes for each identifier, and what the allocator keeps.
    assert!(of_few > 0, "no memory was seen");
    assert!(of_many < of_few + 14_000, "{of_few} KiB for 6,000 rows, {of_many} KiB for 30,000");
}
