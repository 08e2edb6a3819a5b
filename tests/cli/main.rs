//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod console;
mod docs;
mod help;
mod crash;
mod generated;
mod history;
mod kills;
mod program;
mod samples;
mod random;
mod rehearsal;
