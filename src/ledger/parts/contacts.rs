use async_trait::async_trait;

use super::super::ClaimedRun;
use crate::contact::RemoteId;
use crate::error::Result;
use crate::journal::{Key, KnownContact};

/// What is remembered of each account's contacts.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// What is known of the contacts with these identifier keys, in the same order.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>>;

    /// What is known of the contact with this id.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn known_by_id(&self, account: &str, id: &RemoteId) -> Result<Option<KnownContact>>;

    /// Some of the contacts remembered of an account, and the keys that lead to them: those first that
    /// were made last.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn some_known(&self, account: &str, at_most: usize) -> Result<Vec<(KnownContact, Vec<Key>)>>;

    /// A page of the contacts remembered of an account, in an order that no write changes: those behind the
    /// place `after`, which is 0 for the first page, each with its own place.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn known_page(&self, account: &str, after: u64, at_most: usize) -> Result<Vec<(u64, KnownContact)>>;

    /// Whether, and when (seconds from the Unix epoch), every contact of the account was last listed.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn listed_at(&self, account: &str) -> Result<Option<u64>>;

    /// Records when every contact of the account was last listed, by a run; `None` if that counts no more.
    ///
    /// # Errors
    /// As for [`Runs::begin`](super::Runs::begin).
    async fn set_listed_at(&self, by: &ClaimedRun, account: &str, at: Option<u64>) -> Result<()>;
}
