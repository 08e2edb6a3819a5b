//! Every command on a ledger in PostgreSQL, beside the same on a file.

use std::process::Command;

use crate::postgres::{Database, server};
use crate::world::{Said, World, said};

/// A folder of its own, and a database of its own where the ledger is in one.
struct Place {
    world: World,
    database: Option<Database<'static>>,
}

impl Place {
    fn command(&self, arguments: &str) -> Command {
        let mut command = self.world.command(arguments);
        if let Some(database) = &self.database {
            command.env("ROLO_LEDGER", database.url());
        }
        command
    }

    fn rolo(&self, arguments: &str) -> Said {
        said(&mut self.command(arguments))
    }
}

const SOURCE: &str = "First name,Phone,Email,City\n\
    Ann,+447400000001,ann@example.org,London\n\
    Bob,+447400000002,bob@example.org,Leeds\n\
    Cyd,no number,,York\n\
    Dan,+447400000004,dan@example.org,Bath\n\
    Eve,+447400000005,eve@example.org,Deal\n";

const MAPPING: &str = "region = \"GB\"\n[columns.\"First name\"]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n\
    [columns.Email]\nfield = \"email\"\n[columns.City]\nfield = \"custom.city\"\n";

const TO: &str = "--to sandbox:respondio --unthrottled";

/// A text with `…` for names of runs and for times; what is there otherwise is equal to the byte.
fn timeless(text: &str, world: &World) -> String {
    /// `d` stands for a digit, `x` for a digit or a letter.
    const TIMES: [&str; 4] = ["dddddddd-dddd-xxx", "dddd-dd-ddTdd:dd:ddZ", "dddd-dd-dd dd:dd", "dddd-dd-dd"];
    let fits = |text: &str, pattern: &str| {
        let fits = |(letter, wanted): (u8, u8)| match wanted {
            b'd' => letter.is_ascii_digit(),
            b'x' => letter.is_ascii_alphanumeric(),
            _ => letter == wanted,
        };
        text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
    };
    // How many calls were under way when a run was killed, and so left a record, is chance.
    let differs = |line: &&str| line.starts_with("took: ") || line.starts_with("removed: ");
    let lines = text.split_inclusive('\n').filter(|line| !differs(line));
    let text = lines.collect::<String>().replace(&world.home().display().to_string(), "~");
    let (mut kept, mut rest) = (String::new(), text.as_str());
    while let Some(first) = rest.chars().next() {
        if let Some(time) = TIMES.iter().find(|time| fits(rest, time)) {
            kept.push('…');
            rest = &rest[time.len()..];
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

/// How each run stands, latest first.
fn runs(place: &Place) -> String {
    let said = place.rolo("runs --json");
    let told = said.out.lines().map(|line| {
        let run: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{} {} {} {}\n", run["command"], run["state"], run["outcomes"], run["account"])
    });
    told.collect()
}

/// Imports, is killed, resumes, retries, looks, exports, forgets and undoes. Returns what came of each.
fn night(place: &Place) -> Vec<(String, i32, String)> {
    let world = &place.world;
    world.write("contacts.csv", SOURCE);
    world.write("contacts.mapping.toml", MAPPING);
    let mut came = Vec::new();
    let mut keep = |what: &str, said: Said, files: &[&str]| {
        let files: Vec<String> = files.iter().map(|name| world.read(name)).collect();
        let text = timeless(&format!("{}\n{}\n{}", said.out, runs(place), files.join("\n")), world);
        came.push((what.to_owned(), said.code, text));
    };
    let import = format!("import contacts.csv {TO} -q");
    let killed = said(place.command(&import).env("ROLO_CRASH", "after_answer:4"));
    assert_eq!(killed.code, -1, "{}{}", killed.out, killed.err);
    keep("resume", place.rolo("resume -q"), &["contacts.results.csv"]);
    world.write("again.csv", &world.read("contacts.results.csv").replace("no number", "+447400000003"));
    keep("retry", place.rolo("retry --with again.csv --results retried.csv --unthrottled -q"), &["retried.csv"]);
    keep("the same again", place.rolo(&format!("import contacts.csv {TO} --results second.csv -q")), &["second.csv"]);
    world.write("contacts.csv", &SOURCE.replace("Leeds", "Hull"));
    keep("changed", place.rolo(&format!("import contacts.csv {TO} --results third.csv -q")), &["third.csv"]);
    keep("plan", place.rolo(&format!("plan contacts.csv {TO}")), &[]);
    // Of the others, it is chance what was under way when the run was killed.
    keep("why", place.rolo("why +447400000003"), &[]);
    keep("show", place.rolo("show"), &[]);
    keep("undo", place.rolo("undo --yes --unthrottled -q"), &[]);
    keep("export", place.rolo("export all.csv --from sandbox:respondio --unthrottled -q"), &["all.csv"]);
    keep("forget", place.rolo("forget dan@example.org --yes"), &["contacts.results.csv", "all.csv"]);
    keep("why not", place.rolo("why dan@example.org"), &[]);
    let codes: Vec<i32> = came.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(codes, [1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0], "{came:?}");
    came
}

#[test]
fn every_command_does_on_a_database_what_it_does_on_a_file_to_the_byte() {
    let Some(server) = server() else { return };
    let file = Place { world: World::new(), database: None };
    let database = Place { world: World::new(), database: Some(server.database()) };
    let made = database.rolo("ledger migrate");
    assert!(
        made.code == 0
            && made.out.starts_with("the ledger was made, with version ")
            && made.out.contains(": postgres://"),
        "{}{}",
        made.out,
        made.err
    );
    let (one, other) = (night(&file), night(&database));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other, "{}", one.0);
    }
    assert!(!database.world.path(".local/state/rolo/ledger.sqlite").exists());
    let status = database.rolo("ledger status");
    assert_eq!(status.code, 0, "{}{}", status.out, status.err);
    assert!(status.out.contains("all of it was read, and it is whole"), "{}", status.out);
}

/// From the present tables to those of an earlier version, in a database that is in use.
const BACK_TO_2: &str = "DROP TABLE rolo.worker, rolo.fired, rolo.job, rolo.alert; DROP INDEX rolo.run_open;
    ALTER TABLE rolo.run DROP COLUMN due, DROP COLUMN told, DROP COLUMN cancel; UPDATE rolo.version SET number = 2";

#[test]
fn a_ledger_of_version_2_that_is_full_is_brought_up_to_date_and_remembers_the_same() {
    let Some(server) = server() else { return };
    let place = Place { world: World::new(), database: Some(server.database()) };
    assert_eq!(place.rolo("ledger migrate").code, 0);
    night(&place);
    let seen = |place: &Place| {
        let asked = ["runs --json", "show", "why bob@example.org", "ledger status"].map(|command| place.rolo(command));
        // An index that is made anew may be of another size.
        let counted = |out: &str| out.lines().filter(|line| !line.starts_with("size ")).collect::<Vec<_>>().join("\n");
        asked.map(|said| (said.code, counted(&said.out), said.err))
    };
    let before = seen(&place);
    let database = place.database.as_ref().unwrap();
    database.ask(BACK_TO_2);
    let refused = place.rolo("runs");
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("rolo ledger migrate"), "{}", refused.err);
    let migrated = place.rolo("ledger migrate");
    assert_eq!(migrated.code, 0, "{}{}", migrated.out, migrated.err);
    assert!(migrated.out.contains("from version 2 to"), "{}", migrated.out);
    assert_eq!(seen(&place), before);
    // What it knows keeps it from making anybody twice, and what came since can be done with it.
    let again = place.rolo(&format!("import contacts.csv {TO} --results last.csv -q"));
    let rows = place.world.csv("last.csv");
    assert!(rows.iter().all(|row| row["_outcome"] != "created"), "{}{rows:?}", again.err);
    let queued = place.rolo("submit contacts.csv --to sandbox:respondio --mapping contacts.mapping.toml -q");
    assert_eq!(queued.code, 0, "{}{}", queued.out, queued.err);
    assert_eq!(place.rolo("work --once -q").code, 1, "a row was rejected");
}

#[test]
fn without_a_ledger_in_the_database_nothing_is_sent_and_the_command_that_makes_one_is_named() {
    let Some(server) = server() else { return };
    let place = Place { world: World::new(), database: Some(server.database()) };
    place.world.write("contacts.csv", SOURCE);
    let import = place.rolo(&format!("import contacts.csv {TO} --yes"));
    assert_eq!(import.code, 3, "{}{}", import.out, import.err);
    assert!(import.err.contains("the database holds no ledger yet") && import.err.contains("rolo ledger migrate"));
}

#[test]
fn a_ledger_goes_from_a_file_into_a_database_and_back_and_remembers_the_same() {
    let Some(server) = server() else { return };
    let (world, database) = (World::new(), server.database());
    let file = Place { world, database: None };
    night(&file);
    let rolo = |arguments: &str| said(file.command(arguments).env("THERE", database.url()));
    let there = rolo("ledger copy .local/state/rolo env:THERE");
    assert_eq!(there.code, 0, "{}{}", there.out, there.err);
    assert!(there.out.contains("all of it was copied, and reads the same: postgres://rolo@127"), "{}", there.out);
    let again = rolo("ledger copy .local/state/rolo env:THERE");
    assert_eq!(again.code, 2, "{}{}", again.out, again.err);
    let back = rolo("ledger copy env:THERE back");
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    let lines = |said: &Said| said.out.lines().rev().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&there), lines(&back));
    let url = database.url();
    for arguments in ["runs --json", "why bob@example.org", "show"] {
        let here = file.rolo(arguments);
        let there = said(file.command(arguments).env("ROLO_LEDGER", &url));
        let back = file.rolo(&format!("{arguments} --state-dir back"));
        assert_eq!((here.code, &here.out), (there.code, &there.out), "{}", there.err);
        assert_eq!((here.code, &here.out), (back.code, &back.out), "{}", back.err);
    }
    // What is known there keeps it from making anybody a second time.
    let second = said(file.command(&format!("import contacts.csv {TO} --results last.csv")).env("ROLO_LEDGER", &url));
    let rows = file.world.csv("last.csv");
    assert_eq!(rows.len(), 5, "{}{}", second.out, second.err);
    assert!(rows.iter().all(|row| row["_outcome"] != "created"), "{rows:?}");
}

#[test]
fn the_address_comes_from_the_flag_the_environment_or_the_configuration_and_is_never_shown_whole() {
    let Some(server) = server() else { return };
    let database = server.database();
    let world = World::new();
    let with_password = database.url().replace("rolo@", "rolo:hunter2@");
    let told = |said: &Said| {
        assert!(!format!("{}{}", said.out, said.err).contains("hunter2"), "{}{}", said.out, said.err);
        said.code
    };
    assert_eq!(told(&said(world.command("ledger migrate --log log").args(["--ledger", &with_password]))), 0);
    assert_eq!(told(&said(world.command("runs -vv --log log").env("ROLO_LEDGER", &with_password))), 0);
    world.write("rolo.toml", "ledger = { env = \"LEDGER_HERE\" }\n");
    assert_eq!(told(&said(world.command("runs").env("LEDGER_HERE", &with_password))), 0);
    assert!(!world.path(".local/state/rolo/ledger.sqlite").exists());
    assert!(!world.read("log").contains("hunter2"));
    let not_set = world.rolo("runs");
    assert_eq!(told(&not_set), 2);
    assert!(not_set.err.contains("LEDGER_HERE"), "{}", not_set.err);
    world.write("rolo.toml", &format!("ledger = \"{with_password}\"\n"));
    assert_eq!(told(&world.rolo("runs")), 2);
    std::fs::remove_file(world.path("rolo.toml")).unwrap();
    let no_address = world.rolo("runs --ledger hunter2");
    assert_eq!(told(&no_address), 2);
    // Another machine has no key yet.
    let elsewhere = said(world.command("runs --state-dir elsewhere").env("ROLO_LEDGER", &with_password));
    assert_eq!(told(&elsewhere), 3);
    assert!(elsewhere.err.contains("the ledger's key is missing"), "{}", elsewhere.err);
    let key = std::fs::read(world.path(".local/state/rolo/ledger.key")).unwrap();
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut with_key = world.command("runs --state-dir elsewhere");
    with_key.env("ROLO_LEDGER", &with_password).env("ROLO_LEDGER_KEY", &key);
    let with_key = said(&mut with_key);
    assert_eq!(told(&with_key), 0, "{}", with_key.err);
    let mut with_another = world.command("runs --state-dir elsewhere");
    with_another.env("ROLO_LEDGER", &with_password).env("ROLO_LEDGER_KEY", key.replace('a', "b"));
    let with_another = said(&mut with_another);
    assert!(
        with_another.err.contains("the key is another ledger's: environment variable ROLO_LEDGER_KEY"),
        "{}",
        with_another.err
    );
}
