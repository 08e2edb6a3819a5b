use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::error::Result;

/// What the calls of an account are counted under: its service, and what the configuration calls it.
pub fn budget_scope(service: &str, account: &str) -> String {
    format!("{service}/{account}")
}

/// When calls may leave, for all processes that share a quota. Only the store's own clock counts: the
/// clocks of those who ask may disagree.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes the next free moment for a call of `scope`: at the earliest `lateness` ago, and at least
    /// `period` after the moment given before. No moment is given twice.
    ///
    /// The answer is how long to wait from the return of this method on; below zero where the moment has
    /// passed, and the call leaves a little late.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn reserve(&self, scope: &str, period: Duration, lateness: Duration) -> Result<SignedDuration>;

    /// Lets no call of `scope` leave for so long from now on.
    ///
    /// # Errors
    /// See [`Ledger`](super::super::Ledger).
    async fn postpone(&self, scope: &str, wait: Duration) -> Result<()>;
}
