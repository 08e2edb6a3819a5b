//! Alerts: who is told that a job stands otherwise than before, in which words, and by which way.
//!
//! How a job stands is decided from what came of its run ([`JobWatch`]), as a plain value, and recorded by the ledger in
//! the transaction in which the run ends; if it is news, an alert is in the outbox from then on. Whoever comes first
//! takes it from there and sends it ([`deliver`]). An alert holds names, numbers and reasons, and no value of a contact.

mod delivery;
mod judging;
mod lateness;
mod mail;
mod message;
mod program;
mod sender;
mod signature;
mod webhook;

pub use delivery::{Delivered, deliver};
pub use judging::JobWatch;
pub use lateness::lateness;
pub use message::{Alert, AlertFacts};
pub use sender::Sender;
