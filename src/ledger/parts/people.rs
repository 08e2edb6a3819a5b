use async_trait::async_trait;

use super::super::HistoryEvent;
use crate::contact::RemoteId;
use crate::error::Result;
use crate::journal::{Key, RunId};

/// What was done about a person, in whichever run and account.
#[async_trait]
pub trait People: Send + Sync {
    /// All that was ever done about the contact with this key, oldest first. The key of any of its
    /// identifiers will do, and so will that of its id.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn history(&self, key: &Key) -> Result<Vec<HistoryEvent>>;

    /// The contacts that the key leads to: what each one's account points to, and its id there.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn contacts_of(&self, key: &Key) -> Result<Vec<(String, RemoteId)>>;

    /// Removes every trace of the contacts with this key; returns how many records went or were
    /// cleaned. A row keeps its outcome, without contact id and messages, so that its run balances.
    /// Nothing that was removed stays in the store's files.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger); also where what was removed can't be wiped yet.
    async fn forget(&self, key: &Key) -> Result<u64>;

    /// Removes the messages and the contact ids of these rows of a run, by index: rows that no key leads
    /// to, such as those that were rejected. Returns how many were cleaned.
    ///
    /// # Errors
    /// As for [`People::forget`].
    async fn forget_rows(&self, run: &RunId, rows: &[u64]) -> Result<u64>;
}
