use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::stand_in::StandIn;
use crate::config::Retention;
use crate::contact::Quota;
use crate::services::{ServiceEntry, Settings};
use crate::transport::Proxies;

/// Everything needed to connect to one account.
#[derive(Clone)]
pub struct AccountSpec {
    pub name: String,
    pub service: &'static ServiceEntry,
    pub settings: Settings,
    /// `None`: the service's own, or the sandbox's.
    pub base_url: Option<String>,
    /// `None` only for the sandbox, which has its own.
    pub secret: Option<SecretString>,
    pub refresh: Option<RefreshSecrets>,
    /// Lower than the service's own quota.
    pub rate: Option<Quota>,
    /// Calls are not paced: only for a server on this machine.
    pub unthrottled: bool,
    /// Requests under way at once; `None`: as many as the service takes.
    pub in_flight: Option<usize>,
    /// How old a memory may be for its ids to be written to; `None`: seven days.
    pub trust: Option<Duration>,
    /// Remember hashes of values alone.
    pub hashes_only: bool,
    /// What is kept of its runs.
    pub retention: Retention,
    pub ca_file: Option<PathBuf>,
    /// Those of the environment; none for the sandbox.
    pub proxies: Proxies,
    /// The account is the embedded server, which is started for it.
    pub sandbox: Option<SandboxSpec>,
}

impl AccountSpec {
    /// An account of which no more is known: without a secret, at the service's own address and pace.
    pub fn new(name: impl Into<String>, service: &'static ServiceEntry, settings: Settings) -> Self {
        Self {
            name: name.into(),
            service,
            settings,
            base_url: None,
            secret: None,
            refresh: None,
            rate: None,
            unthrottled: false,
            in_flight: None,
            trust: None,
            hashes_only: false,
            retention: Retention::default(),
            ca_file: None,
            proxies: Proxies::default(),
            sandbox: None,
        }
    }

    /// The embedded server of a service.
    pub fn of_sandbox(name: impl Into<String>, service: &'static ServiceEntry, sandbox: SandboxSpec) -> Self {
        Self { sandbox: Some(sandbox), ..Self::new(name, service, Settings::of(service.sandbox_settings)) }
    }
}

/// What renews an access token that has run out.
#[derive(Clone)]
pub struct RefreshSecrets {
    pub refresh_token: SecretString,
    pub client_id: SecretString,
    pub client_secret: SecretString,
}

/// How the embedded server should behave.
#[derive(Clone, Debug, Default)]
pub struct SandboxSpec {
    pub unthrottled: bool,
    /// Kept in memory only.
    pub memory: bool,
    /// As after `--fault`.
    pub faults: Vec<String>,
    /// It stands in for another account.
    pub stands_in: Option<Arc<StandIn>>,
}
