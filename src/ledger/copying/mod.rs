//! A ledger copied from one store into another, record by record, and compared.

mod record;
mod tables;
mod whole;

pub(super) use record::{Cell, CopiedStore, Record};
pub(super) use tables::{ColumnKind, Table};
pub use whole::{LedgerCopy, copy, copy_into};
