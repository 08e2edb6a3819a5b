//! A canary token in every place a secret can come from, and a canary person in the file: neither is
//! met again where it has no business.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;

use crate::desk::{Desk, TOKEN, holds};
use crate::program::rolo;
use crate::world::Bare as _;

const EMAIL: &str = "canary.person.zyzzyva@example.org";
const PHONE: &str = "+34600773155";
/// What no log and no event may hold: parts that survive any rewriting of the values, and that no id and no
/// number of seconds can have in it by chance.
const PERSONAL: [&str; 5] = ["canary.person", "600773155", "Quetzalcoatl", "+34 600 77", "zyzzyva"];
/// A desk whose spreadsheet names the canary person: one row that goes well, two that can't be used.
fn with_a_person(service: &'static str) -> Desk {
    let desk = Desk::new(service);
    let rows = format!(
        "first_name,phone,email,tags\nQuetzalcoatl,{PHONE},{EMAIL},vip\nQuetzalcoatl,+34 600 77,,\n\
             Quetzalcoatl,,{EMAIL}@,\n"
    );
    std::fs::write(desk.home.path().join("contacts.csv"), rows).unwrap();
    desk
}

fn nothing_personal(what: &str, bytes: &[u8]) {
    for part in PERSONAL {
        assert!(!holds(bytes, part), "{what} tells {part}:\n{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_token_reaches_the_service_from_any_source_and_stays_nowhere() {
    let desk = with_a_person("chatwoot");
    let home = desk.home.path();
    std::fs::write(home.join("token"), format!("{TOKEN}\n")).unwrap();
    std::fs::set_permissions(home.join("token"), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(home.join("tell-token"), format!("#!/bin/sh\necho {TOKEN}\n")).unwrap();
    std::fs::set_permissions(home.join("tell-token"), PermissionsExt::from_mode(0o700)).unwrap();
    let command = format!("{{ command = [\"{}\"] }}", home.join("tell-token").display());
    let sources = ["{ env = \"DESK_TOKEN\" }", "{ file = \"token\" }", &command, "{ credential = \"token\" }"];
    for source in sources {
        desk.configure(source);
        let before = desk.met.load(Ordering::SeqCst);
        desk.run(&["export", "all.csv", "--from", "desk", "--force", "-vv", "--log", "run.log"]);
        assert!(desk.met.load(Ordering::SeqCst) > before, "{source}: the token never left");
        desk.run(&["accounts", "--json"]);
    }
    desk.check_files();
}

#[test]
fn no_command_and_no_failure_tells_the_token_or_the_person() {
    for service in ["chatwoot", "dmchamp"] {
        let desk = with_a_person(service);
        desk.configure("{ env = \"DESK_TOKEN\" }");
        let import: &[&str] =
            &["import", "contacts.csv", "--to", "desk", "--json", "-vv", "--log", "run.log", "--region", "ES", "--yes"];
        let echo = format!("status=401,body:{{\"error\":\"the token {TOKEN} is not good\"}}");
        let faults = [
            "status=401",
            &echo,
            "status=500,times:1",
            "reset-before-apply=times:1",
            "html=times:1",
            "status=302,times:1,location:http://127.0.0.1:9/elsewhere",
            "latency=1ms",
        ];
        for fault in faults {
            desk.fault(fault);
            let output = desk.run(import);
            nothing_personal(&format!("{service}, {fault}: --json"), &output.stdout);
            nothing_personal(&format!("{service}, {fault}: -vv"), &output.stderr);
            assert!(!output.stdout.is_empty(), "{service}, {fault}");
        }
        assert!(desk.met.load(Ordering::SeqCst) > 0, "{service}: the token never left");
        desk.sandbox.clear_faults();
        for arguments in [
            &["runs", "--json"][..],
            &["show", "--json"],
            &["show"],
            &["report", "-o", "page.html"],
            &["plan", "contacts.csv", "--to", "desk"],
            &["export", "all.csv", "--from", "desk", "--json", "--log", "run.log"],
            &["accounts"],
        ] {
            let output = desk.run(arguments);
            if arguments.contains(&"--json") {
                nothing_personal(&format!("{service}: {arguments:?}"), &output.stdout);
            }
        }
        let log = std::fs::read(desk.home.path().join("run.log")).unwrap();
        assert!(holds(&log, "answered"), "{service}: the log tells of no call");
        nothing_personal(&format!("{service}: run.log"), &log);
        desk.check_files();
    }
}

#[test]
fn the_token_stands_in_no_process_list() {
    let desk = with_a_person("chatwoot");
    desk.configure("{ env = \"DESK_TOKEN\" }");
    desk.fault("latency=300ms");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rolo"))
        .args(["import", "contacts.csv", "--to", "desk", "--quiet", "--yes"])
        .bare()
        .env("HOME", desk.home.path())
        .env("DESK_TOKEN", TOKEN)
        .current_dir(desk.home.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = 0;
    while child.try_wait().unwrap().is_none() {
        let line = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        seen += usize::from(holds(&line, "import"));
        assert!(!holds(&line, TOKEN));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(seen > 0 && desk.met.load(Ordering::SeqCst) > 0, "it was looked at, and it sent the token");
}

#[test]
fn nothing_turns_the_checking_of_certificates_off() {
    let home = tempfile::tempdir().unwrap();
    let manual = crate::program::said(home.path(), &["man"]).1.to_lowercase();
    for word in ["insecure", "no-verify", "skip-verify", "no-check", "allow-invalid", "trust-all"] {
        assert!(!manual.contains(word), "{word}");
    }
    let plain = "[accounts.desk]\nservice = \"chatwoot\"\ntoken = { env = \"T\" }\nbase_url = \"http://192.0.2.1\"\n\
                 account_id = 1\n";
    std::fs::write(home.path().join("rolo.toml"), plain).unwrap();
    std::fs::write(home.path().join("contacts.csv"), "email\na@example.org\n").unwrap();
    let output =
        rolo(home.path()).args(["import", "contacts.csv", "--to", "desk", "--yes"]).env("T", TOKEN).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}
