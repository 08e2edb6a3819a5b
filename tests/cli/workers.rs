//! What the proofs of several workers stand on: accounts at sandboxes of their own, runs queued for them, workers on
//! several machines, and what it must all have come to.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use rolo::clock;
use rolo_sandbox::{LoggedRequest, Sandbox};
use tokio::runtime::Runtime;

use crate::postgres::{Database, Server};
use crate::rehearsal::{Watched, code, said as words_of};
use crate::world::{World, said};

/// How often something is done: as `variable` says, else `usual`, as a push does it.
pub fn count(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// What an account is like.
#[derive(Clone)]
pub struct AccountShape {
    pub service: &'static str,
    /// `rate`; without one calls leave at once.
    pub rate: Option<String>,
    pub options: rolo_sandbox::Options,
}

impl AccountShape {
    /// A service that nothing but a look-up keeps from making somebody twice, and that takes its time.
    pub fn unpaced(latency: Duration) -> Self {
        let mut options = rolo_sandbox::Options::new(clock::unix_now);
        options.emulator.unthrottled = true;
        options.latency = latency;
        Self { service: "respondio-v1", rate: None, options }
    }
}

/// A run that was queued.
pub struct Queued {
    pub account: usize,
    file: String,
    people: std::ops::Range<u64>,
}

/// Accounts, a ledger, and machines that share both.
pub struct Fleet<'a> {
    pub world: World,
    database: Database<'a>,
    /// Who is asked about it.
    asked: &'a Server,
    url: String,
    runtime: Runtime,
    shape: AccountShape,
    pub sandboxes: Vec<Sandbox>,
    pub queued: Vec<Queued>,
    people: u64,
}

impl<'a> Fleet<'a> {
    /// So many accounts, alike, each at a service of its own.
    pub fn new(server: &'a Server, accounts: usize, shape: AccountShape) -> Self {
        let database = server.database();
        let url = database.url();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sandboxes: Vec<Sandbox> = (0..accounts)
            .map(|_| {
                let mut options = shape.options.clone();
                options.services = vec![shape.service.to_owned()];
                runtime.block_on(rolo_sandbox::start(options)).unwrap()
            })
            .collect();
        let world = World::new();
        let pace = shape.rate.as_ref().map_or("unthrottled = true".to_owned(), |rate| format!("rate = \"{rate}\""));
        let account = |(n, sandbox): (usize, &Sandbox)| {
            let (service, base) = (shape.service, sandbox.base_url(shape.service));
            format!(
                "[accounts.a{n}]\nservice = \"{service}\"\ntoken = {{ env = \"TOKEN\" }}\nbase_url = \"{base}\"\n{pace}\n"
            )
        };
        world.write("rolo.toml", &sandboxes.iter().enumerate().map(account).collect::<String>());
        let mapping = "region = \"GB\"\n[columns.Name]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n";
        world.write("contacts.mapping.toml", mapping);
        let queued = Vec::new();
        let fleet = Self { world, database, asked: server, url, runtime, shape, sandboxes, queued, people: 0 };
        let made = said(&mut fleet.command("ledger migrate"));
        assert_eq!(made.code, 0, "{}{}", made.out, made.err);
        fleet
    }

    /// Commands and workers reach the ledger by these ways from now on, tried in turn.
    pub fn reached_by(&mut self, ports: &[u16]) {
        let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        self.url = format!("postgres://rolo@{}/{}", hosts.join(","), self.database.name);
    }

    /// This server is asked about the ledger from now on.
    pub fn now_at(&mut self, server: &'a Server) {
        self.asked = server;
    }

    /// A command at the machine where everything was made.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = self.world.command(arguments);
        command.env("ROLO_LEDGER", &self.url).env("TOKEN", "sandbox");
        command
    }

    /// The same at another machine, which was given the key.
    pub fn command_at(&self, machine: usize, arguments: &str) -> Command {
        let folder = self.world.path(&format!("machine{machine}"));
        if !folder.exists() {
            std::fs::create_dir(&folder).unwrap();
            std::fs::copy(self.world.path(".local/state/rolo/ledger.key"), folder.join("ledger.key")).unwrap();
        }
        let mut command = self.command(arguments);
        command.arg("--state-dir").arg(folder);
        command
    }

    /// A worker at a machine.
    pub fn worker(&self, machine: usize, more: &str) -> Watched {
        Watched::start(self.command_at(machine, &format!("work --json -q {more}")))
    }

    /// Queues so many new people for an account.
    pub fn submit(&mut self, account: usize, people: u64) {
        let n = self.queued.len();
        let (file, people) = (format!("file{n}.csv"), self.people..self.people + people);
        self.people = people.end;
        self.world.write(&file, &source(people.clone()));
        let to = format!("submit {file} --to a{account} --mapping contacts.mapping.toml -q");
        let queued = said(&mut self.command(&to));
        assert_eq!(queued.code, 0, "{}{}", queued.out, queued.err);
        self.queued.push(Queued { account, file, people });
    }

    /// What a statement answers.
    pub fn ask(&self, sql: &str) -> String {
        self.asked.ask(&self.database.name, sql)
    }

    /// Runs that have not finished.
    pub fn unfinished(&self) -> usize {
        self.ask("SELECT count(*) FROM rolo.run WHERE state <> 'finished'").parse().unwrap()
    }

    /// Returns once every run has finished.
    pub fn wait_until_done(&self) {
        while self.unfinished() > 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns once so many requests have come to an account's service.
    pub fn wait_for_requests(&self, account: usize, requests: u64) {
        while self.sandboxes[account].request_count() < requests {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn requests(&self) -> Vec<u64> {
        self.sandboxes.iter().map(Sandbox::request_count).collect()
    }

    /// How many requests came to each account's service that were to change something.
    pub fn changes(&self) -> Vec<usize> {
        let changes = |log: Vec<LoggedRequest>| log.iter().filter(|request| request.method != "GET").count();
        self.sandboxes.iter().map(|sandbox| changes(sandbox.log())).collect()
    }

    /// What came to an account's service, from its log.
    pub fn log(&self, account: usize) -> Vec<LoggedRequest> {
        self.sandboxes[account].log()
    }

    /// The results files of all runs.
    pub fn results(&self) -> Vec<String> {
        self.queued.iter().map(|run| self.world.read(&run.file.replace(".csv", ".results.csv"))).collect()
    }

    /// That each row of each run is in its results once and says that it was created, in the file's order; and that
    /// each service has each of its people once, and nobody else. Returns how many people there are.
    pub fn check(&self, what: &str) -> usize {
        let mut people = vec![BTreeSet::new(); self.sandboxes.len()];
        for run in &self.queued {
            let rows = self.world.csv(&run.file.replace(".csv", ".results.csv"));
            let phones: Vec<&str> = rows.iter().map(|row| row["Phone"].as_str()).collect();
            assert_eq!(phones, run.people.clone().map(phone).collect::<Vec<_>>(), "{what}: rows of {}", run.file);
            let bad: Vec<_> = rows.iter().filter(|row| row["_outcome"] != "created").collect();
            assert!(bad.is_empty(), "{what}: {} ended otherwise: {bad:?}", run.file);
            people[run.account].extend(run.people.clone().map(phone));
        }
        for (sandbox, wanted) in self.sandboxes.iter().zip(&people) {
            let contacts = sandbox.contacts(self.shape.service);
            let there: Vec<&str> = contacts.as_array().unwrap().iter().map(phone_of).collect();
            let once: BTreeSet<String> = there.iter().map(|phone| (*phone).to_owned()).collect();
            assert_eq!(there.len(), once.len(), "{what}: somebody is there twice");
            assert_eq!(&once, wanted, "{what}: who is there");
        }
        people.iter().map(BTreeSet::len).sum()
    }
}

impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        for sandbox in &self.sandboxes {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

/// Asks workers to end, which they do well.
pub fn let_go(workers: Vec<Watched>) {
    for worker in &workers {
        worker.signal("TERM");
    }
    for worker in workers {
        let ended = worker.end();
        assert_eq!(code(&ended), 0, "{}", words_of(&ended));
    }
}

pub fn source(people: std::ops::Range<u64>) -> String {
    let rows: String = people.map(|n| format!("Person {n},{}\n", phone(n))).collect();
    format!("Name,Phone\n{rows}")
}

fn phone(n: u64) -> String {
    format!("+447400{n:06}")
}

fn phone_of(contact: &serde_json::Value) -> &str {
    ["phone", "phoneNumber", "phone_number"]
        .into_iter()
        .find_map(|name| contact[name].as_str().or_else(|| contact["custom_fields"][name].as_str()))
        .unwrap_or_else(|| panic!("a contact without a phone: {contact}"))
}
