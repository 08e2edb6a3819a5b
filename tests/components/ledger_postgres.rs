//! What only the ledger in PostgreSQL promises: the way to it may be cut at any moment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rolo::contact::{CallKind, RemoteId};
use rolo::error::ErrorKind;
use rolo::journal::{BeforeImage, Change, Entry, Intent};
use rolo::ledger::postgres::{self, PostgresPlace};
use rolo::ledger::{ClaimedRun, KeySource, LedgerHandle, LedgerKey};
use secrecy::SecretString;

use crate::backends::{PostgresDatabase, begin};
use crate::ledger::new_run;
use crate::postgres::{Server, server};

fn entries(row: u64) -> Vec<Entry> {
    let before = BeforeImage {
        row,
        account: "support".into(),
        contact_id: RemoteId(format!("c{row}")),
        change: Change::TagAdded("vip".into()),
    };
    let intent = Intent { row, step: 0, kind: CallKind::Update, attempt: 1, creates: Vec::new() };
    vec![Entry::Intent(intent), Entry::Before(before)]
}

/// That each of these rows was written, and written once.
async fn check_once(ledger: &LedgerHandle, run: &ClaimedRun, rows: u64) {
    assert_eq!(ledger.open_rows(run).await.unwrap(), (0..rows).collect::<Vec<_>>());
    for row in 0..rows {
        assert_eq!(ledger.steps(run, row).await.unwrap()[0].sent, 1, "row {row}");
    }
    let images = ledger.before_images(run, 0, 1000).await.unwrap();
    assert_eq!(images.iter().map(|image| image.row).collect::<Vec<_>>(), (0..rows).rev().collect::<Vec<_>>());
}

/// What becomes of a transaction's end on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// It never comes to the server.
    Before,
    /// It comes there, and its answer never comes back.
    After,
}

/// A way to a server that is cut when a transaction ends, as often as it is told.
struct CutWay {
    port: u16,
    cuts: Arc<Mutex<Vec<Cut>>>,
    made: Arc<AtomicUsize>,
}

impl CutWay {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self { port: listener.local_addr().unwrap().port(), cuts: Arc::default(), made: Arc::default() };
        let (cuts, made) = (way.cuts.clone(), way.made.clone());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", port)).unwrap());
                let (cuts, made) = (cuts.clone(), made.clone());
                std::thread::spawn(move || carry(&client, &server, &cuts, &made));
            }
        });
        way
    }
}

/// Carries bytes both ways, until the connection is cut or ends.
fn carry(client: &TcpStream, server: &TcpStream, cuts: &Mutex<Vec<Cut>>, made: &AtomicUsize) {
    let swallows = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let back = {
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let swallows = swallows.clone();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if swallows.load(Ordering::SeqCst) || to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            drop(to.shutdown(Shutdown::Both));
        })
    };
    let mut bytes = vec![0; 65536];
    let (mut from, mut to) = (client, server);
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let ends = bytes[..count].windows(7).any(|seven| seven == b"COMMIT\0");
        let cut = if ends { cuts.lock().unwrap().pop() } else { None };
        if cut == Some(Cut::After) {
            swallows.store(true, Ordering::SeqCst);
        }
        if cut != Some(Cut::Before) && to.write_all(&bytes[..count]).is_err() {
            break;
        }
        if cut.is_some() {
            made.fetch_add(1, Ordering::SeqCst);
            if cut == Some(Cut::Before) {
                break;
            }
            // Its answer has come, and was not passed on.
            back.join().unwrap();
            return;
        }
    }
    drop(server.shutdown(Shutdown::Both));
    drop(client.shutdown(Shutdown::Both));
}

fn secret(database: &crate::postgres::Database<'_>) -> SecretString {
    SecretString::from(database.url())
}

#[tokio::test]
async fn a_write_whose_end_was_not_heard_of_is_neither_lost_nor_made_twice() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let way = CutWay::to(server.port);
    let ledger = postgres::open(&store.at_port(way.port)).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let mut rows = 0;
    for cuts in [&[Cut::After][..], &[Cut::Before], &[Cut::Before, Cut::After], &[Cut::After, Cut::Before, Cut::Before]]
    {
        way.made.store(0, Ordering::SeqCst);
        way.cuts.lock().unwrap().extend(cuts);
        ledger.write(&run, entries(rows)).await.unwrap();
        rows += 1;
        // One that reached the server is not sent again, whatever was to be cut then.
        let expected = cuts.iter().rev().position(|cut| *cut == Cut::After).map_or(cuts.len(), |after| after + 1);
        assert_eq!(way.made.load(Ordering::SeqCst), expected, "{cuts:?}");
        way.cuts.lock().unwrap().clear();
        check_once(&ledger, &run, rows).await;
    }
}

#[tokio::test]
async fn a_claim_whose_end_was_not_heard_of_is_held_and_not_refused_to_its_own_holder() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let way = CutWay::to(server.port);
    let ledger = postgres::open(&store.at_port(way.port)).unwrap();
    way.cuts.lock().unwrap().push(Cut::After);
    let long = Duration::from_secs(3600);
    let claim = ledger.claim_run(&new_run(1).fingerprint, &crate::backends::worker("import"), long).await.unwrap();
    assert_eq!((claim.fence, way.made.load(Ordering::SeqCst)), (1, 1));
    ledger.renew(&claim, long).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_killed_is_waited_for_and_loses_nothing() {
    let Some(server) = Server::new() else { return };
    // Left alone until the process ends, as the server is that the tests share.
    let server: &'static Server = Box::leak(Box::new(server));
    let store = PostgresDatabase::new(server);
    let ledger = postgres::open(&store.place).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    for row in 0..30 {
        if row % 10 == 5 {
            server.kill();
        }
        ledger.write(&run, entries(row)).await.unwrap();
    }
    check_once(&ledger, &run, 30).await;
    server.stop();
}

#[tokio::test]
async fn without_patience_a_database_that_has_gone_ends_the_run_and_every_later_write_of_it() {
    let Some(server) = Server::new() else { return };
    let server: &'static Server = Box::leak(Box::new(server));
    let store = PostgresDatabase::new(server);
    let mut hasty = store.place.clone();
    hasty.patience = Duration::ZERO;
    let ledger = postgres::open(&hasty).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    server.stop();
    for row in 0..2 {
        let error = ledger.write(&run, entries(row)).await.unwrap_err();
        assert_eq!((error.kind, error.kind.exit_code()), (ErrorKind::Stopped, 3));
        let place = format!("127.0.0.1:{}", server.port);
        assert!(error.message.contains("the database") && error.message.contains(&place), "{error}");
        assert!(error.hint.unwrap().contains("resume"));
    }
    let error = postgres::open(&hasty).err().unwrap();
    assert!(error.message.starts_with("the database can't be reached: postgres://"), "{error}");
}

#[tokio::test]
async fn a_claim_whose_holder_was_stopped_while_it_wrote_is_refused_soon_and_not_waited_for() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let ledger = postgres::open(&store.place).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let config: tokio_postgres::Config = store.database.url().parse().unwrap();
    let (stopped, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    stopped.batch_execute("BEGIN; SELECT 1 FROM rolo.claim FOR SHARE").await.unwrap();
    // Its lease is over, and what it was about to write is not.
    let asked = ledger.claim_run(&run.claim().fingerprint, &crate::backends::worker("resume"), Duration::ZERO).await;
    assert_eq!(asked.unwrap_err().kind, ErrorKind::AlreadyRunning);
    stopped.batch_execute("ROLLBACK").await.unwrap();
    let asked = ledger.claim_run(&run.claim().fingerprint, &crate::backends::worker("resume"), Duration::ZERO).await;
    assert_eq!(asked.unwrap().fence, 2);
    drop(stopped);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn writes_that_wait_together_share_a_transaction() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let ledger = postgres::open(&store.place).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    let made = || store.database.ask("SELECT max(number) FROM rolo.writer").parse::<i64>().unwrap();
    let before = made();
    // While another has the claim, all of them come to wait.
    let config: tokio_postgres::Config = store.database.url().parse().unwrap();
    let (other, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    other.batch_execute("BEGIN; SELECT 1 FROM rolo.claim FOR UPDATE").await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|row| {
            let (ledger, run) = (ledger.clone(), run.clone());
            tokio::spawn(async move { ledger.write(&run, entries(row)).await })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    other.batch_execute("COMMIT").await.unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    drop(other);
    connection.await.unwrap().unwrap();
    // The first may have begun alone.
    let made = made() - before;
    assert!((1..=2).contains(&made), "{made}");
    check_once(&ledger, &run, 200).await;
}

#[test]
fn the_key_never_lies_in_the_database_and_another_is_refused_in_words() {
    let Some(server) = server() else { return };
    let database = server.database();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.key");
    let place = |key| PostgresPlace::new(&secret(&database), None, key).unwrap();
    let own = place(KeySource::File(path.clone()));
    let error = postgres::open(&own).err().unwrap();
    assert!(error.message.starts_with("the database holds no ledger yet: postgres://rolo@127.0.0.1"), "{error}");
    assert!(!path.exists(), "nothing is made in passing");

    let newest = postgres::migrate(&own).unwrap().1;
    assert!(newest >= 2);
    assert_eq!(postgres::migrate(&own).unwrap(), (newest, newest));
    drop(postgres::open(&own).unwrap());
    let key: String = std::fs::read(&path).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    for half in [&key[..64], &key[64..]] {
        let dump =
            database.ask("SELECT string_agg(encode(value, 'hex') || encode(ledger, 'hex'), '') FROM rolo.key_check");
        assert!(!dump.contains(half));
    }
    drop(postgres::open(&place(KeySource::Given(LedgerKey::from_hex(&key).unwrap()))).unwrap());

    let error = postgres::open(&place(KeySource::Given(LedgerKey::random().unwrap()))).err().unwrap();
    assert_eq!(error.message, "the key is another ledger's: the key that was handed over");
    std::fs::remove_file(&path).unwrap();
    let error = postgres::open(&own).err().unwrap();
    assert_eq!(error.message, format!("the ledger's key is missing: {}", path.display()));
    assert!(postgres::migrate(&own).is_err() && !path.exists(), "a new key would make what is remembered unreadable");
}

#[test]
fn a_ledger_of_another_version_is_refused_and_says_what_to_do() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    for (version, words, cure) in
        [(99, "by a newer rolo", "update rolo"), (1, "of an older version", "rolo ledger migrate")]
    {
        store.database.ask(&format!("UPDATE rolo.version SET number = {version}"));
        let error = postgres::open(&store.place).err().unwrap();
        assert!(error.message.contains(words) && error.message.contains("127.0.0.1"), "{error}");
        assert!(error.hint.unwrap().contains(cure));
    }
}

#[test]
fn of_several_who_migrate_at_once_one_makes_the_ledger() {
    let Some(server) = server() else { return };
    let database = server.database();
    let folder = tempfile::tempdir().unwrap();
    let key = KeySource::File(folder.path().join("ledger.key"));
    let place = PostgresPlace::new(&secret(&database), None, key).unwrap();
    let mut from: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let migrating: Vec<_> = (0..6).map(|_| scope.spawn(|| postgres::migrate(&place).unwrap())).collect();
        migrating.into_iter().map(|one| one.join().unwrap()).collect()
    });
    from.sort_unstable();
    let newest = from[0].1;
    let expected: Vec<_> = [0, newest, newest, newest, newest, newest].map(|from| (from, newest)).into();
    assert_eq!(from, expected);
}

#[test]
fn a_password_is_in_no_message() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let url = store.database.url().replace("rolo@", "ann:hunter2@");
    let place = PostgresPlace::new(&SecretString::from(url), None, store.place.key.clone()).unwrap();
    let error = postgres::open(&place).err().unwrap();
    assert!(error.message.starts_with("the database refuses the user or the password: postgres://ann@127"), "{error}");
    let said = format!("{error:?} {place:?} {}", error.causes().join(" "));
    assert!(!said.contains("hunter2"), "{said}");
}

/// What the documentation lists for a user who works with a ledger that somebody else made.
#[tokio::test]
async fn whoever_has_only_the_rights_of_the_documentation_can_work_and_can_not_migrate() {
    let Some(server) = server() else { return };
    let store = PostgresDatabase::new(server);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.md")).unwrap();
    let rights = page.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let user = format!("worker_{}", store.database.name);
    store.database.ask(&rights.replace("rolo_worker", &user).replace("a long secret", "hunter2"));
    let url = store.database.url().replace("rolo@", &format!("{user}:hunter2@"));
    let place = PostgresPlace::new(&SecretString::from(url), None, store.place.key.clone()).unwrap();
    let ledger = postgres::open(&place).unwrap();
    let run = begin(&ledger, &new_run(1)).await;
    ledger.write(&run, entries(0)).await.unwrap();
    check_once(&ledger, &run, 1).await;
    ledger.reserve("key", Duration::from_secs(1), Duration::ZERO).await.unwrap();
    ledger.forget(&ledger.key("email", "a@example.com")).await.unwrap();
    drop(ledger);
    let (from, newest) = postgres::migrate(&place).unwrap();
    assert_eq!(from, newest, "there is nothing to do");
    let empty = server.database();
    let url = empty.url().replace("rolo@", &format!("{user}:hunter2@"));
    let place = PostgresPlace::new(&SecretString::from(url), None, store.place.key.clone()).unwrap();
    let error = postgres::migrate(&place).err().unwrap();
    assert!(error.message.starts_with("the database does not give its user the rights"), "{error}");
}
