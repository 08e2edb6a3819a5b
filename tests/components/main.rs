//! Parts of rolo, each held to what it promises.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod ledger;
mod ledger_sqlite;
mod ledger_writer;
mod quota;
mod transport;
