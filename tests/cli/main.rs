//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod check_at_scale;
#[path = "../support/dirty_contacts.rs"]
mod dirty_contacts;
mod history;
mod hostile;
mod program;
mod secrets;
mod world;
