//! Every backend of the ledger, as something that the suite can open. A backend joins with one line in
//! [`BACKENDS`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rolo::clock::{self, Calendar};
use rolo::error::Result;
use rolo::ledger::postgres::{self, PostgresPlace};
use rolo::ledger::{ClaimedRun, KeySource, LedgerHandle, LedgerKey, NewRun, Worker, sqlite};
use secrecy::SecretString;

use crate::postgres::{Database, Server};

/// One store, which can be opened again and again, as by several processes.
#[async_trait]
pub trait Store: Send + Sync {
    async fn open(&self) -> LedgerHandle;
}

/// Makes new, empty stores of its kind.
pub struct Backend {
    /// `None` where this machine lacks what it needs.
    make: fn() -> Option<Arc<dyn Store>>,
}

pub const BACKENDS: &[Backend] = &[
    Backend { make: || Some(Arc::new(SqliteFile(tempfile::tempdir().unwrap()))) },
    Backend { make: || Some(Arc::new(PostgresDatabase::new(crate::postgres::server()?))) },
    Backend { make: || Some(Arc::new(PostgresDatabase::new(crate::postgres::server()?).pooled()?)) },
];

struct SqliteFile(tempfile::TempDir);

#[async_trait]
impl Store for SqliteFile {
    async fn open(&self) -> LedgerHandle {
        sqlite_at(&self.0.path().join("ledger.sqlite")).unwrap()
    }
}

/// A database of the server that the tests of this process share.
pub struct PostgresDatabase {
    pub database: Database<'static>,
    pub place: PostgresPlace,
}

impl PostgresDatabase {
    pub fn new(server: &'static Server) -> Self {
        let database = server.database();
        let key = KeySource::Given(LedgerKey::random().unwrap());
        let place = PostgresPlace::new(&SecretString::from(database.url()), None, key).unwrap();
        postgres::migrate(&place).unwrap();
        Self { database, place }
    }
}

impl PostgresDatabase {
    /// The same by way of a pool that gives every transaction another connection, if there is one.
    fn pooled(mut self) -> Option<Self> {
        let port = self.database.server.pool?;
        self.place = self.at_port(port);
        // That its database is gone in the end, whoever still asks is not told as such.
        self.place.patience = Duration::from_secs(5);
        // The pool may be starting still.
        assert!((0..20).any(|_| postgres::open(&self.place).is_ok()), "the pool does not start");
        Some(self)
    }

    /// The same by another way.
    pub fn at_port(&self, port: u16) -> PostgresPlace {
        let url = self.database.url().replace(&format!(":{}/", self.database.server.port), &format!(":{port}/"));
        PostgresPlace::new(&SecretString::from(url), None, self.place.key.clone()).unwrap()
    }
}

#[async_trait]
impl Store for PostgresDatabase {
    async fn open(&self) -> LedgerHandle {
        postgres::open(&self.place).unwrap()
    }
}

/// A store that a test has to itself.
pub struct Place {
    backend: &'static Backend,
    store: Arc<dyn Store>,
}

impl Place {
    fn new(backend: &'static Backend) -> Option<Self> {
        Some(Self { backend, store: (backend.make)()? })
    }

    pub async fn open(&self) -> LedgerHandle {
        self.store.open().await
    }

    /// Another store of the same backend.
    pub fn another(&self) -> Self {
        Self::new(self.backend).unwrap()
    }
}

/// Holds each backend to what `check` says.
pub async fn each(check: impl AsyncFn(&Place)) {
    for backend in BACKENDS {
        if let Some(place) = Place::new(backend) {
            check(&place).await;
        }
    }
}

/// The ledger in this file, whose key lies beside it.
pub fn sqlite_at(path: &Path) -> Result<LedgerHandle> {
    sqlite::open(path, &KeySource::beside(path))
}

/// The ledger in this file, in time that is held still.
pub fn simulated_at(path: &Path, calendar: &Calendar) -> LedgerHandle {
    sqlite::simulated(path, &KeySource::beside(path), calendar.clone()).unwrap()
}

/// A ledger that is gone when it is dropped, in time that is held still.
pub fn simulated() -> LedgerHandle {
    let key = KeySource::Given(LedgerKey::random().unwrap());
    sqlite::simulated(Path::new(sqlite::MEMORY), &key, clock::simulated_calendar()).unwrap()
}

/// A new run, claimed by a process that has died by now: whoever wants it next has it at once.
pub async fn begin(ledger: &LedgerHandle, run: &NewRun) -> ClaimedRun {
    let claim = ledger.claim_run(&run.fingerprint, &worker("test"), Duration::ZERO).await.unwrap();
    let id = ledger.begin(&claim, run).await.unwrap();
    ClaimedRun::new(id, claim)
}

/// A process of another machine.
pub fn worker(doing: &str) -> Worker {
    Worker { host: "elsewhere".to_owned(), process: 4711, since: 1_795_253_460, doing: doing.to_owned() }
}
