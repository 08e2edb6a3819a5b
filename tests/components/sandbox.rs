//! The server itself: faults over real sockets, what is kept, what is logged.

use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rolo_sandbox::{EMULATORS, Fault, Mutation, Sandbox, start};
use serde_json::{Value, json};

use crate::sandbox_client::{Client, HeldClock, unthrottled};

const SERVICE: &str = "respondio-v1";

fn person(phone: &str) -> Value {
    json!({ "custom_fields": [{ "name": "phone", "value": phone }, { "name": "firstName", "value": "Ana" }] })
}

fn count(sandbox: &Sandbox) -> usize {
    sandbox.contacts(SERVICE).as_array().unwrap().len()
}

async fn with_fault(text: &str) -> (Sandbox, Client) {
    let (sandbox, client) = unthrottled(SERVICE).await;
    sandbox.add_fault(Fault::parse(text).unwrap());
    (sandbox, client)
}

#[tokio::test]
async fn the_two_resets_differ_in_what_is_stored() {
    for (name, stored) in [("reset-before-apply", 0), ("reset-after-apply", 1), ("reset-mid-answer", 1)] {
        let (sandbox, client) = with_fault(&format!("{name}=method:POST,nth:1")).await;
        let body = person("+447700900001").to_string();
        let error = client.try_send("POST", "/contact/", "application/json", &body).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{name}");
        assert_eq!(count(&sandbox), stored, "{name}");
        let log = sandbox.log();
        assert_eq!(log[0].fault.as_deref(), Some(name));
        assert_eq!(log[0].applied, stored == 1, "{name}");
        assert_eq!(client.post("/contact/", &person("+447700900002")).await.status, 200, "{name} was used once");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_shorter_than_announced() {
    let (sandbox, client) = with_fault("truncated").await;
    let body = person("+447700900001").to_string();
    let error = client.try_send("POST", "/contact/", "application/json", &body).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    assert!(error.to_string().starts_with("{\"data\""), "half of it came: {error}");
    assert_eq!(count(&sandbox), 1);

    let (_sandbox, client) = with_fault("truncated=json").await;
    let answer = client.post("/contact/", &person("+447700900001")).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
}

#[tokio::test]
async fn a_status_takes_the_place_of_the_answer_and_nothing_is_done() {
    let (sandbox, client) = with_fault("status=503,retry-after:7,times:2,path:/contact").await;
    for _ in 0..2 {
        let answer = client.post("/contact/", &person("+447700900001")).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("7")));
    }
    assert_eq!(count(&sandbox), 0);
    assert_eq!(client.post("/contact/", &person("+447700900001")).await.status, 200);
}

#[tokio::test]
async fn strange_answers_are_delivered_as_asked() {
    let (_sandbox, client) = with_fault("html").await;
    let answer = client.get("/contact/1").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let (_sandbox, client) = with_fault("empty").await;
    let answer = client.get("/contact/1").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let (_sandbox, client) = with_fault("gzip").await;
    assert_eq!(client.get("/contact/1").await.header("content-encoding"), Some("gzip"));
    let (_sandbox, client) = with_fault("wrong-json").await;
    assert!(client.get("/contact/1").await.json().is_array());
    let (_sandbox, client) = with_fault("slow=1ms").await;
    assert_eq!(client.get("/contact/1").await.json()["status"], "error");
}

#[tokio::test]
async fn an_endless_answer_and_a_silent_one_do_not_end() {
    for name in ["endless", "timeout"] {
        let (sandbox, client) = with_fault(name).await;
        let body = person("+447700900001").to_string();
        let sent = client.try_send("POST", "/contact/", "application/json", &body);
        let carried_out = async {
            while count(&sandbox) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        };
        tokio::select! { _ = sent => panic!("{name}: it ended"), () = carried_out => {} }
        assert_eq!(count(&sandbox), 1, "{name}");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_lowered_limit_holds_from_the_chosen_request_on() {
    let sandbox = start(HeldClock::new().options()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    sandbox.add_fault(Fault::parse("lowered-limit=5,nth:4").unwrap());
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(client.get("/contact/1").await.status);
    }
    assert_eq!(answers, [403, 403, 403, 403, 403, 429, 429]);
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_server_is_dropped_without_being_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let clock = HeldClock::new();
    let mut options = clock.options();
    options.state = Some(folder.path().join("state"));
    options.emulator.unthrottled = true;
    let mut expected = Value::Null;
    for round in 0..3 {
        let sandbox = start(options.clone()).await.unwrap();
        let client = Client::of(&sandbox, SERVICE);
        if round > 0 {
            assert_eq!(sandbox.contacts(SERVICE), expected);
        }
        for place in 0..5 {
            let answer = client.post("/contact/", &person(&format!("+44770090{round}{place:02}"))).await;
            let id = answer.json()["data"]["id"].as_str().unwrap().to_owned();
            assert_eq!(client.post(&format!("/contact/{id}/tags"), &json!({"tags": ["vip"]})).await.status, 200);
        }
        expected = sandbox.contacts(SERVICE);
        drop(sandbox);
    }
    assert_eq!(expected.as_array().unwrap().len(), 15);
}

/// The other end of the next test; alone, it does nothing.
#[tokio::test]
async fn serve_until_killed() {
    let Some(folder) = std::env::var_os("SANDBOX_SERVED_FROM") else { return };
    let mut options = HeldClock::new().options();
    options.services = vec![SERVICE.to_owned()];
    options.state = Some(folder.into());
    options.emulator.unthrottled = true;
    let sandbox = start(options).await.unwrap();
    println!("serving {}", sandbox.addr());
    tokio::time::sleep(Duration::from_secs(30)).await;
}

#[tokio::test]
async fn what_was_answered_outlives_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    let so_far = AtomicU32::new(0);
    for round in 0..5_u32 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sandbox::serve_until_killed", "--nocapture"])
            .env("SANDBOX_SERVED_FROM", folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|line| line.unwrap().split_once("serving ").map(|(_, address)| address.to_owned())).unwrap();
        let client = Client::at(address.parse().unwrap(), SERVICE);
        // The kill comes in the middle of the requests, at another place each round.
        let sending = async {
            for place in 0..10_000_u32 {
                let phone = format!("+4477{round:02}{place:06}");
                let body = person(&phone).to_string();
                match client.try_send("POST", "/contact/", "application/json", &body).await {
                    Ok(answer) if answer.status == 200 => {
                        answered.push(phone);
                        so_far.fetch_add(1, Ordering::SeqCst);
                    }
                    _ => return,
                }
            }
        };
        let killing = async {
            let enough = so_far.load(Ordering::SeqCst) + 5 + round;
            while so_far.load(Ordering::SeqCst) < enough {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! { () = sending => {}, () = killing => {} }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(answered.len() > 20, "{}", answered.len());
    let mut options = HeldClock::new().options();
    options.services = vec![SERVICE.to_owned()];
    options.state = Some(folder.path().to_owned());
    let sandbox = start(options).await.unwrap();
    let kept = sandbox.contacts(SERVICE);
    let kept: Vec<_> = kept.as_array().unwrap().iter().map(|contact| &contact["custom_fields"]["phone"]).collect();
    for phone in &answered {
        assert_eq!(kept.iter().filter(|known| **known == phone).count(), 1, "{phone}");
    }
    // One request a round may have been carried out without its answer arriving.
    assert!(kept.len() <= answered.len() + 5);
}

#[tokio::test]
async fn a_long_journal_is_folded_while_serving() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HeldClock::new().options();
    options.services = vec![SERVICE.to_owned()];
    options.state = Some(folder.path().to_owned());
    options.emulator.unthrottled = true;
    let sandbox = start(options.clone()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    let id = client.post("/contact/", &person("+447700900001")).await.json()["data"]["id"].as_str().unwrap().to_owned();
    for round in 0..20 {
        let notes = format!("{round}{}", "x".repeat(1024 * 1024));
        let body = json!({"custom_fields": [{"name": "notes", "value": notes}]});
        assert_eq!(client.put(&format!("/contact/{id}"), &body).await.status, 200);
    }
    let expected = sandbox.contacts(SERVICE);
    drop(sandbox);
    let kept: u64 =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(kept < 12 * 1024 * 1024, "{kept}");
    assert_eq!(start(options).await.unwrap().contacts(SERVICE), expected);
}

#[tokio::test]
async fn half_a_line_at_the_journals_end_is_ignored_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HeldClock::new().options();
    options.services = vec![SERVICE.to_owned()];
    options.state = Some(folder.path().to_owned());
    let sandbox = start(options.clone()).await.unwrap();
    Client::of(&sandbox, SERVICE).post("/contact/", &person("+447700900001")).await;
    drop(sandbox);
    let journal = folder.path().join("respondio-v1.1.journal");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{whole}{{\"request\":{{\"at\"")).unwrap();
    let sandbox = start(options.clone()).await.unwrap();
    assert_eq!(count(&sandbox), 1);
    Client::of(&sandbox, SERVICE).post("/contact/", &person("+447700900002")).await;
    drop(sandbox);
    let journal = folder.path().join("respondio-v1.2.journal");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{whole}nonsense\n")).unwrap();
    let error = start(options).await.err().unwrap();
    assert!(error.to_string().ends_with("respondio-v1.2.journal, line 3"), "{error}");
}

#[tokio::test]
async fn a_quota_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HeldClock::new().options();
    options.state = Some(folder.path().to_owned());
    options.emulator.request_limit = Some(3);
    let sandbox = start(options.clone()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    for _ in 0..2 {
        assert_eq!(client.get("/contact/1").await.status, 403);
    }
    drop(sandbox);
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    assert_eq!(client.get("/contact/1").await.status, 403);
    assert_eq!(client.get("/contact/1").await.status, 429);
}

#[tokio::test]
async fn a_state_folder_serves_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HeldClock::new().options();
    options.state = Some(folder.path().to_owned());
    let first = start(options.clone()).await.unwrap();
    let error = start(options.clone()).await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ResourceBusy);
    assert!(error.to_string().contains(&format!("({})", std::process::id())), "{error}");
    first.stop().await;
    assert!(start(options).await.is_ok());
}

#[tokio::test]
async fn only_loopback_and_known_services_are_served() {
    let mut options = HeldClock::new().options();
    options.listen = "0.0.0.0:0".parse().unwrap();
    assert_eq!(start(options).await.err().unwrap().kind(), std::io::ErrorKind::InvalidInput);
    let mut options = HeldClock::new().options();
    options.services = vec!["respondio-v3".to_owned()];
    assert!(start(options).await.err().unwrap().to_string().ends_with(": respondio-v3"));
    let (sandbox, _) = unthrottled(SERVICE).await;
    assert_eq!(Client::of(&sandbox, "nobody").get("/contact/1").await.status, 404);
}

#[tokio::test]
async fn the_log_says_what_came_and_what_was_answered() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    client.post("/contact/", &person("+447700900001")).await;
    client.get("/contact/by_custom_field?name=phone&value=%2B1&access_token=hush").await;
    let log = sandbox.log();
    assert_eq!(sandbox.request_count(), 2);
    assert_eq!((log[0].service.as_str(), log[0].method.as_str(), log[0].path.as_str()), (SERVICE, "POST", "/contact/"));
    assert_eq!((log[0].status, log[0].applied), (Some(200), true));
    assert_eq!(serde_json::from_slice::<Value>(&log[0].body).unwrap(), person("+447700900001"));
    assert_eq!(log[1].query[1], ("value".to_owned(), "+1".to_owned()));
    assert_eq!(log[1].query[2], ("access_token".to_owned(), "[secret]".to_owned()));
}

#[tokio::test]
async fn contacts_can_be_there_before_the_client() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    let seeded = json!([{ "id": "7", "custom_fields": { "email": "ana@example.com" }, "tags": ["vip"] }]);
    sandbox.seed(SERVICE, seeded).unwrap();
    let read = client.get("/contact/7").await.json();
    assert_eq!(
        (&read["data"]["custom_fields"]["email"], &read["data"]["tags"]),
        (&json!("ana@example.com"), &json!(["vip"]))
    );
}

async fn with_mutation(mutation: Mutation, service: &str, limit: u32) -> (Sandbox, Client) {
    let mut options = HeldClock::new().options();
    options.mutation = Some(mutation);
    options.emulator.request_limit = Some(limit);
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, service);
    (sandbox, client)
}

/// How many of these reads are refused for coming too early.
async fn refused_reads(client: &Client, path: &str, count: usize, status: u16) -> usize {
    let mut refused = 0;
    for _ in 0..count {
        refused += usize::from(client.get(path).await.status == status);
    }
    refused
}

#[tokio::test]
async fn each_mutation_shows_in_respondio_v1() {
    for mutation in Mutation::ALL {
        let (sandbox, client) = with_mutation(mutation, SERVICE, 20).await;
        let seeded: Vec<_> =
            (1..=11).map(|id: u32| json!({"id": id.to_string(), "custom_fields": {"a": "1"}})).collect();
        sandbox.seed(SERVICE, seeded.into()).unwrap();
        assert_eq!(client.put("/contact/1", &person("+447700900001")).await.status, 200);
        client.post("/contact/1/tags", &json!({"tags": ["one", "two"]})).await;
        let page = client.get("/contact/by_custom_field?name=a&value=1").await.json();
        let second = client.get("/contact/by_custom_field?name=a&value=1&page=2").await.json();
        let shown = &page["data"][0];
        let refused = refused_reads(&client, "/contact/1", 16, 429).await;
        let checks = [
            (Mutation::DropsATag, shown["tags"] == json!(["one", "two"])),
            (Mutation::LosesAField, shown["custom_fields"]["firstName"] == json!("Ana")),
            (Mutation::AnswersSuccessStoresNothing, shown["custom_fields"]["phone"] == json!("+447700900001")),
            (Mutation::RepeatsAPage, second["meta"]["current_page"] == json!(2)),
            (Mutation::MiscountsTheQuota, refused == 0),
        ];
        only_fails(mutation, &checks);
    }
}

#[tokio::test]
async fn each_mutation_shows_in_respondio() {
    for mutation in Mutation::ALL {
        let (sandbox, client) = with_mutation(mutation, "respondio", 10).await;
        let seeded: Vec<_> = (1..=11).map(|id: u32| json!({"id": id, "firstName": "C"})).collect();
        sandbox.seed("respondio", seeded.into()).unwrap();
        let body = json!({"phone": "+447700900001", "lastName": "Silva"});
        assert_eq!(client.put("/contact/id:1", &body).await.status, 200);
        client.post("/contact/id:1/tag", &json!(["one", "two"])).await;
        let list = json!({"search": "", "timezone": "UTC", "filter": {"$and": []}});
        client.post("/contact/list", &list).await;
        let second = client.post("/contact/list?cursorId=10", &list).await.json();
        let shown = sandbox.contacts("respondio")[0].clone();
        let refused = refused_reads(&client, "/contact/id:1", 10, 429).await;
        let checks = [
            (Mutation::DropsATag, shown["tags"] == json!(["one", "two"])),
            (Mutation::LosesAField, shown["lastName"] == json!("Silva")),
            (Mutation::AnswersSuccessStoresNothing, shown["phone"] == json!("+447700900001")),
            (Mutation::RepeatsAPage, second["items"].as_array().unwrap().len() == 1),
            (Mutation::MiscountsTheQuota, refused == 0),
        ];
        only_fails(mutation, &checks);
    }
}

#[tokio::test]
async fn each_mutation_shows_in_engagor() {
    for mutation in Mutation::ALL {
        let (sandbox, client) = with_mutation(mutation, "engagor", 20).await;
        let update = |updates: &str| format!("updates={}", updates.replace('"', "%22"));
        let kind = "application/x-www-form-urlencoded";
        let fields = update(r#"{"company":"Acme","city":"Ghent"}"#);
        client.try_send("POST", "/1/inbox/contact/1001", kind, &fields).await.unwrap();
        client.try_send("POST", "/1/inbox/contact/1001", kind, &update(r#"{"tags":["one","two"]}"#)).await.unwrap();
        let first = client.get("/1/inbox/contacts").await.json();
        let token = first["response"]["paging"]["next_page_token"].as_str().unwrap().to_owned();
        let second = client.get(&format!("/1/inbox/contacts?page_token={token}")).await.json();
        let shown = sandbox.contacts("engagor")[0].clone();
        let refused = refused_reads(&client, "/me", 16, 400).await;
        let checks = [
            (Mutation::DropsATag, shown["tags"] == json!(["one", "two"])),
            (Mutation::LosesAField, shown["city"] == json!("Ghent")),
            (Mutation::AnswersSuccessStoresNothing, shown["company"] == json!("Acme")),
            (Mutation::RepeatsAPage, second["response"]["data"][0]["id"] == json!("1021")),
            (Mutation::MiscountsTheQuota, refused == 0),
        ];
        only_fails(mutation, &checks);
    }
}

/// The mutation's own check fails. One that stores nothing fails the other checks of what is stored too.
fn only_fails(mutation: Mutation, checks: &[(Mutation, bool)]) {
    for (checked, passed) in checks {
        let stored = [Mutation::DropsATag, Mutation::LosesAField].contains(checked);
        let spared = mutation == Mutation::AnswersSuccessStoresNothing && stored;
        assert!(spared || *passed == (*checked != mutation), "{mutation:?} in the check for {checked:?}");
    }
}

#[test]
fn every_emulator_accepts_its_own_saved_state() {
    for (name, make) in EMULATORS {
        let mut emulator = make(rolo_sandbox::EmulatorOptions::default());
        let saved = emulator.save();
        emulator.load(saved.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(emulator.save(), saved, "{name}");
    }
}
