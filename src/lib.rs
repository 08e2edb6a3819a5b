//! rolo moves contacts in bulk between spreadsheets and contact services.
//!
//! ```text
//! import
//!   file ─► table ─► mapping, validate ─► reconcile ─► upload ─► report ─► results file
//!           rows     contacts,             ▲        │ ▲
//!                    row errors            │        │ │ rows that have ended already
//!                                  known   │ intent,│ │
//!                                          │ outcome│ │
//!                                         ledger ◄──┘ │
//!                                           └─────────┘
//!
//!             every call of an upload ─► quota ─► service (request, verdict) ─► transport ─► vendor or sandbox
//! export
//!   file ◄─ table ◄─ mapping ◄─ upload (pages)
//!           rows     reverse    contacts
//! ```

#[macro_use]
pub mod crash;

pub mod platform;

pub mod contact;
pub mod error;
pub mod trust;

pub mod storage;
pub mod table;

pub mod mapping;

pub mod validate;

pub mod reconcile;

pub mod services;

pub mod clock;
pub mod quota;
pub mod transport;

pub mod ledger;

pub mod upload;

pub mod report;

pub mod config;

pub mod alerts;

pub mod fleet;
pub mod jobs;
pub mod journal;
pub mod metrics;

pub mod web;

pub mod cli;
