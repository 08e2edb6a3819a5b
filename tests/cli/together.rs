//! Two at once: the same import, two imports of one account, and ledgers of another time.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rolo::clock;
use tokio::time::Instant;

use crate::generated::{RESPONDIO, RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, Rehearsal, SOURCE, Watched, calls_of, code, said, stderr};

const SHAPE: Shape = Shape { custom: 0, ..RESPONDIO_V1 };

/// A sandbox in a process of its own, which two imports can share.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(rehearsal: &Rehearsal) -> Self {
        let mut command = rehearsal.command(&["sandbox", "--listen", "127.0.0.1:0", "--memory"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or(line.trim());
        Self { child, address: address.trim_end_matches('/').to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn people(range: std::ops::Range<u64>, family: &str) -> String {
    let rows: String = range.map(|n| format!("Person {n},{family},+447400{n:06},,\n")).collect();
    format!("{}{rows}", SHAPE.header())
}

/// A rehearsal whose account `support` is `served`.
fn configured(rehearsal: &Rehearsal, served: &Served) {
    let base =
        if served.address.starts_with("http") { served.address.clone() } else { format!("http://{}", served.address) };
    let config = format!(
        "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\nbase_url = \"{base}/respondio-v1\"\n"
    );
    std::fs::write(rehearsal.path("rolo.toml"), config).unwrap();
}

fn import_of(rehearsal: &Rehearsal, file: &str) -> Command {
    let arguments = ["import", file, "--to", "support", "--mapping", "contacts.mapping.toml", "--json", "-q"];
    let mut command = rehearsal.command(&arguments);
    command.env("SUPPORT", "sandbox");
    command
}

/// When each call of both imports was told.
fn times_of_calls(commands: Vec<Command>) -> Vec<Instant> {
    let threads: Vec<_> = commands
        .into_iter()
        .map(|command| {
            std::thread::spawn(move || {
                let mut life = Watched::start(command);
                let mut times = Vec::new();
                while life.wait_for("\"event\":\"called\"") {
                    times.push(clock::now());
                }
                let output = life.end();
                assert_eq!(code(&output), 0, "{}", said(&output));
                times
            })
        })
        .collect();
    let mut times: Vec<Instant> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    times.sort();
    times
}

/// Whether calls keep the pace of 200 a minute: n calls take n - 1 periods of 0.3 s, but for what the
/// jitter allowance (0.3 s) and the answers' own time may shift at both ends.
pub fn keeps_the_pace(times: &[Instant]) -> bool {
    let periods = u32::try_from(times.len()).unwrap() - 1;
    let taken = *times.last().unwrap() - times[0];
    taken + Duration::from_millis(900) >= Duration::from_millis(300) * periods
}

/// Two imports of one account at the same time; `sabotage` is given to both.
pub fn two_imports(sabotage: Option<&'static str>) -> Vec<Instant> {
    let mut rehearsal = Rehearsal::new(SHAPE, "");
    rehearsal.sabotage = sabotage;
    let served = Served::start(&rehearsal);
    configured(&rehearsal, &served);
    std::fs::write(rehearsal.path("a.csv"), people(0..5, "A")).unwrap();
    std::fs::write(rehearsal.path("b.csv"), people(10..15, "B")).unwrap();
    times_of_calls(vec![import_of(&rehearsal, "a.csv"), import_of(&rehearsal, "b.csv")])
}

#[test]
fn two_imports_of_one_account_share_its_budget() {
    let times = two_imports(None);
    assert_eq!(times.len(), 20, "a look-up and a create for each of ten contacts");
    assert!(keeps_the_pace(&times), "{:?}", *times.last().unwrap() - times[0]);
}

#[test]
fn the_same_import_twice_at_once_runs_once() {
    let rehearsal = Rehearsal::new(SHAPE, "");
    let served = Served::start(&rehearsal);
    configured(&rehearsal, &served);
    std::fs::write(rehearsal.path(SOURCE), people(0..6, "A")).unwrap();
    let mut first = Watched::start(import_of(&rehearsal, SOURCE));
    assert!(first.wait_for_calls(1));
    let begun = clock::now();
    let second = import_of(&rehearsal, SOURCE).output().unwrap();
    assert_eq!(code(&second), 2, "{}", said(&second));
    let holder = format!("this is already being done by process {} since ", first.child.id());
    assert!(stderr(&second).contains(&holder), "{}", said(&second));
    assert!(!String::from_utf8_lossy(&second.stdout).contains("\"called\""), "nothing was sent");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let first = first.end();
    assert_eq!(code(&first), 0, "{}", said(&first));
    let again = import_of(&rehearsal, SOURCE).output().unwrap();
    assert_eq!((code(&again), calls_of(&again)), (0, 0));
}

#[test]
fn a_sandbox_that_another_process_keeps_is_refused_with_its_number() {
    let rehearsal = Rehearsal::new(SHAPE, &people(0..40, "A"));
    let mut first = Watched::start(rehearsal.import_with(&["--fault", "latency=50ms"]));
    assert!(first.wait_for_calls(1));
    let second = rehearsal.import().output().unwrap();
    assert_eq!(code(&second), 2, "{}", said(&second));
    let number = format!("({})", first.child.id());
    assert!(
        stderr(&second).contains("in use by another process") && stderr(&second).contains(&number),
        "{}",
        said(&second)
    );
    assert_eq!(code(&first.end()), 0);
}

#[test]
fn a_ledger_of_a_newer_version_is_refused_and_left_as_it_is() {
    let rehearsal = Rehearsal::new(SHAPE, &people(0..3, "A"));
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    let db = rusqlite::Connection::open(rehearsal.ledger_path()).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    db.pragma_update(None, "user_version", 4711).unwrap();
    db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
    drop(db);
    let runs = rehearsal.ask("SELECT count(*) FROM run");
    for command in [rehearsal.import(), rehearsal.command(&["resume"]), rehearsal.command(&["undo"])] {
        let mut command = command;
        let output = command.output().unwrap();
        assert_eq!(code(&output), 3, "{}", said(&output));
        let told = stderr(&output);
        assert!(told.contains("the ledger was written by a newer rolo: ") && told.contains("ledger.sqlite"), "{told}");
        assert!(told.contains("it has version 4711"), "{told}");
    }
    assert_eq!(rehearsal.ask("SELECT count(*) FROM run"), runs);
    assert_eq!(rehearsal.ask("PRAGMA user_version"), 4711);
}

#[test]
fn contacts_that_went_behind_the_ledgers_back_are_noticed_and_made_anew_once() {
    let shape = Shape { custom: 0, ..RESPONDIO };
    let source = |family: &str| people(0..20, family);
    let rehearsal = Rehearsal::new(shape, &source("Old"));
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
    std::fs::remove_dir_all(rehearsal.path("state/sandbox")).unwrap();
    std::fs::write(rehearsal.path(SOURCE), source("New")).unwrap();
    let output = rehearsal.import().output().unwrap();
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(rehearsal.outcomes().get("created"), Some(&20), "{:?}", rehearsal.outcomes());
    let fresh = Rehearsal::new(shape, &source("New"));
    let peace = Peace::of(&fresh);
    assert_eq!(rehearsal.contacts(), peace.contacts);
}
