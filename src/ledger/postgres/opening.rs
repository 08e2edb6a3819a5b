use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

use super::super::executor::Executor;
use super::super::locks::Locks;
use super::super::{KeySource, LedgerHandle, LedgerKey, key};
use super::address::{Address, SCHEMES};
use super::backend::PostgresLedger;
use super::errors::Trouble;
use super::schema::{self, NEWEST};
use super::session::{Patience, Session};
use super::sql::row;
use super::store::PostgresStore;
use crate::error::{Error, Result};
use crate::journal::hex;

/// How long a database that has gone away is waited for, unless it is said otherwise.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long one is waited for that can't be reached when a command begins.
const AT_FIRST: Duration = Duration::from_secs(5);

/// Where a ledger in PostgreSQL is, and with what it is opened.
#[derive(Clone, Debug)]
pub struct PostgresPlace {
    pub(super) address: Address,
    /// Where its key is.
    pub key: KeySource,
    /// Where this machine keeps locks of the runs that it works on, which prove that whoever held one has ended.
    pub locks: Option<PathBuf>,
    /// How long the database is waited for when it has gone away: then what was asked for ends in an error.
    pub patience: Duration,
}

impl PostgresPlace {
    /// Whether a text is meant as the address of a database.
    pub fn is_meant(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// The ledger at this address, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Certificates are verified as
    /// those of services are; what leaves this machine is encrypted, unless the address says
    /// `sslmode=disable`.
    ///
    /// # Errors
    /// Of kind `Usage`: it is no such address, or `ca_file` can't be used. The address is never shown.
    pub fn new(url: &SecretString, ca_file: Option<&std::path::Path>, key: KeySource) -> Result<Self> {
        Ok(Self { address: Address::parse(url, ca_file)?, key, locks: None, patience: PATIENCE })
    }

    /// What a person knows it by, without its password.
    pub fn shown(&self) -> &str {
        self.address.shown()
    }
}

/// Opens the ledger in this database. A thread of its own waits for the database, so that no task does.
///
/// # Errors
///
/// Of kind `Stopped`, naming the database: it can't be reached, holds no ledger, or one of another version than
/// this rolo's; or the ledger's key is missing or another's.
pub fn open(place: &PostgresPlace) -> Result<LedgerHandle> {
    let place = place.clone();
    let (executor, hasher) = Executor::open(move || {
        let runtime = runtime()?;
        let opened = runtime.block_on(opened(&place));
        let (session, ledger) = opened?;
        let hasher = session.hasher.clone();
        let locks = place.locks.as_ref().map(|folder| folder.join(name(&ledger)));
        let locks = locks.map_or_else(Locks::default, Locks::shared_in);
        Ok((PostgresStore::new(runtime, session, locks), hasher))
    })?;
    Ok(PostgresLedger::handle(executor, hasher))
}

/// Makes the ledger in this database, with a key if there is none, or brings it up to date. Returns from
/// which version, 0 for none, and to which.
///
/// # Errors
///
/// As for [`open`]; also where the database gives its user no right to make tables.
pub fn migrate(place: &PostgresPlace) -> Result<(u64, u64)> {
    on_a_thread(place, async |place: &PostgresPlace| {
        let client = connected(place).await?;
        let migrated = async {
            client.batch_execute("BEGIN").await?;
            let from = schema::migrate(&client, || place.key.keep(LedgerKey::random()?)).await?;
            client.batch_execute("COMMIT").await?;
            Ok::<_, Trouble>(from)
        };
        let from = migrated.await.map_err(|trouble| trouble.described(place.shown()))?;
        check_version(Some(from.max(NEWEST)), place)?;
        keyed(&client, place).await?;
        Ok((from, NEWEST))
    })
}

/// Does something on a thread with a runtime of its own: whoever asks may be within a runtime already.
pub(super) fn on_a_thread<T: Send>(
    place: &PostgresPlace,
    work: impl AsyncFnOnce(&PostgresPlace) -> Result<T> + Send,
) -> Result<T> {
    let done =
        std::thread::scope(|scope| scope.spawn(|| runtime().and_then(|runtime| runtime.block_on(work(place)))).join());
    done.unwrap_or_else(|_| Err(Error::bug("the ledger's thread has ended")))
}

/// A connection to the ledger in this database, with the runtime that serves it, once its version and its key were
/// found to be right.
pub(super) fn opened_for_copying(place: &PostgresPlace) -> Result<(Runtime, Client)> {
    let runtime = runtime()?;
    let client = runtime.block_on(async {
        let client = connected(place).await?;
        let version = schema::version(&client).await.map_err(|trouble| trouble.described(place.shown()))?;
        check_version(version, place)?;
        keyed(&client, place).await?;
        Ok(client)
    })?;
    Ok((runtime, client))
}

fn runtime() -> Result<Runtime> {
    let made = Builder::new_current_thread().enable_all().build();
    made.map_err(|error| Error::stopped("the ledger's thread could not be started").caused_by(error))
}

/// A connection, which a database that is just starting is given a little time for.
pub(super) async fn connected(place: &PostgresPlace) -> Result<Client> {
    let mut patience = Patience::new(AT_FIRST.min(place.patience));
    loop {
        match place.address.connect().await {
            Ok(client) => return Ok(client),
            Err(trouble) if trouble.is_lost() && patience.wait().await => {}
            Err(trouble) => return Err(trouble.described(place.shown())),
        }
    }
}

async fn opened(place: &PostgresPlace) -> Result<(Session, Vec<u8>)> {
    let client = connected(place).await?;
    let version = schema::version(&client).await.map_err(|trouble| trouble.described(place.shown()))?;
    check_version(version, place)?;
    let (key, ledger) = keyed(&client, place).await?;
    Ok((Session::new(place.address.clone(), client, &key, place.patience)?, ledger))
}

fn check_version(version: Option<u64>, place: &PostgresPlace) -> Result<()> {
    let shown = place.shown();
    let Some(version) = version else {
        return Err(
            Error::stopped(format!("the database holds no ledger yet: {shown}")).hint("`rolo ledger migrate` makes it")
        );
    };
    match version.cmp(&NEWEST) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => {
            Err(Error::stopped(format!("the ledger was brought up to date by a newer rolo: {shown}"))
                .hint(format!("it has version {version} and this rolo knows {NEWEST}: update rolo on this machine")))
        }
        std::cmp::Ordering::Less => {
            Err(Error::stopped(format!("the ledger is of an older version: {shown}")).hint(format!(
                "it has version {version}, this rolo needs {NEWEST}: stop every older rolo, then `rolo ledger migrate`"
            )))
        }
    }
}

/// The ledger's key, if it is the ledger's, and what the ledger is known by.
async fn keyed(client: &Client, place: &PostgresPlace) -> Result<(LedgerKey, Vec<u8>)> {
    let found = row(client, "SELECT value, ledger FROM rolo.key_check", &[]).await;
    let read = |found: Option<tokio_postgres::Row>| -> std::result::Result<(Vec<u8>, Vec<u8>), Trouble> {
        let found = found.ok_or(super::super::stored::Damaged("the check of its key is missing"))?;
        Ok((found.try_get(0)?, found.try_get(1)?))
    };
    let (check, ledger) = found.and_then(read).map_err(|trouble| trouble.described(place.shown()))?;
    let key = place.key.read()?;
    if key.check().as_slice() == check { Ok((key, ledger)) } else { Err(key::another(&place.key)) }
}

fn name(ledger: &[u8]) -> String {
    hex(&ledger[..ledger.len().min(8)])
}
