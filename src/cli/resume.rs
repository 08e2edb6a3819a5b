use super::source::{NightArgs, SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, alerting, export, recorded, retry, running, undo};
use crate::config::Night;
use crate::error::{Error, Result};
use crate::jobs::{self, Again};
use crate::ledger::{LedgerHandle, Run, RunKind, RunState};
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
        // What waits for a worker is taken here only if it is named.
        let fits = |run: &Run| run.state != RunState::Queued && allows(run).is_ok();
        let run = running::find_run(&ledger, settings.run.as_deref(), fits, "to finish").await?;
        allows(&run)?;
        if !settings.night.is_endless() && !matches!(run.new.kind, RunKind::Import | RunKind::Retry) {
            let kind = run.new.kind.name();
            return Err(Error::usage(format!("--until and --max-calls are for imports and retries, not for: {kind}")));
        }
        job.watch = alerting::watch_of(&run, &context.config()?);
        let mut again = again_of(&run, &settings.sandbox, context, &ledger).await?;
        if let Again::Import(import) = &mut again
            && !settings.night.is_endless()
        {
            import.night = settings.night.clone();
        }
        Ok(running::ended(&again.go_on(&mut job).await?, context))
    })
}

/// The job that goes on with a run, by today's configuration.
///
/// # Errors
/// Of kind `Usage` if its account, a secret or its file is not at hand.
pub(super) async fn again_of(
    run: &Run,
    sandbox: &SandboxSettings,
    context: &CommandContext,
    ledger: &LedgerHandle,
) -> Result<Again> {
    Ok(match run.new.kind {
        RunKind::Import => Again::Import(Box::new(recorded::import(run, sandbox, context)?)),
        RunKind::Retry => Again::Import(Box::new(retry::again(run, sandbox, context, ledger).await?)),
        RunKind::Export => Again::Export(Box::new(export::again(run, sandbox, context)?)),
        RunKind::Undo => Again::Undo(Box::new(undo::again(run, sandbox, context, ledger).await?)),
    })
}

/// Cut off, stopped, interrupted, or with rows that nobody could settle. Whoever takes a run up is told by its claim
/// if another process works on it.
fn allows(run: &Run) -> Result<()> {
    JobState::of_run(run, false, jobs::results_of(run).as_deref()).allows(RunAction::Resume)
}
