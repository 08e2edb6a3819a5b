use serde_json::json;

use super::{CommandContext, Exit, listing_width, print, running};
use crate::error::Result;
use crate::ledger::LiveWorker;
use crate::report::{escape_json, workers_words};

const EXAMPLES: &str = "\
Examples:
  rolo workers
  rolo workers --json";

/// List who serves the queue or works on a run now: since when, on what, and when they were last heard of.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct WorkersCommand {}

pub fn run(_: &WorkersCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let workers = context.ledger()?.open()?.workers().await?;
        if context.json {
            for worker in &workers {
                print(&format!("{}\n", escape_json(&worker_json(worker).to_string())))?;
            }
        } else if workers.is_empty() {
            print("nobody works now: `rolo work` serves what waits\n")?;
        } else {
            print(&workers_words(&workers, listing_width()))?;
        }
        Ok(Exit::Done)
    })
}

fn worker_json(it: &LiveWorker) -> serde_json::Value {
    json!({
        "host": it.worker.host,
        "process": it.worker.process,
        "since": it.worker.since,
        "serves": it.serves,
        "doing": it.worker.doing,
        "runs": it.runs.iter().map(|run| &run.0).collect::<Vec<_>>(),
        "heard_seconds_ago": it.heard.as_secs_f64(),
    })
}
