//! Reported scenarios that no other file is about.

use std::io::{Read as _, Write as _};

use crate::held::rolo;
use crate::world::{Served, World, cells, last_event, said};

#[test]
fn attack_14_the_sandbox_answers_no_name_of_another_host() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let address = served.address.trim_start_matches("http://").to_owned();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let status = |host: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let path = "/chatwoot/api/v1/accounts/1/contacts";
        let head = "api_access_token: sandbox\r\nconnection: close";
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(status(&address), "200");
    assert_eq!(status(&format!("localhost:{port}")), "200");
    assert_ne!(status("rebound.example"), "200");
    assert_ne!(status(&format!("127.0.0.1.rebound.example:{port}")), "200");
}

#[test]
fn remote_14g_a_firewalls_page_stops_the_run_with_one_request_and_it_is_resumed() {
    let world = World::new();
    let rows: String = (0..5).map(|n| format!("P{n},p{n}@r.example\n")).collect();
    world.write("people.csv", &format!("Name,E-mail\n{rows}"));
    let import = "import people.csv --to sandbox:chatwoot --unthrottled --json";
    let stopped = world.rolo(&format!("{import} --fault status=403,body:<html>forbidden</html>"));
    assert_eq!(stopped.code, 3, "{}{}", stopped.out, stopped.err);
    let finished = last_event(&stopped.out);
    assert_eq!(crate::world::calls(&finished), 1, "{finished}");
    assert_eq!(world.done(import.trim_end_matches(" --json"))["outcomes"]["created"], 5);
}

#[test]
fn remote_37_without_a_terminal_there_are_few_lines_and_no_control_characters() {
    let world = World::new();
    let rows: String = (0..3000).map(|n| format!("P{n},p{n}@r.example\n")).collect();
    world.write("people.csv", &format!("Name,E-mail\n{rows}"));
    let told = world.rolo("import people.csv --to sandbox:chatwoot --unthrottled");
    assert_eq!(told.code, 0, "{}", told.err);
    let all = format!("{}{}", told.out, told.err);
    assert!(!all.contains(['\r', '\u{1b}']), "{all}");
    assert!(all.lines().count() < 60, "{all}");
    let quiet = world.rolo("import people.csv --to sandbox:chatwoot --unthrottled -q");
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}

#[test]
fn remote_48_a_file_that_is_missing_empty_a_page_or_a_folder_is_named_without_any_environment() {
    let world = World::new();
    world.write("empty.csv", "");
    world.write("page.csv", "<!DOCTYPE html><html><body>Log in</body></html>\n");
    std::fs::create_dir(world.path("folder.csv")).unwrap();
    for name in ["missing.csv", "empty.csv", "page.csv", "folder.csv"] {
        let path = world.path(name);
        let arguments = format!("import {} --to sandbox:chatwoot", path.display());
        let told = said(world.command(&arguments).current_dir("/"));
        assert_eq!(told.code, 2, "{name}: {}{}", told.out, told.err);
        assert!(told.err.starts_with("error: ") && told.err.contains(name), "{name}: {}", told.err);
    }
}

#[test]
fn remote_33_a_token_revoked_in_the_middle_and_replaced_makes_each_contact_once() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled --fault status=401,method:POST,nth:8");
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{}/chatwoot\"\naccount_id = 1\ninbox_id = 1\n\
             token = {{ env = \"TOKEN\" }}\n",
            served.address
        ),
    );
    let rows: String = (0..9).map(|n| format!("P{n},p{n}@r.example\n")).collect();
    world.write("people.csv", &format!("Name,E-mail\n{rows}"));
    let stopped = rolo(&world, "import people.csv --to desk --yes");
    assert_eq!(stopped.code, 3, "{}{}", stopped.out, stopped.err);
    let again = rolo(&world, "import people.csv --to desk --yes");
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert_eq!(cells(&world.csv("people.results.csv"), "_outcome"), ["created"; 9]);
    assert_eq!(rolo(&world, "export all.csv --from desk").code, 0);
    assert_eq!(world.csv("all.csv").len(), 9);
}
