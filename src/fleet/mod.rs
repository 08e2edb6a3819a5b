//! Workers: whoever serves the runs that wait in the ledger, any number of them on any number of machines.
//!
//! There is no leader. What waits is in the ledger, and who has what is decided by claims: on a run, and on the turn
//! of an account, whose runs go one after the other. [`serve`] takes, as long as it may, what is next, and has a
//! [`Crew`] do it; that the same path is gone by a command is the crew's to see to.
//! Jobs that are due are queued by whoever comes first to the ledger's record of the due time.

mod next;
mod schedules;
mod serving;

pub use next::{Failed, after_failure, in_order};
pub use schedules::{DueRun, Scheduled, Tick, Timetable};
pub use serving::{Crew, Shift, serve};
