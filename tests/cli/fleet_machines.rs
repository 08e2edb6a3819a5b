//! Several machines, as several state folders with one key, on one ledger in PostgreSQL.

use std::process::Command;

use rolo::clock;
use tokio::time::Instant;

use crate::postgres::{Database, Server, server};
use crate::rehearsal::{Watched, code, said, stderr};
use crate::together::keeps_the_pace;
use crate::world::{Bare as _, Served, World, cells, csv_rows, sorted_by};

/// One of them.
struct Machine<'a> {
    world: World,
    database: &'a Database<'a>,
}

impl<'a> Machine<'a> {
    /// The first one, which makes the ledger.
    fn first(database: &'a Database<'a>, served: &Served) -> Self {
        let machine = Self::with(database, served);
        let made = machine.command("ledger migrate").output().unwrap();
        assert_eq!(code(&made), 0, "{}", said(&made));
        machine
    }

    /// Another, which was given the first one's key.
    fn another(&self, served: &Served) -> Self {
        let machine = Self::with(self.database, served);
        let (from, to) = (self.world.path(".local/state/rolo"), machine.world.path(".local/state/rolo"));
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(from.join("ledger.key"), to.join("ledger.key")).unwrap();
        machine
    }

    fn with(database: &'a Database<'a>, served: &Served) -> Self {
        let world = World::new();
        let config = format!(
            "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\nbase_url = \"{}/respondio-v1\"\n",
            served.address
        );
        world.write("rolo.toml", &config);
        world.write(
            "contacts.mapping.toml",
            "region = \"GB\"\n[columns.Name]\nfield = \"first_name\"\n[columns.Family]\nfield = \"last_name\"\n[columns.Phone]\nfield = \"phone\"\n",
        );
        Self { world, database }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.world.command(arguments);
        command.env("ROLO_LEDGER", self.database.url()).env("SUPPORT", "sandbox");
        command
    }

    fn import(&self, rows: std::ops::Range<u32>) -> Command {
        let rows: String = rows.map(|n| format!("Person {n},A,+447400{n:06}\n")).collect();
        self.world.write("contacts.csv", &format!("Name,Family,Phone\n{rows}"));
        self.command("import contacts.csv --to support --mapping contacts.mapping.toml --json -q")
    }

    /// The phones of everybody whom the service has.
    fn phones(&self) -> Vec<String> {
        let exported = self.command("export out.csv --from support --where last_name=A -q").output().unwrap();
        assert_eq!(code(&exported), 0, "{}", said(&exported));
        let rows = sorted_by("phone", csv_rows(&self.world.read("out.csv")));
        cells(&rows, "phone").into_iter().map(str::to_owned).collect()
    }
}

fn phones(rows: std::ops::Range<u32>) -> Vec<String> {
    rows.map(|n| format!("+447400{n:06}")).collect()
}

#[test]
fn two_machines_share_the_budget_of_one_account() {
    let Some(server) = server() else { return };
    let (database, served) = (server.database(), Served::start(&World::new(), ""));
    let one = Machine::first(&database, &served);
    let two = one.another(&served);
    let imports = [one.import(0..5), two.import(10..15)];
    let mut times: Vec<Instant> = std::thread::scope(|scope| {
        let watching: Vec<_> = imports.into_iter().map(|import| scope.spawn(|| times_of_calls(import))).collect();
        watching.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    times.sort();
    assert_eq!(times.len(), 20, "a look-up and a create for each of ten contacts");
    assert!(keeps_the_pace(&times), "{:?}", *times.last().unwrap() - times[0]);
}

/// When each call of an import was told.
fn times_of_calls(import: Command) -> Vec<Instant> {
    let mut life = Watched::start(import);
    let mut times = Vec::new();
    while life.wait_for("\"event\":\"called\"") {
        times.push(clock::now());
    }
    let output = life.end();
    assert_eq!(code(&output), 0, "{}", said(&output));
    times
}

#[test]
fn what_a_machine_that_died_was_doing_goes_on_at_another_when_its_claim_has_run_out() {
    let Some(server) = server() else { return };
    let (database, served) = (server.database(), Served::start(&World::new(), ""));
    let one = Machine::first(&database, &served);
    let two = one.another(&served);
    let mut life = Watched::start(one.import(0..6));
    assert!(life.wait_for_calls(3));
    life.kill();
    let ends = database.ask("SELECT lease_until FROM rolo.claim").parse::<i64>().unwrap();
    // Elsewhere nobody can know that it is dead before its lease is over.
    let taken_over = loop {
        let output = two.import(0..6).output().unwrap();
        if code(&output) != 5 {
            break output;
        }
        assert!(stderr(&output).contains("this is already being done by process"), "{}", said(&output));
        assert!(!String::from_utf8_lossy(&output.stdout).contains("\"called\""), "nothing was sent");
    };
    assert_eq!(code(&taken_over), 0, "{}", said(&taken_over));
    assert_eq!(database.ask("SELECT fence FROM rolo.claim"), "2");
    let now = database.ask("SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint");
    assert!(now.parse::<i64>().unwrap() >= ends);
    assert_eq!(database.ask("SELECT count(*) FROM rolo.run"), "1", "the run was taken up and no other begun");
    assert_eq!(two.phones(), phones(0..6));
    // Where it died, its own lock says so at once.
    let mut life = Watched::start(one.import(20..26));
    assert!(life.wait_for_calls(1));
    life.kill();
    let resumed = one.command("resume -q").output().unwrap();
    assert_eq!(code(&resumed), 0, "{}", said(&resumed));
    assert_eq!(one.phones(), [phones(0..6), phones(20..26)].concat());
}

#[test]
fn a_database_that_is_killed_in_the_middle_of_an_import_loses_nothing_and_nobody_is_made_twice() {
    let Some(server) = Server::new() else { return };
    let (database, served) = (server.database(), Served::start(&World::new(), "--unthrottled"));
    let one = Machine::first(&database, &served);
    one.world.write("rolo.toml", &format!("{}unthrottled = true\n", one.world.read("rolo.toml")));
    let mut life = Watched::start(one.import(0..150));
    for _ in 0..2 {
        assert!(life.wait_for_calls(40));
        server.kill();
    }
    let output = life.end();
    assert_eq!(code(&output), 0, "{}", said(&output));
    server.wait();
    assert_eq!(one.phones(), phones(0..150));
    let rows = one.world.csv("contacts.results.csv");
    assert_eq!(rows.len(), 150);
    assert!(rows.iter().all(|row| row["_outcome"] == "created"), "{rows:?}");
    assert_eq!(database.ask("SELECT created FROM rolo.run WHERE command = 'import'"), "150");
    assert_eq!(database.ask("SELECT count(*) FROM rolo.call WHERE verdict IS NULL"), "0");
}

/// The nth list of commands of a page.
fn commands_of(page: &str, n: usize) -> &str {
    page.split("```sh\n").nth(n + 1).and_then(|rest| rest.split("```").next()).unwrap()
}

#[test]
fn the_five_commands_of_the_page_bring_a_second_machine_to_work() {
    let Some(server) = server() else { return };
    let (database, served) = (server.database(), Served::start(&World::new(), "--unthrottled"));
    let first = Machine::with(&database, &served);
    let world = &first.world;
    // What the first machine did before it had a database.
    world.write("old.csv", "Name,Family,Phone\nAnn,A,+447400000001\n");
    world.write("contacts.csv", "Name,Family,Phone\nAnn,A,+447400000001\nBob,A,+447400000002\n");
    let mut before = first.command("import old.csv --to support --mapping contacts.mapping.toml -q");
    let before = before.env_remove("ROLO_LEDGER").output().unwrap();
    assert_eq!(code(&before), 0, "{}", said(&before));
    // Whoever is asked by `ssh` is the first machine; the other one has a home of its own and shares the folder.
    let (bin, other) = (world.path("bin"), world.path("other"));
    std::fs::create_dir(&bin).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(crate::world::program(), bin.join("rolo")).unwrap();
    std::fs::write(bin.join("ssh"), "#!/bin/sh\n[ \"$1\" = first ] && shift && cd \"$FIRST\" && exec \"$@\"\n")
        .unwrap();
    assert!(Command::new("chmod").arg("+x").arg(bin.join("ssh")).status().unwrap().success());
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.md")).unwrap();
    let at = |home: &std::path::Path, n: usize| {
        let commands =
            commands_of(&page, n).replace("postgres://rolo_owner:SECRET@db.example.com/rolo", &database.url());
        let commands = commands.replace("rolo work\n", "rolo work --once\n");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.bare().args(["-ec", &commands]).env("PATH", path).env("HOME", home).env("FIRST", world.home());
        let output = shell.env("SUPPORT", "sandbox").current_dir(world.home()).output().unwrap();
        assert_eq!(code(&output), 0, "{commands}\n{}", said(&output));
    };
    at(world.home(), 0);
    assert_eq!(database.ask("SELECT string_agg(state, ' ' ORDER BY id) FROM rolo.run"), "finished queued");
    at(&other, 1);
    assert_eq!(database.ask("SELECT string_agg(state, ' ' ORDER BY id) FROM rolo.run"), "finished finished");
    assert_eq!(first.phones(), phones(1..3), "whom the first machine had made is known to the other");
    let rows = world.csv("contacts.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["unchanged", "created"]);
}
