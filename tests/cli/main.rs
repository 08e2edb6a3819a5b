//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod console;
mod crash;
mod docs;
mod generated;
mod help;
mod history;
mod kills;
mod program;
mod random;
mod rehearsal;
mod samples;
mod workbook;
