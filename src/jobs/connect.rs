use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rolo_sandbox::{KnownAccount, KnownContact, KnownKind, Sandbox};
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::account_spec::{AccountSpec, SandboxSpec};
use super::identity::identity;
use super::renewal::Renewal;
use super::stand_in::{self, StandIn, named};
use crate::config::rate_within;
use crate::contact::{ContactPages, Field, FieldKind, Quota};
use crate::error::{Error, Result, StopReason};
use crate::journal::LastKnown;
use crate::ledger::{ClaimedRun, LedgerHandle, budget_scope};
use crate::quota::{Budget, BudgetOptions};
use crate::reconcile::Keys;
use crate::services::Service;
use crate::transport::{HttpOptions, HttpTransport};
use crate::upload::{
    Allowance, AllowanceMeter, Caller, ConnectedAccount, FieldNames, LookupBatcher, Notice, Renew, Renewed, Retry, Stop,
};

/// How long what is remembered of a contact is trusted, unless the account says otherwise.
const TRUST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A connected account, and the sandbox it may need kept alive.
pub struct Connection {
    pub account: ConnectedAccount,
    /// What the account points to.
    identity: String,
    pub sandbox: Option<Sandbox>,
    /// No pacing: only ever for a server on this machine.
    pub unthrottled: bool,
    /// Where people see the account's contacts. The embedded server has no pages for people.
    pub pages: Option<ContactPages>,
    pub quota: Quota,
    /// How old a memory of this account may be for its ids to be written to.
    pub trust: Duration,
    hashes_only: bool,
    /// The account got its token when it was connected, and with it a refresh token for the next time.
    pub has_new_refresh_token: bool,
}

/// Connects to an account; for a sandbox account, starts the server first.
///
/// # Errors
/// Of kind `Usage` if its settings can't be used, and of kind `Stopped` if it gets no credential or the
/// sandbox doesn't start.
pub async fn connect(spec: &AccountSpec, state_dir: &Path, ledger: &LedgerHandle) -> Result<Connection> {
    let connected = connect_to(spec, state_dir, ledger).await;
    connected.map_err(|error| error.in_account(&spec.name).in_service(spec.service.name))
}

async fn connect_to(spec: &AccountSpec, state_dir: &Path, ledger: &LedgerHandle) -> Result<Connection> {
    let service: Arc<dyn Service> = Arc::from((spec.service.connect)(&spec.settings)?);
    let sandbox = match &spec.sandbox {
        Some(wanted) => Some(start_sandbox(wanted, spec.service.name, state_dir, ledger).await?),
        None => None,
    };
    let base_url = match (&spec.base_url, &sandbox) {
        (Some(url), _) => url.clone(),
        (None, Some(sandbox)) => sandbox.base_url(spec.service.name),
        (None, None) => spec.service.base_url.to_owned(),
    };
    let pages = service.contact_pages(&base_url).filter(|_| sandbox.is_none());
    let secret = match (&spec.secret, &sandbox) {
        (Some(secret), _) => secret.clone(),
        (None, Some(_)) => SecretString::from(sandbox_secret(service.as_ref())),
        // Never sent: the first renewal takes its place before any call.
        (None, None) if spec.refresh.is_some() => SecretString::from("none yet"),
        (None, None) => {
            return Err(Error::usage(format!("account {} has no token", spec.name))
                .hint("add `token = { env = \"…\" }` to the account in rolo.toml"));
        }
    };
    let mut options = HttpOptions::new(base_url, service.credential(), secret);
    options.ca_file.clone_from(&spec.ca_file);
    options.proxies.clone_from(&spec.proxies);
    let transport = Arc::new(HttpTransport::new(options)?);
    let (renew, has_new_refresh_token) = renewed(spec, service.as_ref(), &transport).await?;
    let quota = match spec.rate {
        Some(rate) => {
            rate_within(rate, &service.limits().quota)?;
            rate
        }
        None => service.limits().quota.value,
    };
    let unthrottled = spec.unthrottled || spec.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled);
    let stands_in = spec.sandbox.as_ref().and_then(|sandbox| sandbox.stands_in.as_deref());
    let simulated = stands_in.map(|stands_in| stands_in.clock.clone());
    let budget = Budget::new(
        BudgetOptions {
            may_count_apart: service.limits().counts_apart.is_some(),
            unthrottled,
            simulated,
            ..BudgetOptions::new(budget_scope(spec.service.name, &spec.name), quota)
        },
        ledger.clone(),
    );
    let account = ConnectedAccount {
        name: spec.name.clone(),
        service,
        transport,
        budget,
        ledger: ledger.clone(),
        renew,
        field_names: FieldNames::default(),
        allowance: AllowanceMeter::new(Allowance::default(), crate::clock::calendar()),
        in_flight: spec.in_flight,
    };
    let trust = spec.trust.unwrap_or(TRUST);
    let identity = stands_in
        .map_or_else(|| identity(spec, crate::clock::unix_now().as_nanos()), |stands_in| stands_in.identity.clone());
    let hashes_only = spec.hashes_only;
    Ok(Connection { account, identity, sandbox, unthrottled, pages, quota, trust, hashes_only, has_new_refresh_token })
}

/// How the account's token is renewed; done at once for an account that has none, and whether that gave
/// a new refresh token too.
async fn renewed(
    spec: &AccountSpec,
    service: &dyn Service,
    transport: &Arc<HttpTransport>,
) -> Result<(Option<Renew>, bool)> {
    let Some(secrets) = spec.refresh.clone() else { return Ok((None, false)) };
    let Some(refresh) = service.refresh() else {
        return Err(Error::usage(format!(
            "account {} has `refresh`, which {} does not know",
            spec.name,
            service.name()
        ))
        .hint("its tokens don't run out: take `refresh` away and give `token`"));
    };
    let renewal = Renewal::new(refresh, secrets, spec, transport.clone())?;
    let mut got = Renewed::AccessToken;
    if spec.secret.is_none() && spec.sandbox.is_none() {
        got = renewal.renew().await.map_err(|message| {
            Error::stopped(format!("account {} got no access token: {message}", spec.name))
                .hint("check the refresh token, client_id and client_secret of the account")
        })?;
    }
    Ok((Some(renewal.into_renew()), got == Renewed::RefreshTokenToo))
}

async fn start_sandbox(
    wanted: &SandboxSpec,
    service: &'static str,
    state_dir: &Path,
    ledger: &LedgerHandle,
) -> Result<Sandbox> {
    let mut options = rolo_sandbox::Options::new(crate::clock::unix_now);
    if let Some(stands_in) = &wanted.stands_in {
        let clock = stands_in.clock.clone();
        options.clock = Arc::new(move || clock.unix_now());
    }
    options.services = vec![service.to_owned()];
    options.emulator.unthrottled = wanted.unthrottled;
    options.state = (!wanted.memory).then(|| state_dir.join("sandbox"));
    for fault in &wanted.faults {
        options.faults.push(
            rolo_sandbox::Fault::parse(fault)
                .map_err(|why| Error::usage(format!("the fault can't be read: {fault}")).hint(why))?,
        );
    }
    let sandbox = rolo_sandbox::start(options).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::ResourceBusy => Error::usage(error.to_string())
            .because(StopReason::SandboxBusy)
            .hint("wait until it has ended, or serve both with `rolo sandbox`; --memory needs no lock"),
        _ => Error::stopped(format!("the sandbox could not be started: {error}")).caused_by(error),
    })?;
    if let Some(stands_in) = &wanted.stands_in {
        fill(&sandbox, service, stands_in, ledger).await?;
    }
    Ok(sandbox)
}

/// Gives the sandbox what is remembered of an account, page by page: it has all of it in the end, and nobody
/// else has at any time.
async fn fill(sandbox: &Sandbox, service: &str, stands_in: &StandIn, ledger: &LedgerHandle) -> Result<()> {
    let know = |known: &KnownAccount| {
        sandbox
            .know(service, known)
            .map_err(|why| Error::stopped(format!("the sandbox can't hold what is remembered: {why}")))
    };
    let custom_fields = stands_in.fields.iter().map(|field| (field.name.clone(), known_kind(&field.kind))).collect();
    know(&KnownAccount { contacts: Vec::new(), custom_fields, nothing_else: stands_in.nothing_else })?;
    let mut after = 0;
    loop {
        let page = ledger.known_page(&stands_in.identity, after, stand_in::PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        let contacts = page.into_iter().filter_map(|(_, contact)| Some(known_contact(contact.id.0, &contact.values?)));
        know(&KnownAccount { contacts: contacts.collect(), ..KnownAccount::default() })?;
    }
}

/// What is remembered of a contact, in the sandbox's words.
fn known_contact(id: String, values: &LastKnown) -> KnownContact {
    KnownContact {
        id,
        fields: named(values, |field| field.custom_name().is_none().then(|| field.name())),
        custom: named(values, Field::custom_name),
        tags: values.tags.clone().unwrap_or_default(),
        lists: values.lists.clone(),
    }
}

fn known_kind(kind: &FieldKind) -> KnownKind {
    match kind {
        FieldKind::Number => KnownKind::Number,
        FieldKind::Boolean => KnownKind::Boolean,
        FieldKind::Date => KnownKind::Date,
        FieldKind::Time => KnownKind::Time,
        FieldKind::Url => KnownKind::Url,
        FieldKind::Email => KnownKind::Email,
        FieldKind::Choice(values) => KnownKind::List(values.clone()),
        _ => KnownKind::Text,
    }
}

fn sandbox_secret(service: &dyn Service) -> &'static str {
    match service.credential() {
        crate::services::Credential::Basic => "sandbox:sandbox",
        _ => "sandbox",
    }
}

impl Connection {
    /// Lets go of the account: a sandbox that was started for it ends.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }

    /// Makes the keys under which the account's contacts are remembered.
    pub fn keys(&self, ledger: &LedgerHandle) -> Keys {
        let keys = Keys::new(ledger.hasher(), self.identity(), self.account.service.capabilities().tags_ignore_case);
        if self.hashes_only { keys.hashes_only() } else { keys }
    }

    /// What the account's memory is kept under.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Once the account has been recognized.
    pub(super) fn set_identity(&mut self, identity: String) {
        self.identity = identity;
    }

    /// A caller for a run of this account, and what it will tell.
    pub fn caller(&self, run: &ClaimedRun, stop: &Stop) -> (Arc<Caller>, mpsc::UnboundedReceiver<Notice>) {
        let (sender, notices) = mpsc::unbounded_channel();
        let seed = blake3::hash(run.0.as_bytes());
        let mut retry = Retry::new(u64::from_le_bytes(seed.as_bytes()[..8].try_into().unwrap_or_default()));
        if self.unthrottled {
            retry.base = Duration::from_millis(20);
            retry.cap = Duration::from_secs(1);
        }
        (Arc::new(Caller::new(self.account.clone(), run.clone(), retry, stop.clone(), sender)), notices)
    }

    /// A batcher of look-ups over `caller`, driven in the background.
    pub fn lookup_batcher(caller: &Arc<Caller>) -> LookupBatcher {
        let (batcher, serving) = LookupBatcher::new(caller.clone());
        tokio::spawn(serving);
        batcher
    }

    /// How long a new contact may be missing from look-ups; the sandbox shows it at once.
    pub fn search_lag(&self) -> Duration {
        if self.sandbox.is_some() { Duration::ZERO } else { self.account.service.capabilities().search_lag.value }
    }
}
