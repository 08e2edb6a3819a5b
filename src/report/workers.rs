//! Who lives, in words.

use comfy_table::{Table, presets};

use super::escape;
use super::words::{moment, span};
use crate::ledger::LiveWorker;

/// A table of workers, one a line.
pub fn workers_words(workers: &[LiveWorker]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row(["process", "machine", "since", "does", "runs", "heard of"]);
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
    format!("{}\n", table.trim_fmt())
}
