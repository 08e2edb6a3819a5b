//! What `rolo.toml` says: accounts, jobs and defaults.
//!
//! The file is read once into plain checked values. A mistake names the file, line and column, and
//! the word that was probably meant. A secret is never in the file: an account says where it is
//! kept ([`SecretSource`]), and only the command line goes there. Paths in the file are relative to
//! the folder that holds it.
//!
//! Where a value can be given in several places, the order is flag, environment, file, default;
//! [`Layered`] remembers which of them it was.

mod account;
mod added;
mod document;
mod job;
mod layered;
mod night;
mod notify;
mod rate;
mod retention;
mod schedule;
mod secret;
mod span;
mod stop_when;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use account::{Account, RESERVED, Refresh};
pub use added::{NewAccount, with_account};
pub use job::{Action, Job};
pub use layered::{Layered, Origin, layer};
pub use night::{DayTime, Night, zoned};
pub use notify::{Channel, MailChannel, MailSecurity, MailServer, NotifyWhen, checked_url};
pub use rate::{parse_rate, rate_within, rate_words};
pub use retention::{KeepRuns, Retention};
pub use schedule::{Missed, Schedule};
pub use secret::{SecretSource, TextSource};
pub use span::parse_span;
pub use stop_when::{StopWhen, Threshold};

use crate::error::{Error, Result, nearest};
use crate::services::{self, ServiceEntry};
use document::Document;

/// A configuration file, checked. The default is that of an absent file: no accounts, no jobs.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where it was read; `None` if there is no file.
    pub path: Option<PathBuf>,
    pub accounts: BTreeMap<String, Account>,
    pub jobs: BTreeMap<String, Job>,
    pub defaults: Defaults,
    /// Where alerts about jobs can go, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Where the address of a ledger in a database is kept.
    pub ledger: Option<SecretSource>,
}

/// What commands take where neither flag nor environment says otherwise, each with its place.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Account of `--to`.
    pub to: Option<(String, String)>,
    /// Country of national phone numbers.
    pub region: Option<(String, String)>,
    /// What is kept of runs, where their account says nothing.
    pub retention: Retention,
    /// Channels that are told of a job that names none.
    pub notify: Vec<String>,
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Kind `Usage`, if it can't be read or something in it is wrong.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("the configuration can't be read: {}", path.display())).at_path(path).caused_by(error)
        })?;
        Self::parse(&text, path, services::ALL)
    }

    /// Checks `text`, the content of `path`, against the services there are.
    pub fn parse(text: &str, path: &Path, services: &[ServiceEntry]) -> Result<Self> {
        let document = Document::new(text, path);
        let root = document.root()?;
        let root = document.section("", &root);
        root.only(&["accounts", "jobs", "defaults", "ledger", "notify"])?;

        let mut config = Self { path: Some(path.to_owned()), ..Self::default() };
        if let Some(source) = SecretSource::read(&root, "ledger")? {
            config.ledger = Some(source);
        }
        if let Some(accounts) = root.section("accounts")? {
            for name in accounts.names() {
                let section = accounts.required_section(name)?;
                config.accounts.insert(name.to_owned(), Account::read(name, &section, services)?);
            }
        }
        if let Some(channels) = root.section("notify")? {
            for name in channels.names() {
                let section = channels.required_section(name)?;
                config.channels.insert(name.to_owned(), Channel::read(name, &section)?);
            }
        }
        if let Some(defaults) = root.section("defaults")? {
            defaults.only(&["to", "region", "keep_runs", "keep_undo", "notify"])?;
            config.defaults.notify = config.named_channels(&defaults)?.unwrap_or_default();
            config.defaults.retention = Retention::read(&defaults)?;
            config.defaults.to = defaults.text("to")?;
            config.defaults.region = defaults.text("region")?;
            if let Some((name, _)) = &config.defaults.to {
                config.known(name).map_err(|error| defaults.wrong("to", error))?;
            }
        }
        if let Some(jobs) = root.section("jobs")? {
            for name in jobs.names() {
                let section = jobs.required_section(name)?;
                let job = Job::read(name, &section)?;
                for (key, account) in job.accounts() {
                    config.known(account).map_err(|error| section.wrong(key, error))?;
                }
                let notify = config.named_channels(&section)?;
                config.jobs.insert(name.to_owned(), Job { notify, ..job });
            }
        }
        Ok(config)
    }

    /// The account with this name.
    ///
    /// # Errors
    /// Kind `Usage`, with the name that was probably meant or the names there are.
    pub fn account(&self, name: &str) -> Result<&Account> {
        self.accounts.get(name).ok_or_else(|| {
            let mut names: Vec<&str> = self.accounts.keys().map(String::as_str).collect();
            let hint = if services::ALL.iter().any(|entry| entry.name == name) {
                format!("that is a service: rehearse with {RESERVED}:{name}, or add [accounts.{name}] to rolo.toml")
            } else if names.is_empty() && nearest(name, [RESERVED]).is_none() {
                format!("add [accounts.{name}] to rolo.toml, or rehearse with `{RESERVED}`")
            } else {
                let listed = names.join(", ");
                names.push(RESERVED);
                match nearest(name, names.iter().copied()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the accounts are {listed}"),
                }
            };
            Error::usage(format!("no account is called: {name}")).in_account(name).hint(hint)
        })
    }

    /// The job with this name.
    ///
    /// # Errors
    /// As for [`Config::account`].
    pub fn job(&self, name: &str) -> Result<&Job> {
        self.jobs.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.jobs.keys().map(String::as_str).collect();
            let hint = match (nearest(name, names.iter().copied()), names.is_empty()) {
                (Some(near), _) => format!("did you mean {near}?"),
                (None, true) => format!("add [jobs.{name}] to rolo.toml"),
                (None, false) => format!("the jobs are {}", names.join(", ")),
            };
            Error::usage(format!("no job is called: {name}")).hint(hint)
        })
    }

    /// What is kept of the runs of the account with this name, which may be the embedded server or gone.
    pub fn retention(&self, account: &str) -> Retention {
        let own = self.accounts.get(account).map(|account| account.retention).unwrap_or_default();
        own.or(self.defaults.retention)
    }

    /// The channels that are told of a job: its own, or else those of all.
    pub fn told_of(&self, job: &Job) -> Vec<String> {
        job.notify.clone().unwrap_or_else(|| self.defaults.notify.clone())
    }

    /// `notify` of a section, whose channels are there.
    fn named_channels(&self, section: &document::Section<'_, '_>) -> Result<Option<Vec<String>>> {
        let named = notify::names(section)?;
        if let Some(name) = named.iter().flatten().find(|name| !self.channels.contains_key(*name)) {
            let channels: Vec<&str> = self.channels.keys().map(String::as_str).collect();
            let hint = match nearest(name, channels.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("add [notify.{name}] with a webhook, a command or a mail server"),
            };
            let error = Error::usage(format!("no channel is called: {name}")).hint(hint);
            return Err(section.wrong("notify", error));
        }
        Ok(named)
    }

    /// Whether `name` is an account of this file or the embedded server.
    fn known(&self, name: &str) -> Result<()> {
        if name == RESERVED || name.starts_with(&format!("{RESERVED}:")) {
            return Ok(());
        }
        self.account(name).map(drop)
    }
}

#[cfg(test)]
mod tests;
