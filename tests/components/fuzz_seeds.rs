//! The functions of the fuzz targets, over their seeds and over seeds that chance has damaged.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::fuzzed;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 4, "{target}: too few seeds");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, usize),
    Repeat(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let telling = proptest::sample::select(b"\0\"\n,;+@{}[]<>&=:-9\xff\xe2".to_vec());
    prop_oneof![
        (any::<Index>(), prop_oneof![any::<u8>(), telling]).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..6))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let piece = |at: &Index, size: usize| {
            let start = at.index(length);
            start..(start + size).min(length)
        };
        match damage {
            Damage::Set(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Insert(at, new) => drop(bytes.splice(piece(at, 0), new.iter().copied())),
            Damage::Cut(at, size) => drop(bytes.drain(piece(at, *size))),
            Damage::Repeat(at, size) => {
                let again = bytes[piece(at, *size)].repeat(3);
                drop(bytes.splice(piece(at, 0), again));
            }
        }
    }
    bytes
}

fn survives(target: &str, function: fn(&[u8]), cases: u32) {
    let seeds = seeds(target);
    for seed in &seeds {
        function(seed);
    }
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let inputs = (any::<Index>(), proptest::collection::vec(damage(), 1..8));
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&inputs, |(which, damages)| {
        function(&damaged(seeds[which.index(seeds.len())].clone(), &damages));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn any_text_file_is_read_or_refused() {
    survives("csv", |data| assert!(fuzzed::csv(data) < 10_000), 250);
}

#[test]
fn any_workbook_is_read_or_refused() {
    survives("workbook", |data| assert!(fuzzed::workbook(data) < 10_000), 150);
}

#[test]
fn any_phone_is_taken_or_refused() {
    survives("phone", fuzzed::phone, 1_000);
}

#[test]
fn any_mapping_is_taken_or_refused() {
    survives("mapping", fuzzed::mapping, 300);
}

#[test]
fn any_answer_has_a_verdict() {
    survives("answers", fuzzed::answers, 500);
}

#[test]
fn any_wait_is_understood_or_not() {
    survives("retry_after", fuzzed::retry_after, 1_000);
}

/// Of what chance builds, the share of files of which at least a row is read, in hundredths.
fn share_with_rows(first: Option<u8>, function: fn(&[u8]) -> u64) -> u32 {
    const FILES: u32 = 400;
    let config = ProptestConfig { cases: FILES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let with_rows = std::cell::Cell::new(0);
    let outcome = runner.run(&proptest::collection::vec(any::<u8>(), 20..400), |chance| {
        let data: Vec<u8> = first.into_iter().chain(chance).collect();
        let rows = function(&data);
        assert!(rows < 10_000);
        with_rows.set(with_rows.get() + u32::from(rows > 0));
        Ok(())
    });
    outcome.unwrap();
    with_rows.get() * 100 / FILES
}

/// What a row may hold is tried only where rows are reached.
#[test]
fn most_files_that_chance_builds_reach_their_rows() {
    let shares = [
        ("csv", share_with_rows(Some(fuzzed::BUILT), fuzzed::csv)),
        ("workbook", share_with_rows(Some(fuzzed::BUILT), fuzzed::workbook)),
        ("entries", share_with_rows(None, fuzzed::entries)),
    ];
    for (target, share) in shares {
        println!("{target}: {share} of 100 files have rows");
        assert!(share > 50, "{target}: of 100 files only {share} have a row");
    }
}

/// Without this, a reader that refuses everything would pass.
#[test]
fn sound_seeds_are_read() {
    let seed = |path: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(path)).unwrap();
    assert_eq!(fuzzed::csv(&seed("csv/plain")), 1);
    assert_eq!(fuzzed::csv(&seed("csv/gzip")), 1);
    assert_eq!(fuzzed::csv(&seed("csv/utf16")), 1);
    assert_eq!(fuzzed::workbook(&seed("workbook/sheet")), 2);
}
