use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, FAULTS, Fields, Selection};
use crate::{WireAnswer, WireRequest};

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
        let (name, rest) = text.split_once(['=', ',']).unwrap_or((text, ""));
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
        let selection = selection.or(behavior.usual());
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

    /// Only requests of exactly this path.
    pub fn at(mut self, path: &str) -> Self {
        self.selection.at = Some(path.to_owned());
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
    pub(crate) fn applies_to(&self, service: &str, request: &WireRequest) -> bool {
        self.selection.applies_to(service, request)
    }

    pub(crate) fn delay(&self) -> Duration {
        self.behavior.delay()
    }

    pub(crate) fn applies(&self) -> bool {
        self.applies.unwrap_or_else(|| self.behavior.applies())
    }

    pub(crate) fn arrives(&self, request: WireRequest) -> WireRequest {
        self.behavior.arrives(request)
    }

    pub(crate) fn deliver(&self, answer: WireAnswer, now: Duration) -> Delivery {
        self.behavior.deliver(answer, now)
    }

    pub(crate) fn search_lag(&self) -> Option<Duration> {
        self.behavior.search_lag()
    }

    pub(crate) fn unstable_ties(&self) -> bool {
        self.behavior.unstable_ties()
    }

    pub(crate) fn changes(&self) -> Vec<super::Change> {
        self.behavior.changes()
    }

    pub(crate) fn request_limit(&self) -> Option<u32> {
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
        let used: Vec<_> = (0..5).map(|_| fault.applies_to("respondio-v1", &post())).collect();
        assert_eq!(used, [false, false, true, false, false]);
        assert!(fault.applies());
        assert!(!Fault::parse("reset-after-apply=applied:no").unwrap().applies());
        // As the page of faults writes it, a fault without a value of its own needs no `=`.
        let fault = Fault::parse("reset-after-apply,method:POST,nth:2").unwrap();
        let used: Vec<_> = (0..3).map(|_| fault.applies_to("respondio-v1", &post())).collect();
        assert_eq!(used, [false, true, false]);
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
            let needs_value = ["latency", "status", "search-lag", "lowered-limit", "broken-filter"].contains(name);
            assert_eq!(Fault::parse(name).is_err(), needs_value, "{name}");
        }
    }
}
