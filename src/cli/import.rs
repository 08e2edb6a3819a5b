use std::path::PathBuf;

use super::source::{RunArgs, RunSettings, SandboxArgs, SandboxSettings, SourceArgs, SourceSettings};
use super::{Chosen, Context, Exit, running};
use crate::config::Config;
use crate::error::Result;
use crate::pipeline::{self, ImportJob};

const EXAMPLES: &str = "\
Examples:
  rolo import contacts.csv                                rehearse in the sandbox; harms nobody
  rolo import contacts.xlsx --sheet Leads --to support
  rolo import contacts.csv --to support --canary 20 --stop-when failed=5%
  zcat old.csv.gz | rolo import - --mapping old.mapping.toml --to support";

/// Send the contacts of a file to an account. Given again after it was cut off, it goes on.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// CSV or XLSX file, also .gz or .zst; `-` is CSV on standard input.
    pub(super) file: PathBuf,
    /// Account to send to [default: $ROLO_TO, else the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

/// Everything an import needs to know. The state folder and certificates are asked of the context.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    pub source: SourceSettings,
    pub account: Chosen,
    pub run: RunSettings,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, context: &Context) -> Result<ImportSettings> {
        self.settings_with(&context.config()?, context)
    }

    pub(super) fn settings_with(&self, config: &Config, context: &Context) -> Result<ImportSettings> {
        Ok(ImportSettings {
            source: self.source.settings(self.file.clone(), config, context)?,
            account: Chosen::target(self.to.clone(), config, context)?,
            run: self.run.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    import(&args.settings(context)?, context)
}

pub(super) fn import(settings: &ImportSettings, context: &Context) -> Result<Exit> {
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let import = ImportJob {
            source: running::source_spec(&settings.source, &job.state_dir)?,
            account: running::account_spec(&settings.account, &settings.sandbox, context)?,
            results: settings.source.results.clone(),
            options: running::import_options(&settings.run),
            command: "import",
            retries: None,
            resume: None,
        };
        let summary = pipeline::import(&import, &mut job).await?;
        Ok(running::ended(&summary, &job, context))
    })
}
