//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod crash;
mod generated;
mod history;
mod kills;
mod program;
mod random;
mod rehearsal;
