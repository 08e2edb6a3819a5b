//! What `rolo import --rehearse` foretells is what the import then does, and it leaves nothing behind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::world::World;

const SERVICES: [&str; 6] = ["respondio-v1", "respondio", "chatwoot", "99digital", "dmchamp", "engagelab"];

fn phone(n: usize) -> String {
    format!("+4915112345{n:03}")
}

/// Twelve people, with tags on every third.
fn first_night() -> String {
    let mut text = "first_name,phone,email,tags\n".to_owned();
    for n in 0..12 {
        let tags = if n % 3 == 0 { "vip" } else { "" };
        let _ = writeln!(text, "Ann{n},{},ann{n}@example.com,{tags}", phone(n));
    }
    text
}

/// Some as they were, some changed, new ones, and rows that can't be used.
fn second_night() -> String {
    let mut text = "first_name,phone,email,tags\n".to_owned();
    for n in 0..18 {
        let name = if n % 4 == 1 { format!("Anna{n}") } else { format!("Ann{n}") };
        let tags = if n == 5 { "vip;lapsed" } else { ["vip", "", ""][n % 3] };
        let _ = writeln!(text, "{name},{},ann{n}@example.com,{tags}", phone(n));
    }
    text.push_str("Bad,12,,\nTwice,+4915112345003,other@example.com,\n");
    text
}

/// Every file below a folder but what SQLite keeps beside a database while it is open.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with("-wal") {
                assert_eq!(std::fs::read(&path).unwrap().len(), 0, "something was written to {name}");
            } else if !name.ends_with("-shm") {
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// What is kept in a state folder, but for the record of the files that were written, which holds the
/// rehearsal's own.
fn kept(world: &World) -> BTreeMap<String, Vec<u8>> {
    let mut kept = files(&world.path(".local/state/rolo"));
    kept.retain(|name, _| name.contains("ledger") || name.contains("sandbox"));
    kept
}

fn foretold(world: &World, arguments: &str) -> (i32, Value) {
    let said = world.rolo(&format!("--json {arguments} --rehearse"));
    let last = said.out.lines().last().unwrap_or_else(|| panic!("{}", said.err));
    let event: Value = serde_json::from_str(last).unwrap();
    assert_eq!(event["event"], "rehearsal", "{}", said.out);
    (said.code, event)
}

fn finished(world: &World, arguments: &str) -> (i32, Value) {
    let said = world.rolo(&format!("--json {arguments}"));
    (said.code, crate::world::last_event(&said.out))
}

/// The parts that a rehearsal and an import both tell.
fn told(event: &Value) -> Value {
    let outcomes = event["outcomes"].as_object().unwrap().iter().filter(|(_, rows)| **rows != json!(0));
    let outcomes: BTreeMap<_, _> = outcomes.collect();
    json!({ "rows": event["rows"], "outcomes": outcomes, "codes": event["codes"], "calls": event["calls"] })
}

#[test]
fn a_rehearsal_foretells_the_rows_and_calls_of_the_import_and_changes_nothing() {
    for service in SERVICES {
        let world = World::new();
        let account = format!("--to sandbox:{service} --unthrottled");
        world.write("one.csv", &first_night());
        world.write("two.csv", &second_night());
        world.done(&format!("import one.csv {account}"));
        let before = kept(&world);
        let import = format!("import two.csv {account}");
        let (code, rehearsal) = foretold(&world, &import);
        assert_eq!(kept(&world), before, "{service}");
        assert_eq!(world.rolo("runs --json").out.lines().count(), 1, "{service}: the rehearsal is no run");
        let (then, done) = finished(&world, &import);
        assert_eq!((code, told(&rehearsal)), (then, told(&done)), "{service}");
        assert_eq!((code, &rehearsal["outcomes"]["created"]), (1, &json!(6)), "{service}");
        assert_eq!(rehearsal["outcomes"]["rejected"], 2, "{service}");
        let failing = rehearsal["samples"].to_string();
        assert!(failing.contains("line 20: rejected, phone."), "{service}: {failing}");
        let rows = world.csv("two.rehearsal.csv");
        assert_eq!(rows.len(), 20, "{service}");
        assert_eq!(rows.iter().filter(|row| row["_outcome"] == "created").count(), 6, "{service}");
    }
}

#[test]
fn a_fault_of_the_emulator_is_foretold_as_the_import_would_meet_it() {
    let world = World::new();
    world.write("one.csv", &first_night());
    let import = "import one.csv --to sandbox:chatwoot --unthrottled \
                  --fault status=422,method:POST,at:/api/v1/accounts/1/contacts,body-has:Ann7";
    let (code, rehearsal) = foretold(&world, import);
    assert_eq!((code, &rehearsal["outcomes"]["failed"]), (1, &json!(1)), "{rehearsal}");
    assert!(rehearsal["samples"].to_string().contains("line 9: failed"), "{rehearsal}");
    let (then, done) = finished(&world, import);
    assert_eq!((code, told(&rehearsal)), (then, told(&done)));
}

#[test]
fn time_is_foretold_at_the_quota_and_not_waited_for() {
    let world = World::new();
    let mut text = "first_name,phone\n".to_owned();
    (0..400).for_each(|n| writeln!(text, "Ann,{}", phone(n)).unwrap());
    world.write("one.csv", &text);
    let (code, rehearsal) = foretold(&world, "import one.csv --to sandbox:respondio-v1");
    // 400 look-ups and 400 creates, one each 301.5 ms, the first at once: 240.9 s.
    assert_eq!((code, &rehearsal["total_calls"], &rehearsal["seconds"]), (0, &json!(800), &json!(240)));
    // The service asks for ten minutes before the 800 calls go on; who waited for them would not be overlooked.
    let fault = "import one.csv --to sandbox:respondio-v1 --fault status=429,retry-after:600,nth:10";
    let (_, slowed) = foretold(&world, fault);
    let seconds = slowed["seconds"].as_u64().unwrap();
    assert!((838..870).contains(&seconds), "{slowed}");
}

#[test]
fn nothing_is_sent_to_the_account_that_is_rehearsed() {
    let desk = Desk::new("chatwoot");
    desk.configure("{ env = \"DESK_TOKEN\" }");
    std::fs::write(desk.home.path().join("contacts.csv"), first_night()).unwrap();
    let said = desk.run(&["import", "contacts.csv", "--to", "desk", "--rehearse"]);
    let out = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&said.stderr));
    assert!(out.starts_with("rehearsal of 12 rows for desk, in the sandbox with 0 contacts as remembered"), "{out}");
    assert_eq!(desk.met.load(Ordering::SeqCst), 0, "the account was asked something");
    assert!(!desk.home.path().join(".local/state/rolo/ledger.sqlite").exists(), "something is remembered");

    // What is remembered of the account is what the emulator holds.
    desk.run(&["import", "contacts.csv", "--to", "desk", "--yes"]);
    let met = desk.met.load(Ordering::SeqCst);
    std::fs::write(desk.home.path().join("contacts.csv"), second_night()).unwrap();
    let said = desk.run(&["--json", "import", "contacts.csv", "--to", "desk", "--rehearse"]);
    let out = String::from_utf8(said.stdout).unwrap();
    let event: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(desk.met.load(Ordering::SeqCst), met, "the account was asked something");
    assert_eq!((&event["known"], &event["outcomes"]["created"]), (&json!(12), &json!(6)), "{event}");
    let done = desk.run(&["--json", "import", "contacts.csv", "--to", "desk", "--yes"]);
    let done = crate::world::last_event(&String::from_utf8(done.stdout).unwrap());
    assert_eq!(told(&event), told(&done));
    let left = std::fs::read_dir(desk.home.path().join(".local/state/rolo")).unwrap();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().contains("rehearsal")));
}

/// What the account defines was seen by an earlier import, and is what the emulator defines.
#[test]
fn a_rehearsal_creates_the_fields_that_the_import_creates_and_no_others() {
    for service in ["chatwoot", "respondio"] {
        let world = World::new();
        let file = |columns: &str, cells: &str| format!("first_name,email,{columns}\nAnn,ann@example.com,{cells}\n");
        let account = format!("--to sandbox:{service} --unthrottled --create-fields");
        world.write("first.csv", &file("custom.seats,custom.level", "12,gold"));
        let (_, unseen) = foretold(&world, &format!("import first.csv {account}"));
        assert_eq!(unseen["calls"]["create field"], 2, "{service}: {unseen}");
        let said = world.rolo(&format!("import first.csv {account} --rehearse"));
        assert!(said.err.contains("was never read"), "{service}: {}{}", said.out, said.err);
        world.done(&format!("import first.csv {account}"));
        world.write("second.csv", &file("custom.seats,custom.level,custom.size", "13,tin,4"));
        let import = format!("import second.csv {account}");
        let (code, rehearsal) = foretold(&world, &import);
        assert!(!world.rolo(&format!("{import} --rehearse")).err.contains("was never read"), "{service}");
        let (then, done) = finished(&world, &import);
        assert_eq!((code, told(&rehearsal)), (then, told(&done)), "{service}");
        assert_eq!(done["calls"]["create field"], 1, "{service}: {done}");
    }
}

/// The contacts go page by page from the ledger into the emulator, however many there are.
#[test]
fn a_rehearsal_knows_all_that_is_remembered_of_more_contacts_than_a_page_has() {
    let world = World::new();
    let mut text = "first_name,phone,custom.n\n".to_owned();
    (0..700).for_each(|n| writeln!(text, "Ann,{},{n}", phone(n)).unwrap());
    world.write("many.csv", &text);
    let import = "import many.csv --to sandbox:chatwoot --unthrottled";
    world.done(import);
    let (_, rehearsal) = foretold(&world, &format!("{import} --verify"));
    assert_eq!((&rehearsal["known"], &rehearsal["outcomes"]["unchanged"]), (&json!(700), &json!(700)), "{rehearsal}");
}

/// At the pace of the service, where rows come one after the other: look-ups wait until they fill a call.
#[test]
fn remote_running_look_ups_of_a_paced_import_go_in_groups() {
    let world = World::new();
    let mut text = "first_name,phone,email\n".to_owned();
    (0..80).for_each(|n| writeln!(text, "Ann,{},ann{n}@example.com", phone(n)).unwrap());
    world.write("one.csv", &text);
    let (_, rehearsal) = foretold(&world, "import one.csv --to sandbox:chatwoot");
    // A hundred and fifty identifiers a call: seventy-five rows of two.
    assert_eq!(rehearsal["calls"], json!({ "find": 2, "create": 80 }), "{rehearsal}");
}
