//! What can go wrong on purpose: one file a fault, each a few plain fields.
//!
//! A fault is written `NAME[=VALUE][,KEY:VALUE...]`, for example `latency=50ms`,
//! `status=503,times:3,path:/contact` or `reset-after-apply=method:POST,nth:3`. The keys that choose
//! the requests are the same for all (see [`Selection`]); the others are each fault's own.

mod empty;
mod endless;
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

use super::{WireAnswer, WireRequest};

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

/// A behavior and the requests it is for.
#[derive(Clone)]
pub struct Fault {
    name: String,
    behavior: Arc<dyn Behavior>,
    applies: Option<bool>,
    selection: Selection,
}

impl Fault {
    /// A fault for every request, to be narrowed by the methods below.
    pub fn new(name: &str, behavior: impl Behavior + 'static) -> Self {
        Self { name: name.to_owned(), behavior: Arc::new(behavior), applies: None, selection: Selection::default() }
    }

    /// Reads what `--fault` takes.
    ///
    /// # Errors
    ///
    /// A sentence fragment that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once('=').unwrap_or((text, ""));
        let Some((_, _, parse)) = FAULTS.iter().find(|(known, _, _)| *known == name) else {
            let known = FAULTS.iter().map(|(known, _, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(format!("no fault of that name (there are {known}): {name}"));
        };
        let mut fields = Fields::parse(rest)?;
        let selection = Selection::parse(&mut fields)?;
        let applies = match fields.take("applied").as_deref() {
            None => None,
            Some("yes") => Some(true),
            Some("no") => Some(false),
            Some(other) => return Err(format!("applied is yes or no, not: {other}")),
        };
        let behavior = parse(&mut fields)?;
        fields.finish(name)?;
        Ok(Self { name: name.to_owned(), behavior, applies, selection })
    }

    pub fn service(mut self, name: &str) -> Self {
        self.selection.service = Some(name.to_owned());
        self
    }

    pub fn method(mut self, method: &str) -> Self {
        self.selection.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Only requests whose path has this text in it.
    pub fn path(mut self, part: &str) -> Self {
        self.selection.path = Some(part.to_owned());
        self
    }

    /// Begins with the nth of the chosen requests, and is used once unless [`Fault::times`] or
    /// [`Fault::every`] say more.
    pub fn nth(mut self, nth: u64) -> Self {
        self.selection.nth = Some(nth);
        self
    }

    pub fn times(mut self, times: u64) -> Self {
        self.selection.times = Some(times);
        self
    }

    pub fn every(mut self, every: u64) -> Self {
        self.selection.every = Some(every);
        self
    }

    /// Whether the request is carried out, where the fault itself would have it otherwise.
    pub fn applied(mut self, applied: bool) -> Self {
        self.applies = Some(applied);
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the request and says whether the fault is used on it.
    pub(super) fn meets(&self, service: &str, request: &WireRequest) -> bool {
        self.selection.meets(service, request)
    }

    pub(super) fn delay(&self) -> Duration {
        self.behavior.delay()
    }

    pub(super) fn applies(&self) -> bool {
        self.applies.unwrap_or_else(|| self.behavior.applies())
    }

    pub(super) fn deliver(&self, answer: WireAnswer, now: Duration) -> Delivery {
        self.behavior.deliver(answer, now)
    }

    pub(super) fn search_lag(&self) -> Option<Duration> {
        self.behavior.search_lag()
    }

    pub(super) fn request_limit(&self) -> Option<u32> {
        self.behavior.request_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> WireRequest {
        WireRequest { method: "POST".into(), path: "/contact/".into(), ..WireRequest::default() }
    }

    #[test]
    fn a_fault_is_read_with_its_choice_of_requests() {
        let fault = Fault::parse("reset-after-apply=method:POST,nth:3").unwrap();
        let used: Vec<_> = (0..5).map(|_| fault.meets("respondio-v1", &post())).collect();
        assert_eq!(used, [false, false, true, false, false]);
        assert!(fault.applies());
        assert!(!Fault::parse("reset-after-apply=applied:no").unwrap().applies());
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_named() {
        assert!(Fault::parse("lattency=1s").err().unwrap().ends_with(": lattency"));
        assert_eq!(Fault::parse("latency=soon").err().unwrap(), "not a duration like 50ms, 2s or 1m: soon");
        assert_eq!(Fault::parse("html=often:yes").err().unwrap(), "html knows nothing of: often");
        assert_eq!(Fault::parse("html=nth:0").err().unwrap(), "nth is a whole number from 1, not: 0");
    }

    #[test]
    fn every_fault_that_needs_no_value_can_be_named_alone() {
        for (name, _, _) in FAULTS {
            let needs_value = ["latency", "status", "search-lag", "lowered-limit"].contains(name);
            assert_eq!(Fault::parse(name).is_err(), needs_value, "{name}");
        }
    }
}
