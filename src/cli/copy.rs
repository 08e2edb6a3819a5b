use std::path::PathBuf;

use super::source::{RunArgs, RunSettings, SandboxArgs, SandboxSettings};
use super::{Chosen, Context};
use crate::config::Config;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  rolo copy --from old --to new
  rolo copy --from old --to new --mapping old-to-new.mapping.toml --verify";

/// Send the contacts of one account to another, and remember which became which.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Account to read.
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) from: String,
    /// Account to send to.
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) to: String,
    /// Mapping of the one's fields to the other's [default: guessed].
    #[arg(long, value_name = "FILE")]
    pub(super) mapping: Option<PathBuf>,
    /// Read both afterwards and list the fields that differ.
    #[arg(long)]
    pub(super) verify: bool,
    /// Copy at most this many contacts.
    #[arg(long, value_name = "CONTACTS")]
    pub(super) limit: Option<u64>,
    /// Results file, .csv or .xlsx [default: FROM-to-TO.results.csv].
    #[arg(long, value_name = "FILE")]
    pub(super) results: Option<PathBuf>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

#[derive(Clone, Debug)]
pub struct CopySettings {
    pub from: Chosen,
    pub to: Chosen,
    pub mapping: Option<PathBuf>,
    pub verify: bool,
    pub limit: Option<u64>,
    pub results: PathBuf,
    pub run: RunSettings,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, context: &Context) -> Result<CopySettings> {
        self.settings_with(&context.config()?)
    }

    pub(super) fn settings_with(&self, config: &Config) -> Result<CopySettings> {
        let from = Chosen::named(&self.from, config)?;
        let to = Chosen::named(&self.to, config)?;
        if from.name() == to.name() {
            return Err(Error::usage(format!("an account can't be copied to itself: {}", from.name())));
        }
        let plain = |name: &str| name.replace(':', "-");
        let results = self
            .results
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("{}-to-{}.results.csv", plain(&self.from), plain(&self.to))));
        Ok(CopySettings {
            from,
            to,
            mapping: self.mapping.clone(),
            verify: self.verify,
            limit: self.limit,
            results,
            run: self.run.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}
