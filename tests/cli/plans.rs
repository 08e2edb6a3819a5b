//! A saved plan is a contract: the import does what was shown, row by row, and nothing else.

use serde_json::{Value, json};

use crate::held::{holding, request, rolo};
use crate::world::{Said, Served, World, cells, last_event, said, writes};

/// Ana, Ben and Cleo are there; Dora is new; a row is bad.
const PEOPLE: &str = "Name,Email,custom.tier,Tags\nAna,ana@plan.example,gold,vip\nBen,ben@plan.example,gold,\n\
                      Cleo,cleo@plan.example,silver,\nDora,dora@plan.example,gold,vip\nBad,no address,gold,\n";

fn people() -> (World, Served) {
    let world = World::new();
    let of = |name: &str, tier: &str| {
        let email = format!("{}@plan.example", name.to_lowercase());
        json!({ "name": name, "email": email, "custom_attributes": { "tier": tier } })
    };
    let served = holding(&world, &[of("Ana", "silver"), of("Ben", "silver"), of("Cleo", "silver")]);
    world.write("people.csv", PEOPLE);
    (world, served)
}

fn plan(world: &World) -> Value {
    let said = rolo(world, "--json plan people.csv --to desk --live --save people.plan");
    assert_eq!(said.code, 1, "one row is bad: {}{}", said.out, said.err);
    last_plan(&said)
}

fn last_plan(said: &Said) -> Value {
    let line = said.out.lines().rfind(|line| line.contains("\"event\":\"plan\""));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{}", said.err))).unwrap()
}

fn import(world: &World, options: &str) -> Said {
    rolo(world, &format!("--json import --plan people.plan --yes {options}"))
}

fn held(served: &Served, name: &str) -> Value {
    let listed = request(served, "chatwoot", "GET", "contacts", &Value::Null);
    let contacts = listed["payload"].as_array().unwrap();
    contacts.iter().find(|contact| contact["name"] == name).cloned().unwrap_or_default()
}

fn tier(served: &Served, name: &str) -> Value {
    held(served, name)["custom_attributes"]["tier"].clone()
}

fn change(served: &Served, name: &str, what: &Value) {
    let id = held(served, name)["id"].clone();
    request(served, "chatwoot", "PATCH", &format!("contacts/{id}"), what);
}

/// Kinds of the calls that the plan's file shows, row by row.
fn shown(world: &World) -> Vec<Vec<String>> {
    let lines = world.read("people.plan");
    let rows = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).unwrap().get("calls").cloned());
    let kind = |call: &Value| call["kind"].as_str().unwrap().to_owned();
    rows.map(|calls| calls.as_array().unwrap().iter().map(kind).collect()).collect()
}

#[test]
fn an_import_by_plan_makes_the_calls_that_were_shown_and_no_other() {
    let (world, served) = people();
    let planned = plan(&world);
    assert_eq!(
        shown(&world),
        [vec!["update", "replace tags"], vec!["update"], vec![], vec!["create", "replace tags"], vec![]]
    );
    assert_eq!(tier(&served, "Ana"), "silver", "a plan writes nothing");
    let end = import(&world, "");
    assert_eq!(end.code, 1, "{}{}", end.out, end.err);
    let end = last_event(&end.out);
    assert_eq!(end["calls"], planned["calls"], "kind by kind");
    assert_eq!(writes(&end), 5);
    let rows = world.csv("people.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["updated", "updated", "unchanged", "created", "rejected"]);
    assert_eq!((tier(&served, "Ana"), tier(&served, "Dora")), (json!("gold"), json!("gold")));
    // It can be undone, as any run.
    assert_eq!(rolo(&world, "undo --yes").code, 0);
    assert_eq!((tier(&served, "Ana"), held(&served, "Dora")), (json!("silver"), Value::Null));
}

#[test]
fn a_plan_is_private_and_shows_no_value() {
    use std::os::unix::fs::PermissionsExt as _;
    let (world, _served) = people();
    plan(&world);
    let mode = std::fs::metadata(world.path("people.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = world.read("people.plan");
    for value in ["ana@plan.example", "Ana", "gold", "vip", "sandbox\""] {
        assert!(!text.contains(value), "{value}: {text}");
    }
}

#[test]
fn a_contact_that_changed_since_the_plan_is_left_and_told() {
    let (world, served) = people();
    plan(&world);
    // What the row would send is not what changed; and somebody is there by now who was not.
    change(&served, "Ana", &json!({ "name": "Ana", "phone_number": "+447400000077" }));
    request(&served, "chatwoot", "POST", "contacts", &json!({ "name": "Dora", "email": "dora@plan.example" }));
    // Where the plan sends nothing, nothing is sent either.
    change(&served, "Cleo", &json!({ "custom_attributes": { "tier": "bronze" } }));
    let end = import(&world, "");
    assert_eq!(end.code, 1, "{}{}", end.out, end.err);
    assert_eq!(writes(&last_event(&end.out)), 1, "Ben alone");
    let rows = world.csv("people.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["skipped", "updated", "skipped", "skipped", "rejected"]);
    assert_eq!(cells(&rows, "_code")[..4], ["plan.changed", "", "plan.changed", "plan.changed"]);
    let id = held(&served, "Ana")["id"].clone();
    assert_eq!(
        rows[0]["_message"],
        format!(
            "contact {id} ({}/chatwoot/app/accounts/1/contacts/{id}) was changed since the plan was made: phone; nothing that the plan does not show was sent: \
             make the plan again",
            served.address
        )
    );
    assert!(rows[2]["_message"].contains("was changed since the plan was made: custom.tier;"), "{:?}", rows[2]);
    assert!(rows[3]["_message"].contains("was not there when the plan was made;"), "{:?}", rows[3]);
    assert_eq!((tier(&served, "Ana"), tier(&served, "Cleo")), (json!("silver"), json!("bronze")));
    assert_eq!(tier(&served, "Dora"), Value::Null);
}

#[test]
fn another_file_mapping_account_or_ledger_is_refused() {
    let (world, served) = people();
    plan(&world);
    let refused = |options: &str, why: &str| {
        let end = import(&world, options);
        assert_eq!(end.code, 2, "{options}: {}{}", end.out, end.err);
        assert!(end.err.contains(why), "{options}: {}", end.err);
        assert_eq!(tier(&served, "Ana"), "silver", "{options}");
    };
    world.write("other.csv", &PEOPLE.replace("gold", "bronze"));
    refused("other.csv", "the plan was made for another file, or it was changed");
    world.write("other.toml", "[columns]\nName = \"first_name\"\n");
    refused("--mapping other.toml", "the plan was made with another mapping");
    refused("--to sandbox:chatwoot", "the plan was made for another account");
    refused("--state-dir elsewhere", "the plan was made with another ledger");
    refused("--create-fields", "the plan decides already what --create-fields would say");
    refused("--limit 1", "the plan decides already what --limit would say");
    let text = world.read("people.plan");
    world.write("people.plan", text.trim_end().rsplit_once('\n').unwrap().0);
    refused("", "not a whole plan, or changed since it was made");
    world.write("people.plan", &text.replace("\"unchanged\"", "\"updated\""));
    refused("", "not a whole plan, or changed since it was made");
    world.write("people.plan", &text.replace("\"rolo_plan\":1", "\"rolo_plan\":2"));
    refused("", "a later version of rolo made this plan");
    world.write("people.plan", &text);
    world.write("people.csv", &PEOPLE.replace("gold", "bronze"));
    refused("", "the plan was made for another file, or it was changed");
    world.write("people.csv", PEOPLE);
    world.write("same.csv", PEOPLE);
    assert_eq!(import(&world, "same.csv --to desk").code, 1, "the same bytes are the same file");
    assert_eq!(tier(&served, "Ana"), "gold");
}

#[test]
fn a_mapping_file_that_was_changed_since_the_plan_is_refused() {
    let (world, served) = people();
    assert_eq!(rolo(&world, "guess people.csv --for desk").code, 0);
    plan(&world);
    let mapping = world.read("people.mapping.toml");
    world.write("people.mapping.toml", &format!("{mapping}\n# changed\n"));
    let end = rolo(&world, "import --plan people.plan");
    assert_eq!(end.code, 2, "{}{}", end.out, end.err);
    assert!(end.err.contains("the plan was made with another mapping"), "{}", end.err);
    world.write("people.mapping.toml", &mapping);
    assert_eq!(rolo(&world, "import --plan people.plan").code, 1, "a mapping file needs no yes");
    assert_eq!(tier(&served, "Ana"), "gold");
}

#[test]
fn a_guess_in_a_plan_goes_to_a_real_account_by_a_yes_alone() {
    let (world, served) = people();
    plan(&world);
    let end = rolo(&world, "import --plan people.plan");
    assert_eq!(end.code, 2, "{}{}", end.out, end.err);
    assert!(end.err.contains("a guessed mapping is not sent to a real account unasked"), "{}", end.err);
    assert_eq!(tier(&served, "Ana"), "silver");
}

#[test]
fn a_plan_is_saved_only_with_a_look_at_the_contacts() {
    let (world, _served) = people();
    let end = rolo(&world, "plan people.csv --to desk --save people.plan");
    assert_eq!(end.code, 2);
    assert!(end.err.contains("add --live"), "{}", end.err);
    let end = rolo(&world, "plan people.csv --to sandbox:engagor --unthrottled --live --save people.plan");
    assert_eq!(end.code, 2, "{}{}", end.out, end.err);
    assert!(end.err.contains("engagor has no look-up, so a plan of it can't be kept to"), "{}", end.err);
    let end = rolo(&world, "plan people.csv --to desk --live --save people.plan --create-fields");
    assert_eq!(end.code, 2, "{}{}", end.out, end.err);
    assert!(end.err.contains("creates no custom fields"), "{}", end.err);
    world.write("mine.txt", "mine\n");
    let end = rolo(&world, "plan people.csv --to desk --live --save mine.txt");
    assert_eq!((end.code, world.read("mine.txt").as_str()), (2, "mine\n"), "{}", end.err);
}

#[test]
fn an_import_by_plan_that_was_killed_keeps_to_it_when_it_is_taken_up_again() {
    // After which call it is killed: between the calls of Ana, before and after Dora's making.
    let mut left = 0;
    for killed_at in 1..=8 {
        for goes_on in ["resume", "import --plan people.plan --yes"] {
            let (world, served) = people();
            let planned_writes = writes(&plan(&world));
            let begun = said(
                world
                    .command("import --plan people.plan --yes")
                    .env("TOKEN", "sandbox")
                    .env("ROLO_CRASH", format!("after_answer:{killed_at}")),
            );
            let what = format!("killed at {killed_at}, {goes_on}");
            if begun.code == 1 {
                continue;
            }
            // While nobody works on it, somebody changes Ben.
            let sent = tier(&served, "Ben") == "gold";
            change(&served, "Ben", &json!({ "phone_number": "+447400000078" }));
            let end = rolo(&world, &format!("--json {goes_on}"));
            assert_eq!(end.code, 1, "{what}: {}{}", end.out, end.err);
            assert!(writes(&last_event(&end.out)) <= planned_writes, "{what}: {}", end.out);
            let rows = world.csv("people.results.csv");
            if rows[1]["_code"] == "plan.changed" {
                assert!(!sent, "{what}: what was sent is told");
                assert_eq!(tier(&served, "Ben"), "silver", "{what}");
                left += 1;
            } else {
                assert_eq!(tier(&served, "Ben"), "gold", "{what}");
            }
            assert_eq!(rows[3]["_outcome"], "created", "{what}");
            assert_eq!((tier(&served, "Ana"), tier(&served, "Dora")), (json!("gold"), json!("gold")), "{what}");
            let listed = request(&served, "chatwoot", "GET", "contacts", &Value::Null);
            assert_eq!(listed["payload"].as_array().unwrap().len(), 4, "{what}: nobody twice");
        }
    }
    assert!(left > 0, "some runs were killed before Ben's row");
}

#[test]
fn of_rows_that_lead_to_one_contact_a_plan_takes_the_first() {
    let (world, served) = people();
    change(&served, "Ana", &json!({ "phone_number": "+447400000079" }));
    world.write(
        "people.csv",
        "Name,Email,Phone,custom.tier\nAna,ana@plan.example,,gold\nAna,,+447400000079,bronze\nBad,no address,,gold\n",
    );
    plan(&world);
    let end = import(&world, "");
    assert_eq!(end.code, 1, "{}{}", end.out, end.err);
    let rows = world.csv("people.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["updated", "skipped", "rejected"]);
    assert_eq!(rows[1]["_code"], "plan.shared");
    assert_eq!(tier(&served, "Ana"), "gold");
}

#[test]
fn what_the_import_does_is_what_was_shown_for_every_service_with_look_ups() {
    for service in ["respondio-v1", "respondio", "chatwoot", "dmchamp", "engagelab"] {
        let world = World::new();
        world.write("people.csv", "first_name,phone,email,tags\nAna,+447400000001,a@plan.example,vip\n");
        let to = format!("--to sandbox:{service} --unthrottled");
        for name in ["Ana", "Renamed"] {
            world.write(
                "people.csv",
                &format!("first_name,phone,email,tags\n{name},+447400000001,a@plan.example,vip\n"),
            );
            let shown = last_plan(&world.rolo(&format!("--json plan people.csv {to} --live --save people.plan")));
            let end = world.done("import --plan people.plan");
            assert_eq!(end["calls"], shown["calls"], "{service}: {name}");
            assert_eq!(end["outcomes"], shown["outcomes"], "{service}: {name}");
            assert!(writes(&end) > 0, "{service}: {name}");
        }
        // A plan that was carried out is not carried out twice.
        let end = world.done("import --plan people.plan");
        assert_eq!((writes(&end), &end["outcomes"]["skipped"]), (0, &json!(1)), "{service}");
    }
}
