use async_trait::async_trait;

use super::super::ClaimedRun;
use crate::error::Result;
use crate::journal::AccountNote;

/// What accounts are called, and small things to keep of them.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account that goes by this other name: what the configuration calls it, or the digest of a
    /// token that opens it.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn account_called(&self, alias: &str) -> Result<Option<String>>;

    /// Lets `account` go by another name, which may have been that of another account.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn call_account(&self, alias: &str, account: &str) -> Result<()>;

    /// Takes away every other name that an account goes by.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn uncall_account(&self, account: &str) -> Result<()>;

    /// Gives an account's memory another name; `false` if there is none to be renamed, or the name is taken.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn rename_account(&self, from: &str, to: &str) -> Result<bool>;

    /// A small value that is noted of an account.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn note(&self, account: &str, note: &AccountNote) -> Result<Option<String>>;

    /// Keeps such a value for a run, or takes it away.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin).
    async fn set_note(&self, by: &ClaimedRun, account: &str, note: &AccountNote, value: Option<&str>) -> Result<()>;

    /// Keeps many such values in one transaction, after the run that they came of.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn set_notes(&self, account: &str, notes: &[(AccountNote, String)]) -> Result<()>;
}
