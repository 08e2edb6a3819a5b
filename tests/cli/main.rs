//! The real program, as a person or a script meets it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![allow(clippy::disallowed_methods, reason = "a test watches real processes and reads small workbooks")]

mod account_add;
mod accounts;
mod alerts;
mod believed;
mod brake;
mod calls_a_row;
mod cases;
mod check_at_scale;
mod consent;
mod console;
mod copy;
mod crash;
mod desk;
#[path = "../support/dirty_contacts.rs"]
mod dirty_contacts;
mod disk;
mod docs;
mod doubt;
mod duplicates;
mod excel;
mod expected_rows;
mod explain;
mod export;
mod files;
mod fleet;
mod fleet_machines;
mod forget;
mod generated;
mod guessed;
mod held;
mod help;
mod history;
mod hostile;
mod input;
mod kills;
mod manifests;
mod mending;
mod metrics;
mod moved;
mod named_contacts;
mod new_fields;
mod night_limits;
mod nights;
mod odd_values;
mod open;
mod places;
mod plan_agrees;
mod plans;
#[path = "../support/postgres.rs"]
mod postgres;
mod power;
mod program;
mod prune;
mod queue;
mod random;
mod receiver;
mod rehearsal;
mod rehearsed;
mod report_page;
mod reported;
mod results;
mod roundtrip;
#[path = "../support/s3.rs"]
mod s3;
mod safeguards;
mod samples;
mod secrets;
mod signals;
mod tags_by_list;
mod taken_names;
mod terminal;
mod together;
mod types;
mod types_everywhere;
mod undo;
mod workbook;
mod workers;
mod workers_clocks;
mod workers_database;
mod workers_killed;
mod workers_pace;
mod workers_stopped;
mod world;
