//! Wanted contact and what is held of it, to the fewest calls. Pure.
//!
//! [`lane`] decides what becomes of one contact: nothing, a refusal, a need to know more, or
//! [`Step`]s in the order in which they must be sent. It knows capabilities and limits, never
//! vendors. No step is ever above a limit; a contact's fields and tags take exactly
//! `ceil(fields / limit) + ceil(tags / limit)` calls where the service has one call for each.

mod chunk;
mod diff;
mod held;
mod lane;
mod step;
mod tags;

pub use held::{Held, HeldField, SnapshotHeld};
pub use lane::{Decision, Mode, Need, Rules, lane, least_calls, least_calls_of};
pub use step::Step;
