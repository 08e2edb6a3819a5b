//! What a first import costs, service by service, call by call: fifty contacts that nobody has yet, each with two
//! identifiers and two tags where the service has tags.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::world::World;

const ROWS: usize = 50;

/// Fifty rows, with a city or without.
fn people(tags: bool, city: bool) -> String {
    let mut text = String::from("first_name,phone,email");
    text.push_str(if tags { ",tags" } else { "" });
    text.push_str(if city { ",city\n" } else { "\n" });
    for n in 0..ROWS {
        let _ = write!(text, "Ann {n},+4474001{n:05},ann{n}@example.com");
        text.push_str(if tags { ",vip;trial" } else { "" });
        text.push_str(if city { ",Leeds\n" } else { "\n" });
    }
    text
}

/// The calls of a first import by kind.
fn calls(file: &str, arguments: &str) -> BTreeMap<String, u64> {
    let world = World::new();
    world.write("people.csv", file);
    let end = world.done(&format!("import people.csv {arguments}"));
    assert_eq!(end["outcomes"]["created"], ROWS, "{end}");
    serde_json::from_value(end["calls"].clone()).unwrap()
}

/// Kind by kind, as `KIND TIMES, ...`.
fn words(calls: &BTreeMap<String, u64>) -> String {
    calls.iter().map(|(kind, times)| format!("{kind} {times}")).collect::<Vec<_>>().join(", ")
}

/// What each service takes for the fifty; a rate paces the same calls, and makes no others.
#[test]
fn a_first_import_makes_these_calls_and_no_others() {
    let services = [
        ("respondio-v1", true, false, "add tags 50, create 50, find 100"),
        ("respondio", true, false, "add tags 50, create 50, find 2, list 1"),
        ("respondio", false, false, "create 50, find 3, list 1"),
        ("chatwoot", true, false, "create 50, find 1, replace tags 50"),
        ("dmchamp", true, false, "add tags 100, create 50, find 100"),
        ("99digital", false, false, "create 50, list 1"),
        ("engagelab", false, false, "create 50, find 100"),
        ("engagelab", false, true, "create 50, find 100, update 50"),
    ];
    let found: Vec<String> = std::thread::scope(|scope| {
        let runs = services.map(|(service, tags, city, expected)| {
            scope.spawn(move || {
                let made = words(&calls(&people(tags, city), &format!("--to sandbox:{service} --unthrottled")));
                (made != expected).then(|| format!("{service}: {made}, and not {expected}"))
            })
        });
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{found:?}");
    let paced = calls(&people(true, false), "--to sandbox:chatwoot");
    assert_eq!(words(&paced), "create 50, find 1, replace tags 50");
}

/// How many identifiers a look-up may carry is nowhere stated: what is refused in one call is asked in two.
#[test]
fn a_look_up_that_is_refused_is_made_in_halves() {
    let refused_once = "--fault status=422,path:/filter,nth:1";
    let made = calls(&people(false, false), &format!("--to sandbox:chatwoot --unthrottled {refused_once}"));
    assert_eq!(words(&made), "create 50, find 3");
}

/// A value that the service does not like fails its own row, and none of those that were looked up with it.
#[test]
fn a_value_that_is_refused_in_a_look_up_fails_its_row_alone() {
    let world = World::new();
    world.write("people.csv", &people(false, false));
    let fault = "--fault status=422,path:/filter,body-has:ann7@";
    let said = world.rolo(&format!("--json import people.csv --to sandbox:chatwoot --unthrottled {fault}"));
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let end = crate::world::last_event(&said.out);
    assert_eq!((&end["outcomes"]["created"], &end["outcomes"]["failed"]), (&49.into(), &1.into()), "{end}");
    let rows = world.csv("people.results.csv");
    assert_eq!(rows[7]["_outcome"], "failed", "{:?}", rows[7]);
}

/// Contacts that are there and not remembered are found in one listing for fifty identifiers, once that has found
/// some who are known to be there; where the service does not take such a listing, one by one. Nobody is made twice.
#[test]
fn a_listing_takes_the_place_of_look_ups_only_once_it_has_found_somebody() {
    for (fault, expected) in
        [("", "find 3, list 1"), ("--fault status=400,path:/contact/list,body-has:$or", "find 51, list 1")]
    {
        let world = World::new();
        world.write("people.csv", &people(true, false));
        let import = "import people.csv --to sandbox:respondio --unthrottled";
        world.done(import);
        world.forget();
        let end = world.done(&format!("{import} {fault}"));
        assert_eq!(end["outcomes"]["unchanged"], ROWS, "{end}");
        assert_eq!(words(&serde_json::from_value(end["calls"].clone()).unwrap()), expected, "{fault}");
    }
}
