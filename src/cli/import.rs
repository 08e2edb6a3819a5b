use std::path::PathBuf;

use super::consent::consent;
use super::import_settings::ImportSettings;
use super::source::{NightArgs, RunArgs, RunSettings, SandboxArgs, SourceArgs};
use super::{ChosenAccount, CommandContext, Exit, by_plan, rehearse, running, several};
use crate::config::Config;
use crate::error::Result;
use crate::jobs;

const EXAMPLES: &str = "\
Examples:
  rolo import contacts.csv                                rehearse in the sandbox; harms nobody
  rolo import contacts.xlsx --sheet Leads --to support
  rolo import contacts.csv --to support --canary 20 --stop-when failed=5%
  rolo import contacts.csv --to support --rehearse        how long, which calls, which rows fail
  rolo import --plan contacts.plan                        what `rolo plan --live --save` showed
  rolo import 's3://inbox/night-*.csv' --to support       each new file once, of storage or a folder
  zcat old.csv.gz | rolo import - --mapping old.mapping.toml --to support";

/// Send the contacts of a file to an account. Given again after it was cut off, it goes on.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ImportCommand {
    /// File of contacts, such as CSV, XLSX, vCard or JSON Lines, also .gz or .zst, on the disk or at an address
    /// (s3://BUCKET/KEY, https://…); a `*` in its name takes each new one; `-` is standard input.
    #[arg(required_unless_present = "plan")]
    pub(super) file: Option<PathBuf>,
    /// Do exactly what this plan shows, which `rolo plan --live --save` wrote.
    #[arg(long, value_name = "PLAN")]
    pub(super) plan: Option<PathBuf>,
    /// Account to send to [default: $ROLO_TO, else the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Look at every contact, even where memory says that nothing would change.
    #[arg(long, conflicts_with = "changed_only")]
    pub(super) verify: bool,
    /// Create the custom fields that columns or the mapping name and the account lacks.
    #[arg(long)]
    pub(super) create_fields: bool,
    /// Try it all on the emulator of the account's service, filled with what is remembered of the account,
    /// and tell time, calls and failures. Sends nothing, and remembers nothing.
    #[arg(long, conflicts_with = "plan")]
    pub(super) rehearse: bool,
    #[command(flatten)]
    pub(super) night: NightArgs,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

impl ImportCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<ImportSettings> {
        self.settings_with(&context.config()?, context)
    }

    pub(super) fn settings_with(&self, config: &Config, context: &CommandContext) -> Result<ImportSettings> {
        Ok(ImportSettings {
            source: self.source.settings(self.file.clone().unwrap_or_else(|| "-".into()), config, context)?,
            account: ChosenAccount::target(self.to.clone(), config, context)?,
            run: RunSettings { verify: self.verify, create_fields: self.create_fields, ..self.run.settings()? },
            night: self.night.settings()?,
            sandbox: self.sandbox.settings(),
            keep_results: None,
            expect_rows: None,
        })
    }
}

pub fn run(args: &ImportCommand, context: &CommandContext) -> Result<Exit> {
    match &args.plan {
        Some(plan) => {
            let choices = by_plan::Choices {
                file: args.file.as_deref(),
                to: args.to.as_deref(),
                source: &args.source,
                run: &args.run,
                night: &args.night,
                verify: args.verify,
                create_fields: args.create_fields,
                sandbox: &args.sandbox,
            };
            by_plan::import(&choices, plan, context)
        }
        None if args.rehearse => rehearse::rehearse(args.settings(context)?, args.source.results.is_some(), context),
        None => import(&args.settings(context)?, context),
    }
}

pub(super) fn import(settings: &ImportSettings, context: &CommandContext) -> Result<Exit> {
    if let Some(pattern) = several::pattern_of(settings) {
        return several::import(&pattern, settings, context);
    }
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let source = running::source_spec(&settings.source, &job).await?;
        consent(settings, &source, &mut job, context).await?;
        let import = settings.job(source, None, context)?;
        let summary = jobs::import(&import, &mut job).await?;
        Ok(running::ended(&summary, context))
    })
}
