//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod check_at_scale;
mod console;
mod crash;
mod desk;
#[path = "../support/dirty_contacts.rs"]
mod dirty_contacts;
mod docs;
mod brake;
mod crash;
mod disk;
mod generated;
mod help;
mod accounts;
mod copy;
mod excel;
mod export;
mod history;
mod hostile;
mod kills;
mod own_world;
mod program;
mod random;
mod rehearsal;
mod roundtrip;
mod samples;
mod secrets;
mod world;
mod power;
mod program;
mod random;
mod rehearsal;
mod sabotage;
mod signals;
mod together;
mod undo;
