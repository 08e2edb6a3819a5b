use async_trait::async_trait;

use super::super::ClaimedRun;
use crate::contact::RemoteId;
use crate::error::Result;
use crate::journal::{Key, KnownContact, Memory};

/// What is remembered of each account's contacts.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// What is known of the contacts with these identifier keys, in the same order.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn known(&self, account: &str, keys: &[Key]) -> Result<Vec<Option<KnownContact>>>;

    /// The same, of identifiers that stand each beside what its row desires as one value
    /// ([`Hasher::row`](crate::journal::Hasher::row)): where that row is among those last applied to the contact, no
    /// more than that need be told. Opening what is sealed is most of what a row costs that rests.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn known_or_applied(&self, account: &str, asked: &[(Key, Option<Key>)]) -> Result<Vec<Option<Memory>>> {
        let keys: Vec<Key> = asked.iter().map(|(key, _)| *key).collect();
        let known = self.known(account, &keys).await?;
        Ok(known.into_iter().map(|known| known.map(Memory::Whole)).collect())
    }

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
