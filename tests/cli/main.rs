//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod accounts;
mod copy;
mod excel;
mod export;
mod history;
mod program;
mod roundtrip;
mod world;
