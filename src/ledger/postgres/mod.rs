//! The ledger in a PostgreSQL database, in a schema `rolo` of its own, for any number of machines.
//!
//! A write is durable, whole or not at all, when it returns; writes that come together share a transaction.
//! Only the database's clock counts: for claims, for budgets, for what is dated. Nothing hangs on a
//! connection: no statement is kept by name and no lock outlives its transaction, so that a pool which gives
//! every transaction another connection may stand between. Where the database goes away, what is asked for
//! waits as long as it was told to, then ends as any error of a ledger does.

mod accounts;
mod address;
mod backend;
mod budget;
mod calls;
mod claims;
mod contacts;
mod copied;
mod creating;
mod ended;
mod entries;
mod errors;
mod history;
mod looks;
mod names;
mod opening;
mod oversight;
mod pruning;
mod queue;
mod runs;
mod schedules;
mod schema;
mod session;
mod sql;
mod standing;
mod store;
mod tls;
mod waiting;

pub use opening::{PostgresPlace, migrate, open};
pub use standing::status;

pub(super) use copied::copied;
