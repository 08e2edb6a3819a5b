//! When the next call of an account may leave.
//!
//! Paced, burst 1, on an absolute schedule, with a period widened by the jitter between us and the
//! service, so that no window of the service, however it counts, ever holds more calls than it
//! admits. Slots are taken from the ledger, so that every process that uses the same key shares them.
//!
//! Calls that leave a period p apart, and reach a service after delays that differ by at most J, put
//! at most (W + J) / p of them into any window of length W. With p = (W + J) / L that is the limit L,
//! whether the service counts by fixed windows, a sliding log or a bucket. J also pays for a call
//! that leaves late. Until a hundred round trips are measured, J is assumed (300 ms, or a tenth of a short window),
//! and a third of it kept for lateness; from then on it is the spread of the round trips, which bounds that of the
//! way there, and the lateness that calls have shown.
//!
//! Where a service is said to count each operation by itself, its headers decide: as soon as they show it, each
//! operation has a pace of its own, and a refusal ends that for good.

mod budget;
mod counting;
mod delays;
mod lane;
mod min_interval;
mod pace;

pub use budget::{Budget, BudgetOptions, Slot};
pub use pace::{period, usual_margin};
