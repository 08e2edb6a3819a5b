//! The recorded calls of a running server, replayed in order against its emulator.
//!
//! Every difference that is left stands in [`differences::LEFT`] with its reason and on the page
//! `docs/witness.md`. A difference that is not listed fails the test, and so does a listed one that
//! no longer occurs.

#![allow(clippy::unwrap_used, reason = "a replay that can't go on fails")]

mod compare;
mod differences;
mod replay;

use std::collections::BTreeSet;

use differences::{LEFT, SETTINGS};

#[test]
fn the_page_lists_every_difference_with_its_reason() {
    let page = include_str!("../../../../docs/witness.md");
    for left in LEFT {
        let line = format!("| `{}` | `{}` | {} |", left.call, left.place, left.reason);
        assert!(page.contains(&line), "docs/witness.md misses the line:\n{line}");
    }
    for (servers, ours) in SETTINGS {
        let line = format!("| `{servers}` | `{ours}` |");
        assert!(page.contains(&line), "docs/witness.md misses the line:\n{line}");
    }
    let lines = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(lines, LEFT.len() + SETTINGS.len(), "docs/witness.md lists a difference that is none");
}

#[test]
fn the_emulator_answers_as_the_running_server_did() {
    let seen = replay::differences();
    let listed: BTreeSet<(&str, &str)> = LEFT.iter().map(|left| (left.call, left.place)).collect();
    assert_eq!(listed.len(), LEFT.len(), "a difference is listed twice");
    let occurring: BTreeSet<(&str, &str)> =
        seen.iter().map(|found| (found.call.as_str(), found.place.as_str())).collect();
    let fresh: Vec<String> = seen
        .iter()
        .filter(|found| !listed.contains(&(found.call.as_str(), found.place.as_str())))
        .map(|found| format!("{} · {} · {}", found.call, found.place, found.what))
        .collect();
    assert!(fresh.is_empty(), "{} differences are not listed:\n{}\n", fresh.len(), fresh.join("\n"));
    let gone: Vec<_> = listed.difference(&occurring).collect();
    assert!(gone.is_empty(), "listed differences that no longer occur: {gone:#?}");
}
