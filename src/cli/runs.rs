use serde_json::json;

use super::{CommandContext, Exit, print, running};
use crate::error::Result;
use crate::jobs;
use crate::ledger::{Run, Worker};
use crate::report::{JobState, runs_words, steps_json};

const EXAMPLES: &str = "\
Examples:
  rolo runs
  rolo runs --last 100 --json";

/// List the runs there were, latest first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct RunsCommand {
    /// How many to list.
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    last: u32,
}

impl RunsCommand {
    /// How many runs to list.
    pub fn last(&self) -> usize {
        self.last.try_into().unwrap_or(usize::MAX)
    }
}

pub fn run(args: &RunsCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let mut runs = Vec::new();
        for run in ledger.runs(args.last()).await? {
            let worker = ledger.worker_of(&run).await?;
            runs.push((run, worker));
        }
        if context.json {
            for (run, worker) in &runs {
                print(&format!("{}\n", run_json(run, worker.as_ref())))?;
            }
            return Ok(Exit::Done);
        }
        if runs.is_empty() {
            print("there are no runs yet\n")?;
            return Ok(Exit::Done);
        }
        print(&runs_words(&runs))?;
        Ok(Exit::Done)
    })
}

/// A run as one JSON object, with whoever works on it now.
pub(super) fn run_json(run: &Run, worker: Option<&Worker>) -> serde_json::Value {
    let outcomes: serde_json::Map<String, serde_json::Value> =
        run.counts.iter().map(|(outcome, rows)| (outcome.name().to_owned(), rows.into())).collect();
    json!({
        "run": run.id.0,
        "command": run.new.kind.name(),
        "account": run.new.account,
        "service": run.new.service,
        "state": run.state.name(),
        "worker": worker.map(|worker| json!({"host": worker.host, "process": worker.process, "since": worker.since})),
        "file": run.new.file,
        "started": run.new.started,
        "ended": run.ended,
        "pruned": run.pruned,
        "seconds": run.worked().map(|worked| worked.as_secs_f64()),
        "outcomes": outcomes,
        "next": steps_json(&JobState::of_run(run, worker.is_some(), jobs::results_of(run).as_deref()).next_steps()),
    })
}
