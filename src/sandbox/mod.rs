//! The embedded server: one emulator a service, written from the vendors' documents alone.
//!
//! It imports nothing of ours, by rule: a wrong name on either side must fail a test.

mod wire;

pub use wire::{WireAnswer, WireRequest};

/// One service, as its documents describe it: state, validation, limits, answers.
///
/// Called with one request at a time, so it needs no locks. Time is passed in.
pub trait Emulator: Send {
    /// The answer to one request; the path is below the service's base URL.
    fn answer(&mut self, request: &WireRequest, now: std::time::Duration) -> WireAnswer;

    /// All it holds, to be kept between runs.
    fn save(&self) -> serde_json::Value;

    /// Goes on from what [`Emulator::save`] gave.
    fn load(&mut self, saved: serde_json::Value) -> Result<(), String>;
}
