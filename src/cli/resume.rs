use super::source::{NightArgs, SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, export, recorded, retry, running, undo};
use crate::config::Night;
use crate::error::{Error, Result};
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
    night: NightArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeSettings {
    pub run: Option<String>,
    pub night: Night,
    pub sandbox: SandboxSettings,
}

impl ResumeCommand {
    pub fn settings(&self) -> Result<ResumeSettings> {
        Ok(ResumeSettings { run: self.run.clone(), night: self.night.settings()?, sandbox: self.sandbox.settings() })
    }
}

pub fn run(args: &ResumeCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings()?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = job.ledger.open()?;
        let run = running::find_run(&ledger, settings.run.as_deref(), |run| allows(run).is_ok(), "to finish").await?;
        allows(&run)?;
        if !settings.night.is_endless() && !matches!(run.new.kind, RunKind::Import | RunKind::Retry) {
            let kind = run.new.kind.name();
            return Err(Error::usage(format!("--until and --max-calls are for imports and retries, not for: {kind}")));
        }
        let summary = match run.new.kind {
            RunKind::Import | RunKind::Retry => {
                let mut import = match run.new.kind {
                    RunKind::Import => recorded::import(&run, &settings.sandbox, context)?,
                    _ => retry::again(&run, &settings.sandbox, context, &ledger).await?,
                };
                import.night = settings.night.clone();
                jobs::import(&import, &mut job).await?
            }
            RunKind::Export => jobs::export(&export::again(&run, &settings.sandbox, context)?, &mut job).await?,
            RunKind::Undo => {
                jobs::undo(&undo::again(&run, &settings.sandbox, context, &ledger).await?, &mut job).await?
            }
        };
        Ok(running::ended(&summary, context))
    })
}

/// Cut off, stopped, interrupted, or with rows that nobody could settle. Whoever takes a run up is told by its claim
/// if another process works on it.
fn allows(run: &Run) -> Result<()> {
    JobState::of_run(run, false, jobs::results_of(run).as_deref()).allows(RunAction::Resume)
}
