use std::path::PathBuf;

use secrecy::SecretString;

use super::{CommandContext, secrets};
use crate::config::{Account, Config, RESERVED, layer};
use crate::error::{Error, Result};
use crate::jobs::{AccountSpec, SandboxSpec};
use crate::services::{self, Credential, Service, ServiceEntry};

/// The account that a command was told to use.
#[derive(Clone)]
pub enum ChosenAccount {
    /// The embedded server, standing in for this service.
    Sandbox(&'static ServiceEntry),
    /// One of the configuration.
    Configured(Box<Account>),
}

impl ChosenAccount {
    /// The account of `--to`: the flag, else `$ROLO_TO`, else the configuration's, else the sandbox.
    pub fn target(flag: Option<String>, config: &Config, context: &CommandContext) -> Result<Self> {
        let environment = context.environment.get("ROLO_TO").map(str::to_owned);
        let named = layer(("--to", flag), ("ROLO_TO", environment), config.defaults.to.clone());
        Self::named(named.as_ref().map_or(RESERVED, |named| &named.value), config)
    }

    /// The account with this name: `sandbox`, `sandbox:SERVICE`, or one of the configuration.
    pub fn named(name: &str, config: &Config) -> Result<Self> {
        match name.strip_prefix(RESERVED).map(|rest| rest.strip_prefix(':').ok_or(rest)) {
            Some(Err("")) => {
                services::ALL.first().map(Self::Sandbox).ok_or_else(|| Error::bug("this build of rolo has no service"))
            }
            Some(Ok(service)) => Ok(Self::Sandbox(services::find(service)?)),
            _ => config.account(name).cloned().map(Box::new).map(Self::Configured),
        }
    }

    /// What the ledger knows the account by. `sandbox` is the same account as `sandbox:SERVICE`.
    pub fn name(&self) -> String {
        match self {
            Self::Sandbox(entry) => format!("{RESERVED}:{}", entry.name),
            Self::Configured(account) => account.name.clone(),
        }
    }

    pub fn entry(&self) -> Result<&'static ServiceEntry> {
        match self {
            Self::Sandbox(entry) => Ok(entry),
            Self::Configured(account) => account.entry(),
        }
    }

    /// The service with the account's settings; those of the sandbox fit its emulator.
    pub fn connect(&self) -> Result<Box<dyn Service>> {
        match self {
            Self::Sandbox(entry) => entry.connect_to_sandbox(),
            Self::Configured(account) => account.connect(),
        }
    }

    /// Where it points to, and no more of it: neither its secret nor its pace.
    pub fn place(&self) -> Result<AccountSpec> {
        Ok(match self {
            Self::Sandbox(entry) => AccountSpec::of_sandbox(self.name(), entry, SandboxSpec::default()),
            Self::Configured(account) => AccountSpec {
                base_url: account.base_url.clone(),
                ..AccountSpec::new(&account.name, account.entry()?, account.settings.clone())
            },
        })
    }

    /// Where the service is; `None` for the sandbox, which is wherever it was started.
    pub fn base_url(&self) -> Result<Option<String>> {
        match self {
            Self::Sandbox(_) => Ok(None),
            Self::Configured(account) => {
                let own = account.entry()?.base_url;
                Ok(Some(account.base_url.clone().unwrap_or_else(|| own.trim_end_matches('/').to_owned())))
            }
        }
    }

    /// The credential, as `place` wants it. `None` for an account that has only a way to renew one.
    pub fn secret(&self, place: Credential, context: &CommandContext) -> Result<Option<SecretString>> {
        match self {
            Self::Sandbox(_) if place == Credential::Basic => {
                Ok(Some(SecretString::from(format!("{RESERVED}:{RESERVED}"))))
            }
            Self::Sandbox(_) => Ok(Some(SecretString::from(RESERVED.to_owned()))),
            Self::Configured(account) => {
                account.token.as_ref().map(|source| secrets::fetch(source, &context.environment)).transpose()
            }
        }
    }

    /// Certificates to trust beside the system's: the command's, else the account's.
    pub fn ca_file(&self, context: &CommandContext) -> Option<PathBuf> {
        let own = match self {
            Self::Sandbox(_) => None,
            Self::Configured(account) => account.ca_file.clone(),
        };
        context.ca_file.clone().or(own)
    }
}

impl std::fmt::Debug for ChosenAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}
