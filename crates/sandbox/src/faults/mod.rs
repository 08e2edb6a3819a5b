//! What can go wrong on purpose: one file a fault, each a few plain fields.
//!
//! A fault is written `NAME[=VALUE][,KEY:VALUE...]`, for example `latency=50ms`,
//! `status=503,times:3,path:/contact` or `reset-after-apply=method:POST,nth:3`. The keys that choose
//! the requests are the same for all (see [`Selection`]); the others are each fault's own.

mod behavior;
mod bom;
mod empty;
mod endless;
mod fault;
mod fields;
mod gzip;
mod html;
mod latency;
mod list;
mod lowered_limit;
mod meanwhile;
mod redirect;
mod refusals;
mod reset;
mod reset_mid_answer;
mod search_lag;
mod selection;
mod slow;
mod squeezed;
mod status;
mod timeout;
mod truncated;
mod unstable_ties;
mod wrong_json;

pub use super::delivery::Delivery;
pub use behavior::{Behavior, Change};
pub use bom::Bom;
pub use empty::Empty;
pub use endless::Endless;
pub use fault::Fault;
pub use fields::Fields;
pub use gzip::Gzip;
pub use html::Html;
pub use latency::Latency;
pub use list::FAULTS;
pub use lowered_limit::LoweredLimit;
pub use meanwhile::Meanwhile;
pub use redirect::Redirect;
pub use refusals::Refusal;
pub use reset::Reset;
pub use reset_mid_answer::ResetMidAnswer;
pub use search_lag::SearchLag;
pub use selection::Selection;
pub use slow::Slow;
pub use squeezed::Squeezed;
pub use status::{RetryAfter, Status};
pub use timeout::Timeout;
pub use truncated::Truncated;
pub use unstable_ties::UnstableTies;
pub use wrong_json::WrongJson;
