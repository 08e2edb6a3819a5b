//! One harmless read of an account, and the words for what it showed.

use crate::world::{Said, Served, World, said};

const SERVICES: [(&str, &str, &str); 7] = [
    ("respondio-v1", "sandbox", ""),
    ("respondio", "sandbox", ""),
    ("chatwoot", "sandbox", "account_id = \"1\"\ninbox_id = \"1\"\n"),
    ("99digital", "sandbox", "account_id = \"1\"\ninbox_id = \"1\"\n"),
    ("engagelab", "sandbox:sandbox", "inbox_id = \"1\"\n"),
    ("engagor", "sandbox", "account_id = \"1\"\n"),
    ("dmchamp", "sandbox", ""),
];

fn account(world: &World, service: &str, base_url: &str, more: &str) {
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"{service}\"\nbase_url = \"{base_url}\"\n{more}token = {{ env = \"DESK\" }}\n"
        ),
    );
}

fn tested(world: &World, secret: &str) -> Said {
    said(world.command("accounts test desk").env("DESK", secret))
}

#[test]
fn an_account_works_or_its_credentials_are_refused() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    for (service, secret, more) in SERVICES {
        account(&world, service, &format!("{}/{service}", served.address), more);
        let good = tested(&world, secret);
        assert_eq!(good.code, 0, "{service}: {}", good.err);
        assert!(good.out.starts_with(&format!("desk works: {service} answered in ")), "{}", good.out);
        let secret = if secret.contains(':') { "canary:4711" } else { "canary-4711" };
        let bad = tested(&world, secret);
        assert_eq!((bad.code, bad.out.as_str()), (3, ""), "{service}: {}", bad.err);
        assert!(bad.err.starts_with("error: account desk: credentials refused: "), "{service}: {}", bad.err);
        assert!(!bad.err.contains("canary"), "{}", bad.err);
    }
}

#[test]
fn a_wrong_address_is_told_from_one_that_cannot_be_reached() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    for (service, secret, more) in SERVICES {
        account(&world, service, &format!("{}/no-such-service", served.address), more);
        let wrong = tested(&world, secret);
        assert_eq!(wrong.code, 2, "{service}: {}", wrong.err);
        assert!(wrong.err.contains(&format!("the server answers, but not as {service} does")), "{}", wrong.err);
        assert!(wrong.err.contains("hint: check base_url"), "{}", wrong.err);
    }
    let address = served.address.clone();
    drop(served);
    account(&world, "respondio", &format!("{address}/respondio"), "");
    let gone = tested(&world, "sandbox");
    assert_eq!(gone.code, 3, "{}", gone.err);
    assert!(gone.err.starts_with("error: account desk: respondio can't be reached: "), "{}", gone.err);
}

#[test]
fn remote_14d_a_redirect_is_told_with_its_place_and_not_as_a_passing_failure() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled --fault redirect=location:https://chat.example.org/api?key=1");
    for (service, secret, more) in SERVICES {
        account(&world, service, &format!("{}/{service}", served.address), more);
        let said = tested(&world, secret);
        assert_eq!(said.code, 2, "{service}: {}", said.err);
        assert!(
            said.err.contains("the address redirects to https://chat.example.org/api (status 301)"),
            "{}",
            said.err
        );
        assert!(said.err.contains("hint: check base_url"), "{}", said.err);
    }
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    let world = World::new();
    account(&world, "respondio", "http://example.com", "");
    let said = tested(&world, "sandbox");
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    assert!(said.err.contains("https"), "{}", said.err);
}

#[test]
fn a_token_that_is_missing_or_has_run_out_is_renewed() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let site = format!("{}/engagor", served.address);
    let account = |token: &str, refresh: &str| {
        format!(
            "[accounts.desk]\nservice = \"engagor\"\nbase_url = \"{site}\"\nsite = \"{site}\"\naccount_id = \"1\"\n{token}\
             [accounts.desk.refresh]\ntoken = {{ env = \"{refresh}\" }}\nclient_id = \"ours\"\n\
             client_secret = {{ env = \"CLIENT\" }}\n"
        )
    };
    let tested = || {
        let mut command = world.command("accounts test desk");
        command.env("OLD", "run-out").env("REFRESH", "sandbox-refresh").env("WRONG", "canary-4711").env("CLIENT", "c");
        said(&mut command)
    };
    for token in ["", "token = { env = \"OLD\" }\n"] {
        world.write("rolo.toml", &account(token, "REFRESH"));
        let good = tested();
        assert_eq!(good.code, 0, "{}", good.err);
    }
    world.write("rolo.toml", &account("", "WRONG"));
    let bad = tested();
    assert_eq!(bad.code, 3, "{}", bad.err);
    assert!(bad.err.starts_with("error: account desk got no access token: invalid_grant"), "{}", bad.err);
    assert!(!bad.err.contains("canary"), "{}", bad.err);
}

/// Operations of the five source documents, as these name them (or say them, where there is no title).
const DOCUMENTED: &[(&str, &[&str])] = &[
    (
        "respondio-v1",
        &[
            "Get Contact by Custom Field",
            "Get Contact by ID",
            "Update Contact by ID",
            "Add Tag by ID",
            "Remove Tag by ID",
            "Create Contact",
        ],
    ),
    ("99digital", &["Update contact"]),
    ("engagelab", &["Update Contact"]),
    (
        "dmchamp",
        &[
            "Get a contact by phone number or email",
            "Create a new contact",
            "Update an existing contact",
            "Add a contact to a list",
            "Remove a contact from a list",
            "Get all tags of a contact",
            "Retrieve messages of a contact",
        ],
    ),
    ("engagor", &["Get a contact by service and service_id", "Update a contact by service and service_id"]),
];

#[test]
fn every_operation_of_the_source_documents_works_or_says_why_not() {
    let world = World::new();
    for (service, titles) in DOCUMENTED {
        let said = world.rolo(&format!("--json services {service}"));
        let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let operations = told["operations"].as_array().unwrap();
        for title in *titles {
            let operation = operations
                .iter()
                .find(|operation| operation["title"] == *title)
                .unwrap_or_else(|| panic!("{service}: {title}"));
            let works = !operation["calls"].as_array().unwrap().is_empty();
            assert!(works || operation["note"].as_str().unwrap().len() > 10, "{service}: {title}");
        }
        let words = world.rolo(&format!("services {service}"));
        for title in *titles {
            assert!(words.out.contains(title), "{service}: {title}");
        }
    }
}

#[test]
fn remote_38_the_proxy_is_said_on_a_line_of_its_own_and_no_name_is_blamed_that_was_not_looked_up() {
    let world = World::new();
    world.write(
        "rolo.toml",
        "[accounts.far]\nservice = \"chatwoot\"\nbase_url = \"https://chat.example.invalid\"\naccount_id = 1\n\
         token = { env = \"TOKEN\" }\n",
    );
    let test = |variable: &str, proxy: &str| {
        let said = said(world.command("accounts test far").env("TOKEN", "x").env(variable, proxy));
        assert_eq!(said.code, 3, "{}{}", said.out, said.err);
        said.err
    };
    let told = test("HTTPS_PROXY", "http://ann:pw@127.0.0.1:9");
    assert_eq!(
        told.lines().next(),
        Some("far is reached through the proxy http://127.0.0.1:9 (HTTPS_PROXY)"),
        "{told}"
    );
    assert!(!told.contains("pw") && told.lines().nth(1).is_some_and(|line| line.starts_with("error: ")), "{told}");
    // This one is asked for an address: the name of the server is looked up here, and it is that which is not there.
    let told = test("ALL_PROXY", "socks5://127.0.0.1:9");
    assert!(told.contains("`socks5h://` lets the proxy look up: chat.example.invalid through the proxy"), "{told}");
    assert!(!told.contains("the name of the proxy was not found"), "{told}");
}

#[test]
fn a_rate_above_an_assumed_limit_is_taken_by_every_command_and_one_above_a_stated_limit_by_none() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let people: String = (10..30).map(|n| format!("P{n},+447400100{n}0\n")).collect();
    world.write("people.csv", &format!("first_name,phone\n{people}"));
    let commands = ["accounts", "accounts test desk", "plan people.csv --to desk", "import people.csv --to desk --yes"];
    let ends = |service: &str, more: &str| {
        account(&world, service, &format!("{}/{service}", served.address), more);
        commands.map(|command| {
            let said = said(world.command(command).env("DESK", "sandbox"));
            (said.code, format!("{}{}", said.out, said.err))
        })
    };
    // 120 calls a minute are assumed: at that pace the import would take twenty seconds.
    for (code, words) in ends("dmchamp", "rate = \"9000/1m\"\n") {
        assert_eq!(code, 0, "{words}");
    }
    // 200 a minute are the vendor's word.
    for (code, words) in ends("respondio-v1", "rate = \"9000/1m\"\n") {
        assert_eq!(code, 2, "{words}");
        assert!(
            words.contains("the rate is above what the service admits: 9000 a minute against 200 a minute"),
            "{words}"
        );
    }
}

#[test]
fn an_account_on_this_machine_can_be_unthrottled_and_have_its_own_number_of_requests_at_once() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    // At 350 calls an hour, 40 contacts take minutes.
    let rows: String = (0..40).map(|n| format!("Person {n},+447400{n:06}\n")).collect();
    world.write("people.csv", &format!("Name,Phone\n{rows}"));
    let base_url = format!("{}/engagor", served.address);
    account(&world, "engagor", &base_url, "account_id = \"1\"\nunthrottled = true\nin_flight = 8\n");
    let plan = said(world.command("plan people.csv --to desk --json").env("DESK", "sandbox"));
    let plan: serde_json::Value = serde_json::from_str(plan.out.lines().last().unwrap()).unwrap();
    assert_eq!(plan["seconds"], 0, "{plan}");
    account(&world, "engagor", "https://api.example.invalid", "account_id = \"1\"\nunthrottled = true\n");
    let refused = said(world.command("plan people.csv --to desk").env("DESK", "sandbox"));
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("it is for a server on this machine alone"), "{}", refused.err);
}
