//! What a person and a program see of a run: progress, events, summary, results file, HTML page.

mod event;

pub use event::{Event, Reporter, Summary};
