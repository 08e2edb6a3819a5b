use super::{Context, Exit, print, recorded, runs};
use crate::error::Result;
use crate::report::words::moment;
use crate::report::{closing_words, escape, escape_json, recall};

const EXAMPLES: &str = "\
Examples:
  rolo show                        the latest run
  rolo show 20261121-0931-k3f";

/// Show one run: what it was asked, what became of its rows, what to do next.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run to show [default: the latest].
    pub run: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let (ledger, run) = recorded::find(args.run.as_deref(), context)?;
    let summary = recall(&run, recorded::rows(&ledger, &run.id))?;
    if context.json {
        print(&format!("{}\n", escape_json(&runs::to_json(&run).to_string())))?;
    } else {
        print(&format!(
            "{}: {} ({})\nfile: {}\nbegan: {}\n{}",
            run.id,
            escape(&run.new.account),
            run.new.service,
            escape(&run.new.file),
            moment(run.new.started),
            closing_words(&summary)
        ))?;
    }
    Ok(Exit::Done)
}
