//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod history;
mod program;
mod roundtrip;
mod world;
