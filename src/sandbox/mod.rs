//! The embedded server: one emulator a service, written from the vendors' documents alone.
//!
//! It imports nothing of ours, by rule: a wrong name on either side must fail a test.
//!
//! # What a request meets
//!
//! ```text
//! socket ─► connection ─► faults (chosen, counted) ─► hosted service ─► delivery ─► socket
//!                                                      emulator + journal
//! ```
//!
//! [`start`] binds a loopback port and serves each emulator of [`EMULATORS`] under its own path:
//! `http://127.0.0.1:PORT/SERVICE` stands for the vendor's base URL.
//!
//! # What an emulator owes
//!
//! - **It is a function of its state, the request and the time it is handed.** No randomness, no
//!   clock, no order of a hash map: kept state is rebuilt by asking it the same requests again.
//! - **A refused request (400 and above) changes nothing but the quota.** In an unthrottled sandbox it
//!   is not written down.
//! - **What it saves holds its quotas too**, so that a client that comes back meets the window it left.
//! - **It accepts the secret `sandbox`** (Basic: `sandbox:sandbox`) and refuses any other as its
//!   vendor does.
//! - **A request costs next to nothing**: whatever is looked up is indexed.
//! - **Ids come from content** ([`ids::derived`]), so that two runs that send the same contacts in
//!   another order get the same ids.
//!
//! # What is kept, and when
//!
//! With a state folder each service has `NAME.json` (a snapshot of [`Emulator::save`]),
//! `NAME.N.journal` (one JSON line for each request carried out since, N being the snapshot's
//! generation) and `NAME.lock`. A line is written before its request is answered, so that killing
//! the process loses nothing that was answered; it is not synced, so a power cut may. See
//! [`journal`] for the format.

mod connection;
mod defects;
mod delivery;
pub mod faults;
mod hosted;
pub mod ids;
pub mod journal;
mod log;
mod options;
mod server;
pub mod window;
mod wire;

mod engagor;
mod respondio;
mod respondio_v1;

mod chatwoot;
mod dmchamp;

use std::time::Duration;

pub use chatwoot::{ChatwootOptions, Language};
pub use defects::Defect;
pub use dmchamp::{DmchampOptions, Duplicates};
pub use faults::Fault;
pub use log::LoggedRequest;
pub use options::{Clock, EmulatorOptions, Options};
pub use server::{Sandbox, start};
pub use wire::{WireAnswer, WireRequest};

/// Makes one emulator.
pub type MakeEmulator = fn(EmulatorOptions) -> Box<dyn Emulator>;

/// Every emulator by its service's name, which is also its path; the only list.
pub const EMULATORS: &[(&str, MakeEmulator)] = &[
    ("respondio-v1", respondio_v1::emulator),
    ("respondio", respondio::emulator),
    ("chatwoot", chatwoot::emulator),
    ("99digital", chatwoot::emulator_99digital),
    ("engagelab", chatwoot::emulator_engagelab),
    ("engagor", engagor::emulator),
    ("dmchamp", dmchamp::emulator),
];

/// One service, as its documents describe it: state, validation, limits, answers.
///
/// Called with one request at a time, so it needs no locks. Time is passed in, from the Unix epoch.
pub trait Emulator: Send {
    /// The answer to one request; the path is below the service's base URL.
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer;

    /// All it holds, to be kept between runs.
    fn save(&self) -> serde_json::Value;

    /// Goes on from what [`Emulator::save`] gave.
    fn load(&mut self, saved: serde_json::Value) -> Result<(), String>;

    /// Whether a request may change what is held. Only such requests are written to the journal of
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

    /// From now on a created contact stays invisible to look-ups for this long.
    fn set_search_lag(&mut self, _lag: Duration) {}

    /// From now on the service admits this many requests in its window, whatever its documents say.
    fn set_request_limit(&mut self, _limit: u32) {}
}
