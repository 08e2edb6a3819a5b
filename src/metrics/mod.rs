//! What a night watcher asks of a worker: `/healthz`, and `/metrics` in the text format of Prometheus.
//!
//! Counters (`_total`) are of this process, since it began. Gauges are of the whole ledger, read when they are asked
//! for: each worker that shares the ledger gives the same, so they are never added up. Labels are names of the
//! configuration, of services and of states; nothing of a contact is told.

mod counters;
mod gauges;
mod serve;

pub use counters::{Counters, Counting, RunLabels};
pub use gauges::{AccountLimit, NextDue};
pub use serve::{MetricsServer, Setting};
