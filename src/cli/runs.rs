use serde_json::json;

use super::{Context, Exit, print};
use crate::error::Result;
use crate::ledger::{Ledger as _, Run};
use crate::report::{escape_json, runs_words};

const EXAMPLES: &str = "\
Examples:
  rolo runs
  rolo runs --last 100 --json";

/// List the runs there were, latest first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// How many to list.
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    last: u32,
}

impl Args {
    /// How many runs to list.
    pub fn last(&self) -> usize {
        self.last.try_into().unwrap_or(usize::MAX)
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let runs = match context.ledger()? {
        Some(ledger) => ledger.runs(args.last())?,
        None => Vec::new(),
    };
    if context.json {
        let lines: Vec<String> =
            runs.iter().map(|run| format!("{}\n", escape_json(&to_json(run).to_string()))).collect();
        print(&lines.concat())?;
    } else if runs.is_empty() {
        print("no runs yet\n")?;
    } else {
        print(&runs_words(&runs))?;
    }
    Ok(Exit::Done)
}

/// A run as one object; its fields are those of docs/json-events.md.
pub(super) fn to_json(run: &Run) -> serde_json::Value {
    let outcomes: serde_json::Map<_, _> =
        run.counts.iter().map(|(outcome, n)| (outcome.name().to_owned(), json!(n))).collect();
    json!({
        "run": run.id.0,
        "command": run.new.command,
        "account": run.new.account,
        "service": run.new.service,
        "file": run.new.file,
        "started": run.new.started,
        "ended": run.ended,
        "state": run.state.name(),
        "outcomes": outcomes,
    })
}
