use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::scheduled::scheduled;
use super::{CommandContext, Exit, listing_width, print, running};
use crate::clock;
use crate::contact::Counts;
use crate::error::Result;
use crate::fleet::Scheduled;
use crate::jobs;
use crate::journal::RunId;
use crate::ledger::{LedgerHandle, RUNS_LOOKED_THROUGH, Run, RunState, Worker};
use crate::report::{JobState, escape, runs_words, steps_json};

const EXAMPLES: &str = "\
Examples:
  rolo runs
  rolo runs --last 100 --json
  rolo runs --follow";

/// So often it is looked for what has changed.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// List the runs there were, latest first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct RunsCommand {
    /// How many to list.
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    last: u32,
    /// Only those of this job of the configuration, also those that could not begin.
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Then go on, and list each run anew when something of it has changed, until a signal comes.
    #[arg(long)]
    follow: bool,
}

impl RunsCommand {
    /// How many runs to list.
    pub fn last(&self) -> usize {
        self.last.try_into().unwrap_or(usize::MAX)
    }

    /// The latest runs that are asked for, each with whoever works on it now.
    async fn listed(&self, ledger: &LedgerHandle) -> Result<Vec<Listed>> {
        let looked_through = if self.job.is_some() { RUNS_LOOKED_THROUGH } else { self.last() };
        let mut listed = Vec::new();
        for run in ledger.runs(looked_through).await? {
            if self.job.as_deref().is_none_or(|job| run.job() == Some(job)) {
                let worker = ledger.worker_of(&run).await?;
                listed.push((run, worker));
            }
            if listed.len() == self.last() {
                break;
            }
        }
        Ok(listed)
    }
}

pub fn run(args: &RunsCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let runs = args.listed(&ledger).await?;
        if runs.is_empty() && !context.json {
            print(&match &args.job {
                None => "there are no runs yet\n".to_owned(),
                Some(job) => format!("there are no runs of job {} yet\n", escape(job)),
            })?;
        }
        show(&runs, context)?;
        if !context.json {
            print(&due_words(context)?)?;
        }
        if args.follow { follow(runs, args, &ledger, context).await } else { Ok(Exit::Done) }
    })
}

/// When jobs with a schedule are due next.
fn due_words(context: &CommandContext) -> Result<String> {
    let now = clock::unix_now();
    let next = |it: Scheduled| {
        let due = it.schedule.next(now)?;
        Some(format!("next: job {} at {}\n", escape(&it.job), escape(&it.schedule.moment(due))))
    };
    Ok(scheduled(&context.config()?).into_iter().filter_map(next).collect())
}

type Listed = (Run, Option<Worker>);

fn show(runs: &[Listed], context: &CommandContext) -> Result<()> {
    if context.json {
        runs.iter().try_for_each(|(run, worker)| print(&format!("{}\n", run_json(run, worker.as_ref()))))
    } else if runs.is_empty() {
        Ok(())
    } else {
        print(&runs_words(runs, listing_width()))
    }
}

/// Lists, until a signal comes, what is new or has changed.
async fn follow(
    before: Vec<Listed>,
    args: &RunsCommand,
    ledger: &LedgerHandle,
    context: &CommandContext,
) -> Result<Exit> {
    let mut signals = running::signals()?;
    let mut seen: HashMap<RunId, Standing> =
        before.iter().map(|listed| (listed.0.id.clone(), standing(listed))).collect();
    loop {
        tokio::select! {
            () = signals.next() => return Ok(Exit::Done),
            () = tokio::time::sleep(FOLLOW_EVERY) => {}
        }
        let mut runs = args.listed(ledger).await?;
        runs.retain(|listed| seen.get(&listed.0.id) != Some(&standing(listed)));
        // The oldest first: what is new stands below what was said before.
        runs.reverse();
        seen.extend(runs.iter().map(|listed| (listed.0.id.clone(), standing(listed))));
        show(&runs, context)?;
    }
}

/// All that can change of a run but how long it took.
type Standing = (RunState, Counts, Option<String>, Option<u64>, bool);

fn standing((run, worker): &Listed) -> Standing {
    (run.state, run.counts, run.told.clone(), run.due, worker.is_some())
}

/// A run as one JSON object, with whoever works on it now.
pub(super) fn run_json(run: &Run, worker: Option<&Worker>) -> serde_json::Value {
    let outcomes: serde_json::Map<String, serde_json::Value> =
        run.counts.iter().map(|(outcome, rows)| (outcome.name().to_owned(), rows.into())).collect();
    json!({
        "run": run.id.0,
        "command": run.new.kind.name(),
        "account": run.new.account,
        "job": run.job(),
        "service": run.new.service,
        "state": run.state.name(),
        "worker": worker.map(|worker| json!({"host": worker.host, "process": worker.process, "since": worker.since})),
        "file": run.new.file,
        "started": run.new.started,
        "ended": run.ended,
        "pruned": run.pruned,
        "due": run.due,
        "told": run.told,
        "seconds": run.worked().map(|worked| worked.as_secs_f64()),
        "outcomes": outcomes,
        "next": steps_json(&JobState::of_run(run, worker.is_some(), jobs::results_of(run).as_deref()).next_steps()),
    })
}
