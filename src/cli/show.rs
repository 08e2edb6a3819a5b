use super::runs::run_json;
use super::{Context, Exit, print, running};
use crate::contact::Counts;
use crate::error::Result;
use crate::ledger::{LedgerHandle, Run, RunState};
use crate::pipeline;
use crate::report::words::moment;
use crate::report::{escape, number};

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
    running::block_on(async {
        let ledger = pipeline::open_ledger(&context.state_dir()?.value)?;
        let run = running::find_run(&ledger, args.run.as_deref(), |_| true, "to show").await?;
        if context.json {
            print(&format!("{}\n", run_json(&run)))?;
            return Ok(Exit::Done);
        }
        let mut lines = vec![
            format!(
                "{} {} of {} to {} ({})",
                run.new.command,
                run.id,
                escape(&run.new.file),
                escape(&run.new.account),
                run.new.service
            ),
            format!("state: {}", run.state.name()),
            format!("started: {}", moment(run.new.started)),
        ];
        lines.extend(run.ended.map(|ended| format!("ended: {}", moment(ended))));
        let rows = recorded_counts(&ledger, &run).await?;
        lines.extend(rows.iter().filter(|(_, n)| *n > 0).map(|(outcome, n)| format!("{:>9}  {outcome}", number(n))));
        lines.extend(run.new.options["results"].as_str().map(|results| format!("results: {}", escape(results))));
        if matches!(run.new.command.as_str(), "import" | "retry") {
            let plan = pipeline::undo_plan(&ledger, &run).await?;
            if plan.changed > 0 || plan.unknown > 0 {
                let changed = number(plan.changed + plan.unknown);
                lines.push(format!("can be put back: {} of {changed} changed contacts", number(plan.changed)));
            }
        }
        match run.state {
            RunState::Running | RunState::Stopped | RunState::Interrupted => {
                lines.push(format!("next: `rolo resume {}`", run.id));
            }
            RunState::Finished if run.counts.needing_attention() > 0 => {
                lines.push(format!("next: `rolo retry {}`", run.id));
            }
            RunState::Finished | RunState::Undone => {}
        }
        lines.push(String::new());
        print(&lines.join("\n"))?;
        Ok(Exit::Done)
    })
}

/// Rows by outcome as the ledger has them: also those of a run that is under way or was cut off.
async fn recorded_counts(ledger: &LedgerHandle, run: &Run) -> Result<Counts> {
    if run.counts.total() > 0 {
        return Ok(run.counts);
    }
    let mut counts = Counts::default();
    let mut from = 0;
    loop {
        let id = run.id.clone();
        let rows = ledger.run(move |ledger| ledger.rows(&id, from, 4096)).await?;
        let Some((last, _)) = rows.last() else { return Ok(counts) };
        from = last + 1;
        for (_, record) in &rows {
            counts[record.outcome] += 1;
        }
    }
}
