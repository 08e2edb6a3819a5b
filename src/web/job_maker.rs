use async_trait::async_trait;

use crate::error::Result;
use crate::jobs::{AccountSpec, Again, ImportJob, UndoJob};
use crate::ledger::{LedgerHandle, Run};
use crate::services::Service;

/// An account that a person can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChoice {
    pub name: String,
    /// The product's own name.
    pub service: &'static str,
    /// Real people are written to; the embedded server is no such account.
    pub is_real: bool,
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
