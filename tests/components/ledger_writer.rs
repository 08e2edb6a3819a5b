//! The ledger behind its thread, and the lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rolo::contact::{CallKind, Counts, Position, RemoteId, RowRecord};
use rolo::error::{Error, ErrorKind, Result};
use rolo::ledger::{
    BeforeImage, Entry, Event, Fingerprint, Hasher, Intent, Key, KnownContact, Ledger, LedgerHandle, NewRun, Run,
    RunId, RunState, StepRecord, lock, sqlite,
};

use crate::ledger::new_run;

fn intent(row: u64) -> Entry {
    Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, at: 0 })
}

/// A ledger that counts its transactions, takes its time for each, and fails when told to.
struct Slow {
    inner: sqlite::SqliteLedger,
    writes: Arc<AtomicUsize>,
    /// The number of the write that fails.
    fails: usize,
}

impl Slow {
    fn ledger(fails: usize) -> (Box<dyn Ledger>, Arc<AtomicUsize>) {
        let writes = Arc::new(AtomicUsize::new(0));
        let slow = Self { inner: sqlite::in_memory().unwrap(), writes: writes.clone(), fails };
        (Box::new(slow), writes)
    }
}

impl Ledger for Slow {
    fn write(&mut self, run: &RunId, entries: &[Entry]) -> Result<()> {
        std::thread::sleep(Duration::from_millis(20));
        if self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.fails {
            return Err(Error::stopped("the disk is full: ledger.db").hint("free some space").caused_by("code 13"));
        }
        self.inner.write(run, entries)
    }

    fn hasher(&self) -> Hasher {
        self.inner.hasher()
    }
    fn begin(&mut self, run: &NewRun) -> Result<RunId> {
        self.inner.begin(run)
    }
    fn unfinished(&self, fingerprint: &Fingerprint) -> Result<Option<Run>> {
        self.inner.unfinished(fingerprint)
    }
    fn run(&self, id: &RunId) -> Result<Option<Run>> {
        self.inner.run(id)
    }
    fn runs(&self, at_most: usize) -> Result<Vec<Run>> {
        self.inner.runs(at_most)
    }
    fn set_state(&mut self, id: &RunId, state: RunState, counts: &Counts) -> Result<()> {
        self.inner.set_state(id, state, counts)
    }
    fn placed_rows(&self, run: &RunId, from: u64, at_most: usize) -> Result<Vec<(Position, RowRecord)>> {
        self.inner.placed_rows(run, from, at_most)
    }
    fn steps(&self, run: &RunId, row: u64) -> Result<Vec<StepRecord>> {
        self.inner.steps(run, row)
    }
    fn open_rows(&self, run: &RunId) -> Result<Vec<u64>> {
        self.inner.open_rows(run)
    }
    fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>> {
        self.inner.known(account, keys)
    }
    fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>> {
        self.inner.known_by_id(account, id)
    }
    fn listed_at(&self, account: &str) -> Result<Option<u64>> {
        self.inner.listed_at(account)
    }
    fn set_listed_at(&mut self, account: &str, at: Option<u64>) -> Result<()> {
        self.inner.set_listed_at(account, at)
    }
    fn before_images(&self, run: &RunId, after: usize, at_most: usize) -> Result<Vec<BeforeImage>> {
        self.inner.before_images(run, after, at_most)
    }
    fn history(&self, key: &Key) -> Result<Vec<Event>> {
        self.inner.history(key)
    }
    fn forget(&mut self, key: &Key) -> Result<u64> {
        self.inner.forget(key)
    }
    fn reserve(&mut self, scope: &str, now: u64, period: u64) -> Result<u64> {
        self.inner.reserve(scope, now, period)
    }
    fn postpone(&mut self, scope: &str, until: u64) -> Result<()> {
        self.inner.postpone(scope, until)
    }
    fn note(&self, account: &str, name: &str) -> Result<Option<String>> {
        self.inner.note(account, name)
    }
    fn set_note(&mut self, account: &str, name: &str, value: Option<&str>) -> Result<()> {
        self.inner.set_note(account, name, value)
    }
}

async fn begin(ledger: &LedgerHandle) -> RunId {
    ledger.run(|ledger| ledger.begin(&new_run(1))).await.unwrap()
}

#[tokio::test]
async fn writes_that_wait_together_share_a_transaction() {
    let (slow, writes) = Slow::ledger(usize::MAX);
    let ledger = LedgerHandle::start(slow).unwrap();
    let run = begin(&ledger).await;
    let tasks: Vec<_> = (0..200)
        .map(|row| {
            let (ledger, run) = (ledger.clone(), run.clone());
            tokio::spawn(async move { ledger.write(&run, vec![intent(row)]).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(writes.load(Ordering::SeqCst) <= 20, "{}", writes.load(Ordering::SeqCst));
    let open = ledger.run(move |ledger| ledger.open_rows(&run)).await.unwrap();
    assert_eq!(open, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_is_durable_when_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = LedgerHandle::start(Box::new(sqlite::open(&path).unwrap())).unwrap();
    let run = begin(&ledger).await;
    for row in 0..20 {
        ledger.write(&run, vec![intent(row)]).await.unwrap();
        assert_eq!(sqlite::open(&path).unwrap().open_rows(&run).unwrap().len() as u64, row + 1);
    }
}

#[tokio::test]
async fn once_a_write_has_failed_every_later_one_fails_with_the_same_cause() {
    for threaded in [true, false] {
        let (slow, writes) = Slow::ledger(2);
        let ledger = if threaded { LedgerHandle::start(slow).unwrap() } else { LedgerHandle::direct(slow) };
        let run = begin(&ledger).await;
        ledger.write(&run, vec![intent(0)]).await.unwrap();
        for row in 1..4 {
            let error = ledger.write(&run, vec![intent(row)]).await.unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Stopped, "the disk is full: ledger.db"));
            assert_eq!(error.hint.as_deref(), Some("free some space"));
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "code 13");
        }
        assert_eq!(writes.load(Ordering::SeqCst), 2, "a failed ledger is not written again");
        // How the run stands can still be told, if the disk allows.
        ledger.run(move |ledger| ledger.set_state(&run, RunState::Stopped, &Counts::default())).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_asked_for_is_done_in_order() {
    let ledger = LedgerHandle::start(Box::new(sqlite::in_memory().unwrap())).unwrap();
    let run = begin(&ledger).await;
    let (writing, asking) = (ledger.clone(), ledger.clone());
    let id = run.clone();
    let (written, open) =
        tokio::join!(writing.write(&run, vec![intent(1), intent(2)]), asking.run(move |ledger| ledger.open_rows(&id)));
    written.unwrap();
    assert_eq!(open.unwrap(), [1, 2]);
    let key = ledger.hasher().key("email", "a@example.com");
    assert_eq!(key, ledger.run(|ledger| Ok(ledger.key("email", "a@example.com"))).await.unwrap());
    assert_eq!(ledger.known("support", vec![key]).await.unwrap(), [None]);
}

#[tokio::test]
async fn a_panic_in_the_ledger_is_an_error_for_all_who_ask() {
    let ledger = LedgerHandle::start(Box::new(sqlite::in_memory().unwrap())).unwrap();
    let run = begin(&ledger).await;
    let error = ledger.run::<(), _>(|_| panic!("on purpose")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Bug);
    assert_eq!(ledger.write(&run, vec![intent(1)]).await.unwrap_err().kind, ErrorKind::Bug);
}

#[tokio::test]
async fn what_was_queued_is_done_before_the_ledger_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = LedgerHandle::start(Box::new(sqlite::open(&path).unwrap())).unwrap();
    for n in 0..50 {
        ledger.post(move |ledger| ledger.set_note("support", "n", Some(&n.to_string())).unwrap()).unwrap();
    }
    drop(ledger);
    assert_eq!(sqlite::open(&path).unwrap().note("support", "n").unwrap().as_deref(), Some("49"));
    assert!(!path.with_file_name("ledger.db-wal").metadata().is_ok_and(|wal| wal.len() > 0));
}

#[test]
fn a_second_holder_is_told_who_is_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = lock::acquire(folder.path(), "import/a b", "rolo import a.csv").unwrap();
    let error = lock::acquire(folder.path(), "import/a b", "rolo import a.csv").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    let process = format!("this is already being done by process {} since 20", std::process::id());
    assert!(error.message.starts_with(&process), "{error}");
    assert!(error.message.ends_with(": rolo import a.csv"), "{error}");
    let _other = lock::acquire(folder.path(), "other", "rolo import b.csv").unwrap();
    drop(first);
    drop(lock::acquire(folder.path(), "import/a b", "rolo import a.csv").unwrap());
}

#[test]
fn of_many_who_want_a_lock_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let inside = AtomicUsize::new(0);
    let had = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    if let Ok(lock) = lock::acquire(folder.path(), "job", "test") {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        had.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                }
            });
        }
    });
    assert!(had.load(Ordering::SeqCst) > 0);
}
