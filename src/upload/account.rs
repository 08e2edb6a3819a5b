use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::field_names::FieldNames;
use crate::ledger::LedgerHandle;
use crate::quota::Budget;
use crate::services::Service;
use crate::transport::Transport;

/// Gets a new credential where the old one has run out: a warning for the user if there is one to
/// give, `Err` in words where it can't.
pub type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<Option<String>, String>> + Send + Sync>;

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
}
