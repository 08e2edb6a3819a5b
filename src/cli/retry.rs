use std::path::PathBuf;

use super::Context;
use super::source::{RunArgs, RunSettings, SandboxArgs, SandboxSettings};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  rolo retry 20261121-0931-k3f                                       the failed rows, as they are
  rolo retry 20261121-0931-k3f --with contacts.results.csv           rows mended in the results file";

/// Send the failed and rejected rows of a run again.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run whose rows are sent again [default: the latest].
    run: Option<String>,
    /// Take the rows from this file instead, by their `_line`: a results file, mended.
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    /// Results file, .csv or .xlsx [default: beside that of the run].
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    #[command(flatten)]
    safety: RunArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    pub run: Option<String>,
    pub with: Option<PathBuf>,
    pub results: Option<PathBuf>,
    pub safety: RunSettings,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, _: &Context) -> Result<RetrySettings> {
        Ok(RetrySettings {
            run: self.run.clone(),
            with: self.with.clone(),
            results: self.results.clone(),
            safety: self.safety.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}
