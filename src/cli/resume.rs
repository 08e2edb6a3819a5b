use super::Context;
use super::source::{SandboxArgs, SandboxSettings};
use crate::error::Result;

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
