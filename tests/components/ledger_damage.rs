//! A ledger whose file was damaged: it is named, and nothing of it is taken for truth.

use std::fs;
use std::path::Path;

use rolo::contact::{Field, RemoteId, Value};
use rolo::error::ErrorKind;
use rolo::journal::{Entry, Key, KnownContact, KnownValue, LastKnown};
use rolo::ledger::{KeyFile, KeySource, sqlite};
use rusqlite::Connection;

use crate::backends::{begin, sqlite_at};
use crate::ledger::new_run;

const PEOPLE: u64 = 600;

/// A ledger that remembers [`PEOPLE`], and the key of each.
async fn filled(path: &Path) -> Vec<Key> {
    let ledger = sqlite_at(path).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let keys: Vec<Key> = (0..PEOPLE).map(|n| ledger.key("email", &format!("{n}@example.com"))).collect();
    let entries: Vec<Entry> = keys.iter().zip(0..PEOPLE).map(|(key, n)| known(*key, n)).collect();
    ledger.write(&run, entries).await.unwrap();
    keys
}

fn known(key: Key, n: u64) -> Entry {
    let values = LastKnown {
        fields: [(Field::new("email"), Value::Text(format!("{n}@example.com")))].into(),
        ..LastKnown::default()
    };
    let contact = KnownContact {
        id: RemoteId(format!("id-{n}")),
        fields: [("email".to_owned(), KnownValue::Held(key))].into(),
        tags: None,
        lists: Vec::new(),
        values: Some(values),
        seen_at: 0,
        applied: None,
    };
    Entry::Known { account: "support".into(), contact, keys: vec![key], told: true }
}

#[tokio::test]
async fn a_whole_ledger_is_said_to_be_whole_with_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    assert!(sqlite::status(&path, &KeySource::beside(&path)).unwrap().is_none(), "nothing is made by asking");
    assert!(!path.exists());
    filled(&path).await;
    let status = sqlite::status(&path, &KeySource::beside(&path)).unwrap().unwrap();
    assert_eq!(status.damage, [""; 0]);
    assert_eq!((status.version, status.key.1), (status.newest, KeyFile::There));
    let count = |what: &str| status.counts.iter().find(|(name, _)| *name == what).unwrap().1;
    assert_eq!((count("accounts"), count("runs"), count("contacts remembered")), (1, 1, PEOPLE));
    assert_eq!(status.bytes, fs::metadata(&path).unwrap().len());
    fs::remove_file(path.with_extension("key")).unwrap();
    assert_eq!(sqlite::status(&path, &KeySource::beside(&path)).unwrap().unwrap().key.1, KeyFile::Missing);
}

#[tokio::test]
async fn attack_15_what_is_remembered_is_never_read_otherwise_than_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let keys = filled(&path).await;
    let whole = sqlite_at(&path).unwrap().known("support", &keys).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    let (mut noticed, mut tried) = (0, 0);
    // 400 bytes at 40 places all over the file, as in the attack.
    for at in (0..bytes.len() - 400).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at..at + 400].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(7).wrapping_add(13));
        fs::write(&path, &damaged).unwrap();
        tried += 1;
        let known = match sqlite_at(&path) {
            Ok(ledger) => ledger.known("support", &keys).await,
            Err(error) => Err(error),
        };
        match known {
            // Nobody may be taken for another; that somebody is not remembered is looked up.
            Ok(known) => {
                for (read, written) in known.iter().zip(&whole) {
                    assert!(read.is_none() || read == written, "damage at {at} is read as truth");
                }
            }
            Err(error) => {
                noticed += 1;
                assert_eq!(error.kind, ErrorKind::Stopped);
                assert!(error.message.contains("ledger"), "{error}");
                let named = sqlite::status(&path, &KeySource::beside(&path)).map(|status| status.unwrap().damage);
                assert!(named.is_err() || !named.unwrap().is_empty(), "damage at {at} has no name");
            }
        }
    }
    // The others hit what nothing was read from: space that is free, and keys of nobody who was asked about.
    assert!(noticed * 3 > tried, "{noticed} of {tried} damages were noticed");
}

#[tokio::test]
async fn damage_names_the_file_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let keys = filled(&path).await;
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE contact SET known = x'0301' WHERE remote_id = 'id-7'", [])
        .unwrap();
    let ledger = sqlite_at(&path).unwrap();
    assert!(ledger.known("support", &keys[..7]).await.is_ok(), "who is whole is read");
    let error = ledger.known("support", &keys[7..8]).await.unwrap_err();
    assert_eq!(error.message, format!("the ledger is damaged: {}", path.display()));
    assert!(error.hint.unwrap().contains("rolo ledger status"));
    let status = sqlite::status(&path, &KeySource::beside(&path)).unwrap().unwrap();
    assert_eq!(status.damage, ["what is known of 1 contacts can't be read"]);
}
