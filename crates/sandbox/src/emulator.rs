use std::time::Duration;

use crate::{KnownAccount, WireAnswer, WireRequest, faults};

/// One service, as its documents describe it: state, validation, limits, answers.
///
/// Called with one request at a time, so it needs no locks. Time is passed in, from the Unix epoch.
pub trait Emulator: Send {
    /// The answer to one request; the path is below the service's base URL.
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer;

    /// All it holds, to be kept between runs.
    fn save(&self) -> serde_json::Value;

    /// The same as text, without holding all of it twice.
    fn write_saved(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        Ok(serde_json::to_writer(out, &self.save())?)
    }

    /// Goes on from what [`Emulator::save`] gave.
    fn load(&mut self, saved: serde_json::Value) -> Result<(), String>;

    /// Whether a request may change what is held. Only such requests are written to the log of
    /// an unthrottled sandbox, so a service that reads by POST says no for those.
    fn may_change(&self, request: &WireRequest) -> bool {
        !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether a request counts against a quota. One that neither counts nor may change anything is
    /// never written down.
    fn counts(&self, _request: &WireRequest) -> bool {
        true
    }

    /// The contacts in the service's own reading form, for assertions; a JSON array where the
    /// emulator provides it, else all of [`Emulator::save`].
    fn contacts(&self) -> serde_json::Value {
        self.save()
    }

    /// Adds contacts that were there before the client came.
    fn seed(&mut self, _contacts: serde_json::Value, _now: Duration) -> Result<(), String> {
        Err("this emulator takes no contacts in advance".to_owned())
    }

    /// What a client knows of an account, in the form that [`Emulator::seed`] takes.
    fn known(&self, _known: &KnownAccount) -> Result<serde_json::Value, String> {
        Err("this emulator takes no contacts in advance".to_owned())
    }

    /// From now on a created contact stays invisible to look-ups for this long. None at all: the search
    /// has caught up, and shows also what was created before.
    fn set_search_lag(&mut self, _lag: Duration) {}

    /// From now on contacts that are equal by what a listing is sorted by come in another order on each page.
    fn set_unstable_ties(&mut self) {}

    /// Somebody else changes what is held; nothing where the service has no listing to change under.
    fn change(&mut self, _change: faults::Change, _now: Duration) {}

    /// From now on the service admits this many requests in its window, whatever its documents say.
    fn set_request_limit(&mut self, _limit: u32) {}
}
