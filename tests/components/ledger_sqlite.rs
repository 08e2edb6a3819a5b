//! What only the ledger in a SQLite file promises: the file itself.

use std::fs;
use std::path::Path;

use rolo::contact::{CallKind, Outcome, Position, RemoteId, RowError, RowRecord};
use rolo::error::ErrorKind;
use rolo::journal::{Answered, CallVerdict, Entry, Key, KnownContact, KnownValue};
use rolo::ledger::Ledger;
use rusqlite::Connection;

use crate::backends::{begin, sqlite_at};
use crate::ledger::new_run;

/// A ledger as version 1 made it, with one run, row and contact in it.
const VERSION_1: &str = include_str!("../fixtures/ledger-version-1.sql");

/// One that version 5 left, and its key: the same two contacts and a bad row, imported twice.
const VERSION_5: &str = include_str!("../fixtures/ledger-version-5.sql");
const KEY_5: &str = "93b0ea607ed486fc8e9b27359b0ea5060ba9a07c072f5909c15e64227d4a6466\
    c5008fbf8ea8e44c260a35a529accd2465219bec77b99da09a491f74cb7884d8";

fn refused(path: &Path) -> (String, String) {
    let error = sqlite_at(path).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Stopped);
    assert!(error.message.contains(&path.display().to_string()), "{error}");
    (error.message, error.hint.unwrap())
}

fn schema(path: &Path) -> Vec<String> {
    let db = Connection::open(path).unwrap();
    let mut statement = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    // Where lines break in a definition is of no importance.
    rows.map(|sql| sql.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_ledger_of_a_newer_rolo_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(sqlite_at(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let (message, hint) = refused(&path);
    assert!(message.starts_with("the ledger was written by a newer rolo: "), "{message}");
    assert!(hint.contains("99"), "{hint}");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE cookie (a)").unwrap();
    assert!(refused(&path).0.starts_with("the file is no ledger of rolo: "));
    assert_eq!(schema(&path), ["CREATE TABLE cookie (a)"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let text = "name,phone\n".repeat(1000);
    fs::write(&path, &text).unwrap();
    assert!(refused(&path).0.starts_with("the ledger is not a SQLite database: "));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refused(&file.join("ledger.db")).0.starts_with("the ledger can't be opened: "));
    assert!(refused(folder.path()).0.starts_with("the ledger can't be opened: "));
}

#[tokio::test]
#[cfg(unix)]
async fn the_files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    begin(&ledger, &new_run(1)).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    assert_eq!((mode(&folder.path().join("a")), mode(&folder.path().join("a/b"))), (0o700, 0o700));
}

#[test]
fn the_file_is_set_up_to_survive_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    let mode: String = Connection::open(&path).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    drop(ledger);
}

#[tokio::test]
async fn a_ledger_of_version_1_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
    let ledger = sqlite_at(&path).unwrap();
    let run = ledger.runs(10).await.unwrap().remove(0);
    assert_eq!((run.id.0.as_str(), run.counts[Outcome::Created]), ("20261121-0931-k3f", 1));
    let rows = ledger.rows(&run.id, 0, 10).await.unwrap();
    assert_eq!((rows[0].1.outcome, rows[0].1.contact_id.as_ref().unwrap().0.as_str()), (Outcome::Created, "c1"));
    let key = ledger.key("email", "ann@example.com");
    let known = ledger.known("support", &[key]).await.unwrap().remove(0).unwrap();
    assert_eq!((known.id.0.as_str(), known.fields["email"]), ("c1", KnownValue::Held(key)));
    assert_eq!(ledger.history(&key).await.unwrap().len(), 2);
    drop(ledger);

    let fresh = folder.path().join("fresh.db");
    drop(sqlite_at(&fresh).unwrap());
    assert_eq!(schema(&path), schema(&fresh));
}

#[tokio::test]
async fn a_ledger_of_version_5_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Connection::open(&path).unwrap().execute_batch(VERSION_5).unwrap();
    let byte = |at: usize| u8::from_str_radix(&KEY_5[at..at + 2], 16).unwrap();
    let key: Vec<u8> = (0..KEY_5.len()).step_by(2).map(byte).collect();
    // As rolo makes it: its owner's alone.
    let mut private = fs::OpenOptions::new();
    let private = rolo::platform::private_file(private.write(true).create_new(true));
    std::io::Write::write_all(&mut private.open(path.with_extension("key")).unwrap(), &key).unwrap();
    let ledger = sqlite_at(&path).unwrap();
    let runs = ledger.runs(10).await.unwrap();
    let counts: Vec<_> =
        runs.iter().map(|run| (run.counts[Outcome::Created], run.counts[Outcome::Unchanged])).collect();
    assert_eq!(counts, [(0, 2), (2, 0)]);
    // The rows that rested have records, as they were written then.
    for run in &runs {
        assert_eq!(ledger.rows(&run.id, 0, 10).await.unwrap().len(), 3);
        assert_eq!(ledger.rested(&run.id).await.unwrap(), 0);
    }
    let key = ledger.key("email", "ann@example.com");
    assert!(ledger.known(&runs[0].new.identity, &[key]).await.unwrap().remove(0).is_some());
    assert_eq!(ledger.contacts_of(&key).await.unwrap().len(), 1);
    drop(ledger);

    let fresh = folder.path().join("fresh.db");
    drop(sqlite_at(&fresh).unwrap());
    assert_eq!(schema(&path), schema(&fresh));
}

#[test]
fn two_that_open_a_new_ledger_at_once_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let keys: Vec<Key> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| sqlite_at(&path).unwrap().key("email", "a@example.com"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

/// One plain row: created in one call, known by phone and e-mail.
fn plain_row(ledger: &dyn Ledger, index: u64) -> Vec<Entry> {
    let id = RemoteId(format!("{}", 100_000_000 + index));
    let keys =
        vec![ledger.key("phone", &format!("+6012{index:08}")), ledger.key("email", &format!("p{index}@example.com"))];
    let answered = Answered {
        row: index,
        step: 0,
        kind: CallKind::Create,
        attempts: 1,
        http_status: Some(200),
        verdict: CallVerdict::Done,
        contact_id: Some(id.clone()),
    };
    let record = RowRecord {
        outcome: Outcome::Created,
        contact_id: Some(id),
        calls: 1,
        attempts: 1,
        http_status: Some(200),
        errors: Vec::new(),
    };
    vec![
        Entry::Answered(answered),
        Entry::Row { position: Position { index, line: index + 2, sheet: 0 }, record, keys },
    ]
}

#[tokio::test]
async fn a_plain_row_costs_at_most_250_bytes() {
    const ROWS: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let empty = fs::metadata(&path).unwrap().len();
    for start in (0..ROWS).step_by(1000) {
        let entries: Vec<_> = (start..start + 1000).flat_map(|index| plain_row(ledger.as_ref(), index)).collect();
        ledger.write(&run, entries).await.unwrap();
    }
    // Closing writes the log back into the file.
    drop(ledger);
    let bytes = (fs::metadata(&path).unwrap().len() - empty) / ROWS;
    assert!(bytes <= 250, "{bytes} bytes a row");
}

#[tokio::test]
async fn rows_that_nothing_is_sent_for_take_no_room() {
    const ROWS: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let empty = fs::metadata(&path).unwrap().len();
    // One in fifty is sent, as in a file of which some rows have changed, and has its record elsewhere.
    for start in (0..ROWS).step_by(512) {
        let rested = (start..(start + 512).min(ROWS)).filter(|row| row % 50 != 0);
        ledger.write(&run, rested.map(|row| Entry::Rested { row }).collect()).await.unwrap();
    }
    assert_eq!(ledger.rested(run.id()).await.unwrap(), ROWS - ROWS / 50);
    assert!(ledger.rows(run.id(), 0, 10).await.unwrap().is_empty());
    drop(ledger);
    let bytes = fs::metadata(&path).unwrap().len().saturating_sub(empty);
    assert!(bytes <= 8 * ROWS, "{bytes} bytes for {ROWS} rows");
}

/// Everything in the ledger's files, as bytes.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.flat_map(|path| fs::read(path).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_is_forgotten_is_gone_from_the_bytes_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = sqlite_at(&folder.path().join("ledger.db")).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let key = ledger.key("email", "canary@example.com");
    let contact = KnownContact {
        id: RemoteId("canary-id".into()),
        fields: [("email".to_owned(), KnownValue::Held(key))].into(),
        tags: None,
        lists: vec![],
        values: None,
        seen_at: 0,
        applied: None,
    };
    let record = RowRecord {
        contact_id: Some(RemoteId("canary-id".into())),
        ..RowRecord::unsent(Outcome::Failed, vec![RowError::of_row("service.refused", "canary-message")])
    };
    let position = Position { index: 0, line: 2, sheet: 0 };
    ledger
        .write(
            &run,
            vec![
                Entry::Known { account: "support".into(), contact, keys: vec![key], told: false },
                Entry::Row { position, record, keys: vec![key] },
            ],
        )
        .await
        .unwrap();
    let bytes = all_bytes(folder.path());
    assert!(holds(&bytes, "canary-id") && holds(&bytes, "canary-message"));
    assert!(!holds(&bytes, "canary@example.com"), "a value is kept only as a keyed hash");
    assert!(bytes.windows(Key::BYTES).any(|window| window == key.0));

    ledger.forget(&key).await.unwrap();
    let bytes = all_bytes(folder.path());
    assert!(!holds(&bytes, "canary-id") && !holds(&bytes, "canary-message"));
    assert!(!bytes.windows(8).any(|window| window == &key.0[..8]));
}

#[tokio::test]
async fn forgetting_says_so_when_a_reader_keeps_it_from_wiping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let entries = plain_row(ledger.as_ref(), 0);
    ledger.write(&run, entries).await.unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM run").unwrap();
    let key = ledger.key("phone", "+601200000000");
    let error = ledger.forget(&key).await.unwrap_err();
    assert!(error.message.starts_with("what was forgotten can't be wiped while another program reads"), "{error}");
    drop(reader);
    ledger.forget(&key).await.unwrap();
    assert!(!holds(&all_bytes(folder.path()), "100000000"));
}

#[tokio::test]
async fn a_ledger_can_be_asked_with_plain_sql() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = sqlite_at(&path).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    for index in 0..3 {
        let entries = plain_row(ledger.as_ref(), index);
        ledger.write(&run, entries).await.unwrap();
    }
    // The questions in the documentation, with the ledger still open.
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ledger.md")).unwrap();
    let questions: Vec<_> = page
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .flat_map(|sql| sql.split(';'))
        .collect();
    let db = Connection::open(&path).unwrap();
    let mut asked = 0;
    for question in questions.into_iter().filter(|sql| !sql.trim().is_empty()) {
        db.prepare(question).unwrap().query([]).unwrap().next().unwrap();
        asked += 1;
    }
    assert!(asked >= 5, "{asked}");
}

/// What a handle has just written it does not read again, unless somebody else has changed the file since.
#[tokio::test]
async fn what_another_process_writes_of_a_contact_meanwhile_is_kept() {
    const ACCOUNT: &str = "account";
    let known = |field: &str, value: u8| KnownContact {
        id: RemoteId("7".into()),
        fields: [(field.to_owned(), KnownValue::Held(Key([value; Key::BYTES])))].into(),
        tags: None,
        lists: Vec::new(),
        values: None,
        seen_at: 0,
        applied: None,
    };
    let entry = |contact: KnownContact, key: u8| Entry::Known {
        account: ACCOUNT.into(),
        contact,
        keys: vec![Key([key; Key::BYTES])],
        told: true,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (ours, theirs) = (sqlite_at(&path).unwrap(), sqlite_at(&path).unwrap());
    let our_run = begin(&ours, &new_run(1)).await;
    let their_run = begin(&theirs, &new_run(2)).await;
    ours.write(&our_run, vec![entry(known("first_name", 1), 1)]).await.unwrap();
    theirs.write(&their_run, vec![entry(known("city", 2), 2)]).await.unwrap();
    // The first key is another contact's by now, as they saw.
    let other = KnownContact { id: RemoteId("8".into()), ..known("city", 3) };
    theirs.write(&their_run, vec![entry(other, 1)]).await.unwrap();
    ours.write(&our_run, vec![entry(known("email", 4), 1)]).await.unwrap();
    let contact = ours.known_by_id(ACCOUNT, &RemoteId("7".into())).await.unwrap().unwrap();
    assert_eq!(contact.fields.keys().collect::<Vec<_>>(), ["city", "email", "first_name"]);
    let whose = theirs.known(ACCOUNT, &[Key([1; Key::BYTES])]).await.unwrap();
    assert_eq!(whose[0].as_ref().unwrap().id, RemoteId("7".into()), "as was seen last");
}
