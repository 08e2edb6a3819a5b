//! Two at once: the same import, two imports of one account, and ledgers of another time.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rolo::clock;
use tokio::time::Instant;

use crate::generated::{RESPONDIO, RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, RESULTS, Rehearsal, SOURCE, Watched, calls_of, code, said, stderr};
use crate::world::World;

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

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
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

/// Whether calls keep the pace of 200 a minute: n calls take n - 1 periods of 0.3 s, and two imports
/// that each keep it for themselves half of that. The line is drawn in the middle, since a busy machine
/// tells of the first call late.
pub fn keeps_the_pace(times: &[Instant]) -> bool {
    let periods = u32::try_from(times.len()).unwrap() - 1;
    let taken = *times.last().unwrap() - times[0];
    taken >= Duration::from_millis(225) * periods
}

/// Two imports of one account at the same time; `disabled` is left out of both.
pub fn two_imports(disabled: Option<&'static str>) -> Vec<Instant> {
    let mut rehearsal = Rehearsal::new(SHAPE, "");
    rehearsal.disabled = disabled;
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
    // Held still, so that the first waits for it for as long as the second takes.
    served.signal("STOP");
    let second = import_of(&rehearsal, SOURCE).output().unwrap();
    served.signal("CONT");
    assert_eq!(code(&second), 5, "{}", said(&second));
    assert!(names_the_holder(&second, &first), "{}", said(&second));
    assert!(!String::from_utf8_lossy(&second.stdout).contains("\"called\""), "nothing was sent");
    let first = first.end();
    assert_eq!(code(&first), 0, "{}", said(&first));
    let again = import_of(&rehearsal, SOURCE).output().unwrap();
    assert_eq!((code(&again), calls_of(&again)), (0, 0));
}

/// Whether it is said which process has the run, and since when.
fn names_the_holder(output: &Output, holder: &Watched) -> bool {
    let told = stderr(output);
    told.contains(&format!("this is already being done by process {} on ", holder.child.id()))
        && told.contains(" since 20")
        && told.contains(" UTC: import")
}

#[test]
fn a_run_that_was_killed_is_resumed_at_once_and_not_after_its_lease() {
    let rehearsal = Rehearsal::new(SHAPE, "");
    let served = Served::start(&rehearsal);
    configured(&rehearsal, &served);
    std::fs::write(rehearsal.path(SOURCE), people(0..6, "A")).unwrap();
    let mut first = Watched::start(import_of(&rehearsal, SOURCE));
    assert!(first.wait_for_calls(1));
    first.kill();
    let resumed = rehearsal.command(&["resume", "--json", "-q"]).env("SUPPORT", "sandbox").output().unwrap();
    assert_eq!(code(&resumed), 0, "{}", said(&resumed));
}

/// Stops a process while it does not hold the lock of its ledger, which nobody could take from it.
fn stop_between_writes(process: &Watched, rehearsal: &Rehearsal) {
    let db = rusqlite::Connection::open(rehearsal.ledger_path()).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    loop {
        process.signal("STOP");
        if db.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
            return;
        }
        process.signal("CONT");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn who_was_stopped_for_longer_than_the_lease_sends_and_writes_nothing_once_another_has_the_run() {
    let rehearsal = Rehearsal::new(SHAPE, "");
    let served = Served::start(&rehearsal);
    configured(&rehearsal, &served);
    std::fs::write(rehearsal.path(SOURCE), people(0..6, "A")).unwrap();
    let mut first = Watched::start(import_of(&rehearsal, SOURCE));
    assert!(first.wait_for_calls(1));
    stop_between_writes(&first, &rehearsal);
    // Refused for as long as the lease lasts; where the machine is slow, it is over by then.
    let second = loop {
        let output = import_of(&rehearsal, SOURCE).output().unwrap();
        if code(&output) != 5 {
            break output;
        }
        assert!(names_the_holder(&output, &first), "{}", said(&output));
        std::thread::sleep(Duration::from_secs(1));
    };
    assert_eq!(code(&second), 0, "{}", said(&second));
    let (results, run) = (std::fs::read(rehearsal.path(RESULTS)).unwrap(), rehearsal.run_state());
    let rows = rehearsal.ask("SELECT count(*) FROM row_record");
    let steps = rehearsal.ask("SELECT sum(sent) FROM call");

    first.signal("CONT");
    let first = first.end();
    assert_eq!(code(&first), 3, "{}", said(&first));
    assert!(stderr(&first).contains("another process has taken this run over"), "{}", said(&first));
    assert_eq!(std::fs::read(rehearsal.path(RESULTS)).unwrap(), results);
    assert_eq!((rehearsal.run_state(), rehearsal.ask("SELECT count(*) FROM row_record")), (run, rows));
    assert_eq!(rehearsal.ask("SELECT sum(sent) FROM call"), steps);
    let arguments = ["export", "out.csv", "--from", "support", "--where", "last_name=A", "-q"];
    let exported = rehearsal.command(&arguments).env("SUPPORT", "sandbox").output().unwrap();
    assert_eq!(code(&exported), 0, "{}", said(&exported));
    let contacts = std::fs::read_to_string(rehearsal.path("out.csv")).unwrap();
    assert_eq!(contacts.lines().count(), 1 + 6, "nobody was made twice: {contacts}");
}

#[test]
fn a_sandbox_that_another_process_keeps_is_refused_with_its_number() {
    let rehearsal = Rehearsal::new(SHAPE, &people(0..40, "A"));
    let mut first = Watched::start(rehearsal.import_with(&["--fault", "latency=1h,nth:3"]));
    assert!(first.wait_for_calls(1));
    let second = rehearsal.import().output().unwrap();
    assert_eq!(code(&second), 2, "{}", said(&second));
    let number = format!("({})", first.child.id());
    assert!(
        stderr(&second).contains("in use by another process") && stderr(&second).contains(&number),
        "{}",
        said(&second)
    );
    first.kill();
    assert_eq!(code(&rehearsal.import().output().unwrap()), 0);
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

#[test]
fn a_run_that_an_earlier_build_began_is_taken_up_again() {
    let world = World::new();
    world.write("people.csv", "phone,first_name\n+60123456789,Ann\n+60123456780,Bob\n");
    world.done("import people.csv");
    // As a build left it that knew no versions, and died at the end: parts with their lengths, then the file.
    let ledger = rusqlite::Connection::open(world.path(".local/state/rolo/ledger.sqlite")).unwrap();
    let sql =
        "SELECT account.name, json_extract(options, '$.mapping') FROM run JOIN account ON account.id = account_id";
    let (account, mapping): (String, String) = ledger.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut bytes = Vec::new();
    for part in ["import", &account, &mapping] {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes.extend(world.read("people.csv").as_bytes());
    let earlier = blake3::hash(&bytes);
    let set = "UPDATE run SET state = 'running', fingerprint = ?1";
    assert_eq!(ledger.execute(set, [&earlier.as_bytes()[..]]).unwrap(), 1);
    world.done("import people.csv");
    let states = || {
        let mut states = ledger.prepare("SELECT state FROM run").unwrap();
        states.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["finished"], "the run was taken up and no other begun");
    // The next one is of this build.
    world.done("import people.csv");
    let others: i64 = ledger
        .query_row("SELECT count(*) FROM run WHERE fingerprint <> ?1", [&earlier.as_bytes()[..]], |row| row.get(0))
        .unwrap();
    assert_eq!((states().len(), others), (2, 1));
}
