//! The ledger in a SQLite file behind its thread.

use std::path::Path;
use std::time::Duration;

use rolo::clock::simulated_calendar;
use rolo::contact::{CallKind, Counts};
use rolo::error::ErrorKind;
use rolo::journal::{AccountNote, Entry, Intent, RunId};
use rolo::ledger::{LedgerHandle, RunState};
use rusqlite::Connection;

use crate::backends::{begin, simulated_at, sqlite_at};
use crate::ledger::new_run;

fn intent(row: u64) -> Entry {
    Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: Vec::new() })
}

fn opened(path: &Path) -> LedgerHandle {
    sqlite_at(path).unwrap()
}

/// Transactions in the log of this ledger: of their pages the last one names the size of the file.
/// <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>
fn transactions(path: &Path) -> usize {
    const HEADER: usize = 32;
    const PAGE: usize = 24 + 4096;
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let salt = &log[16..24];
    log[HEADER..].chunks_exact(PAGE).filter(|page| page[8..16] == *salt && page[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn writes_that_wait_together_share_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = opened(&path);
    let run = begin(&ledger, &new_run(1)).await;
    let before = transactions(&path);
    // While another process has the file to itself, all of them come to wait.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|row| {
            let (ledger, run) = (ledger.clone(), run.clone());
            tokio::spawn(async move { ledger.write(&run, vec![intent(row)]).await })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    other.execute_batch("COMMIT").unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    // The first may have begun alone.
    let made = transactions(&path) - before;
    assert!((1..=2).contains(&made), "{made}");
    assert_eq!(ledger.open_rows(&run).await.unwrap(), (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_is_durable_when_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = opened(&path);
    let run = begin(&ledger, &new_run(1)).await;
    for row in 0..20 {
        ledger.write(&run, vec![intent(row)]).await.unwrap();
        assert_eq!(opened(&path).open_rows(&run).await.unwrap().len() as u64, row + 1);
    }
}

#[tokio::test]
async fn once_a_write_has_failed_every_later_one_of_that_run_fails_with_the_same_cause() {
    for threaded in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = if threaded { opened(&path) } else { simulated_at(&path, &simulated_calendar()) };
        let run = begin(&ledger, &new_run(1)).await;
        let another = begin(&ledger, &new_run(2)).await;
        ledger.write(&run, vec![intent(0)]).await.unwrap();
        let disk = Connection::open(&path).unwrap();
        disk.execute_batch(
            "CREATE TRIGGER trouble BEFORE INSERT ON open_call BEGIN SELECT RAISE(ABORT, 'code 13'); END",
        )
        .unwrap();
        let mut told = Vec::new();
        for row in 1..4 {
            let error = ledger.write(&run, vec![intent(row)]).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Stopped);
            assert!(std::error::Error::source(&error).unwrap().to_string().contains("code 13"), "{error:?}");
            told.push((error.message, error.hint));
            // The trouble has passed, but what it kept from being written is missing still.
            disk.execute_batch("DROP TRIGGER IF EXISTS trouble").unwrap();
        }
        assert!(told[0].0.ends_with("ledger.db") && told.iter().all(|again| *again == told[0]), "{told:?}");
        assert_eq!(ledger.open_rows(&run).await.unwrap(), [0]);
        ledger.write(&another, vec![intent(7)]).await.unwrap();
        // How the run stands can still be told, if the disk allows.
        ledger.set_state(&run, RunState::Stopped, &Counts::default(), Duration::from_micros(1_500)).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_asked_for_is_done_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = opened(&folder.path().join("ledger.db"));
    let run = begin(&ledger, &new_run(1)).await;
    let (written, open) = tokio::join!(ledger.write(&run, vec![intent(1), intent(2)]), ledger.open_rows(&run));
    written.unwrap();
    assert_eq!(open.unwrap(), [1, 2]);
    let key = ledger.hasher().key("email", "a@example.com");
    assert_eq!(key, ledger.key("email", "a@example.com"));
    assert_eq!(ledger.known("support", &[key]).await.unwrap(), [None]);
}

#[tokio::test]
async fn what_was_queued_is_done_before_the_ledger_closes_although_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = opened(&path);
    let note = AccountNote::FieldsOf(RunId("run".into()));
    for n in 0..50 {
        let notes = [(note.clone(), n.to_string())];
        let mut writing = ledger.set_notes("support", &notes);
        // Polled once, and then left alone.
        let _ = futures_util::poll!(&mut writing);
    }
    drop(ledger);
    assert_eq!(opened(&path).note("support", &note).await.unwrap().as_deref(), Some("49"));
    assert!(!path.with_file_name("ledger.db-wal").metadata().is_ok_and(|wal| wal.len() > 0));
}
