use super::Context;
use super::source::{SandboxArgs, SandboxSettings};
use crate::error::Result;

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
