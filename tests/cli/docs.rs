//! What README and docs say, held against the program: examples are run, lists are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rolo::cli::Exit;
use rolo::config::Config;
use rolo::contact::Outcome;
use rolo::error::ErrorKind;
use rolo::services;

use crate::console::{Session, copy_folder, pages};
use crate::help::commands;
use crate::program::said;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The insides of the blocks of `language` in `page`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// What stands between backticks in `text`.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_session_on_a_page_goes_as_it_is_shown() {
    let mut commands = 0;
    for page in pages() {
        if !std::fs::read_to_string(&page).unwrap().contains("```console\n") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        copy_folder(&root().join("samples"), &folder.path().join("samples"));
        commands += Session { page: &page, folder: folder.path(), home: home.path() }.run();
    }
    assert!(commands >= 10, "the tour of the README alone has more: {commands}");
}

#[test]
fn the_two_commands_of_the_readme_are_those_that_a_push_is_checked_with() {
    let readme = read("README.md");
    let checked = read(".ci/run");
    let first = "import samples/first-import/contacts.csv";
    assert!(readme.contains(&format!("cargo run --release -- {first}\n")) && checked.contains(first));
    assert!(blocks(&readme, "sh").iter().any(|block| block.lines().any(|line| line.starts_with("cargo test"))));
    assert!(checked.lines().any(|line| line.starts_with("step cargo test")));
    assert!(readme.lines().count() <= 200, "a newcomer reads it in two minutes");
}

#[test]
fn the_page_of_commands_has_each_command_and_no_other() {
    let home = tempfile::tempdir().unwrap();
    let page = read("docs/commands.md");
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `rolo "))
        .map(|line| line.split([' ', '`']).next().unwrap_or_default().to_owned())
        .collect();
    let there: BTreeSet<String> = commands(home.path()).into_iter().collect();
    assert_eq!(documented, there);
}

#[test]
fn every_option_named_on_a_page_exists() {
    let home = tempfile::tempdir().unwrap();
    let mut options = BTreeSet::new();
    let commands = commands(home.path());
    for command in &commands {
        let (_, help, _) = said(home.path(), &[command, "--help"]);
        options.extend(help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').map(str::to_owned));
    }
    let mut texts: Vec<(String, String)> =
        pages().iter().map(|page| (page.display().to_string(), std::fs::read_to_string(page).unwrap())).collect();
    texts.extend(rust_files(&root().join("src/cli")));
    texts.extend(rust_files(&root().join("src/jobs")));
    texts.extend(rust_files(&root().join("src/report")));
    let mut unknown = Vec::new();
    for (page, text) in &texts {
        for quote in quoted_commands(text) {
            for option in
                quote.split([' ', '=', '`', '|', ')', ';']).filter(|word| word.starts_with("--") && word.len() > 2)
            {
                if !options.contains(option) {
                    unknown.push(format!("{page}: {option} in: {quote}"));
                }
            }
        }
    }
    assert_eq!(unknown, Vec::<String>::new());
}

/// Command lines of rolo in prose and blocks.
fn quoted_commands(text: &str) -> Vec<&str> {
    let quotes = text.lines().flat_map(|line| quoted(line).into_iter()).filter(|quote| quote.starts_with("rolo "));
    let typed = text
        .lines()
        .map(|line| line.strip_prefix("$ ").unwrap_or(line))
        .filter(|line| line.starts_with("rolo --") || line.starts_with("rolo ") && line.contains(" --"));
    quotes.chain(typed).collect()
}

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut all = pages();
    for name in ["ARCHITECTURE.md", "CHANGELOG.md"] {
        all.push(root().join(name));
    }
    let mut dead = Vec::new();
    for page in &all {
        let text = std::fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let outside = link.starts_with("http") || path.is_empty();
            if !outside && !page.parent().unwrap().join(path).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn the_index_links_every_page() {
    let index = read("docs/README.md");
    for page in pages() {
        let Ok(path) = page.strip_prefix(root().join("docs")) else { continue };
        let path = path.to_str().unwrap();
        if path == "README.md" {
            continue;
        }
        let folder = path.split_once('/').map(|(folder, _)| format!("({folder}/)"));
        let linked = index.contains(&format!("({path})")) || folder.is_some_and(|folder| index.contains(&folder));
        assert!(linked, "docs/README.md leads nowhere near {path}");
    }
}

#[test]
fn every_configuration_shown_on_a_page_is_taken() {
    let mut taken = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text, "toml") {
            if block.contains("[accounts") || block.contains("[jobs") || block.contains("[defaults") {
                if let Err(error) = Config::parse(block, &page, services::ALL) {
                    panic!("{}: {error}\n{block}", page.display());
                }
                taken += 1;
            }
        }
    }
    assert!(taken >= 1);
}

#[test]
fn the_page_of_exit_codes_has_those_that_there_are() {
    let page = read("docs/exit-codes.md");
    let documented: BTreeSet<u8> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    let ended = [Exit::Done, Exit::RowsToLookAt, Exit::Stopped, Exit::Interrupted, Exit::Bug];
    let failed =
        [ErrorKind::Usage, ErrorKind::Stopped, ErrorKind::Interrupted, ErrorKind::AlreadyRunning, ErrorKind::Bug];
    let there: BTreeSet<u8> =
        ended.iter().map(|exit| exit.code()).chain(failed.iter().map(|kind| kind.exit_code())).collect();
    assert_eq!(documented, there);
}

#[test]
fn events_are_as_their_page_says() {
    let page = read("docs/json-events.md");
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("samples"), &folder.path().join("samples"));
    let file = "samples/first-import/contacts.csv";
    let (code, out, _) = said(folder.path(), &["import", file, "--unthrottled", "--json"]);
    assert_eq!(code, 1);
    let (code, failed, _) = said(folder.path(), &["check", "none.csv", "--json"]);
    assert_eq!(code, 2);
    let mut real: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in out.lines().chain(failed.lines()) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        real.entry(event["event"].as_str().unwrap().to_owned()).or_insert_with(|| keys(&event));
    }
    for kind in ["started", "row", "called", "finished", "error"] {
        assert!(real.contains_key(kind), "{kind}");
    }
    // An example has the fields of a real event of its kind.
    let examples: Vec<&str> = blocks(&page, "json").into_iter().flat_map(str::lines).collect();
    assert!(!examples.is_empty());
    for example in examples {
        let example: serde_json::Value = serde_json::from_str(example).unwrap();
        assert_eq!(Some(&keys(&example)), real.get(example["event"].as_str().unwrap()), "{example}");
    }
    // The table names every field of every event that came, and no other.
    for (kind, keys) in &real {
        let row = page
            .lines()
            .find(|line| line.starts_with('|') && quoted(line.split('|').nth(1).unwrap()).contains(&kind.as_str()));
        let fields = row.unwrap_or_else(|| panic!("no line for {kind}")).split('|').nth(2).unwrap();
        let mut outside = String::new();
        for part in fields.split('(') {
            outside.push_str(part.split_once(')').map_or(part, |(_, after)| after));
        }
        let mut documented: BTreeSet<String> = quoted(&outside).into_iter().map(str::to_owned).collect();
        documented.insert("event".to_owned());
        assert_eq!(documented, *keys, "{kind}");
    }
}

fn keys(event: &serde_json::Value) -> BTreeSet<String> {
    event.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_page_of_results_has_the_columns_and_outcomes_that_there_are() {
    let page = read("docs/results-file.md");
    let first = |prefix: &str| -> Vec<String> {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        rows.filter(|name| name.starts_with('_') == (prefix == "_")).map(str::to_owned).collect()
    };
    let results = read("samples/excel-import/fair.expected.csv");
    let header = results.lines().next().unwrap();
    let columns: Vec<&str> = header.split(',').filter(|name| name.starts_with('_')).collect();
    assert_eq!(first("_"), columns);
    let outcomes: Vec<String> = Outcome::ALL.iter().map(|outcome| outcome.name().to_owned()).collect();
    assert_eq!(first(""), outcomes);
}

#[test]
fn the_ledgers_page_names_its_file_and_its_tables() {
    let page = read("docs/ledger.md");
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("samples/first-import"), folder.path());
    let (code, ..) = said(folder.path(), &["import", "contacts.csv", "--unthrottled", "--state-dir", "state"]);
    assert_eq!(code, 1);
    let file = quoted(&page).into_iter().find(|name| name.starts_with("ledger.")).unwrap();
    let ledger = rusqlite::Connection::open(folder.path().join("state").join(file)).unwrap();
    let tables: BTreeSet<String> = ledger
        .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let section = page.split("## Tables").nth(1).unwrap().split("\n## ").next().unwrap();
    let told: BTreeSet<String> =
        section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned())).collect();
    assert_eq!(told, tables);
}
