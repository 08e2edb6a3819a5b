//! Drives reconciliations: carries what each contact needs to the service and the answers back.
//!
//! ```text
//! feed ─► dispatch ─► stages ─► drive (one contact) ─► caller ─► attempts (one call) ─► quota ─► transport
//!                       │           ▲       │
//!                       │           └ claims┘   one row a contact at a time
//!                       └─ look_up              ahead of the rows' turn, many contacts to a call
//! ```
//!
//! Nothing here decides what becomes of a contact: [`crate::reconcile`] does. The dispatcher owns the
//! run's state; rows share nothing but the caller and the claims. A write's intent is durable before
//! it leaves, its answer before the row is reported. Nothing here knows a vendor, and nothing here
//! reads the calendar but for records.

mod account;
mod allowance;
mod attempts;
mod backoff;
mod brake;
mod call_state;
mod caller;
mod circuit_breaker;
mod claims;
mod dispatch;
mod drive;
mod field_names;
mod gathered;
mod halt;
mod id_set;
mod listing;
mod look_up;
mod lookup_batcher;
mod lookup_room;
mod notice;
mod pages;
mod promises;
mod remembered_fields;
mod second_look;
mod stages;
mod stop;
mod walk;
mod wider_look_ups;
mod work;

pub use account::{ConnectedAccount, Renew, Renewed};
pub use allowance::{Allowance, AllowanceMeter, Until};
pub use backoff::Retry;
pub use brake::Brake;
pub use call_state::{AfterAttempt, AfterFailure, CallState, Patience};
pub use caller::Caller;
pub use dispatch::{Dispatcher, RunEnd};
pub use drive::{Driver, RowEnd};
pub use field_names::FieldNames;
pub use halt::{BadRows, BrakeStop, ServiceStop};
pub use id_set::{IdSet, Mark};
pub use listing::{ListedPage, Listing, Turned};
pub use look_up::{AnsweredLookup, look_up, look_up_together};
pub use lookup_batcher::LookupBatcher;
pub use notice::Notice;
pub use pages::{create_field, list_fields};
pub use remembered_fields::{remember_fields, remembered_fields};
pub use stop::{Stop, StopCause, StopLevel};
pub use walk::{Completeness, Walk};
pub use wider_look_ups::lookup_room;
pub use work::Work;
