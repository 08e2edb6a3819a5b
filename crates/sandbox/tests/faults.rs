//! Faults that need an emulator, and the page that lists them all.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeSet;
use std::time::Duration;

use rolo_sandbox::faults::{Change, FAULTS};
use rolo_sandbox::{EMULATORS, Emulator, EmulatorOptions, WireRequest};
use serde_json::{Value, json};

fn emulator(service: &str) -> Box<dyn Emulator> {
    let make = EMULATORS.iter().find(|(name, _)| *name == service).unwrap().1;
    make(EmulatorOptions { unthrottled: true, ..EmulatorOptions::default() })
}

/// The ids of every page of a Chatwoot list, in the order they come.
fn pages(emulator: &mut dyn Emulator, sort: &str, pages: u32) -> Vec<u64> {
    let now = Duration::from_secs(1_795_219_300);
    (1..=pages)
        .flat_map(|page| {
            let query = [("sort", sort.to_owned()), ("page", page.to_string())];
            let request = WireRequest {
                method: "GET".into(),
                path: "/api/v1/accounts/1/contacts".into(),
                query: query.map(|(name, value)| (name.to_owned(), value)).to_vec(),
                headers: vec![("api_access_token".into(), "sandbox".into())],
                body: Vec::new(),
            };
            let answer: Value = serde_json::from_slice(&emulator.answer(&request, now).body).unwrap();
            answer["payload"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn unstable_ties_lose_contacts_in_every_pass_by_time_and_none_by_email() {
    let mut emulator = emulator("chatwoot");
    let contacts = (1..=45).map(|n| json!({ "id": n, "email": format!("{n}@b.example"), "created_at": 7 })).collect();
    emulator.seed(contacts, Duration::from_secs(7)).unwrap();
    let distinct = |ids: &[u64]| ids.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&pages(emulator.as_mut(), "created_at", 3)), 45);
    emulator.set_unstable_ties();
    let first = pages(emulator.as_mut(), "created_at", 3);
    assert_eq!((first.len(), pages(emulator.as_mut(), "created_at", 3)), (45, first.clone()));
    assert!(distinct(&first) < 45, "some are on two pages");
    assert_eq!(distinct(&pages(emulator.as_mut(), "email", 3)), 45);
}

#[test]
fn a_contact_deleted_meanwhile_is_the_first_and_one_created_is_new() {
    for service in ["chatwoot", "respondio", "respondio-v1", "engagor"] {
        let mut emulator = emulator(service);
        let now = Duration::from_secs(1_795_219_300);
        if service != "engagor" {
            let id = |n: u64| if service == "respondio-v1" { json!(n.to_string()) } else { json!(n) };
            let contact = |n: u64| json!({ "id": id(n), "email": format!("{n}@b.example") });
            emulator.seed((11..14).map(contact).collect(), now).unwrap();
        }
        let count = |emulator: &dyn Emulator| emulator.contacts().as_array().unwrap().len();
        let before = count(emulator.as_ref());
        let first = emulator.contacts()[0]["id"].clone();
        emulator.change(Change::Deleted, now);
        assert_eq!(count(emulator.as_ref()), before - 1, "{service}");
        assert_ne!(emulator.contacts()[0]["id"], first, "{service}");
        emulator.change(Change::Created, now);
        emulator.change(Change::Created, now);
        let made = if service == "respondio-v1" { 0 } else { 2 };
        assert_eq!(count(emulator.as_ref()), before - 1 + made, "{service}");
    }
}

#[test]
fn the_page_lists_every_fault() {
    let page = include_str!("../../../docs/faults.md");
    for (name, what, _) in FAULTS {
        let line = format!("| `{name}` | {what} |");
        assert!(page.contains(&line), "docs/faults.md misses the line:\n{line}");
    }
    assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), FAULTS.len() + 8);
}
