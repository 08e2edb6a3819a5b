//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_methods, reason = "a test watches real processes and reads small workbooks")]

mod accounts;
mod brake;
mod check_at_scale;
mod console;
mod copy;
mod crash;
mod desk;
#[path = "../support/dirty_contacts.rs"]
mod dirty_contacts;
mod disk;
mod docs;
mod excel;
mod export;
mod generated;
mod help;
mod history;
mod hostile;
mod kills;
mod power;
mod program;
mod random;
mod rehearsal;
mod roundtrip;
mod sabotage;
mod samples;
mod secrets;
mod signals;
mod together;
mod undo;
mod workbook;
mod world;
