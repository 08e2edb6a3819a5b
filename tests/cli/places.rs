//! An account is what it points to: another server, another account there, or another workspace behind
//! a new token has a memory of its own, and nothing that is remembered of one is used at the other.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::world::{Row, Said, Served, World, cells, last_event, said};

/// Two servers, and an account `desk` that points to one of them.
struct Places {
    world: World,
    servers: [Served; 2],
}

impl Places {
    fn new() -> Self {
        let world = World::new();
        let servers = [(); 2].map(|()| Served::start(&world, "--unthrottled"));
        Self { world, servers }
    }

    fn address(&self, server: usize) -> String {
        format!("{}/chatwoot", self.servers[server].address)
    }

    fn points_to(&self, base_url: &str, account_id: &str) {
        let config = format!(
            "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{base_url}\"\naccount_id = \"{account_id}\"\n\
             inbox_id = \"1\"\ntoken = {{ env = \"DESK\" }}\n"
        );
        self.world.write("rolo.toml", &config);
    }

    fn desk(&self, arguments: &str) -> Said {
        said(self.world.command(arguments).env("DESK", "sandbox"))
    }

    fn done(&self, arguments: &str) -> Said {
        let said = self.desk(&format!("--json {arguments}"));
        assert_eq!(said.code, 0, "{arguments}: {}{}", said.out, said.err);
        said
    }

    /// Fills a server behind the back of the ledger that is tried here.
    fn holds(&self, server: usize, people: &str) {
        self.points_to(&self.address(server), "1");
        self.world.write("strangers.csv", people);
        self.done("import strangers.csv --to desk --yes --state-dir another");
    }

    /// What a server holds, read with a ledger of its own.
    fn held(&self, server: usize) -> Vec<Row> {
        self.points_to(&self.address(server), "1");
        self.done("export held.csv --from desk --force --state-dir reader");
        let mut rows = self.world.csv("held.csv");
        rows.sort_by(|one, other| one["name"].cmp(&other["name"]));
        rows
    }
}

fn people(names: &[&str]) -> String {
    let rows = names.iter().enumerate().map(|(n, name)| format!("{name},+4474001{:05},{n}@example.org\n", 20_000 + n));
    std::iter::once("name,phone,email\n".to_owned()).chain(rows).collect()
}

/// Others than [`people`], whoever they are called.
fn strangers(n: usize) -> String {
    let rows = (0..n).map(|n| format!("Stranger {n},+4474009{:05},stranger{n}@example.net\n", 20_000 + n));
    std::iter::once("name,phone,email\n".to_owned()).chain(rows).collect()
}

#[test]
fn remote_08_and_attack_01a_the_same_file_is_brought_to_another_server_and_it_is_said() {
    let places = Places::new();
    places.world.write("people.csv", &people(&["Ana", "Benito"]));
    places.points_to(&places.address(0), "1");
    places.done("import people.csv --to desk --yes");
    places.points_to(&places.address(1), "1");
    let moved = places.done("import people.csv --to desk --yes");
    assert_eq!(last_event(&moved.out)["outcomes"]["created"], 2, "{}", moved.out);
    let told = format!(
        "account desk points elsewhere than before: base_url was {} and is {}",
        places.address(0),
        places.address(1)
    );
    assert!(moved.out.contains(&told), "{}", moved.out);
    assert_eq!(cells(&places.held(1), "name"), ["Ana", "Benito"]);

    // Back again, nothing is new: the memory of the first place was kept apart.
    places.points_to(&places.address(0), "1");
    let back = places.done("import people.csv --to desk --yes");
    assert_eq!(last_event(&back.out)["outcomes"]["unchanged"], 2, "{}", back.out);
    assert!(back.out.contains("account desk points elsewhere than before"), "{}", back.out);
    let again = places.done("import people.csv --to desk --yes");
    assert!(!again.out.contains("points elsewhere"), "it is said once: {}", again.out);
}

#[test]
fn remote_08b_another_account_of_the_same_server_is_another_place() {
    let places = Places::new();
    places.world.write("people.csv", &people(&["Ana", "Benito"]));
    // One server with two accounts: the second is the other server's first.
    let [first, second] = [0, 1].map(|server| places.servers[server].address.replace("http://", ""));
    let one = forwarding(vec![("/accounts/2/", "/accounts/1/", second), ("", "", first)]);
    places.points_to(&format!("{one}/chatwoot"), "1");
    places.done("import people.csv --to desk --yes");
    places.points_to(&format!("{one}/chatwoot"), "2");
    let moved = places.done("import people.csv --to desk --yes");
    assert_eq!(last_event(&moved.out)["outcomes"]["created"], 2, "{}", moved.out);
    assert!(moved.out.contains("points elsewhere than before: account_id was 1 and is 2"), "{}", moved.out);
}

#[test]
fn remote_08d_and_attack_01b_a_stranger_with_the_same_id_keeps_their_name() {
    let places = Places::new();
    places.holds(1, &strangers(3));
    places.world.write("people.csv", &people(&["Ana", "Benito", "Carla"]));
    places.points_to(&places.address(0), "1");
    places.done("import people.csv --to desk --yes");
    places.world.write("people.csv", &people(&["Ana García", "Benito", "Carla"]));
    places.points_to(&places.address(1), "1");
    let moved = places.done("import people.csv --to desk --yes");
    assert_eq!(last_event(&moved.out)["outcomes"]["created"], 3, "{}", moved.out);
    let there = places.held(1);
    assert_eq!(cells(&there, "name"), ["Ana García", "Benito", "Carla", "Stranger 0", "Stranger 1", "Stranger 2"]);
    let here = places.held(0);
    assert!(there.iter().any(|one| here.iter().any(|other| one["id"] == other["id"])), "ids mean others there");
}

#[test]
fn attack_01c_a_run_is_not_put_back_at_another_server() {
    let places = Places::new();
    places.holds(1, &strangers(3));
    places.world.write("people.csv", &people(&["Ana", "Benito", "Carla"]));
    places.points_to(&places.address(0), "1");
    places.done("import people.csv --to desk --yes");
    places.points_to(&places.address(1), "1");
    let refused = places.desk("undo --yes");
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
    assert!(
        refused.err.contains("was made elsewhere than account desk points to now: base_url was "),
        "{}",
        refused.err
    );
    assert_eq!(cells(&places.held(1), "name"), ["Stranger 0", "Stranger 1", "Stranger 2"]);
    places.points_to(&places.address(0), "1");
    assert_eq!(places.desk("undo --yes").code, 0);
    assert_eq!(places.held(0).len(), 0);
}

#[test]
fn an_undo_that_would_be_refused_at_another_server_is_not_offered() {
    let places = Places::new();
    places.world.write("people.csv", &people(&["Ana"]));
    places.points_to(&places.address(0), "1");
    places.done("import people.csv --to desk --yes");
    places.points_to(&places.address(1), "1");
    let shown = places.desk("undo");
    assert_eq!(shown.code, 2, "{}{}", shown.out, shown.err);
    assert!(shown.err.contains("was made elsewhere than account desk points to now: base_url was "), "{}", shown.err);
}

#[test]
fn the_runs_of_an_account_that_is_called_otherwise_now_are_found_by_where_it_points() {
    let places = Places::new();
    places.world.write("people.csv", &people(&["Ana", "Benito"]));
    places.points_to(&places.address(0), "1");
    places.done("import people.csv --to desk --yes");
    let config = places.world.read("rolo.toml");
    let elsewhere = config.replace(&places.address(0), &places.address(1));
    // Its name is gone, or another account's by now.
    for now in [String::new(), elsewhere] {
        places.world.write("rolo.toml", &format!("{now}{}", config.replace("accounts.desk", "accounts.bureau")));
        let shown = places.desk("undo");
        assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
        assert!(shown.out.contains("2  created contacts would be deleted"), "{}", shown.out);
    }
    let undone = places.desk("undo --yes");
    assert_eq!(undone.code, 0, "{}{}", undone.out, undone.err);
    assert!(
        undone.err.contains("account desk of run ") && undone.err.contains(" is called bureau now"),
        "{}",
        undone.err
    );
    assert_eq!(places.held(0).len(), 0);
}

#[test]
fn a_run_that_stopped_at_a_wrong_address_begins_anew_at_the_right_one() {
    let places = Places::new();
    places.world.write("people.csv", &people(&["Ana"]));
    places.points_to(&format!("{}/nothing", places.address(0)), "1");
    let stopped = places.desk("import people.csv --to desk --yes");
    assert_eq!(stopped.code, 3, "{}{}", stopped.out, stopped.err);
    places.points_to(&places.address(0), "1");
    let refused = places.desk("resume");
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("the command of the run begins anew if it is given again"), "{}", refused.err);
    places.done("import people.csv --to desk --yes");
    assert_eq!(cells(&places.held(0), "name"), ["Ana"]);
}

#[test]
fn a_run_of_a_sandbox_in_memory_is_said_to_be_gone_with_it() {
    let world = World::new();
    world.write("people.csv", &format!("{}Dora,12,\n", people(&["Ana"])));
    let imported = said(&mut world.command("import people.csv --to sandbox:chatwoot --memory --unthrottled --json"));
    assert_eq!(imported.code, 1, "{}{}", imported.out, imported.err);
    let told = last_event(&imported.out);
    let run = told["run"].as_str().unwrap();
    for command in [format!("undo {run}"), format!("undo {run} --yes"), format!("undo {run} --yes --memory")] {
        let refused = said(&mut world.command(&command));
        assert_eq!(refused.code, 2, "{command}: {}{}", refused.out, refused.err);
        let gone = "was made in a sandbox that was kept in memory, and went with its command";
        assert!(refused.err.contains(gone), "{command}: {}", refused.err);
    }
    // The one thing that is offered can be done.
    let next = told["next"][0]["command"].as_str().unwrap();
    assert!(next.ends_with(" --memory"), "{next}");
    let results = world.read("people.results.csv").replace("Dora,12", "Dora,+447400120059");
    world.write("people.results.csv", &results);
    let retried = said(&mut world.command(next.trim_start_matches("rolo ")));
    assert_eq!(retried.code, 0, "{}{}", retried.out, retried.err);
}

#[test]
fn the_failed_rows_of_a_run_are_not_sent_again_to_another_server() {
    let places = Places::new();
    places.holds(1, &strangers(3));
    places.world.write("people.csv", &format!("{}Dora,12,\n", people(&["Ana"])));
    places.points_to(&places.address(0), "1");
    assert_eq!(places.desk("import people.csv --to desk --yes").code, 1, "a row is bad");
    places.world.write("mended.csv", "name,phone,email,_line\nDora,+447400120050,dora@example.org,3\n");
    places.points_to(&places.address(1), "1");
    let refused = places.desk("retry --with mended.csv");
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
    assert!(
        refused.err.contains("was made elsewhere than account desk points to now: base_url was "),
        "{}",
        refused.err
    );
    assert_eq!(cells(&places.held(1), "name"), ["Stranger 0", "Stranger 1", "Stranger 2"]);
    places.points_to(&places.address(0), "1");
    assert_eq!(places.desk("retry --with mended.csv").code, 0);
    assert_eq!(cells(&places.held(0), "name"), ["Ana", "Dora"]);
}

#[test]
fn attack_01d_an_export_that_was_cut_off_does_not_go_on_at_another_server() {
    let places = Places::new();
    places.holds(0, &people(&["Ana"; 40]));
    places.holds(1, &strangers(40));
    places.points_to(&places.address(0), "1");
    let cut = said(
        places.world.command("export out.csv --from desk").env("DESK", "sandbox").env("ROLO_CRASH", "after_page:2"),
    );
    assert_eq!(cut.code, -1, "{}", cut.err);
    places.points_to(&places.address(1), "1");
    let refused = places.desk("resume");
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("was made elsewhere"), "{}", refused.err);
    places.done("export out.csv --from desk");
    let rows = places.world.csv("out.csv");
    assert_eq!(rows.len(), 40);
    assert!(cells(&rows, "name").iter().all(|name| name.starts_with("Stranger")), "contacts of one server alone");
}

#[test]
fn a_new_token_of_the_same_workspace_keeps_its_memory_and_one_of_another_has_its_own() {
    let world = World::new();
    let servers = [(); 2].map(|()| Served::start(&world, "--unthrottled"));
    let [first, second] = [0, 1].map(|server: usize| servers[server].address.replace("http://", ""));
    // The token chooses the workspace: two of them open the first, one the second.
    let one = forwarding(vec![
        ("first-1", "sandbox", first.clone()),
        ("first-2", "sandbox", first),
        ("other-1", "sandbox", second),
    ]);
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"respondio\"\nbase_url = \"{one}/respondio\"\ntoken = {{ env = \"DESK\" }}\n"
        ),
    );
    world.write("people.csv", &people(&["Ana", "Benito"]));
    let import = |token: &str| {
        let said = said(world.command("--json import people.csv --to desk --yes").env("DESK", token));
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.out
    };
    let counted = |out: &str, outcome: &str| last_event(out)["outcomes"][outcome].as_u64().unwrap();
    assert_eq!(counted(&import("first-1"), "created"), 2);

    let renewed = import("first-2");
    assert_eq!(counted(&renewed, "unchanged"), 2, "{renewed}");
    assert!(!renewed.contains("points elsewhere"), "{renewed}");

    let other = import("other-1");
    assert_eq!(counted(&other, "created"), 2, "{other}");
    assert!(other.contains("points elsewhere than before: its token opens another workspace"), "{other}");

    let back = import("first-2");
    assert_eq!(counted(&back, "unchanged"), 2, "{back}");
    let ledger = std::fs::read(world.path(".local/state/rolo/ledger.sqlite")).unwrap();
    for token in ["first-1", "first-2", "other-1"] {
        assert!(!ledger.windows(token.len()).any(|window| window == token.as_bytes()), "a token is kept nowhere");
    }
}

#[test]
fn attack_02_two_imports_of_the_same_people_at_once_make_nobody_twice() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled --fault latency=80ms");
    let address = &served.address;
    world.write(
        "rolo.toml",
        &format!("[accounts.desk]\nservice = \"respondio-v1\"\nbase_url = \"{address}/respondio-v1\"\ntoken = {{ env = \"DESK\" }}\n"),
    );
    let names: Vec<String> = (0..8).map(|n| format!("Person {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = people(&names);
    world.write("a.csv", &text);
    world.write("b.csv", &text.replace("Person", "Somebody"));
    let imports = ["a.csv", "b.csv"].map(|file| {
        let mut command = world.command(&format!("--json import {file} --to desk --yes"));
        command.env("DESK", "sandbox");
        thread::spawn(move || said(&mut command))
    });
    let mut created = 0;
    for said in imports.map(|import| import.join().unwrap()) {
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        created += last_event(&said.out)["outcomes"]["created"].as_u64().unwrap();
    }
    assert_eq!(created, 8, "each person is made by one of the two");
}

/// A server that sends each connection on to the first of `routes` whose first text its first bytes
/// hold, with that text replaced by the second, which is as long.
fn forwarding(routes: Vec<(&'static str, &'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let routes = routes.clone();
            thread::spawn(move || drop(forward(client, &routes)));
        }
    });
    address
}

fn forward(mut client: TcpStream, routes: &[(&'static str, &'static str, String)]) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    let mut server: Option<(TcpStream, &'static str, &'static str)> = None;
    loop {
        let n = client.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if server.is_none() {
            let Some((from, to, address)) = routes.iter().find(|(from, ..)| text.contains(from)) else { return Ok(()) };
            let upstream = TcpStream::connect(address)?;
            let (mut answers, mut asker) = (upstream.try_clone()?, client.try_clone()?);
            thread::spawn(move || drop(std::io::copy(&mut answers, &mut asker)));
            server = Some((upstream, from, to));
        }
        let Some((upstream, from, to)) = &mut server else { return Ok(()) };
        let sent = if from.is_empty() { text } else { text.replace(*from, to) };
        upstream.write_all(sent.as_bytes())?;
    }
}
