//! The durable record: runs, rows, calls, what is known of each contact, before-images, budgets.
//!
//! The order of writing is the promise. A [`Entry::Intent`](crate::journal::Entry::Intent) is durable
//! before its request leaves; an [`Entry::Answered`](crate::journal::Entry::Answered) and what it taught
//! ([`Entry::Known`](crate::journal::Entry::Known)) are durable, together, before the row is reported. An
//! intent without an answer means that nobody knows: it is looked up, never guessed. The results file can
//! be rebuilt from the source and the ledger.
//!
//! A [`Ledger`] is nine traits, each about one thing: [`Runs`], [`Queue`], [`Schedules`], [`Oversight`], [`Entries`],
//! [`Contacts`], [`Accounts`], [`People`] and [`Budgets`]. A backend implements them, and nothing above it knows how it keeps what it
//! keeps. Values of contacts are kept only as keyed hashes, but for before-images, which undo needs; the
//! key is handed to a backend when it is opened ([`KeySource`]), and never lies in it.

#![warn(missing_docs, clippy::missing_errors_doc)]

mod claim;
mod claimed_run;
mod copying;
mod executor;
mod key;
mod lease;
mod lock;
mod locks;
mod oversight;
mod parts;
mod place;
pub mod postgres;
mod records;
pub mod sqlite;
mod standing;
mod stored;
mod vault;
mod waiting;

pub use claim::{Claim, LEASE, Worker};
pub use claimed_run::{ClaimKeeper, ClaimedRun};
pub use copying::{LedgerCopy, copy, copy_into};
pub use key::{KeySource, LedgerKey};
pub use lease::{Lease, failed_renewals};
pub use oversight::{Figures, JobCondition, JobRecord, Judgement, LastFired, OutboxAlert, RunFigures, Sending};
pub use parts::{
    Accounts, Budgets, Contacts, Entries, Ledger, LedgerHandle, Oversight, People, Queue, Runs, Schedules, budget_scope,
};
pub use place::LedgerPlace;
pub use records::{
    CallsAt, Fingerprint, HistoryEvent, HistoryStep, IN_MEMORY, NeededFor, NewRun, Prune, RUNS_LOOKED_THROUGH, Run,
    RunKind, RunState, Swept, WriteResult,
};
pub use standing::{KeyFile, Status};
pub use waiting::{Fired, LiveWorker, WaitingRun};
