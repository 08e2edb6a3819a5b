//! The one asynchronous room: drives lanes of calls, and settles what is in doubt.
//!
//! ```text
//! feed ─► dispatch ─► lane (one contact) ─► caller (one call) ─► quota ─► transport
//!            │            │    ▲                  │
//!            │            │    └── finder ────────┤   look-ups, many contacts to a call
//!            │            └─────── settle ────────┘   a create whose answer was lost
//!            └─► finished rows, in source order
//! ```
//!
//! The dispatcher owns the run's state; lanes report to it and share nothing but the caller. A
//! write's intent is durable before it leaves, its answer before the row is reported. Nothing here
//! knows a vendor, and nothing here reads the calendar but for records.

mod account;
mod backoff;
mod caller;
mod dispatch;
mod finder;
mod journal;
mod lane;
mod look_up;
mod pages;
mod record;
mod remember;
mod settle;
mod stop;
mod trying;

pub use account::{Account, Renew};
pub use backoff::Retry;
pub use caller::{Caller, Ended, Halt, Notice, Reached, StepAt};
pub use dispatch::{Brake, Dispatcher, Ended as RunEnded, Work};
pub use finder::{Finder, Found};
pub use lane::{Lane, LaneEnd, Lanes};
pub use pages::{Pages, list_fields};
pub use remember::{Keys, Remembered};
pub use stop::{Stop, StopLevel};
