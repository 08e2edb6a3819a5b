use super::source::{SandboxArgs, SandboxSettings};
use super::{Context, Exit, export, recorded, retry, running, undo};
use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::ledger::{Run, RunState};
use crate::pipeline;

const EXAMPLES: &str = "\
Examples:
  rolo resume                       the latest run that was cut off
  rolo resume 20261121-0931-k3f";

/// Finish a run that was cut off, stopped or interrupted. What is in doubt is looked up first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
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

impl Args {
    pub fn settings(&self, _: &Context) -> Result<ResumeSettings> {
        Ok(ResumeSettings { run: self.run.clone(), sandbox: self.sandbox.settings() })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = pipeline::open_ledger(&job.state_dir)?;
        let run = running::find_run(&ledger, settings.run.as_deref(), resumable, "to finish").await?;
        if !resumable(&run) {
            return Err(Error::usage(format!("run {} has finished, and nothing of it is in doubt", run.id))
                .hint(format!("`rolo retry {}` sends its failed rows again", run.id)));
        }
        let summary = match run.new.command.as_str() {
            "import" => pipeline::import(&recorded::import(&run, &settings.sandbox, context)?, &mut job).await?,
            "retry" => {
                pipeline::import(&retry::again(&run, &settings.sandbox, context, &ledger).await?, &mut job).await?
            }
            "export" => pipeline::export(&export::again(&run, &settings.sandbox, context)?, &mut job).await?,
            "undo" => pipeline::undo(&undo::again(&run, &settings.sandbox, context, &ledger).await?, &mut job).await?,
            other => {
                return Err(Error::usage(format!("run {} is a {other}: give its command again to go on", run.id)));
            }
        };
        Ok(running::ended(&summary, &job, context))
    })
}

/// Cut off, stopped, interrupted, or with rows that nobody could settle.
fn resumable(run: &Run) -> bool {
    matches!(run.state, RunState::Running | RunState::Stopped | RunState::Interrupted)
        || run.counts[Outcome::InDoubt] > 0
}
