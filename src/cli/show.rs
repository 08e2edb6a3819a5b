use super::runs::run_json;
use super::{Context, Exit, print, running};
use crate::contact::Counts;
use crate::error::Result;
use crate::ledger::{LedgerHandle, Run, RunState};
use crate::pipeline;
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
        let mut words = format!(
            "{} {} of {} to {} ({})\n",
            run.new.command,
            run.id,
            escape(&run.new.file),
            escape(&run.new.account),
            run.new.service
        );
        let when = |seconds: u64| {
            jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(0))
                .map_or_else(|_| seconds.to_string(), |at| at.to_string())
        };
        words.push_str(&format!("state: {}\nstarted: {}\n", run.state.name(), when(run.new.started)));
        if let Some(ended) = run.ended {
            words.push_str(&format!("ended: {}\n", when(ended)));
        }
        let rows = recorded_counts(&ledger, &run).await?;
        for (outcome, n) in rows.iter().filter(|(_, n)| *n > 0) {
            words.push_str(&format!("{:>9}  {outcome}\n", number(n)));
        }
        if let Some(results) = run.new.options["results"].as_str() {
            words.push_str(&format!("results: {}\n", escape(results)));
        }
        if matches!(run.new.command.as_str(), "import" | "retry") {
            let plan = pipeline::undo_plan(&ledger, &run).await?;
            words.push_str(&format!(
                "can be put back: {} created and {} changed contacts; of {} changed ones nobody knows what was there before\n",
                number(plan.created),
                number(plan.changed),
                number(plan.unknown)
            ));
        }
        match run.state {
            RunState::Running | RunState::Stopped | RunState::Interrupted => {
                words.push_str(&format!("next: rolo resume {}\n", run.id));
            }
            RunState::Finished if run.counts.needing_attention() > 0 => {
                words.push_str(&format!("next: rolo retry {}\n", run.id));
            }
            RunState::Finished | RunState::Undone => {}
        }
        print(&words)?;
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
