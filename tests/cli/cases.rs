//! Files as people have them, in `tests/cases`: what is stored is right, or it is told; never a
//! difference without a word.
//!
//! Beside `NN-name.EXT` stands `NN-name.expected.toml`, written by hand and not from what the program
//! does, and where the case wants one a mapping. A case is checked and imported into an empty sandbox,
//! which is exported afterwards. In the expectation:
//!
//! - `args`: further arguments; `to`: the account (`sandbox:chatwoot`); `exit`: the code of the import;
//!   `export`: further arguments of the export
//! - `told`, `not_told`: words that the import must say, or must not
//! - `[rows]`: by line (or `"Sheet!line"`) the outcome and the codes that must be among the row's codes;
//!   a row that isn't listed, or a listed one that isn't there, is a failure
//! - `[stored.LINE]`: fields of the contact as the service holds them afterwards; `[message.LINE]` is
//!   text that the row's message must hold
//!
//! `CASE=16 cargo test --test cli -- cases::` runs the cases whose names begin so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;

use crate::program::said;

/// Cases that don't pass yet, and who is at it. The list may only shrink: a case on it that passes fails.
const NOT_YET: &[(&str, &str)] = &[];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    args: Vec<String>,
    #[serde(default = "chatwoot")]
    to: String,
    exit: i32,
    /// Further arguments of the export.
    #[serde(default)]
    export: Vec<String>,
    #[serde(default)]
    told: Vec<String>,
    #[serde(default)]
    not_told: Vec<String>,
    #[serde(default)]
    rows: BTreeMap<String, String>,
    #[serde(default)]
    stored: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    message: BTreeMap<String, String>,
}

fn chatwoot() -> String {
    "sandbox:chatwoot".into()
}

/// One row of a results file.
struct Row {
    outcome: String,
    codes: BTreeSet<String>,
    message: String,
    contact: String,
}

#[test]
fn what_a_file_says_is_stored_or_told() {
    let only = std::env::var("CASE").unwrap_or_default();
    let cases: Vec<PathBuf> = cases().into_iter().filter(|case| name(case).starts_with(&only)).collect();
    assert!(!cases.is_empty(), "no case begins with {only}");
    let next = Mutex::new(cases.iter());
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else { break };
                    let differences = differences(case);
                    wrong.lock().unwrap().insert(name(case).to_owned(), differences);
                }
            });
        }
    });
    let mut report = String::new();
    for (case, differences) in wrong.into_inner().unwrap() {
        match (differences.is_empty(), NOT_YET.iter().find(|(listed, _)| *listed == case)) {
            (true, Some(_)) => writeln!(report, "{case}: passes, so take it off the list").unwrap(),
            (false, None) => writeln!(report, "{case}:\n{differences}").unwrap(),
            _ => {}
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn each_file_of_the_cases_has_its_expectation() {
    let with_expectation: BTreeSet<String> = cases().iter().map(|case| name(case).to_owned()).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let case = file.split_once('.').unwrap().0;
        assert!(with_expectation.contains(case), "{file} has no {case}.expected.toml");
    }
    for (case, _) in NOT_YET {
        assert!(with_expectation.contains(*case), "{case} is on the list and is no case");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The expectations, in the order of their names.
fn cases() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = files.filter(|file| file.to_string_lossy().ends_with(".expected.toml")).collect();
    cases.sort();
    cases
}

fn name(case: &Path) -> &str {
    case.file_name().unwrap().to_str().unwrap().split_once('.').unwrap().0
}

/// What is otherwise than expected, in words; empty if nothing is.
fn differences(case: &Path) -> String {
    let expected: Expected = toml::from_str(&std::fs::read_to_string(case).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let home = tempfile::tempdir().unwrap();
    let file = bring(name(case), home.path());
    let more: Vec<&str> = expected.args.iter().map(String::as_str).collect();
    let mut wrong = String::new();

    let to = expected.to.as_str();
    let check = [&["check", &file, "--to", to, "--results", "checked.csv"], &more[..]].concat();
    let (_, _, _) = said(home.path(), &check);
    let import = [&["import", &file, "--to", to, "--results", "imported.csv", "--unthrottled"], &more[..]].concat();
    let (code, out, err) = said(home.path(), &import);
    let talk = format!("{out}{err}");
    if code != expected.exit {
        writeln!(wrong, "  ends with {code}, not {}", expected.exit).unwrap();
    }
    for words in expected.told.iter().filter(|words| !talk.contains(*words)) {
        writeln!(wrong, "  doesn't say {words:?}").unwrap();
    }
    for words in expected.not_told.iter().filter(|words| talk.contains(*words)) {
        writeln!(wrong, "  says {words:?}").unwrap();
    }
    if let Some(raw) = talk.chars().find(|letter| letter.is_control() && *letter != '\n') {
        writeln!(wrong, "  says {raw:?}, which a terminal may obey").unwrap();
    }
    let imported = results(&home.path().join("imported.csv"), &mut wrong);
    let checked = results(&home.path().join("checked.csv"), &mut wrong);
    for (at, text) in &expected.rows {
        let Some(row) = imported.get(at) else {
            writeln!(wrong, "  {at}: no such row").unwrap();
            continue;
        };
        let mut words = text.split_whitespace();
        let outcome = words.next().unwrap_or_default();
        if row.outcome != outcome || words.any(|code| !row.codes.contains(code)) {
            writeln!(wrong, "  {at}: {} {:?}, not {text}: {}", row.outcome, row.codes, row.message).unwrap();
        }
        let refused = |outcome: &str| outcome == "rejected";
        if checked.get(at).is_none_or(|checked| refused(&checked.outcome) != refused(&row.outcome)) {
            writeln!(wrong, "  {at}: check and import are at odds").unwrap();
        }
    }
    for (at, row) in imported.iter().filter(|(at, _)| !expected.rows.contains_key(*at)) {
        writeln!(wrong, "  {at}: a row that isn't expected: {} {}", row.outcome, row.message).unwrap();
    }
    for (at, words) in &expected.message {
        if !imported.get(at).is_some_and(|row| row.message.contains(words)) {
            let message = imported.get(at).map_or("no row", |row| &row.message);
            writeln!(wrong, "  {at}: its message lacks {words:?}: {message}").unwrap();
        }
    }
    compare_stored(&expected, &imported, home.path(), &mut wrong);
    if !wrong.is_empty() {
        writeln!(wrong, "  it said:\n    {}", talk.trim_end().replace('\n', "\n    ")).unwrap();
    }
    wrong
}

fn compare_stored(expected: &Expected, imported: &BTreeMap<String, Row>, home: &Path, wrong: &mut String) {
    if expected.stored.is_empty() {
        return;
    }
    let more = expected.export.iter().map(String::as_str);
    let export: Vec<&str> =
        ["export", "stored.csv", "--from", &expected.to, "--unthrottled"].into_iter().chain(more).collect();
    let (code, _, err) = said(home, &export);
    if code != 0 {
        writeln!(wrong, "  the export ends with {code}: {err}").unwrap();
        return;
    }
    let stored = table(&home.join("stored.csv"));
    for (at, fields) in &expected.stored {
        let contact = imported.get(at).map_or("", |row| row.contact.as_str());
        let Some(found) = stored.iter().find(|row| !contact.is_empty() && row["id"] == contact) else {
            writeln!(wrong, "  {at}: nothing is stored").unwrap();
            continue;
        };
        for (field, value) in fields {
            // A header may state the type behind the name, and a service lists tags in an order of its own.
            let typed =
                || found.iter().find(|(header, _)| header.split_once(':').is_some_and(|(name, _)| name == field));
            let is = found.get(field).or_else(|| typed().map(|(_, cell)| cell)).map_or("", String::as_str);
            let set = |cell: &str| cell.split(';').map(str::to_owned).collect::<BTreeSet<_>>();
            if is != value && (field != "tags" || set(is) != set(value)) {
                writeln!(wrong, "  {at}: {field} is stored as {is:?}, not {value:?}").unwrap();
            }
        }
    }
}

/// Copies the files of a case; returns the name of the one to import.
fn bring(case: &str, home: &Path) -> String {
    let mut source = None;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if file.split_once('.').unwrap().0 != case || file.ends_with(".expected.toml") {
            continue;
        }
        std::fs::copy(&path, home.join(&file)).unwrap();
        if Path::new(&file).extension().is_none_or(|extension| extension != "toml") {
            assert!(source.replace(file).is_none(), "{case} has two files");
        }
    }
    source.unwrap_or_else(|| panic!("{case} has no file"))
}

/// The rows of a results file by where they stand in the source: the line, and the sheet before it
/// where rows came from several.
fn results(path: &Path, wrong: &mut String) -> BTreeMap<String, Row> {
    if !path.exists() {
        return BTreeMap::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    if let Some(raw) = text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        writeln!(wrong, "  {raw:?} stands raw in the results").unwrap();
    }
    let rows = table(path);
    let sheets: BTreeSet<&str> = rows.iter().map(|row| row.get("_sheet").map_or("", String::as_str)).collect();
    let several = sheets.len() > 1;
    let keyed = rows.iter().map(|row| {
        let line = &row["_line"];
        let at = if several { format!("{}!{line}", row["_sheet"]) } else { line.clone() };
        let codes = row["_code"].split(" | ").filter(|code| !code.is_empty()).map(str::to_owned).collect();
        let row = Row {
            outcome: row["_outcome"].clone(),
            codes,
            message: row["_message"].clone(),
            contact: row["_contact_id"].clone(),
        };
        (at, row)
    });
    keyed.collect()
}

/// The rows of a file of the program's own, by column, without the apostrophes that guard cells.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let plain = |cell: &str| match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'']) => rest.to_owned(),
        _ => cell.to_owned(),
    };
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| headers.iter().map(str::to_owned).zip(row.iter().map(plain)).collect()).collect()
}
