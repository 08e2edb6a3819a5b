//! What can go wrong on purpose: one file a fault, each a few plain fields.
//!
//! A fault is written `NAME[=VALUE][,KEY:VALUE...]`, for example `latency=50ms`,
//! `status=503,times:3,path:/contact` or `reset-after-apply=method:POST,nth:3`. The keys that choose
//! the requests are the same for all (see [`Selection`]); the others are each fault's own.

mod empty;
mod endless;
mod fault;
mod fields;
mod gzip;
mod html;
mod latency;
mod lowered_limit;
mod reset;
mod reset_mid_answer;
mod search_lag;
mod selection;
mod slow;
mod status;
mod timeout;
mod truncated;
mod wrong_json;

use std::sync::Arc;
use std::time::Duration;

pub use super::delivery::Delivery;
pub use empty::Empty;
pub use endless::Endless;
pub use fault::Fault;
pub use fields::Fields;
pub use gzip::Gzip;
pub use html::Html;
pub use latency::Latency;
pub use lowered_limit::LoweredLimit;
pub use reset::Reset;
pub use reset_mid_answer::ResetMidAnswer;
pub use search_lag::SearchLag;
pub use selection::Selection;
pub use slow::Slow;
pub use status::{RetryAfter, Status};
pub use timeout::Timeout;
pub use truncated::Truncated;
pub use wrong_json::WrongJson;

use super::WireAnswer;

/// What a fault does to a request it was chosen for.
pub trait Behavior: Send + Sync {
    /// Waited before anything else.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether the emulator carries the request out all the same.
    fn applies(&self) -> bool {
        true
    }

    /// How the answer leaves.
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Whole(answer)
    }

    /// Told to the emulator beforehand; it stays in force.
    fn search_lag(&self) -> Option<Duration> {
        None
    }

    /// Told to the emulator beforehand; it stays in force.
    fn request_limit(&self) -> Option<u32> {
        None
    }
}

type Parse = fn(&mut Fields) -> Result<Arc<dyn Behavior>, String>;

/// Every fault: its name, what may be said of it, what it does.
pub const FAULTS: &[(&str, &str, Parse)] = &[
    ("latency", "latency=50ms: every answer comes later", latency::parse),
    ("status", "status=503[,retry-after:30|date|past|garbage|10h][,location:URL][,body:TEXT]", status::parse),
    ("reset-before-apply", "the connection is reset, nothing was done", reset::parse_before),
    ("reset-after-apply", "the connection is reset, all was done", reset::parse_after),
    ("reset-mid-answer", "the connection is reset in the middle of the answer", reset_mid_answer::parse),
    ("truncated", "truncated[=length|json]: the answer ends too early", truncated::parse),
    ("wrong-json", "the answer is JSON of another kind", wrong_json::parse),
    ("html", "a page for people comes instead, with status 200", html::parse),
    ("endless", "the answer has no end", endless::parse),
    (
        "gzip",
        "gzip[=bomb]: the answer says that it is compressed, and is not, or is and unpacks to 64 MiB",
        gzip::parse,
    ),
    ("empty", "status 200 with nothing in it", empty::parse),
    ("slow", "slow[=1s]: the answer comes byte by byte, with a pause between", slow::parse),
    ("timeout", "timeout[=before]: no answer comes; the request was carried out unless before", timeout::parse),
    ("search-lag", "search-lag=30s: new contacts can't be looked up at first", search_lag::parse),
    ("lowered-limit", "lowered-limit=100: the service admits fewer requests from now on", lowered_limit::parse),
];
