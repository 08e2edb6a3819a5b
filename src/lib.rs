//! rolo moves contacts in bulk between spreadsheets and contact services.
//!
//! ```text
//! import
//!   file ─► table ─► mapping ─► validate ─► plan ─► engine ─► report ─► results file
//!           rows     drafts     contacts     ▲        │           ▲
//!                               row errors   │        │ intent,   │ replay
//!                                            │        │ outcome   │
//!                                         ledger ◄────┘───────────┘
//!
//!             every call of the engine ─► quota ─► service (request, verdict) ─► transport ─► vendor or sandbox
//! export
//!   file ◄─ table ◄─ mapping ◄─ engine (pages)
//!           rows     reverse    contacts
//! ```

#[macro_use]
pub mod crash;

pub mod contact;
pub mod error;

pub mod table;

pub mod mapping;

pub mod validate;

pub mod plan;

pub mod services;

pub mod clock;
pub mod quota;
pub mod transport;

pub mod ledger;

pub mod engine;

pub mod sandbox;

pub mod report;

pub mod config;

pub mod pipeline;

pub mod cli;
