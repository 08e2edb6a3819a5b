//! Runs the ```console blocks of a page, and holds what they show against what the program says.
//!
//! A block is a session in `sh`: lines that begin with `$ ` are typed (a `\` at the end joins the
//! next line), the others are what is then said, standard output and standard error together. All
//! blocks of a page share one folder. Shown as real values, and compared as any value of their kind:
//! ids of runs, days and times, spans of time, ports, the folder. The id of a run that the page shows
//! stands in later commands for the one that the program gave. `[..]` is any text inside a line, and
//! a line `...` any number of lines. Progress lines, which depend on the machine, are left out.
//!
//! With `UPDATE_DOCS=1` in the environment, blocks that differ are written anew; read the difference
//! before you commit it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::Bare as _;

/// A page, and the folder in which its commands are run.
pub struct Session<'a> {
    pub page: &'a Path,
    /// Where commands start: holds copies of what they read.
    pub folder: &'a Path,
    /// Home of the program: ledger and sandbox.
    pub home: &'a Path,
}

impl Session<'_> {
    /// Runs every block of the page; returns how many commands were run.
    pub fn run(&self) -> usize {
        let text = std::fs::read_to_string(self.page).unwrap();
        let mut runs: BTreeMap<String, String> = BTreeMap::new();
        let (mut commands, mut last, mut differs) = (0, 0, String::new());
        let mut written = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            written.push_str(line);
            written.push('\n');
            if line != "```console" {
                continue;
            }
            while let Some(typed) = lines.next_if(|line| *line != "```") {
                let mut command = typed
                    .strip_prefix("$ ")
                    .unwrap_or_else(|| panic!("{}: not a command: {typed}", self.page.display()))
                    .to_owned();
                let mut shown_command = format!("{typed}\n");
                while command.ends_with('\\') {
                    let next = lines.next().unwrap_or_default();
                    command.push('\n');
                    command.push_str(next);
                    shown_command.push_str(next);
                    shown_command.push('\n');
                }
                let mut shown = Vec::new();
                while let Some(said) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                    shown.push(said.to_owned());
                }
                for (stands, is) in &runs {
                    command = command.replace(stands, is);
                }
                let said = self.type_in(&command, &mut last);
                commands += 1;
                learn_runs(&shown, &said, &mut runs);
                written.push_str(&shown_command);
                if matches(&plain(&shown), &plain(&said)) {
                    written.extend(shown.iter().flat_map(|line| [line, "\n"]));
                } else {
                    differs.push_str(&format!(
                        "$ {command}\n--- the page shows\n{}\n--- it said\n{}\n\n",
                        shown.join("\n"),
                        said.join("\n")
                    ));
                    for mut line in said {
                        // A run keeps the id that the page shows elsewhere.
                        for (stands, is) in &runs {
                            line = line.replace(is, stands);
                        }
                        written.push_str(&line);
                        written.push('\n');
                    }
                }
            }
        }
        if !differs.is_empty() {
            if updating() {
                std::fs::write(self.page, written).unwrap();
            } else {
                panic!("{} shows what isn't so (UPDATE_DOCS=1 writes it anew)\n{differs}", self.page.display());
            }
        }
        commands
    }

    /// What `command` says; `last` is the exit code that `$?` has before and after it.
    fn type_in(&self, command: &str, last: &mut i32) -> Vec<String> {
        let program = Path::new(env!("CARGO_BIN_EXE_rolo")).parent().unwrap();
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("exec 2>&1\n(exit {last})\n{command}\n"))
            .current_dir(self.folder)
            .bare()
            .env("HOME", self.home)
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        *last = output.status.code().unwrap_or(-1);
        let said = String::from_utf8(output.stdout).unwrap();
        // A folder's name may be told as it is or with its symbolic links followed.
        let real = self.folder.canonicalize().unwrap();
        let said = said
            .replace(&format!("{}/", real.display()), "/home/ann/")
            .replace(&format!("{}/", self.folder.display()), "/home/ann/")
            // A page shows text, and not the mark at the beginning of a file.
            .replace('\u{feff}', "");
        said.lines().map(str::to_owned).filter(|line| !is_progress(line)).collect()
    }
}

/// Whether expected texts are to be written anew and not compared.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Compares `said` with the file `expected`, or writes that file.
pub fn same_as_file(expected: &Path, said: &str) {
    if updating() {
        std::fs::write(expected, said).unwrap();
        return;
    }
    let text = std::fs::read_to_string(expected).unwrap_or_default();
    assert_eq!(text, said, "{} differs (UPDATE_DOCS=1 writes it anew)", expected.display());
}

/// Copies the files below `from` to `to`, without those that a run leaves behind.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(name));
        } else if !name.contains(".results.") && !name.contains(".retry.") {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Every page whose blocks are run, below the repository's root.
pub fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// `check: 40 rows, 5 to look at` and the like.
fn is_progress(line: &str) -> bool {
    let Some((command, rest)) = line.split_once(": ") else { return false };
    if matches!(command, "check" | "import") && rest.starts_with("reading ") {
        return true;
    }
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c == ' ' || c == '\u{202f}');
    let rest = digits
        .strip_prefix("of ")
        .map_or(digits, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c == ' '));
    digits.len() < line.len() - command.len() - 2
        && command.bytes().all(|byte| byte.is_ascii_lowercase())
        && ["row", "contact"].iter().any(|noun| rest.starts_with(noun))
}

/// The runs that the page shows, beside those that the program told at the same place.
fn learn_runs(shown: &[String], said: &[String], runs: &mut BTreeMap<String, String>) {
    let ids = |lines: &[String]| -> Vec<String> {
        let mut ids = Vec::new();
        for line in lines {
            ids.extend(words(line).filter(|word| is_run(word)).map(str::to_owned));
        }
        ids
    };
    for (stands, is) in ids(shown).into_iter().zip(ids(said)) {
        runs.entry(stands).or_insert(is);
    }
    // Where a page is written anew, later commands are already those of the new text.
    for id in ids(said) {
        runs.entry(id.clone()).or_insert(id);
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| !word.is_empty())
}

/// `20261121-0931-k3f`.
fn is_run(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && digits(parts[0], 8) && digits(parts[1], 4) && parts[2].len() == 3
}

/// Lines in which values that differ from run to run have one spelling.
fn plain(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| plain_line(line.trim_end())).collect()
}

fn plain_line(line: &str) -> String {
    let mut line = line.to_owned();
    let runs: Vec<String> = words(&line).filter(|word| is_run(word)).map(str::to_owned).collect();
    for run in runs {
        line = line.replace(&run, "RUN");
    }
    let mut out = String::new();
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some(length) = moment(rest) {
            out.push_str("MOMENT");
            rest = &rest[length..];
            // In the table of runs it is followed by how long each took.
            if let Some(length) = took(rest) {
                out.push_str("  TOOK");
                rest = &rest[length..];
            }
        } else if let Some(length) = prefixed(rest, "  took  ", |c| c == ' ') {
            // The column's head, which is as wide as the longest span.
            out.push_str("  took  ");
            rest = &rest[length..];
        } else if let Some(length) = prefixed(rest, "took: ", |_| true) {
            out.push_str("took: SPAN");
            rest = &rest[length..];
        } else if let Some(length) = prefixed(rest, "finished in ", |c| c != ',' && c != ';') {
            out.push_str("finished in SPAN");
            rest = &rest[length..];
        } else if let Some(length) = prefixed(rest, "127.0.0.1:", |c| c.is_ascii_digit()) {
            out.push_str("127.0.0.1:PORT");
            rest = &rest[length..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Length of a moment such as `2026-11-21 07:19 UTC` at the beginning of `text`.
fn moment(text: &str) -> Option<usize> {
    let shape = b"0000-00-00 00:00 UTC";
    let bytes = text.as_bytes().get(..shape.len())?;
    let fits = bytes.iter().zip(shape).all(|(byte, like)| byte == like || *like == b'0' && byte.is_ascii_digit());
    fits.then_some(shape.len())
}

/// Length of two blanks and a column such as `850 ms` or `2 min 5 s` at the beginning of `text`.
fn took(text: &str) -> Option<usize> {
    let column = text.strip_prefix("  ")?;
    let (span, rest) = column.split_at(column.find("  ")?);
    let is_unit = |word: &str| matches!(word, "ms" | "s" | "min" | "h" | "d");
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_span = span == "-" || span.split(' ').all(|word| is_unit(word) || is_number(word));
    is_span.then(|| text.len() - rest.trim_start().len())
}

fn prefixed(text: &str, prefix: &str, goes_on: fn(char) -> bool) -> Option<usize> {
    let rest = text.strip_prefix(prefix)?;
    Some(prefix.len() + rest.find(|c| !goes_on(c)).unwrap_or(rest.len()))
}

/// Whether `said` is what `shown` shows, `...` and `[..]` standing for anything.
fn matches(shown: &[String], said: &[String]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((line, rest)) if line == "..." => (0..=said.len()).any(|skipped| matches(rest, &said[skipped..])),
        Some((line, rest)) => {
            said.split_first().is_some_and(|(first, others)| line_matches(line, first) && matches(rest, others))
        }
    }
}

fn line_matches(shown: &str, said: &str) -> bool {
    let mut parts = shown.split("[..]");
    let Some(mut rest) = said.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn what_differs_from_run_to_run_is_one_to_the_comparison() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let same = |shown: &str, said: &str| matches(&plain(&lines(shown)), &plain(&lines(said)));
    assert!(same("import 20261121-0931-k3f: finished in 411 ms", "import 20270101-0000-aaa: finished in 2 s"));
    assert!(same("began 2026-11-21 07:19 UTC", "began 2027-01-01 00:00 UTC"));
    assert!(same("2026-11-21 07:19 UTC  118 ms  import", "2027-01-01 00:00 UTC  2 min 5 s  import"));
    assert!(!same("2026-11-21 07:19 UTC  118 ms  import", "2027-01-01 00:00 UTC  1 s  retry"));
    assert!(same("a\n...\nz", "a\nb\nc\nz") && same("a\n...\nz", "a\nz") && !same("a\n...\nz", "a\nb"));
    assert!(same("id [..] of [..]", "id 12 of 34") && !same("id [..] of", "id 12 of 34"));
    assert!(!same("35 created", "36 created") && !same("a", "a\nb") && !same("a\nb", "a"));
    assert!(is_progress("check: 40 rows, 5 to look at") && is_progress("import: 0 of 40 rows"));
    assert!(is_progress("check: reading contacts.csv"));
    assert!(!is_progress("check: finished in 2 s") && !is_progress("40 rows = 35 created"));
}
