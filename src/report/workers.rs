//! Who lives, in words.

use super::words::{moment, span};
use super::{TextTable, escape};
use crate::ledger::LiveWorker;

/// A table of workers, one a line, in so many columns.
pub fn workers_words(workers: &[LiveWorker], width: Option<u16>) -> String {
    let mut table = TextTable::new(["process", "machine", "since", "does", "runs", "heard of"]);
    for it in workers {
        let runs: Vec<&str> = it.runs.iter().map(|run| run.0.as_str()).collect();
        table.add_row([
            it.worker.process.to_string(),
            escape(&it.worker.host).into_owned(),
            moment(it.worker.since),
            escape(&it.worker.doing).into_owned(),
            if runs.is_empty() { "-".to_owned() } else { runs.join(", ") },
            format!("{} ago", span(it.heard)),
        ]);
    }
    table.words(width)
}
