//! The embedded server that stands in for contact services: one emulator a service, written from
//! the vendors' documents and from what running servers were seen to answer.
//!
//! It is a crate of its own and depends on nothing of rolo's, so that it is a second reading of
//! those documents: a name that one side reads wrongly fails a test. Any HTTP client can use it, by
//! [`start`] in a test or by `rolo sandbox` on the command line.
//!
//! # What happens to a request
//!
//! ```text
//! socket ─► connection ─► faults (chosen, counted) ─► instance ─► delivery ─► socket
//!                                              emulator + write log
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
//! generation: the write log) and `NAME.lock`. A line is written before its request is answered, so
//! that killing the process loses nothing that was answered; it is not synced, so a power cut may.
//! See [`write_log`] for the format.

mod carried_out;
mod connection;
mod delivery;
mod emulator;
mod emulators;
pub mod faults;
pub mod ids;
mod instance;
mod known;
mod log;
#[cfg(any(test, feature = "mutants"))]
mod mutants;
mod options;
mod saved;
mod server;
mod shared;
mod socket;
pub mod window;
mod wire;
pub mod write_log;

mod engagor;
mod platform;
mod respondio;
mod respondio_v1;

mod chatwoot;
mod dmchamp;

pub use chatwoot::{ChatwootOptions, Language};
pub use dmchamp::{DmchampOptions, Duplicates};
pub use emulator::Emulator;
pub use emulators::{EMULATORS, MakeEmulator};
pub use faults::Fault;
pub use known::{KnownAccount, KnownContact, KnownKind};
pub use log::LoggedRequest;
#[cfg(any(test, feature = "mutants"))]
pub use mutants::Mutation;
pub use options::{Clock, EmulatorOptions, Options};
pub use server::{Sandbox, start};
pub use wire::{WireAnswer, WireRequest};
