//! A contact's way through a run, as a value: what the row desires, what is known of the contact and
//! how surely, and what happens next. Pure: no runtime, no clock, no ledger, no vendor.
//!
//! ```text
//! Row, Rules ─► Reconciliation ── next() ──► Claim | Lookup | Read | Write | Wait | Done
//!                     ▲                                   │
//!                     └── answered(event) ◄── driver ◄────┘      entries, durable first
//! ```
//!
//! [`decide`] says what becomes of one contact, given what is observed of it: nothing, a refusal, a
//! need to know more, or [`Step`]s in the order in which they must be sent, within [`Terms`]. Facts
//! have a rank ([`Fact`]): what an answer of this run told decides everything; what the ledger
//! remembers decides only what the source always wins. [`Identification`] is the way to a contact by
//! its identifiers, for every command. An import drives [`Reconciliation`]s, and so does a plan.
//!
//! In the order in which a row meets them: `beginning` (what is remembered, and what a cut-off run had
//! done), `identifying` (who is it: somebody found is updated, nobody is created), `deciding` (what must
//! be read first, then `decide`, which makes the steps in `create` or `update`), `applying` (one step
//! after the other), `settling` (an answer was lost), `closing` (what the row is said to have become).

#![warn(missing_docs, clippy::missing_errors_doc)]

mod another;
mod applying;
mod asked;
mod at_most;
mod before_image;
mod beginning;
mod by_plan;
mod chunk;
mod closing;
mod combined;
mod contact_state;
mod create;
mod decide;
mod deciding;
mod decision;
mod diff;
mod drift_sample;
mod event;
mod groups;
mod holder;
mod identify;
mod identifying;
mod keys;
mod least;
mod machine;
mod memory;
mod observed;
mod planned;
mod replacement;
mod rules;
mod settling;
mod step;
mod stored;
mod tags;
mod typed;
mod update;

pub use asked::reads_as;
pub use contact_state::ObservedContact;
pub use decide::decide;
pub use decision::{Decision, Need, Terms};
pub use drift_sample::{DriftSample, Way};
pub use event::{CallEnd, CallResult, Next, ReconcileEvent, StepAt, Write};
pub use groups::{LookupGroups, SharedLookup, pack};
pub use identify::{Identification, Identified, has as has_identifier};
pub use keys::Keys;
pub use least::{NewContact, least_calls};
pub use machine::{Reconciliation, Row};
pub use observed::{Comparison, Fact, Observed, SnapshotObserved};
pub use planned::{Planned, Seen, seal_of};
pub use rules::{Rules, Strategy};
pub use step::Step;
