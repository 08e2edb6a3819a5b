use std::path::PathBuf;

use super::source::{SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, print, recorded, running};
use crate::error::{Error, Result};
use crate::jobs::{self, ImportRecord, RunRecord as _, UndoJob, UndoPlan, UndoRecord};
use crate::journal::RunId;
use crate::ledger::{LedgerHandle, Run, RunState};
use crate::report::{JobState, RunAction, escape, number};

const EXAMPLES: &str = "\
Examples:
  rolo undo 20261121-0931-k3f           show what would be put back
  rolo undo 20261121-0931-k3f --yes     put it back";

/// Put back what a run changed. A field that somebody changed since is left and reported.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct UndoCommand {
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

impl UndoCommand {
    pub fn settings(&self) -> UndoSettings {
        UndoSettings { run: self.run.clone(), yes: self.yes, sandbox: self.sandbox.settings() }
    }
}

pub fn run(args: &UndoCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings();
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = job.ledger.open()?;
        let fits = |run: &Run| of_state(run, false).allows(RunAction::Undo).is_ok();
        let run = running::find_run(&ledger, settings.run.as_deref(), fits, "to put back").await?;
        of_state(&run, running::is_under_way(&ledger, &run).await?).allows(RunAction::Undo)?;
        if !settings.yes {
            let account = recorded::chosen(&run, &context.config()?)?;
            jobs::may_put_back(&run, &account.place()?)?;
            let service = account.connect()?;
            let (plan, calls) = jobs::undo_plan(&ledger, &run, service.as_ref()).await?;
            print(&plan_words(&plan, calls, &run, service.capabilities().delete))?;
            return Ok(Exit::Done);
        }
        let undo = of(run, &settings.sandbox, context)?;
        let summary = jobs::undo(&undo, &mut job).await?;
        Ok(running::ended(&summary, context))
    })
}

fn of_state(run: &Run, is_under_way: bool) -> JobState {
    JobState::of_run(run, is_under_way, jobs::results_of(run).as_deref())
}

fn plan_words(plan: &UndoPlan, calls: u64, run: &Run, deletes: bool) -> String {
    let mut lines = vec![format!("undo of run {} ({})\n", run.id, escape(&run.new.account))];
    for (n, noun, what) in plan.told(deletes) {
        let noun = if n == 1 || noun == "of these" { noun.to_owned() } else { plural(noun) };
        lines.push(format!("{:>9}  {noun} {what}", number(n)));
    }
    if run.state == RunState::PartlyUndone {
        lines.push("\nan undo has put back a part of this already: what is as it was is only looked at".to_owned());
    }
    if plan.created + plan.changed + plan.unknown == 0 {
        lines.push("the run changed nothing\n".to_owned());
    } else if !plan.is_possible(deletes) {
        let next_time = if plan.unknown > 0 { "; an import with --keep-before remembers what it replaces" } else { "" };
        lines.push(format!("\nnothing can be put back{next_time}\n"));
    } else {
        lines.push(format!("\ncalls at most: {}", number(calls)));
        lines.push(format!("nothing was sent; do it with: `rolo undo {} --yes`\n", run.id));
    }
    lines.join("\n")
}

fn plural(noun: &str) -> String {
    match noun.split_once(" of ") {
        Some((noun, of)) => format!("{noun}s of {of}"),
        None => format!("{noun}s"),
    }
}

/// The undo of a run.
pub(super) fn of(run: Run, sandbox: &SandboxSettings, context: &CommandContext) -> Result<UndoJob> {
    let unthrottled = ImportRecord::of(&run).is_ok_and(|record| record.unthrottled);
    let account = recorded::account(&run, unthrottled, sandbox, context)?;
    let results = jobs::results_of(&run).map_or_else(
        || PathBuf::from("undo.csv"),
        |results| {
            let stem = results.with_extension("");
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
    context: &CommandContext,
    ledger: &LedgerHandle,
) -> Result<UndoJob> {
    let id = RunId(UndoRecord::of(run)?.undoes);
    let undone = ledger
        .run(&id)
        .await?
        .ok_or_else(|| Error::usage(format!("the run that {} puts back is not in the ledger", run.id)))?;
    of(undone, sandbox, context)
}
