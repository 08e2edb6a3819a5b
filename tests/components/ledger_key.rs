//! The keys of a ledger lie in a file beside it, and nowhere in it.

use std::fs;
use std::path::Path;

use rolo::error::ErrorKind;
use rolo::ledger::{KeyFile, KeySource, sqlite};
use rusqlite::Connection;

use crate::backends::sqlite_at;

const VERSION_1: &str = include_str!("../fixtures/ledger-version-1.sql");

/// The key that the fixture holds in its table `secret`.
const ITS_KEY: [u8; 4] = [0xC3, 0x83, 0x49, 0xC2];

fn holds(folder: &Path, name: &str, bytes: &[u8]) -> bool {
    fs::read(folder.join(name)).is_ok_and(|all| all.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test]
async fn the_key_of_a_ledger_of_version_1_moves_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
    assert!(holds(folder.path(), "ledger.sqlite", &ITS_KEY));
    let ledger = sqlite_at(&path).unwrap();
    let key = ledger.key("email", "ann@example.com");
    assert!(ledger.known("support", &[key]).await.unwrap()[0].is_some(), "its hashes mean what they meant");
    assert!(holds(folder.path(), "ledger.key", &ITS_KEY));
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        assert!(!holds(folder.path(), name, &ITS_KEY), "{name}");
    }
    drop(ledger);
    assert_eq!(sqlite_at(&path).unwrap().key("email", "ann@example.com"), key);
}

#[tokio::test]
async fn a_migration_that_was_cut_off_after_it_kept_the_key_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
    // As a first attempt leaves it: the key file is there, the ledger is of version 1 still.
    let copy = folder.path().join("copy.sqlite");
    fs::copy(&path, &copy).unwrap();
    drop(sqlite_at(&copy).unwrap());
    fs::rename(folder.path().join("copy.key"), folder.path().join("ledger.key")).unwrap();
    let ledger = sqlite_at(&path).unwrap();
    assert!(ledger.known("support", &[ledger.key("email", "ann@example.com")]).await.unwrap()[0].is_some());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_until_its_mode_is_put_right() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = folder.path().join("ledger.key");
    drop(sqlite_at(&path).unwrap());
    for mode in [0o640, 0o644, 0o602, 0o604] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let error = sqlite_at(&path).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Stopped);
        assert!(error.message.starts_with("others can read or change the ledger's key (mode 6"), "{error}");
        assert!(error.hint.unwrap().starts_with("chmod 600 "));
        assert_eq!(standing(&path), KeyFile::Exposed);
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    sqlite_at(&path).unwrap();
}

fn standing(path: &Path) -> KeyFile {
    sqlite::status(path, &KeySource::beside(path)).unwrap().unwrap().key.1
}

#[test]
fn the_state_of_a_ledger_says_how_its_key_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = folder.path().join("ledger.key");
    drop(sqlite_at(&path).unwrap());
    assert_eq!((standing(&path), KeyFile::There.trouble()), (KeyFile::There, None));
    let other = folder.path().join("other.sqlite");
    drop(sqlite_at(&other).unwrap());
    fs::rename(other.with_extension("key"), &key).unwrap();
    assert_eq!(standing(&path), KeyFile::Another);
    let mut short = fs::OpenOptions::new().write(true).truncate(true).open(&key).unwrap();
    std::io::Write::write_all(&mut short, b"no key").unwrap();
    assert_eq!(standing(&path), KeyFile::Unreadable);
    fs::remove_file(&key).unwrap();
    assert_eq!(standing(&path), KeyFile::Missing);
    for state in [KeyFile::Another, KeyFile::Unreadable, KeyFile::Missing, KeyFile::Exposed] {
        assert!(state.trouble().is_some(), "{}", state.name());
    }
}

#[test]
fn a_missing_or_another_ledgers_key_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let key = folder.path().join("ledger.key");
    drop(sqlite_at(&path).unwrap());
    let own = fs::read(&key).unwrap();
    let refused = |begins: &str| {
        let error = sqlite_at(&path).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Stopped);
        assert_eq!(error.message, format!("{begins}: {}", key.display()));
        assert!(error.hint.unwrap().contains("belong together"));
    };
    fs::remove_file(&key).unwrap();
    refused("the ledger's key is missing");
    assert!(!key.exists(), "a new key would make what is remembered unreadable in silence");
    drop(sqlite_at(&folder.path().join("other.sqlite")).unwrap());
    fs::copy(folder.path().join("other.key"), &key).unwrap();
    refused("the key is another ledger's");
    // An older ledger is not moved under the key of another either.
    let old = folder.path().join("old.sqlite");
    Connection::open(&old).unwrap().execute_batch(VERSION_1).unwrap();
    fs::copy(folder.path().join("other.key"), folder.path().join("old.key")).unwrap();
    assert!(sqlite_at(&old).err().unwrap().message.starts_with("the key is another ledger's: "));
    fs::write(&key, own).unwrap();
    sqlite_at(&path).unwrap();
}
