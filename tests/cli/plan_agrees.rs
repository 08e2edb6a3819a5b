//! What `rolo plan` foretells is what `rolo import` does, call by call.

use std::fmt::Write as _;

use serde_json::Value;

use crate::world::World;

/// The services that create contacts.
const SERVICES: [&str; 6] = ["respondio-v1", "respondio", "chatwoot", "99digital", "dmchamp", "engagelab"];

/// How a plan and its import are made.
const UNTHROTTLED: &str = "--unthrottled";
const PACED: &str = "";

/// A file of contacts that is made anew for a second import, in which some have changed.
type File = fn(changed: bool) -> String;

/// Ten files as people have them, by what is special about each.
const FILES: [(&str, File); 10] = [
    ("two identifiers", |changed| {
        rows("first_name,phone,email", 9, |n| format!("{},{},ann{n}@example.com", name(n, changed), phone(n)))
    }),
    ("phones alone", |changed| rows("first_name,phone", 7, |n| format!("{},{}", name(n, changed), phone(n)))),
    ("e-mails alone", |changed| rows("first_name,email", 7, |n| format!("{},ann{n}@example.com", name(n, changed)))),
    ("e-mails in capitals", |changed| {
        rows("first_name,email", 7, |n| {
            let email = if n % 2 == 0 { format!("Ann{n}@Example.COM") } else { format!("ann{n}@example.com") };
            format!("{},{email}", name(n, changed))
        })
    }),
    ("capitals beside phones", |changed| {
        rows("first_name,phone,email", 7, |n| format!("{},{},ANN{n}@example.com", name(n, changed), phone(n)))
    }),
    ("some without one of two", |changed| {
        rows("first_name,phone,email", 9, |n| {
            let phone = if n % 3 == 1 { String::new() } else { phone(n) };
            let email = if n % 3 == 2 { String::new() } else { format!("ann{n}@example.com") };
            format!("{},{phone},{email}", name(n, changed))
        })
    }),
    ("duplicates and bad rows", |changed| {
        let mut text =
            rows("first_name,phone,email", 6, |n| format!("{},{},Ann{n}@example.com", name(n, changed), phone(n)));
        let _ = write!(text, "Twice,{},other@example.com\nBad,12,\nTwice,,ANN3@EXAMPLE.com\n", phone(1));
        text
    }),
    ("tags on some", |changed| {
        rows("first_name,phone,email,tags", 9, |n| {
            let tags = ["", "vip", "vip;Newsletter"][n % 3];
            let more = if changed && n == 4 { ";lapsed" } else { "" };
            format!("{},{},ann{n}@example.com,{tags}{more}", name(n, changed), phone(n))
        })
    }),
    ("tags on people with capitals", |changed| {
        rows("first_name,email,tags", 7, |n| {
            format!("{},Ann{n}@Example.com,{}", name(n, changed), ["VIP", "vip;trial", "trial"][n % 3])
        })
    }),
    ("lists", |changed| {
        rows("first_name,phone,email,lists", 7, |n| {
            let lists = if changed && n == 5 { "list-2" } else { ["", "list-1", "list-1;list-2"][n % 3] };
            format!("{},{},ann{n}@example.com,{lists}", name(n, changed), phone(n))
        })
    }),
];

fn rows(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..rows).for_each(|n| writeln!(text, "{}", row(n)).unwrap());
    text
}

/// Every fourth has another name when they are sent for the second time.
fn name(n: usize, changed: bool) -> String {
    if changed && n.is_multiple_of(4) { format!("Renamed {n}") } else { format!("Ann {n}") }
}

/// Numbers of the range that Ofcom keeps for drama: valid, and nobody's.
fn phone(n: usize) -> String {
    format!("+4474001{n:05}")
}

fn planned(world: &World, arguments: &str) -> Value {
    let said = world.rolo(&format!("--json plan {arguments}"));
    let line = said.out.lines().rfind(|line| line.contains("\"event\":\"plan\""));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{arguments}\n{}{}", said.out, said.err))).unwrap()
}

fn imported(world: &World, arguments: &str) -> Value {
    let said = world.rolo(&format!("--json import {arguments}"));
    assert!(said.code < 2, "{arguments}\n{}{}", said.out, said.err);
    let mut end = crate::world::last_event(&said.out);
    // A machine that is kept busy delivers paced calls late and close together. What the service then refuses,
    // or doesn't answer in time, is made again: that is no plan's matter.
    let events = said.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for called in events.filter(|event| event["event"] == "called") {
        if called["http_status"].is_null() || called["http_status"] == 429 {
            let calls = &mut end["calls"][called["call"].as_str().unwrap()];
            *calls = Value::from(calls.as_u64().unwrap() - 1);
        }
    }
    end
}

/// What a plan and the import after it differ in; nothing if they agree.
fn difference(world: &World, arguments: &str, live: &str) -> Option<String> {
    let plan = planned(world, &format!("{arguments} {live}"));
    let import = imported(world, arguments);
    let differs = |key: &str| (plan[key] != import[key]).then(|| format!("{key}: {} / {}", plan[key], import[key]));
    ["calls", "least_calls", "outcomes"].into_iter().find_map(differs)
}

/// All ten files at one service, each new and then known, in the ledger and then on the service alone.
fn differences(service: &str, pace: &str) -> Vec<String> {
    let of = |(name, file): (&str, File)| {
        let world = World::new();
        let arguments = format!("people.csv --to sandbox:{service} {pace}");
        let mut found = Vec::new();
        let mut compare = |when: &str, changed: bool, live: &str| {
            world.write("people.csv", &file(changed));
            found.extend(difference(&world, &arguments, live).map(|what| format!("{service}, {name}, {when}: {what}")));
        };
        compare("new", false, "");
        compare("known, some changed", true, "");
        compare("known, none changed", true, "");
        if pace == UNTHROTTLED {
            world.forget();
            compare("there, and not remembered", false, "--live");
        }
        found
    };
    std::thread::scope(|scope| {
        let all = FILES.map(|file| scope.spawn(move || of(file)));
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn a_plan_foretells_the_calls_of_the_import_kind_by_kind() {
    let found: Vec<_> = SERVICES.iter().flat_map(|service| differences(service, UNTHROTTLED)).collect();
    assert!(found.is_empty(), "{} of the cases, plan / import:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_plan_foretells_the_calls_of_a_paced_import_kind_by_kind() {
    let found: Vec<String> = std::thread::scope(|scope| {
        let all = SERVICES.map(|service| scope.spawn(move || differences(service, PACED)));
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{} of the cases, plan / import:\n{}", found.len(), found.join("\n"));
}

/// A run with a hundred rows to send also looks at one that memory would do for; and where rows are looked up
/// together, what is found of a hundred comes in pages.
#[test]
fn a_plan_foretells_the_looks_at_a_sample_and_the_pages_of_a_look_up() {
    let of = |service: &str| {
        let world = World::new();
        let file = |changed: usize| {
            rows("first_name,phone", 260, |n| format!("{},{}", if n < changed { "Renamed" } else { "Ann" }, phone(n)))
        };
        let arguments = format!("people.csv --to sandbox:{service} {UNTHROTTLED}");
        world.write("people.csv", &file(0));
        world.done(&format!("import {arguments}"));
        world.write("people.csv", &file(110));
        let plan = planned(&world, &arguments);
        let import = imported(&world, &arguments);
        assert_eq!(import["looked_at"], 1, "{service}: {import}");
        (plan["calls"] != import["calls"]).then(|| format!("{service}: {} / {}", plan["calls"], import["calls"]))
    };
    let found: Vec<_> = SERVICES.iter().filter_map(|service| of(service)).collect();
    assert!(found.is_empty(), "plan / import:\n{}", found.join("\n"));
}

/// A run that died after it had written that it is about to create somebody leaves that open; whatever file brings
/// the person next, they are looked up first.
#[test]
fn a_plan_foretells_that_a_create_in_doubt_is_looked_for() {
    let world = World::new();
    world.write("one.csv", &rows("first_name,phone", 1, |n| format!("Ann,{}", phone(n))));
    let mut import = world.command("import one.csv --to sandbox:chatwoot --unthrottled");
    let died = crate::world::said(import.env("ROLO_CRASH", "after_intent:1"));
    assert_eq!(died.code, -1, "{}", died.err);
    world.write("other.csv", &rows("first_name,phone", 3, |n| format!("Ann,{}", phone(n))));
    let arguments = format!("other.csv --to sandbox:chatwoot {UNTHROTTLED}");
    let plan = planned(&world, &arguments);
    assert_eq!(plan["in_doubt"], 1, "{plan}");
    let told = world.rolo(&format!("plan {arguments}")).out;
    assert!(told.contains("1 contact may be there by an earlier run whose answer was lost"), "{told}");
    let import = imported(&world, &arguments);
    assert_eq!((&plan["calls"], &plan["outcomes"]), (&import["calls"], &import["outcomes"]));
}

/// No operation of any service tells which lists there are, so a plan can't foretell that one is missing: it says
/// that it did not look, and at what.
#[test]
fn a_list_that_may_not_exist_is_named_by_the_plan_and_fails_its_rows_alone() {
    let world = World::new();
    world.write(
        "people.csv",
        "first_name,phone,lists\nAnn,+447400100001,list-1\nBen,+447400100002,gone\nCho,+447400100003,list-2;gone\n\
         Dan,+447400100004,\n",
    );
    let people = "people.csv --to sandbox:dmchamp --unthrottled";
    for live in ["", "--live"] {
        let plan = planned(&world, &format!("{people} {live}"));
        assert_eq!(plan["lists_not_checked"], serde_json::json!({ "gone": 2, "list-1": 1, "list-2": 1 }), "{plan}");
        let told = world.rolo(&format!("plan {people} {live}")).out;
        let words = "a row fails if one of its own is not there: gone (2), list-1 (1), list-2 (1)\n";
        assert!(told.contains(words), "{told}");
    }
    let import = imported(&world, people);
    assert_eq!(import["outcomes"]["created"], 2, "{import}");
    assert_eq!(
        (&import["outcomes"]["failed"], &import["codes"]["service.refused"]),
        (&2.into(), &2.into()),
        "{import}"
    );
    let rows = world.csv("people.results.csv");
    assert!(rows[1]["_message"].contains("List not found"), "{rows:?}");
    // Where no row is added to a list, nothing is said of any.
    world.write("people.csv", "first_name,phone\nEve,+447400100005\n");
    assert!(!world.rolo(&format!("plan {people}")).out.contains("not checked"));
}
