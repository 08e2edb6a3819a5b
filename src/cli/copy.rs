use std::path::PathBuf;

use super::consent::consent_to_copy;
use super::source::{RunArgs, RunSettings, SandboxArgs, SandboxSettings};
use super::{ChosenAccount, CommandContext, Exit, export, running};
use crate::config::Config;
use crate::contact::Filter;
use crate::error::{Error, Result};
use crate::jobs::{self, CopyJob};

const EXAMPLES: &str = "\
Examples:
  rolo copy --from old --to new
  rolo copy --from old --to new --mapping old-to-new.mapping.toml --verify";

/// Send the contacts of one account to another, and remember which became which.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct CopyCommand {
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
    /// Only contacts with this tag.
    #[arg(long)]
    pub(super) tag: Option<String>,
    /// Only contacts whose field has this value.
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(super) condition: Option<String>,
    /// Copy the contacts that this file names, for services that can't list all.
    #[arg(long, value_name = "FILE")]
    pub(super) identifiers: Option<PathBuf>,
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
    pub from: ChosenAccount,
    pub to: ChosenAccount,
    pub mapping: Option<PathBuf>,
    pub verify: bool,
    pub filter: Filter,
    pub identifiers: Option<PathBuf>,
    pub limit: Option<u64>,
    pub results: PathBuf,
    pub run: RunSettings,
    pub sandbox: SandboxSettings,
}

impl CopyCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<CopySettings> {
        self.settings_with(&context.config()?)
    }

    pub(super) fn settings_with(&self, config: &Config) -> Result<CopySettings> {
        let from = ChosenAccount::named(&self.from, config)?;
        let to = ChosenAccount::named(&self.to, config)?;
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
            filter: Filter {
                tag: self.tag.clone(),
                field: self.condition.as_deref().map(export::condition).transpose()?,
                ..Filter::default()
            },
            identifiers: self.identifiers.clone(),
            limit: self.limit,
            results,
            run: self.run.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &CopyCommand, context: &CommandContext) -> Result<Exit> {
    copy(&args.settings(context)?, context)
}

pub(super) fn copy(settings: &CopySettings, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let copy = CopyJob {
            from: running::account_spec(&settings.from, &settings.sandbox, context)?,
            to: running::account_spec(&settings.to, &settings.sandbox, context)?,
            filter: settings.filter.clone(),
            identifiers: running::plain_source(settings.identifiers.clone(), &job).await?,
            mapping: settings.mapping.clone(),
            limit: settings.limit,
            results: settings.results.clone(),
            options: running::import_options(&settings.run),
            verify: settings.verify,
        };
        let is_agreed = settings.mapping.is_some() || settings.run.yes;
        let summary = match Box::pin(consent_to_copy(&copy, &settings.to, is_agreed, &mut job)).await? {
            Some(ended) => ended,
            None => jobs::copy(&copy, &mut job).await?,
        };
        Ok(running::ended(&summary, context))
    })
}
