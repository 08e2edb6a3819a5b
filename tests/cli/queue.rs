//! Runs that are queued, and the workers that serve them, on a ledger in a file and on one in PostgreSQL.

use std::process::Command;
use std::time::Duration;

use crate::postgres::{Database, server};
use crate::rehearsal::{Watched, code, said as words_of};
use crate::world::{Said, Served, World, cells, csv_rows, said, sorted_by};

/// A folder of its own with an account `support`, and a database of its own where the ledger is in one.
struct Place {
    world: World,
    served: Served,
    database: Option<Database<'static>>,
}

const MAPPING: &str = "region = \"GB\"\n[columns.Name]\nfield = \"first_name\"\n[columns.Family]\nfield = \"last_name\"\n\
    [columns.Phone]\nfield = \"phone\"\n";

impl Place {
    /// On a file, and on a database where this machine has PostgreSQL. `options` are those of the sandbox.
    fn each(options: &str, check: impl Fn(&Self)) {
        let database = server().map(|server| Some(server.database()));
        for database in [None].into_iter().chain(database) {
            let served = Served::start(&World::new(), options);
            let place = Self { world: World::new(), served, database };
            place.configure(&place.world, options);
            if place.database.is_some() {
                let made = place.rolo("ledger migrate");
                assert_eq!(made.code, 0, "{}{}", made.out, made.err);
            }
            check(&place);
        }
    }

    fn configure(&self, world: &World, options: &str) {
        let unthrottled = if options.contains("--unthrottled") { "unthrottled = true\n" } else { "" };
        let config = format!(
            "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\n\
             base_url = \"{}/respondio-v1\"\n{unthrottled}",
            self.served.address
        );
        world.write("rolo.toml", &config);
        world.write("contacts.mapping.toml", MAPPING);
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.world.command(arguments);
        command.env("SUPPORT", "sandbox");
        if let Some(database) = &self.database {
            command.env("ROLO_LEDGER", database.url());
        }
        command
    }

    fn rolo(&self, arguments: &str) -> Said {
        said(&mut self.command(arguments))
    }

    /// Queues an import of these people; returns its id.
    fn submit(&self, file: &str, people: std::ops::Range<u32>) -> String {
        self.world.write(file, &people_of(people));
        let queued = self.rolo(&format!("submit {file} --to support --mapping contacts.mapping.toml -q"));
        assert_eq!(queued.code, 0, "{}{}", queued.out, queued.err);
        queued.out.trim().to_owned()
    }

    /// A worker, whose log is `NAME.log`.
    fn worker(&self, name: &str) -> Watched {
        Watched::start(self.command(&format!("work --json -q --log {name}.log")))
    }

    /// Waits until a worker's log tells of so many answers.
    fn wait_for_answers(&self, name: &str, answers: usize) {
        while self.told(name, "\"answered\"") < answers {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How often a worker's log has this in it.
    fn told(&self, name: &str, part: &str) -> usize {
        std::fs::read_to_string(self.world.path(&format!("{name}.log"))).unwrap_or_default().matches(part).count()
    }

    fn run(&self, id: &str) -> serde_json::Value {
        let shown = self.rolo(&format!("show {id} --json"));
        assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
        serde_json::from_str(&shown.out).unwrap()
    }

    fn state(&self, id: &str) -> String {
        self.run(id)["state"].as_str().unwrap().to_owned()
    }

    fn wait_for_state(&self, id: &str, state: &str) {
        while self.state(id) != state {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The phones of everybody whom the service has.
    fn phones(&self) -> Vec<String> {
        let exported = self.rolo("export out.csv --from support --where last_name=A --force -q");
        assert_eq!(exported.code, 0, "{}{}", exported.out, exported.err);
        let rows = sorted_by("phone", csv_rows(&self.world.read("out.csv")));
        cells(&rows, "phone").into_iter().map(str::to_owned).collect()
    }
}

fn people_of(people: std::ops::Range<u32>) -> String {
    let rows: String = people.map(|n| format!("Person {n},A,+447400{n:06}\n")).collect();
    format!("Name,Family,Phone\n{rows}")
}

fn phones(people: std::ops::Range<u32>) -> Vec<String> {
    people.map(|n| format!("+447400{n:06}")).collect()
}

#[test]
fn a_queued_run_ends_as_its_import_does() {
    Place::each("--unthrottled", |place| {
        let source = "Name,Family,Phone\nAnn,A,+447400000001\nBob,A,no number\nCyd,A,+447400000003\n";
        place.world.write("contacts.csv", source);
        place.world.write("queued.csv", source);
        let queued = place.rolo("submit queued.csv --to support --mapping contacts.mapping.toml -q");
        let id = queued.out.trim();
        assert_eq!((queued.code, place.state(id).as_str()), (0, "queued"), "{}", queued.err);
        let worked = place.rolo("work --once -q");
        assert_eq!(worked.code, 1, "a row was rejected: {}", worked.err);
        let run = place.run(id);
        assert_eq!((&run["state"], &run["outcomes"]["created"]), (&"finished".into(), &2.into()), "{run}");
        let again = place.rolo("import contacts.csv --to support --mapping contacts.mapping.toml -q --fresh");
        assert_eq!(again.code, 1, "{}", again.err);
        let results = |file: &str| {
            let rows = place.world.csv(file);
            rows.iter().map(|row| (row["_contact_id"].clone(), row["_code"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(results("queued.results.csv"), results("contacts.results.csv"));
        assert_eq!(place.phones().len(), 2);
        let nothing = place.rolo("work --once -q");
        assert_eq!((nothing.code, nothing.out.as_str()), (0, ""), "nothing is due any more");
    });
}

#[test]
fn what_was_pinned_counts_and_a_file_that_was_changed_is_refused_in_words() {
    Place::each("--unthrottled", |place| {
        let id = place.submit("contacts.csv", 0..2);
        // The mapping is the one that was submitted.
        place.world.write("contacts.mapping.toml", "[columns.Nobody]\nfield = \"email\"\n");
        assert_eq!(place.rolo("work --once -q").code, 0);
        assert_eq!(place.state(&id), "finished");
        place.world.write("contacts.mapping.toml", MAPPING);
        let id = place.submit("contacts.csv", 2..4);
        place.world.write("contacts.csv", &people_of(2..5));
        let worked = place.rolo("work --once");
        assert_eq!(worked.code, 3, "{}", worked.err);
        let words = "the file was changed since it was submitted";
        assert!(worked.err.contains(words), "{}", worked.err);
        let run = place.run(&id);
        assert_eq!(run["state"], "failed");
        assert!(run["told"].as_str().unwrap().contains(words), "{run}");
        assert_eq!(place.phones(), phones(0..2), "nothing of it was sent");
        assert!(place.rolo("runs").out.contains(words));
        assert_eq!(place.rolo(&format!("resume {id}")).code, 2);
    });
}

#[test]
fn a_run_waits_while_its_file_or_its_account_is_not_at_hand() {
    Place::each("--unthrottled", |place| {
        let id = place.submit("contacts.csv", 0..2);
        std::fs::rename(place.world.path("contacts.csv"), place.world.path("away.csv")).unwrap();
        let worked = place.rolo("work --once");
        assert_eq!(worked.code, 3, "{}", worked.err);
        let run = place.run(&id);
        assert_eq!(run["state"], "queued", "{run}");
        assert!(run["told"].as_str().unwrap().contains("this worker can't read the file of the run"), "{run}");
        std::fs::rename(place.world.path("away.csv"), place.world.path("contacts.csv")).unwrap();
        let without = said(place.command("work --once").env_remove("SUPPORT"));
        assert_eq!((without.code, place.state(&id).as_str()), (3, "queued"), "{}", without.err);
        assert!(without.err.contains("SUPPORT"), "the secret that is missing is named: {}", without.err);
        assert_eq!(place.rolo("work --once -q").code, 0);
        assert_eq!((place.state(&id).as_str(), place.phones()), ("finished", phones(0..2)));
    });
}

#[test]
fn a_run_that_is_cancelled_ends_whether_it_waits_or_is_under_way() {
    Place::each("", |place| {
        let waits = place.submit("waits.csv", 100..110);
        let cancelled = place.rolo(&format!("cancel {waits}"));
        assert_eq!((cancelled.code, place.state(&waits).as_str()), (0, "cancelled"), "{}", cancelled.err);
        let id = place.submit("contacts.csv", 0..100);
        let worker = place.worker("one");
        while place.told("one", "\"call\":\"create\"") < 2 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let cancelled = place.rolo(&format!("cancel {id}"));
        assert_eq!(cancelled.code, 0, "{}{}", cancelled.out, cancelled.err);
        assert_eq!(cancelled.out, format!("run {id} is cancelled\n"));
        let run = place.run(&id);
        assert_eq!((&run["state"], &run["next"]), (&"cancelled".into(), &serde_json::json!([])), "{run}");
        let rows = place.world.csv("contacts.results.csv");
        let created = rows.iter().filter(|row| row["_outcome"] == "created").count();
        assert!((1..100).contains(&created), "{created}");
        assert!(rows.iter().all(|row| row["_outcome"] == "created" || row["_code"] == "run.stopped"));
        // Nobody goes on with it, and the worker goes on with others.
        let next = place.submit("next.csv", 200..201);
        place.wait_for_state(&next, "finished");
        worker.signal("TERM");
        assert_eq!(code(&worker.end()), 0);
        assert_eq!(place.phones().len(), created + 1);
        let again = place.rolo(&format!("cancel {id}"));
        assert!(again.code == 2 && again.err.contains("has ended already"), "{}", again.err);
        let undone = place.rolo(&format!("undo {id}"));
        assert!(undone.out.contains(&format!("undo of run {id}")), "{}{}", undone.out, undone.err);
    });
}

#[test]
fn a_worker_that_is_asked_to_end_hands_its_runs_on() {
    Place::each("", |place| {
        let id = place.submit("contacts.csv", 0..8);
        let worker = place.worker("one");
        place.wait_for_answers("one", 3);
        let log = place.world.read("one.log");
        let answered = log.lines().find(|line| line.contains("\"answered\"")).unwrap();
        let answered: serde_json::Value = serde_json::from_str(answered).unwrap();
        let (within, of) = (&answered["span"], worker.child.id());
        assert_eq!((&within["run"], &within["account"]), (&id.as_str().into(), &"support".into()), "{answered}");
        assert!(within["worker"].as_str().unwrap().ends_with(&format!("/{of}")), "{answered}");
        let seen = place.rolo("workers --json").out;
        let seen: serde_json::Value = serde_json::from_str(seen.trim()).unwrap();
        assert_eq!((&seen["process"], &seen["runs"]), (&worker.child.id().into(), &serde_json::json!([id])), "{seen}");
        assert!(place.rolo("workers").out.contains("works on 1 of at most 8"));
        worker.signal("TERM");
        let ended = worker.end();
        assert_eq!(code(&ended), 0, "{}", words_of(&ended));
        assert_eq!(place.state(&id), "queued", "another goes on with it");
        assert_eq!(place.rolo("workers --json").out, "", "whoever has ended is not listed");
        let worked = place.rolo("work --once -q");
        assert_eq!(worked.code, 0, "{}", worked.err);
        assert_eq!((place.state(&id).as_str(), place.phones()), ("finished", phones(0..8)));
        let rows = place.world.csv("contacts.results.csv");
        assert!(rows.len() == 8 && rows.iter().all(|row| row["_outcome"] == "created"), "{rows:?}");
    });
}

#[test]
fn workers_that_are_killed_lose_nothing_and_make_nobody_twice() {
    Place::each("--unthrottled", |place| {
        let ids = [place.submit("one.csv", 0..60), place.submit("two.csv", 60..120)];
        for kill in 0..5_usize {
            let name = format!("worker{kill}");
            let worker = place.worker(&name);
            place.wait_for_answers(&name, 3 + 6 * kill);
            worker.kill();
        }
        let worked = place.rolo("work --once -q");
        assert_eq!(worked.code, 0, "{}", worked.err);
        for id in &ids {
            assert_eq!(place.state(id), "finished");
        }
        assert_eq!(place.phones(), phones(0..120));
        for results in ["one.results.csv", "two.results.csv"] {
            let rows = place.world.csv(results);
            assert!(rows.len() == 60 && rows.iter().all(|row| row["_outcome"] == "created"), "{rows:?}");
        }
    });
}

#[test]
fn a_worker_that_was_stopped_for_longer_than_its_lease_writes_and_sends_nothing_when_it_wakes() {
    Place::each("", |place| {
        let id = place.submit("contacts.csv", 0..12);
        let stopped = place.worker("stopped");
        place.wait_for_answers("stopped", 3);
        stopped.signal("STOP");
        let other = place.worker("other");
        // Its lease runs out, and the other one finishes what it had begun.
        place.wait_for_state(&id, "finished");
        let results = place.world.read("contacts.results.csv");
        let answers = place.told("stopped", "\"answered\"");
        stopped.signal("CONT");
        std::thread::sleep(Duration::from_secs(2));
        for worker in [stopped, other] {
            worker.signal("TERM");
            let ended = worker.end();
            assert_eq!(code(&ended), 0, "{}", words_of(&ended));
        }
        assert_eq!(place.state(&id), "finished");
        assert_eq!(place.phones(), phones(0..12), "nobody is lost, and nobody there twice");
        assert_eq!(place.world.read("contacts.results.csv"), results);
        let woken = place.told("stopped", "\"answered\"");
        // What had left before may still be answered.
        assert!(woken <= answers + 2, "{answers} answers before, {woken} after it woke");
    });
}

#[test]
fn an_import_that_was_killed_is_taken_up_and_the_same_queued_anew_joins_it() {
    Place::each("", |place| {
        place.world.write("contacts.csv", &people_of(0..6));
        let mut life = Watched::start(place.command("import contacts.csv --to support --json -q --yes"));
        assert!(life.wait_for_calls(3));
        life.kill();
        place.world.write("other.csv", &people_of(20..26));
        let import = "other.csv --to support --mapping contacts.mapping.toml -q";
        let mut other = Watched::start(place.command(&format!("import {import} --json")));
        assert!(other.wait_for_calls(3));
        other.signal("TERM");
        assert_eq!(code(&other.end()), 4);
        // What a signal ended is nobody's to go on with, until the same is asked for again.
        let worked = place.rolo("work --once");
        assert_eq!(worked.code, 0, "{}", worked.err);
        assert!(worked.err.contains("(import), which is gone: it goes on here; `rolo cancel "), "{}", worked.err);
        assert_eq!(place.phones().len(), 6 + created(place, "other.results.csv"));
        let queued = place.rolo(&format!("submit {import}"));
        let id = queued.out.trim();
        assert_eq!(place.rolo("work --once -q").code, 0);
        assert_eq!(place.phones(), [phones(0..6), phones(20..26)].concat());
        let run = place.run(id);
        assert_eq!(run["state"], "joined");
        assert!(run["told"].as_str().unwrap().starts_with("the same was cut off before, and goes on as run "), "{run}");
        let runs = place.rolo("runs --json").out;
        let runs = runs.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let states: Vec<String> = runs
            .filter(|run| run["command"] == "import")
            .map(|run| run["state"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(states, ["joined", "finished", "finished"]);
    });
}

fn created(place: &Place, results: &str) -> usize {
    place.world.csv(results).iter().filter(|row| row["_outcome"] == "created").count()
}

#[test]
fn several_workers_do_each_run_once_and_those_of_one_account_one_after_the_other() {
    Place::each("--unthrottled", |place| {
        let ids: Vec<String> = (0..6).map(|n| place.submit(&format!("file{n}.csv"), n * 20..(n + 1) * 20)).collect();
        let workers: Vec<Watched> = ["a", "b", "c"].map(|name| place.worker(name)).into_iter().collect();
        for id in &ids {
            place.wait_for_state(id, "finished");
        }
        let mut done: Vec<String> = Vec::new();
        for worker in workers {
            worker.signal("TERM");
            let ended = worker.end();
            assert_eq!(code(&ended), 0, "{}", words_of(&ended));
            let out = String::from_utf8(ended.stdout).unwrap();
            let events = out.lines().filter(|line| line.starts_with("{\"event\":\"finished\""));
            let events = events.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            done.extend(events.map(|event| event["run"].as_str().unwrap().to_owned()));
        }
        done.sort();
        assert_eq!(done, ids, "each once");
        assert_eq!(place.phones(), phones(0..120));
        // One at a time: each began when the one before had ended, and they kept their order.
        let times: Vec<(u64, u64)> = ids
            .iter()
            .map(|id| {
                let run = place.run(id);
                (run["started"].as_u64().unwrap(), run["ended"].as_u64().unwrap())
            })
            .collect();
        assert!(times.windows(2).all(|two| two[0].1 <= two[1].0 + 1), "{times:?}");
    });
}

#[test]
fn whoever_follows_is_told_of_what_changes() {
    Place::each("--unthrottled", |place| {
        let mut following = Watched::start(place.command("runs --follow --json"));
        let id = place.submit("contacts.csv", 0..2);
        assert!(following.wait_for("\"state\":\"queued\""));
        assert_eq!(place.rolo("work --once -q").code, 0);
        assert!(following.wait_for("\"state\":\"finished\""));
        following.signal("TERM");
        assert_eq!(code(&following.end()), 0);
        assert_eq!(place.state(&id), "finished");
    });
}

#[test]
fn a_job_is_queued_as_it_stands_and_a_copy_is_refused() {
    let world = World::new();
    world.write("contacts.csv", "Name,Phone\nAnn,+447400000001\n");
    world
        .write("contacts.mapping.toml", "[columns.Name]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n");
    world.write(
        "rolo.toml",
        "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox:respondio\"\nkeep_results = 3\nexpect_rows = 1\n\
         [jobs.out]\nexport = \"all.csv\"\nfrom = \"sandbox:respondio\"\n\
         [jobs.both]\nfrom = \"sandbox:respondio\"\nto = \"sandbox:chatwoot\"\n",
    );
    let submitted = |arguments: &str| world.rolo(&format!("submit {arguments} --unthrottled"));
    let nightly = submitted("--job nightly");
    assert_eq!(nightly.code, 0, "{}", nightly.err);
    // What the configuration says later is for what is submitted later.
    let jobs = world.read("rolo.toml");
    world.write("rolo.toml", &jobs.replace("expect_rows = 1", "expect_rows = 9"));
    let worked = world.rolo("work --once");
    assert_eq!(worked.code, 0, "{}", worked.err);
    let results: Vec<String> = std::fs::read_dir(world.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("contacts.results."))
        .collect();
    assert!(results.len() == 1 && results[0].len() == "contacts.results.2026-11-21.csv".len(), "{results:?}");
    for _ in 0..2 {
        assert_eq!(submitted("--job out").code, 0);
        let worked = world.rolo("work --once");
        assert_eq!(worked.code, 0, "{}", worked.err);
        assert_eq!(cells(&world.csv("all.csv"), "first_name"), ["Ann"], "replaced, as it is ours");
    }
    let both = submitted("--job both");
    assert!(both.code == 2 && both.err.contains("a copy can't be queued"), "{}", both.err);
    let too_much = submitted("--job out --limit 3");
    assert!(too_much.code == 2 && too_much.err.contains("--limit"), "{}", too_much.err);
    let guessed = world.rolo("submit contacts.csv --mapping none.toml");
    assert_eq!(guessed.code, 2, "{}", guessed.err);
    assert_eq!(world.rolo("runs --json").out.lines().count(), 3);
}

/// The latest due time that was seen to, put back by so many days.
fn days_pass(place: &Place, days: u64) {
    let seconds = days * 24 * 60 * 60;
    match &place.database {
        Some(database) => drop(database.ask(&format!("UPDATE rolo.fired SET due = due - {seconds} RETURNING 1"))),
        None => {
            let db = rusqlite::Connection::open(place.world.path(".local/state/rolo/ledger.sqlite")).unwrap();
            db.execute(&format!("UPDATE fired SET due = due - {seconds}"), []).unwrap();
        }
    }
}

#[test]
fn a_job_that_is_due_is_queued_once_by_whichever_worker_comes_first() {
    Place::each("--unthrottled", |place| {
        place.world.write("contacts.csv", &people_of(0..3));
        let job = |name: &str, more: &str| {
            format!(
                "[jobs.{name}]\nimport = \"contacts.csv\"\nto = \"support\"\nmapping = \"contacts.mapping.toml\"\n\
                 schedule = \"0 2 * * *\"\ntime_zone = \"Europe/Berlin\"\n{more}"
            )
        };
        let jobs = format!(
            "{}{}{}",
            place.world.read("rolo.toml"),
            job("made_up", ""),
            job("left_out", "missed = \"skip\"\n")
        );
        place.world.write("rolo.toml", &jobs);
        assert!(place.rolo("runs").out.contains("next: job made_up at 20"));
        // A schedule that is new begins with its next due time.
        assert_eq!(place.rolo("work --once -q").code, 0);
        assert_eq!(place.rolo("runs --json").out, "");
        days_pass(place, 3);
        let workers: Vec<Watched> = ["a", "b", "c"].map(|name| place.worker(name)).into_iter().collect();
        let runs = || -> Vec<serde_json::Value> {
            let out = place.rolo("runs --json").out;
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        while !runs().iter().any(|run| run["state"] == "finished") {
            std::thread::sleep(Duration::from_millis(100));
        }
        // Each has looked several times by then.
        std::thread::sleep(Duration::from_secs(2));
        for worker in workers {
            worker.signal("TERM");
            let ended = worker.end();
            assert_eq!(code(&ended), 0, "{}", words_of(&ended));
        }
        let runs = runs();
        assert_eq!(runs.len(), 1, "one of the three days that were missed, of one of the two jobs: {runs:?}");
        assert_eq!((&runs[0]["state"], &runs[0]["outcomes"]["created"]), (&"finished".into(), &3.into()), "{runs:?}");
        assert_eq!(place.phones(), phones(0..3));
    });
}

#[test]
fn a_schedule_that_can_not_be_kept_is_refused_where_it_stands() {
    let world = World::new();
    let refused = |more: &str| {
        world.write("rolo.toml", &format!("[jobs.nightly]\n{more}"));
        let said = world.rolo("run nightly");
        assert_eq!(said.code, 2, "{more}");
        said.err
    };
    let import = "import = \"a.csv\"\nto = \"sandbox\"\n";
    let wrong = refused(&format!("{import}schedule = \"0 25 * * *\"\n"));
    assert!(wrong.contains("rolo.toml:4:12: schedule of [jobs.nightly]: not a schedule: 0 25 * * *"), "{wrong}");
    let zone = refused(&format!("{import}schedule = \"0 2 * * *\"\ntime_zone = \"Berlin\"\n"));
    assert!(zone.contains("no time zone is called: Berlin"), "{zone}");
    let missed = refused(&format!("{import}missed = \"run\"\n"));
    assert!(missed.contains("it says nothing without `schedule`"), "{missed}");
    let copy = refused("from = \"sandbox:respondio\"\nto = \"sandbox:chatwoot\"\nschedule = \"0 2 * * *\"\n");
    assert!(copy.contains("a copy can't be queued for a worker"), "{copy}");
}
