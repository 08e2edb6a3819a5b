use std::path::{Path, PathBuf};

use super::source::{SandboxArgs, SandboxSettings};
use super::{Context, Exit, print, recorded, running};
use crate::error::{Error, Result};
use crate::ledger::{LedgerHandle, Run, RunId};
use crate::pipeline::{self, UndoJob, UndoPlan};
use crate::report::{escape, number};

const EXAMPLES: &str = "\
Examples:
  rolo undo 20261121-0931-k3f           show what would be put back
  rolo undo 20261121-0931-k3f --yes     put it back";

/// Put back what a run changed. A field that somebody changed since is left and reported.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run to undo [default: the latest].
    run: Option<String>,
    /// Do it, and not only show it.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoSettings {
    pub run: Option<String>,
    pub yes: bool,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, _: &Context) -> Result<UndoSettings> {
        Ok(UndoSettings { run: self.run.clone(), yes: self.yes, sandbox: self.sandbox.settings() })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = pipeline::open_ledger(&job.state_dir)?;
        let fits = |run: &Run| pipeline::undoable(run).is_ok();
        let run = running::find_run(&ledger, settings.run.as_deref(), fits, "to put back").await?;
        pipeline::undoable(&run)?;
        let plan = pipeline::undo_plan(&ledger, &run).await?;
        if !settings.yes {
            print(&plan_words(&plan, &run))?;
            return Ok(Exit::Done);
        }
        let undo = of(run, &settings.sandbox, context)?;
        let summary = pipeline::undo(&undo, &mut job).await?;
        Ok(running::ended(&summary, &job, context))
    })
}

fn plan_words(plan: &UndoPlan, run: &Run) -> String {
    let mut lines = vec![format!("undo of run {} ({})\n", run.id, escape(&run.new.account))];
    for (n, what) in [
        (plan.created, "created contacts would be deleted, where the service can"),
        (plan.changed, "changed contacts would be put back"),
        (plan.fields, "fields among them"),
        (plan.tags, "tags among them"),
        (plan.lists, "memberships of lists among them"),
        (plan.unknown, "changed contacts can't be: what they held before is not known"),
    ] {
        if n > 0 {
            lines.push(format!("{:>9}  {what}", number(n)));
        }
    }
    let calls: u64 = pipeline::undo_calls(plan).values().sum();
    lines.push(format!("\ncalls at most: {}", number(calls)));
    lines.push(format!("nothing was sent; do it with: `rolo undo {} --yes`\n", run.id));
    lines.join("\n")
}

fn of(run: Run, sandbox: &SandboxSettings, context: &Context) -> Result<UndoJob> {
    let unthrottled = run.new.options["unthrottled"].as_bool().unwrap_or(false);
    let account = recorded::account(&run, unthrottled, sandbox, context)?;
    let results = run.new.options["results"].as_str().map_or_else(
        || PathBuf::from("undo.csv"),
        |results| {
            let stem = Path::new(results).with_extension("");
            let stem = stem.to_string_lossy().into_owned();
            PathBuf::from(format!("{}.undo.csv", stem.strip_suffix(".results").unwrap_or(&stem)))
        },
    );
    Ok(UndoJob { run, account, results })
}

/// An undo that was cut off.
pub(super) async fn again(
    run: &Run,
    sandbox: &SandboxSettings,
    context: &Context,
    ledger: &LedgerHandle,
) -> Result<UndoJob> {
    let id = RunId(run.new.options["undoes"].as_str().unwrap_or_default().to_owned());
    let undone = ledger
        .run(move |ledger| ledger.run(&id))
        .await?
        .ok_or_else(|| Error::usage(format!("the run that {} puts back is not in the ledger", run.id)))?;
    of(undone, sandbox, context)
}
