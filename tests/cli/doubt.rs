//! Creates whose answers were lost on a service whose search lags longer than anybody believes: it shows
//! nothing new until a request that a test chooses, however long the import before it takes.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use crate::held::rolo;
use crate::world::{Served, World, last_event};

/// An account that is believed to search with a lag of one second, at a sandbox with these faults.
fn account(world: &World, faults: &str) -> Served {
    let served = Served::start(world, &format!("--unthrottled {faults}"));
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"respondio-v1\"\nbase_url = \"{}/respondio-v1\"\nsearch_lag = \"1\"\n\
             token = {{ env = \"TOKEN\" }}\n",
            served.address
        ),
    );
    served
}

/// The same, whose search shows nothing new until this request, and where the connection breaks once the
/// first contact is made.
fn lagging_until(world: &World, request: &str) -> Served {
    let faults =
        format!("--fault search-lag=1h --fault search-lag=0s,{request} --fault reset-after-apply,method:POST,nth:1");
    account(world, &faults)
}

/// A request of nobody's, at which the search catches up.
fn catch_up(served: &Served) {
    let address = served.address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET /respondio-v1/caught-up HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

fn import(world: &World, arguments: &str) -> serde_json::Value {
    let said = rolo(world, &format!("--json import {arguments} --to desk --yes"));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    last_event(&said.out)
}

/// What the summary says of doubles, with the ids in it.
fn doubles(finished: &serde_json::Value) -> Vec<String> {
    let remarks = finished["remarks"].as_array().unwrap().iter().map(|remark| remark.as_str().unwrap().to_owned());
    remarks.filter(|remark| remark.contains("twice")).collect()
}

#[test]
fn attack_11_a_double_of_a_search_that_lags_too_long_is_told_by_the_next_run_with_both_ids() {
    let world = World::new();
    let served = lagging_until(&world, "path:caught-up");
    world.write("one.csv", "First name,Phone\nAnn,+447400000001\n");
    world.write("other.csv", "First name,Phone\nBen,+447400000002\n");
    let first = import(&world, "one.csv");
    assert_eq!(first["outcomes"]["created"], 1);
    assert_eq!(first["calls"]["create"], 2, "the search did not show the first");
    assert!(doubles(&first).is_empty(), "nobody can know yet");

    // The look is due once the account's lag has passed.
    std::thread::sleep(Duration::from_secs(2));
    catch_up(&served);
    let next = import(&world, "other.csv");
    let run = first["run"].as_str().unwrap();
    let told = doubles(&next);
    assert_eq!(told.len(), 1, "{next}");
    let ids = told[0].strip_prefix(&format!("line 2 of run {run} is there twice, as "));
    let (ids, rest) = ids.unwrap().split_once(": ").unwrap();
    let (one, other) = ids.split_once(" and ").unwrap();
    assert_ne!(one, other);
    let words =
        "the answer to its first create was lost, and look-ups did not show it in time; merge them in the service";
    assert_eq!(rest, words);
    let made = rolo(&world, "why +447400000001 --json").out;
    assert!([one, other].iter().any(|id| made.contains(&id.replace("contact ", "\"contact_id\":\""))), "{made}");
    assert!(made.contains("row: created (contact.made_twice)"), "{made}");
    assert!(made.contains(&format!("it is there twice: {ids}")), "{made}");

    // Once is enough, and nothing of it costs a call any more.
    let again = import(&world, "other.csv");
    assert_eq!((doubles(&again).len(), again["calls"].as_object().unwrap().len()), (0, 0));
}

#[test]
fn attack_11_a_run_that_lasts_longer_than_the_search_lags_tells_its_own_double() {
    let world = World::new();
    // The second row comes when the first is done, and its create takes longer than the account's lag.
    let _served =
        lagging_until(&world, "method:POST,body-has:400000002 --fault latency=3s,method:POST,body-has:400000002");
    world.write("two.csv", "First name,Phone\nAnn,+447400000001\nBen,+447400000002\n");
    let finished = import(&world, "two.csv --canary 1");
    assert_eq!((&finished["outcomes"]["created"], &finished["calls"]["create"]), (&2.into(), &3.into()));
    let told = doubles(&finished);
    assert_eq!(told.len(), 1, "{finished}");
    assert!(told[0].starts_with(&format!("line 2 of run {} is there twice", finished["run"].as_str().unwrap())));
}

#[test]
fn a_create_that_was_really_lost_is_looked_at_once_more_and_nobody_is_blamed() {
    let world = World::new();
    let _served = account(&world, "--fault reset-before-apply,method:POST,nth:1");
    world.write("one.csv", "First name,Phone\nAnn,+447400000001\n");
    assert_eq!(import(&world, "one.csv")["calls"]["create"], 2);
    std::thread::sleep(Duration::from_secs(3));
    let again = import(&world, "one.csv");
    assert_eq!((doubles(&again).len(), &again["calls"]["find"]), (0, &serde_json::json!(1)));
    let third = import(&world, "one.csv");
    assert_eq!(third["calls"].as_object().unwrap().len(), 0);
}

/// The process died when the create was applied and nobody knew of it; the search shows the contact late.
#[test]
fn attack_03_a_create_in_doubt_is_settled_first_whatever_file_or_mapping_comes_next() {
    let mapping = "[columns.\"First name\"]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n";
    let one = "First name,Phone\nAnn,+447400000001\n";
    for (what, file, mapping_next, created) in [
        ("a row appended", format!("{one}Ben,+447400000002\n"), mapping.to_owned(), 1),
        ("a comment in the mapping", one.to_owned(), format!("# as it was\n{mapping}"), 0),
        ("the same", one.to_owned(), mapping.to_owned(), 0),
    ] {
        let world = World::new();
        // Two look-ups of the next import show nothing.
        let _served = account(&world, "--fault search-lag=1h --fault search-lag=0s,method:GET,nth:4");
        world.write("people.csv", one);
        world.write("people.mapping.toml", mapping);
        let mut killed = world.command("import people.csv --to desk --yes");
        let killed = crate::world::said(killed.env("TOKEN", "sandbox").env("ROLO_CRASH", "after_answer:2"));
        assert_eq!(killed.code, -1, "{what}: {}", killed.err);
        world.write("people.csv", &file);
        world.write("people.mapping.toml", &mapping_next);
        let next = import(&world, "people.csv");
        assert_eq!(next["calls"]["create"].as_u64().unwrap_or(0), created, "{what}: {next}");
        assert!(next["calls"]["find"].as_u64().unwrap() >= 3, "{what}: {next}");
        assert_eq!(import(&world, "people.csv")["calls"], serde_json::json!({}), "{what}");
    }
}
