//! What a ledger can do, one trait for each thing it speaks of.

mod accounts;
mod budgets;
mod contacts;
mod entries;
mod ledger;
mod oversight;
mod people;
mod queue;
mod runs;
mod schedules;

pub use accounts::Accounts;
pub use budgets::{Budgets, budget_scope};
pub use contacts::Contacts;
pub use entries::Entries;
pub use ledger::{Ledger, LedgerHandle};
pub use oversight::Oversight;
pub use people::People;
pub use queue::Queue;
pub use runs::Runs;
pub use schedules::Schedules;
