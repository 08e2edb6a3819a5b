//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod brake;
mod crash;
mod disk;
mod generated;
mod history;
mod kills;
mod power;
mod program;
mod random;
mod rehearsal;
mod sabotage;
mod signals;
mod together;
mod undo;
