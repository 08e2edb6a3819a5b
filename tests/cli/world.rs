//! A folder of its own for each test, and the program run in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use calamine::Reader as _;
use serde_json::Value;

/// One row by column name.
pub type Row = BTreeMap<String, String>;

pub struct World(tempfile::TempDir);

/// The program. Long runs take a copy of it (`ROLO_PROGRAM`), so that work can go on meanwhile.
pub fn program() -> std::ffi::OsString {
    std::env::var_os("ROLO_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_rolo").into())
}

/// How a command ended.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn home(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command.bare().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.home());
        command.current_dir(self.home()).args(arguments.split_whitespace());
        command
    }

    pub fn rolo(&self, arguments: &str) -> Said {
        said(&mut self.command(arguments))
    }

    /// Runs a command that has to end well, and gives what it tells as its end in JSON.
    pub fn done(&self, arguments: &str) -> Value {
        let said = self.rolo(&format!("--json {arguments}"));
        assert_eq!(said.code, 0, "{arguments}\n{}{}", said.out, said.err);
        last_event(&said.out)
    }

    /// Takes away all that was remembered; the sandbox keeps its contacts.
    pub fn forget(&self) {
        for entry in std::fs::read_dir(self.path(".local/state/rolo")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ledger")) {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// The rows of a CSV file of ours, by another reader than our own.
    pub fn csv(&self, name: &str) -> Vec<Row> {
        csv_rows(&self.read(name))
    }

    /// The rows of one sheet of a workbook, by another reader than our own.
    pub fn sheet(&self, name: &str, sheet: &str) -> Vec<Row> {
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(self.path(name)).unwrap();
        let range = book.worksheet_range(sheet).unwrap();
        let mut rows = range.rows();
        let headers: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
        rows.map(|row| headers.iter().cloned().zip(row.iter().map(ToString::to_string)).collect()).collect()
    }
}

pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

pub fn csv_rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        headers.iter().zip(&row).map(|(header, cell)| (header.to_owned(), unguarded(cell))).collect::<Row>()
    });
    rows.map(|mut row| {
        row.remove("_rolo");
        row
    })
    .collect()
}

/// A cell as it was before it was guarded against being run as a formula.
fn unguarded(cell: &str) -> String {
    let guarded = cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']));
    guarded.unwrap_or(cell).to_owned()
}

/// The last line of a JSON report.
pub fn last_event(out: &str) -> Value {
    let last = out.lines().rfind(|line| line.contains("\"event\":\"finished\"")).unwrap_or_else(|| panic!("{out}"));
    serde_json::from_str(last).unwrap()
}

/// The calls of a finished command that change something.
pub fn writes(finished: &Value) -> u64 {
    let reads = ["find", "read", "read tags", "list", "list fields", "list tags", "read messages", "check"];
    let calls = finished["calls"].as_object().unwrap();
    calls.iter().filter(|(kind, _)| !reads.contains(&kind.as_str())).map(|(_, n)| n.as_u64().unwrap()).sum()
}

/// All calls of a finished command.
pub fn calls(finished: &Value) -> u64 {
    finished["calls"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

pub fn cells<'a>(rows: &'a [Row], column: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row.get(column).map_or("(no column)", String::as_str)).collect()
}

/// The rows in the order of this column. Rows are sent side by side, so that an export has contacts
/// that one command created in whatever order they were created.
pub fn sorted_by(column: &str, mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| row[column].clone());
    rows
}

/// What lets a child see the same date as the test, where a whole test run is put at another date.
fn date() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    let names = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"];
    names.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)))
}

pub trait Bare {
    /// Without any environment but the date that the test itself sees.
    fn bare(&mut self) -> &mut Self;
}

impl Bare for Command {
    fn bare(&mut self) -> &mut Self {
        self.env_clear().envs(date())
    }
}

impl Bare for assert_cmd::Command {
    fn bare(&mut self) -> &mut Self {
        self.env_clear().envs(date())
    }
}

/// `rolo sandbox` for as long as this lives.
pub struct Served {
    child: Child,
    pub address: String,
}

impl Served {
    pub fn start(world: &World, options: &str) -> Self {
        let mut child = world
            .command(&format!("sandbox --listen 127.0.0.1:0 --memory {options}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        Self { child, address: line.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
