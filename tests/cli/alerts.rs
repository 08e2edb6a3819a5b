//! Alerts about jobs: who is told what, when, once.

use std::process::Command;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::Connection;

use crate::crash::OF_ALERT;
use crate::receiver::{Hook, Mailbox, Posted};
use crate::rehearsal::code;
use crate::world::{Said, Served, World, said};

const SECRET: &str = "night-4711";

/// A folder with an account `support`, a job `nightly`, and somebody who is told of it.
struct Place {
    world: World,
    served: Served,
    hook: Hook,
}

impl Place {
    fn new() -> Self {
        let place =
            Self { served: Served::start(&World::new(), "--unthrottled"), world: World::new(), hook: Hook::start() };
        place.world.write("contacts.csv", "Name,Phone\nAnn,+447400000001\nBob,+447400000002\n");
        place.world.write(
            "contacts.mapping.toml",
            "[columns.Name]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n",
        );
        place.configure("");
        place
    }

    /// `more` is said of the job.
    fn configure(&self, more: &str) {
        let config = format!(
            "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\nunthrottled = true\n\
             base_url = \"{}/respondio-v1\"\n[defaults]\nnotify = [\"ops\"]\n\
             [notify.ops]\nwebhook = \"{}\"\nsecret = {{ env = \"HOOK\" }}\n\
             [jobs.nightly]\nimport = \"contacts.csv\"\nto = \"support\"\nmapping = \"contacts.mapping.toml\"\n{more}",
            self.served.address, self.hook.url
        );
        self.world.write("rolo.toml", &config);
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.world.command(arguments);
        command.env("SUPPORT", "sandbox").env("HOOK", SECRET);
        command
    }

    fn rolo(&self, arguments: &str) -> Said {
        said(&mut self.command(arguments))
    }

    /// The same where the token is not there.
    fn without_token(&self, arguments: &str) -> Said {
        said(self.command(arguments).env_remove("SUPPORT"))
    }

    fn ledger(&self) -> Connection {
        Connection::open(self.world.path(".local/state/rolo/ledger.sqlite")).unwrap()
    }

    /// What is waited for is due now.
    fn hurry(&self) {
        self.ledger().execute("UPDATE alert SET due = 0", []).unwrap();
    }

    /// How the job stands, by what was told since this was last asked.
    fn told(&self) -> Vec<String> {
        self.hook.posted().iter().map(|posted| posted.json()["condition"].as_str().unwrap().to_owned()).collect()
    }
}

fn assert_signed(posted: &Posted) {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let (id, at) = (posted.header("webhook-id"), posted.header("webhook-timestamp"));
    mac.update(format!("{id}.{at}.{}", posted.body).as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(posted.header("webhook-signature"), format!("v1,{signature}"));
}

#[test]
fn a_job_that_can_not_begin_is_recorded_and_told_once_and_so_is_its_recovery() {
    let place = Place::new();
    let failed = place.without_token("run nightly -q");
    assert_eq!(failed.code, 2, "{}", failed.err);
    let posted = place.hook.posted();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_signed(&posted[0]);
    let alert = posted[0].json();
    assert_eq!((&alert["job"], &alert["condition"]), (&"nightly".into(), &"failed".into()));
    assert_eq!(alert["id"].as_str().unwrap(), posted[0].header("webhook-id"));
    assert!(alert["why"].as_str().unwrap().contains("SUPPORT"), "{alert}");
    let runs = place.rolo("runs --json");
    let run: serde_json::Value = serde_json::from_str(runs.out.lines().next().unwrap()).unwrap();
    assert_eq!((&run["state"], &run["job"], &run["run"]), (&"failed".into(), &"nightly".into(), &alert["run"]));
    assert!(run["told"].as_str().unwrap().contains("SUPPORT"), "{run}");

    // Not each night anew.
    assert_eq!((place.without_token("run nightly -q").code, place.told()), (2, vec![]));
    let well = place.rolo("run nightly -q");
    assert_eq!(well.code, 0, "{}", well.err);
    let posted = place.hook.posted();
    let alert = posted[0].json();
    assert_eq!((posted.len(), &alert["condition"], &alert["was"]), (1, &"well".into(), &"failed".into()));
    assert_eq!((&alert["done"], &alert["rejected"], &alert["failed"]), (&2.into(), &0.into(), &0.into()));
    assert_eq!((place.rolo("run nightly -q").code, place.told()), (0, vec![]), "all is as it was");
    for personal in ["Ann", "447400000001"] {
        assert!(!posted[0].body.contains(personal), "{}", posted[0].body);
    }
}

#[test]
fn rows_that_are_rejected_and_a_guard_that_stops_a_job_are_told() {
    let place = Place::new();
    place.world.write("contacts.csv", "Name,Phone\nAnn,+447400000001\nBob,nobody\n");
    assert_eq!(place.rolo("run nightly -q").code, 1);
    let posted = place.hook.posted();
    assert_eq!(posted[0].json()["title"], "rolo: job nightly rejected 1 of 2 rows");
    place.configure("notify_when = { rejected = \"60%\" }\n");
    assert_eq!((place.rolo("run nightly -q").code, place.told()), (1, vec!["well".to_owned()]), "it bears more");
    place.configure("expect_rows = 3\n");
    assert_eq!(place.rolo("run nightly -q").code, 3);
    let posted = place.hook.posted();
    let alert = posted[0].json();
    assert_eq!(alert["condition"], "failed");
    assert!(alert["why"].as_str().unwrap().contains("expect_rows asks for 3"), "{alert}");
}

#[test]
fn what_was_not_delivered_waits_and_is_sent_by_the_next_command() {
    let place = Place::new();
    place.hook.answer_with(503);
    let failed = place.without_token("run nightly");
    assert!(
        failed.err.contains("an alert is not sent yet (ops: the webhook answered with status 503)"),
        "{}",
        failed.err
    );
    let first = place.hook.posted();
    let listed = place.rolo("alerts");
    assert!(listed.out.contains("job nightly is failed since"), "{}", listed.out);
    assert!(listed.out.contains("tried again") && listed.out.contains("status 503"), "{}", listed.out);
    place.hook.answer_with(200);
    place.hurry();
    let sent = place.rolo("alerts send");
    assert_eq!((sent.code, sent.out.as_str()), (0, "1 sent\n"), "{}", sent.err);
    let again = place.hook.posted();
    assert_eq!((first.len(), again.len()), (1, 1));
    assert_eq!(first[0].header("webhook-id"), again[0].header("webhook-id"), "a receiver can drop a repeat");
    assert_signed(&again[0]);
    assert_eq!(place.rolo("alerts send").out, "0 sent\n");
    let listed = place.rolo("alerts --json");
    let line: serde_json::Value = serde_json::from_str(listed.out.lines().last().unwrap()).unwrap();
    assert_eq!((&line["state"], &line["tries"]), (&"sent".into(), &2.into()), "{line}");
}

#[test]
fn an_alert_survives_the_death_of_its_sender() {
    for point in OF_ALERT {
        let place = Place::new();
        let died =
            place.command("run nightly -q").env_remove("SUPPORT").env("ROLO_CRASH", format!("{point}:1")).output();
        assert_ne!(code(&died.unwrap()), 2, "{point}: it died");
        let before = place.hook.posted();
        place.hurry();
        assert_eq!(place.rolo("alerts send").out, "1 sent\n", "{point}");
        let after = place.hook.posted();
        assert_eq!((before.len(), after.len()), (usize::from(*point == "alert_sent"), 1), "{point}");
        for repeat in &before {
            assert_eq!(repeat.header("webhook-id"), after[0].header("webhook-id"));
        }
        assert_eq!(place.rolo("alerts send").out, "0 sent\n", "{point}");
    }
}

#[test]
fn a_program_and_a_mail_server_are_told_as_well() {
    let place = Place::new();
    let mailbox = Mailbox::start();
    place.configure(&format!(
        "notify = [\"program\", \"mail\"]\n\
         [notify.program]\ncommand = [\"sh\", \"-c\", \"cat > told.txt; printenv ROLO_ALERT > told.json\"]\n\
         [notify.mail]\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"rolo@example.org\"\nto = [\"ops@example.org\"]\n\
         user = \"rolo\"\npassword = {{ env = \"HOOK\" }}\n",
        mailbox.port
    ));
    let tested = place.rolo("alerts test nightly");
    assert_eq!((tested.code, tested.out.as_str()), (0, "program: sent\nmail: sent\n"), "{}", tested.err);
    assert!(place.world.read("told.txt").starts_with("rolo: a test of the alerts of job nightly\n"));
    assert!(mailbox.said().contains("Subject: rolo: a test of the alerts of job nightly"), "{}", mailbox.said());

    place.without_token("run nightly -q");
    assert!(place.world.read("told.txt").starts_with("rolo: job nightly failed\n"));
    let alert: serde_json::Value = serde_json::from_str(&place.world.read("told.json")).unwrap();
    assert_eq!(alert["condition"], "failed");
    let said = mailbox.said();
    let login = base64::engine::general_purpose::STANDARD.encode(format!("\0rolo\0{SECRET}"));
    assert!(said.contains(&format!("AUTH PLAIN {login}")), "{said}");
    assert!(said.contains("Subject: rolo: job nightly failed") && said.contains("To: ops@example.org"), "{said}");
    assert!(said.contains(&format!("Message-ID: <{}@example.org>", alert["id"].as_str().unwrap())), "{said}");
}

#[test]
fn a_worker_tells_of_a_job_whose_file_has_not_come_and_of_its_recovery() {
    let place = Place::new();
    let job = "schedule = \"0 2 * * *\"\ntime_zone = \"UTC\"\nnotify_when = { late = \"0s\" }\n";
    place.configure(job);
    let people = place.world.read("contacts.csv");
    std::fs::remove_file(place.world.path("contacts.csv")).unwrap();
    assert_eq!((place.rolo("work --once -q").code, place.told()), (0, vec![]), "a schedule that is new is not due");
    // It was seen to last two nights ago.
    place.ledger().execute("UPDATE fired SET due = due - 2 * 86400", []).unwrap();
    assert_ne!(place.rolo("work --once -q").code, 0);
    let posted = place.hook.posted();
    let alert = posted[0].json();
    assert_eq!((posted.len(), &alert["condition"]), (1, &"late".into()));
    assert!(alert["why"].as_str().unwrap().contains("can't read the file of the run"), "{alert}");
    assert!(alert["due"].as_str().unwrap().ends_with(" 02:00 UTC"), "{alert}");
    place.rolo("work --once -q");
    assert_eq!(place.told(), [""; 0], "that is known by now");
    place.world.write("contacts.csv", &people);
    let worked = place.rolo("work --once -q");
    assert_eq!((worked.code, place.told()), (0, vec!["well".to_owned()]), "{}", worked.err);
}

#[test]
fn an_export_that_is_refused_before_anything_came_names_no_resume_and_fails() {
    let place = Place::new();
    let config = place.world.read("rolo.toml");
    let desk = format!(
        "[accounts.desk]\nservice = \"chatwoot\"\naccount_id = 1\ntoken = {{ env = \"DESK\" }}\nunthrottled = true\n\
         base_url = \"{}/chatwoot\"\n[jobs.out]\nexport = \"out.csv\"\nfrom = \"desk\"\n",
        place.served.address
    );
    place.world.write("rolo.toml", &format!("{config}{desk}"));
    let refused = said(place.command("run out").env("DESK", "another"));
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("check the account's token") && !refused.err.contains("resume"), "{}", refused.err);
    let posted = place.hook.posted();
    assert_eq!(
        (&posted[0].json()["condition"], &posted[0].json()["next"]),
        (&"failed".into(), &serde_json::Value::Null)
    );
    let resumed = place.rolo("resume");
    assert!(resumed.code == 2 && resumed.err.contains("there is no run to finish"), "{}", resumed.err);
    let again = said(place.command("run out -q").env("DESK", "sandbox"));
    assert_eq!((again.code, place.told()), (0, vec!["well".to_owned()]), "{}", again.err);
}

#[test]
fn a_channel_that_can_not_be_is_refused_where_it_stands() {
    let place = Place::new();
    let refused = |more: &str| {
        place.configure(more);
        let said = place.rolo("alerts test nightly");
        assert_eq!(said.code, 2, "{}{}", said.out, said.err);
        said.err
    };
    assert!(refused("notify = [\"opps\"]\n").contains("no channel is called: opps"));
    assert!(refused("notify = [\"opps\"]\n").contains("did you mean ops?"));
    assert!(refused("notify = []\n").contains("nobody is told of job nightly"));
    assert!(refused("[notify.a]\n").contains("should be a webhook, a command or a mail server"));
    assert!(refused("[notify.a]\nwebhook = \"http://example.org/secret\"\n").contains("loopback addresses alone"));
    assert!(refused("[notify.a]\nsmtp = \"smtps://example.org\"\n").contains("lacks a setting: from"));
    place.configure("notify = [\"ops\"]\n");
    let unset = said(place.command("alerts test nightly").env_remove("HOOK"));
    assert_eq!(unset.code, 3);
    assert!(
        unset.out.contains("ops: not sent: the environment variable with the secret is not set: HOOK"),
        "{}",
        unset.out
    );
}
