use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;

use super::super::stored::{back, int};
use super::super::vault::Vault;
use super::super::{Claim, LedgerKey, claim};
use super::address::Address;
use super::errors::Trouble;
use super::names::Names;
use super::sql::{row, v};
use crate::clock;
use crate::error::{Error, Result};
use crate::journal::Hasher;

/// The pause between two attempts, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How often work that met others' is begun anew.
const MEETINGS: u32 = 20;

/// Begins a transaction that is durable once it has ended, as far as the server was not told to be safer still;
/// and that ends by itself, as a lease does, where this process is not heard of any more, so that nobody waits for it.
const BEGIN: &str = "BEGIN; SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')
    WHEN 'off' THEN 'on' WHEN 'local' THEN 'on' ELSE current_setting('synchronous_commit') END, true);
    SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '15s'";

/// One way to the store, on which one thing is done after the other.
///
/// A connection that is lost is made anew, with patience. What was under way is begun again; whether a
/// transaction whose end nobody was told of was made durable is asked first, by the number that each leaves in
/// `writer`.
pub(super) struct Session {
    address: Address,
    client: Option<Client>,
    pub(super) hasher: Hasher,
    pub(super) vault: Vault,
    names: Names,
    /// What this session's transactions are known by, and how many there were.
    writer: [u8; 16],
    number: i64,
    patience: Duration,
    /// Whether it was waited for in vain: whatever is asked for then is tried once, until it is back.
    given_up: bool,
}

/// What a piece of work has at hand.
pub(super) struct Work<'a> {
    pub(super) client: &'a Client,
    pub(super) names: &'a mut Names,
    pub(super) hasher: &'a Hasher,
    pub(super) vault: &'a Vault,
    /// What the store's clock shows, from the Unix epoch.
    pub(super) now: Duration,
}

impl Session {
    pub(super) fn new(address: Address, client: Client, key: &LedgerKey, patience: Duration) -> Result<Self> {
        let mut writer = [0; 16];
        getrandom::fill(&mut writer)
            .map_err(|error| Error::stopped("the system gives no random bytes").caused_by(error))?;
        Ok(Self {
            address,
            client: Some(client),
            hasher: key.hasher(),
            vault: key.vault(),
            names: Names::default(),
            writer,
            number: 0,
            patience,
            given_up: false,
        })
    }

    /// One change, whole or not at all; refused if it is for a claim that is another's by now. It may be begun
    /// several times, of which one is kept.
    pub(super) async fn change<T>(
        &mut self,
        claim: Option<&Claim>,
        work: impl AsyncFn(&mut Work<'_>) -> std::result::Result<T, Trouble>,
    ) -> Result<T> {
        let mut patience = self.patience();
        loop {
            match self.try_change(claim, &work, &mut patience).await {
                Ok(done) => return Ok(done),
                Err(trouble) => self.bear(trouble, &mut patience).await?,
            }
        }
    }

    /// Several reads of one state of the ledger.
    pub(super) async fn look<T>(
        &mut self,
        work: impl AsyncFn(&mut Work<'_>) -> std::result::Result<T, Trouble>,
    ) -> Result<T> {
        let mut patience = self.patience();
        loop {
            match self.try_look(&work).await {
                Ok(found) => return Ok(found),
                Err(trouble) => self.bear(trouble, &mut patience).await?,
            }
        }
    }

    /// A single statement, which does no harm when it is given twice.
    pub(super) async fn ask<T>(&mut self, work: impl AsyncFn(&Client) -> std::result::Result<T, Trouble>) -> Result<T> {
        let mut patience = self.patience();
        loop {
            let asked = match self.connected().await {
                Ok(client) => work(client).await,
                Err(trouble) => Err(trouble),
            };
            match asked {
                Ok(found) => return Ok(found),
                Err(trouble) => self.bear(trouble, &mut patience).await?,
            }
        }
    }

    /// Gives these accounts and fields numbers.
    pub(super) async fn give_numbers(&mut self, accounts: &[&str], fields: &[&str]) -> Result<()> {
        let mut patience = self.patience();
        loop {
            let given = match self.connected().await {
                Ok(_) => match &self.client {
                    Some(client) => self.names.give(client, accounts, fields).await,
                    None => Ok(()),
                },
                Err(trouble) => Err(trouble),
            };
            match given {
                Ok(()) => return Ok(()),
                Err(trouble) => self.bear(trouble, &mut patience).await?,
            }
        }
    }

    /// Names may mean others from now on.
    pub(super) fn forget_names(&mut self) {
        self.names = Names::default();
    }

    /// Says that no more comes from this session.
    pub(super) async fn end(&mut self) {
        let Some(client) = self.client.take().filter(|client| !client.is_closed()) else { return };
        // What stays behind is taken away when it is old.
        let _ = client.execute_typed("DELETE FROM rolo.writer WHERE id = $1", &[v(&self.writer.as_slice())]).await;
    }

    async fn try_change<T>(
        &mut self,
        claim: Option<&Claim>,
        work: &impl AsyncFn(&mut Work<'_>) -> std::result::Result<T, Trouble>,
        patience: &mut Patience,
    ) -> std::result::Result<T, Trouble> {
        self.connected().await?;
        self.number += 1;
        let number = self.number;
        let Self { client: Some(client), names, hasher, vault, writer, .. } = self else { return Err(nobody()) };
        let done = async {
            let now = begin(client, writer, number, claim).await?;
            work(&mut Work { client, names, hasher, vault, now }).await
        };
        let done = match done.await {
            Ok(done) => done,
            Err(trouble) => {
                if trouble.is_lost() || client.batch_execute("ROLLBACK").await.is_err() {
                    self.client = None;
                }
                return Err(trouble);
            }
        };
        match client.batch_execute("COMMIT").await.map_err(Trouble::from) {
            Ok(()) => Ok(done),
            Err(trouble) if trouble.is_lost() => {
                self.client = None;
                if self.has_committed(number, patience).await? { Ok(done) } else { Err(trouble) }
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Whether the transaction of this number, whose end was not heard of, was made durable. One that is still
    /// under way is waited for.
    async fn has_committed(&mut self, number: i64, patience: &mut Patience) -> std::result::Result<bool, Trouble> {
        loop {
            let asked = match self.connected().await {
                Ok(_) => match &self.client {
                    Some(client) => last_number(client, &self.writer).await,
                    None => Err(nobody()),
                },
                Err(trouble) => Err(trouble),
            };
            match asked {
                Ok(last) => return Ok(last == Some(number)),
                Err(trouble) => self.bear(trouble, patience).await?,
            }
        }
    }

    async fn try_look<T>(
        &mut self,
        work: &impl AsyncFn(&mut Work<'_>) -> std::result::Result<T, Trouble>,
    ) -> std::result::Result<T, Trouble> {
        self.connected().await?;
        let Self { client: Some(client), names, hasher, vault, .. } = self else { return Err(nobody()) };
        let found = async {
            client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            work(&mut Work { client, names, hasher, vault, now: Duration::ZERO }).await
        };
        let found = found.await;
        let ended = client.batch_execute("ROLLBACK").await;
        if ended.is_err() || found.as_ref().is_err_and(Trouble::is_lost) {
            self.client = None;
        }
        found
    }

    /// The connection, made anew if it was lost.
    async fn connected(&mut self) -> std::result::Result<&Client, Trouble> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(self.address.connect().await?);
            self.given_up = false;
        }
        self.client.as_ref().ok_or_else(nobody)
    }

    fn patience(&self) -> Patience {
        Patience::new(if self.given_up { Duration::ZERO } else { self.patience })
    }

    /// Waits before the next attempt, if there is any use in one.
    async fn bear(&mut self, trouble: Trouble, patience: &mut Patience) -> Result<()> {
        let lost = trouble.is_lost();
        if lost {
            self.client = None;
        }
        let again = if lost { patience.wait().await } else { trouble.met_others() && patience.met().await };
        self.given_up |= lost && !again;
        if again { Ok(()) } else { Err(trouble.described(self.address.shown())) }
    }
}

fn nobody() -> Trouble {
    Error::bug("the ledger has no connection").into()
}

/// Begins a transaction that leaves its number behind, and reads the store's clock.
async fn begin(
    client: &Client,
    writer: &[u8; 16],
    number: i64,
    claim: Option<&Claim>,
) -> std::result::Result<Duration, Trouble> {
    const LEAVE: &str = "INSERT INTO rolo.writer (id, number, at)
        VALUES ($1, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
        ON CONFLICT (id) DO UPDATE SET number = excluded.number, at = excluded.at RETURNING at";
    // Its holder can't change while this transaction lasts.
    const FENCE: &str = "SELECT fence FROM rolo.claim WHERE fingerprint = $1 FOR SHARE";
    let writer = writer.as_slice();
    let fingerprint = claim.map_or(&[][..], |claim| &claim.fingerprint.0);
    let leaving = [v(&writer), v(&number)];
    let fencing = [v(&fingerprint)];
    let fence = async {
        match claim {
            Some(_) => client.query_typed(FENCE, &fencing).await,
            None => Ok(Vec::new()),
        }
    };
    // They leave in this order, and nobody waits in between.
    let (begun, left, fence) =
        tokio::join!(biased; client.batch_execute(BEGIN), client.query_typed(LEAVE, &leaving), fence);
    begun?;
    let at: i64 = left?.first().map_or(Ok(0), |row| row.try_get(0))?;
    if let Some(claim) = claim {
        let present: Option<i64> = fence?.first().map(|row| row.try_get(0)).transpose()?;
        if present != Some(int(claim.fence)) {
            return Err(claim::lost().into());
        }
    }
    Ok(Duration::from_micros(back(at)))
}

/// The number that the writer's last transaction has left.
async fn last_number(client: &Client, writer: &[u8; 16]) -> std::result::Result<Option<i64>, Trouble> {
    client.batch_execute("BEGIN; SET LOCAL lock_timeout = '10s'").await?;
    let last = row(client, "SELECT number FROM rolo.writer WHERE id = $1 FOR UPDATE", &[v(&writer.as_slice())]).await;
    client.batch_execute("ROLLBACK").await?;
    Ok(last?.map(|row| row.try_get(0)).transpose()?)
}

/// How long trouble is borne.
pub(super) struct Patience {
    whole: Duration,
    until: Option<Instant>,
    pause: Duration,
    meetings: u32,
}

impl Patience {
    pub(super) fn new(whole: Duration) -> Self {
        Self { whole, until: None, pause: PAUSE.0, meetings: 0 }
    }

    /// Waits a while, of a length that differs between processes; `false` once there is no patience left.
    pub(super) async fn wait(&mut self) -> bool {
        let now = clock::now();
        let until = *self.until.get_or_insert(now + self.whole);
        if now >= until {
            return false;
        }
        let random = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        tokio::time::sleep(self.pause.mul_f64(0.5 + random / 2.0)).await;
        self.pause = (self.pause * 2).min(PAUSE.1);
        true
    }

    async fn met(&mut self) -> bool {
        self.meetings += 1;
        tokio::time::sleep(Duration::from_millis(u64::from(self.meetings))).await;
        self.meetings <= MEETINGS
    }
}
