use super::source::{SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, export, recorded, retry, running, undo};
use crate::error::Result;
use crate::jobs;
use crate::ledger::{Run, RunKind};
use crate::report::{JobState, RunAction};

const EXAMPLES: &str = "\
Examples:
  rolo resume                       the latest run that was cut off
  rolo resume 20261121-0931-k3f";

/// Finish a run that was cut off, stopped or interrupted. What is in doubt is looked up first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ResumeCommand {
    /// Run to finish [default: the latest that isn't finished].
    run: Option<String>,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeSettings {
    pub run: Option<String>,
    pub sandbox: SandboxSettings,
}

impl ResumeCommand {
    pub fn settings(&self) -> ResumeSettings {
        ResumeSettings { run: self.run.clone(), sandbox: self.sandbox.settings() }
    }
}

pub fn run(args: &ResumeCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings();
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = jobs::open_ledger(&job.state_dir)?;
        let run = running::find_run(&ledger, settings.run.as_deref(), |run| allows(run).is_ok(), "to finish").await?;
        allows(&run)?;
        let summary = match run.new.kind {
            RunKind::Import => jobs::import(&recorded::import(&run, &settings.sandbox, context)?, &mut job).await?,
            RunKind::Retry => {
                jobs::import(&retry::again(&run, &settings.sandbox, context, &ledger).await?, &mut job).await?
            }
            RunKind::Export => jobs::export(&export::again(&run, &settings.sandbox, context)?, &mut job).await?,
            RunKind::Undo => {
                jobs::undo(&undo::again(&run, &settings.sandbox, context, &ledger).await?, &mut job).await?
            }
        };
        Ok(running::ended(&summary, context))
    })
}

/// Cut off, stopped, interrupted, or with rows that nobody could settle.
fn allows(run: &Run) -> Result<()> {
    JobState::of_run(run, jobs::results_of(run).as_deref()).allows(RunAction::Resume)
}
