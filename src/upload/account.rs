use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::allowance::AllowanceMeter;
use super::field_names::FieldNames;
use crate::ledger::LedgerHandle;
use crate::quota::Budget;
use crate::services::Service;
use crate::transport::Transport;

/// Gets a new credential where the old one has run out; `Err` has the words of whoever refused it.
pub type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<Renewed, String>> + Send + Sync>;

/// What a renewal brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    AccessToken,
    /// A new refresh token came with it, and the one that the user keeps is worth nothing any more.
    RefreshTokenToo,
}

/// A named connection to a service, ready for calls. Cloning is cheap.
#[derive(Clone)]
pub struct ConnectedAccount {
    pub name: String,
    pub service: Arc<dyn Service>,
    pub transport: Arc<dyn Transport>,
    pub budget: Budget,
    pub ledger: LedgerHandle,
    pub renew: Option<Renew>,
    /// Under which other names answers may show custom fields.
    pub field_names: FieldNames,
    /// Requests under way at once, where the account says so.
    pub in_flight: Option<usize>,
    /// What this execution may still use.
    pub allowance: AllowanceMeter,
}

impl ConnectedAccount {
    /// Requests that may be under way at once, at least one.
    pub fn in_flight(&self) -> usize {
        self.in_flight.unwrap_or(self.service.limits().concurrency.value).max(1)
    }
}
