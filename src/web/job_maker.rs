use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::Result;
use crate::jobs::{AccountSpec, Again, ImportJob, UndoJob};
use crate::ledger::{LedgerHandle, Run, RunKind};
use crate::services::Service;

/// An account that a person can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChoice {
    pub name: String,
    /// The product's own name.
    pub service: &'static str,
    /// Real people are written to; the embedded server is no such account.
    pub is_real: bool,
    /// Where its calls go; `None` for the embedded server.
    pub base_url: Option<String>,
}

/// An account that a person wants to add, but for its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountWanted {
    pub name: String,
    /// As `rolo services` names it.
    pub service: String,
    /// `None` for the service's own.
    pub base_url: Option<String>,
    pub settings: BTreeMap<String, String>,
    /// It is added whether or not its key works.
    pub untested: bool,
}

/// A job of the configuration, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredJob {
    pub name: String,
    /// What it does, in words.
    pub what: String,
    /// The command whose runs say how a night went: of the two runs of a copy the latter.
    pub command: RunKind,
    /// When it is due, as the configuration says it, and when that is next.
    pub schedule: Option<(String, String)>,
}

impl ConfiguredJob {
    /// Whether a run was one of its nights.
    pub fn has(&self, run: &Run) -> bool {
        run.new.kind == self.command && run.job() == Some(&self.name)
    }
}

/// Makes jobs as the commands do, of whoever serves the page: it knows the configuration, the environment and where
/// secrets are kept, none of which a page does.
#[async_trait]
pub trait JobMaker: Send + Sync {
    /// Those of the configuration, and the embedded server for each service.
    fn accounts(&self) -> Result<Vec<AccountChoice>>;

    /// The service of an account, with its settings and without its secret.
    fn service(&self, account: &str) -> Result<Box<dyn Service>>;

    /// The account with its secret. Of the embedded server it may be said that its limits don't count.
    fn account(&self, account: &str, unthrottled: bool) -> Result<AccountSpec>;

    /// Keeps a key, tries it by one harmless read, and writes the account down; gives where the key is kept, in words.
    /// Takes as long as the service takes to answer.
    fn add_account(&self, wanted: AccountWanted, key: &SecretString) -> Result<String>;

    /// Makes one harmless read of an account; gives how long that took.
    fn test_account(&self, account: &str) -> Result<Duration>;

    /// The jobs of the configuration.
    fn jobs(&self) -> Result<Vec<ConfiguredJob>>;

    /// The country of phone numbers without one, unless a file has another.
    fn region(&self) -> Result<Option<String>>;

    /// The job that goes on with a run.
    async fn again(&self, run: &Run, ledger: &LedgerHandle) -> Result<Again>;

    /// The job that sends the rows of a run again which need attention.
    async fn retry(&self, run: &Run, ledger: &LedgerHandle) -> Result<ImportJob>;

    /// The job that puts back what a run changed.
    fn undo(&self, run: &Run) -> Result<UndoJob>;

    /// The service that a run would be put back at, if it may be put back there.
    fn undone_at(&self, run: &Run) -> Result<Box<dyn Service>>;
}
