//! A folder with a source, its mapping and a state folder, the program run in it, and what every
//! proof holds it to.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::generated::Shape;
use crate::world::{Bare as _, program};

pub const SOURCE: &str = "contacts.csv";
pub const RESULTS: &str = "contacts.results.csv";

pub struct Rehearsal {
    pub folder: TempDir,
    pub service: &'static str,
    /// A safeguard left out: see `rolo::crash::Safeguard`.
    pub disabled: Option<&'static str>,
    /// Requests that changed something, as the sandbox wrote them down, by journal.
    applied: BTreeMap<PathBuf, u64>,
}

impl Rehearsal {
    pub fn new(shape: Shape, source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SOURCE), source).unwrap();
        std::fs::write(folder.path().join("contacts.mapping.toml"), shape.mapping()).unwrap();
        Self { folder, service: shape.service, disabled: None, applied: BTreeMap::new() }
    }

    /// A folder with the same content.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), folder.path());
        Self { folder, service: self.service, disabled: None, applied: BTreeMap::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn ledger_path(&self) -> PathBuf {
        self.path("state/ledger.sqlite")
    }

    /// The program in this folder, with nothing of the caller's environment.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .bare()
            .env("HOME", self.folder.path())
            .env("ROLO_STATE", self.path("state"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        if let Some(safeguard) = self.disabled {
            command.env("ROLO_SABOTAGE", safeguard);
        }
        command
    }

    pub fn account(&self) -> String {
        format!("sandbox:{}", self.service)
    }

    /// `rolo import contacts.csv`, as fast as the sandbox answers, its events as JSON.
    pub fn import(&self) -> Command {
        self.command(&["import", SOURCE, "--to", &self.account(), "--unthrottled", "--json", "-q"])
    }

    /// The same with more arguments.
    pub fn import_with(&self, more: &[&str]) -> Command {
        let mut command = self.import();
        command.args(more);
        command
    }

    pub fn results(&self) -> String {
        std::fs::read_to_string(self.path(RESULTS)).unwrap_or_default()
    }

    /// One column of the results file, by row.
    pub fn column(&self, name: &str) -> Vec<String> {
        column(&self.path(RESULTS), name)
    }

    /// Rows by outcome.
    pub fn outcomes(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for outcome in self.column("_outcome") {
            *counts.entry(outcome).or_default() += 1;
        }
        counts
    }

    /// The sandbox's contacts without times, by id, read by a sandbox of our own.
    pub fn contacts(&self) -> BTreeMap<String, Value> {
        let all = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(
            async {
                let mut options = rolo_sandbox::Options::new(rolo::clock::unix_now);
                options.state = Some(self.path("state/sandbox"));
                options.services = vec![self.service.to_owned()];
                options.emulator.unthrottled = true;
                let sandbox = rolo_sandbox::start(options).await.unwrap();
                let contacts = sandbox.contacts(self.service);
                sandbox.stop().await;
                contacts
            },
        );
        let Value::Array(all) = all else { panic!("contacts come as an array: {all}") };
        let count = all.len();
        let by_id: BTreeMap<String, Value> = all.into_iter().map(timeless).map(|one| (id_of(&one), one)).collect();
        assert_eq!(by_id.len(), count, "two contacts with one id");
        by_id
    }

    /// The answer to a question to the ledger that is a number.
    pub fn ask(&self, sql: &str) -> i64 {
        let db = Connection::open(self.ledger_path()).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub fn run_state(&self) -> Option<String> {
        let db = Connection::open(self.ledger_path()).ok()?;
        db.query_row("SELECT state FROM run ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).ok()
    }

    pub fn run_name(&self) -> String {
        let db = Connection::open(self.ledger_path()).unwrap();
        db.query_row("SELECT name FROM run ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).unwrap()
    }

    /// Requests that the sandbox carried out and wrote down, in this life and those before.
    fn count_applied(&mut self) -> u64 {
        for entry in std::fs::read_dir(self.path("state/sandbox")).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "journal") {
                let text = std::fs::read(&path).unwrap();
                let lines = text.split_inclusive(|byte| *byte == b'\n');
                let requests = lines.filter(|line| line.starts_with(b"{\"request\"") && line.ends_with(b"\n"));
                self.applied.insert(path, requests.count() as u64);
            }
        }
        self.applied.values().sum()
    }

    /// To be called after a life that ended without folding its journal: every request that was
    /// carried out has an intent in the ledger (I1).
    pub fn check_intents(&mut self) {
        let (applied, intents) = (self.count_applied(), self.intents());
        assert!(applied <= intents, "{applied} requests were carried out, and only {intents} were intended");
    }

    /// How often a request that changes something was about to leave, as the ledger has it.
    pub fn intents(&self) -> u64 {
        if !self.ledger_path().exists() || self.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'call'") == 0 {
            return 0;
        }
        self.ask("SELECT coalesce(sum(sent), 0) FROM call WHERE kind NOT IN ('find', 'read', 'read tags')")
            .unsigned_abs()
    }

    /// The promises that hold of any finished import, against one that was left in peace (I2 to I4).
    pub fn check_same(&self, peace: &Peace, what: &str) {
        let results = self.results();
        if results != peace.results {
            let different = results.lines().zip(peace.results.lines()).find(|(ours, theirs)| ours != theirs);
            panic!(
                "{what}: the results differ ({} lines against {}), first at {different:#?}",
                results.lines().count(),
                peace.results.lines().count()
            );
        }
        let contacts = self.contacts();
        for (id, wanted) in &peace.contacts {
            assert_eq!(contacts.get(id), Some(wanted), "{what}: contact {id}");
        }
        let more: Vec<_> = contacts.iter().filter(|(id, _)| !peace.contacts.contains_key(*id)).collect();
        assert!(more.is_empty(), "{what}: contacts twice: {more:?}");
        check_identifiers(&contacts, what);
    }
}

/// What an import left in peace ends with.
pub struct Peace {
    pub results: String,
    pub contacts: BTreeMap<String, Value>,
    /// Calls that it made.
    pub calls: u64,
}

impl Peace {
    /// Runs the import of `rehearsal` in a copy of it.
    pub fn of(rehearsal: &Rehearsal) -> Self {
        let copy = rehearsal.copy();
        let output = copy.import().output().unwrap();
        let events = events(&output);
        let last = events.last().expect("an import ends with an event");
        assert_eq!(last["event"], "finished", "{}", said(&output));
        assert_eq!(last["balanced"], true);
        let calls = last["calls"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        let rows = copy.column("_line").len() as u64;
        assert_eq!(rows, last["rows"].as_u64().unwrap(), "one line of results a row");
        let peace = Self { results: copy.results(), contacts: copy.contacts(), calls };
        check_identifiers(&peace.contacts, "left in peace");
        // The same again makes no call (I6).
        assert_eq!(calls_of(&copy.import().output().unwrap()), 0, "a second import makes no call");
        peace
    }
}

/// At most one contact for each identifier (I3).
pub fn check_identifiers(contacts: &BTreeMap<String, Value>, what: &str) {
    for names in [&["phone", "phone_number", "phoneNumber"][..], &["email"]] {
        let mut seen = BTreeMap::new();
        for (id, contact) in contacts {
            let value = names
                .iter()
                .find_map(|name| contact[*name].as_str().or_else(|| contact["custom_fields"][*name].as_str()));
            // DM Champ's word for an address that nobody gave is no address.
            let told = value.filter(|value| value.contains(['@', '+']) && *value != "unknown@unknown.com");
            if let Some(value) = told {
                let other = seen.insert(value.to_owned(), id);
                assert_eq!(other, None, "{what}: two contacts have {value}: {id}");
            }
        }
    }
}

/// Tells a figure, or what could not be done, also when the test passes.
pub fn tell(words: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{words}\n").as_bytes()).unwrap();
}

/// How many calls an import made that ran to its end.
pub fn calls_of(output: &Output) -> u64 {
    let events = events(output);
    let last = events.last().unwrap_or_else(|| panic!("no events: {}", said(output)));
    assert_eq!(last["event"], "finished", "{}", said(output));
    last["calls"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

pub fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub fn said(output: &Output) -> String {
    format!("{:?}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// One column of a CSV file, by row.
pub fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name);
    let at = at.unwrap_or_else(|| panic!("no column {name}"));
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

/// A process whose lines are waited for.
pub struct Watched {
    pub child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watched {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads on until so many calls were told; false if the process ended before.
    pub fn wait_for_calls(&mut self, calls: u64) -> bool {
        let mut seen = 0;
        while seen < calls {
            match self.lines.next() {
                Some(Ok(line)) => seen += u64::from(line.starts_with("{\"event\":\"called\"")),
                _ => return false,
            }
        }
        true
    }

    /// Reads on until a line has this in it.
    pub fn wait_for(&mut self, part: &str) -> bool {
        self.lines.by_ref().any(|line| line.is_ok_and(|line| line.contains(part)))
    }

    pub fn kill(mut self) -> Output {
        // It may have ended by itself in this very moment.
        let _ = self.child.kill();
        self.end()
    }

    pub fn end(mut self) -> Output {
        let mut stdout = String::new();
        for line in self.lines.by_ref().map_while(Result::ok) {
            stdout.push_str(&line);
            stdout.push('\n');
        }
        let mut stderr = Vec::new();
        if let Some(mut err) = self.child.stderr.take() {
            err.read_to_end(&mut stderr).unwrap();
        }
        Output { status: self.child.wait().unwrap(), stdout: stdout.into_bytes(), stderr }
    }

    pub fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

impl Drop for Watched {
    /// A test that fails leaves nobody behind who goes on sending. Whoever was waited for has ended already.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn id_of(contact: &Value) -> String {
    match &contact["id"] {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    }
}

/// Without what tells the time.
fn timeless(mut value: Value) -> Value {
    // A service lists labels in the order in which the account got them, whichever row brought them first.
    if let Some(Value::Array(labels)) = value.get_mut("labels") {
        labels.sort_by_key(ToString::to_string);
    }
    match &mut value {
        Value::Object(map) => {
            map.retain(|key, _| !key.ends_with("_at") && !key.ends_with("At") && key != "visible_from");
            for inner in map.values_mut() {
                *inner = timeless(inner.take());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| *inner = timeless(inner.take())),
        _ => {}
    }
    value
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
