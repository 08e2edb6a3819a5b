use std::path::PathBuf;

use super::forecast::{forecast_json, forecast_words};
use super::source::{NightArgs, ReadingArgs, SandboxArgs, SandboxSettings, SourceArgs, SourceSettings};
use super::{ChosenAccount, CommandContext, Exit, print, running, unused};
use crate::config::Night;
use crate::error::{Error, Result};
use crate::jobs::{self, PlanJob};
use crate::report::escape;

const EXAMPLES: &str = "\
Examples:
  rolo plan contacts.csv --to support           from what is known, without a call
  rolo plan contacts.csv --to support --live    reads the account, to be exact
  rolo plan contacts.csv --to support --live --save contacts.plan
  rolo import --plan contacts.plan              does what was shown";

/// Show what an import would do: rows, calls and time. Writes nothing to the service.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct PlanCommand {
    /// File of contacts, such as CSV, XLSX, vCard or JSON Lines; `-` is standard input.
    file: PathBuf,
    /// Account to plan for [default: $ROLO_TO, else the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    /// Look the contacts up in the account; reads only.
    #[arg(long)]
    live: bool,
    /// Save the plan in this file, so that `rolo import --plan` does exactly what was shown.
    #[arg(long, value_name = "PLAN")]
    save: Option<PathBuf>,
    /// Show the differences of this many rows.
    #[arg(long, value_name = "ROWS", default_value_t = 5)]
    samples: u64,
    /// As the import would: create the custom fields that the account lacks.
    #[arg(long)]
    create_fields: bool,
    /// Mapping file [default: FILE.mapping.toml beside it, else guessed].
    #[arg(long, value_name = "FILE", help_heading = "Reading the file")]
    mapping: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    // An option of every command on a file that means nothing here: taken, and said to be unused.
    #[arg(long, hide = true)]
    results: Option<PathBuf>,
    #[command(flatten)]
    night: NightArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug)]
pub struct PlanSettings {
    pub source: SourceSettings,
    pub account: ChosenAccount,
    pub live: bool,
    /// Where to save it.
    pub save: Option<PathBuf>,
    pub samples: u64,
    pub create_fields: bool,
    pub night: Night,
    pub sandbox: SandboxSettings,
}

impl PlanCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<PlanSettings> {
        let config = context.config()?;
        if self.save.is_some() && !self.live {
            return Err(Error::usage("a plan is saved with what the contacts look like now, which only --live reads")
                .hint("add --live; it writes nothing to the service"));
        }
        if self.save.is_some() && self.create_fields {
            return Err(Error::usage("a saved plan is of contacts, and creates no custom fields: --create-fields")
                .hint("create the fields first, by hand or with a first import of a row, and then plan"));
        }
        let source =
            SourceArgs { mapping: self.mapping.clone(), reading: self.reading.clone(), ..SourceArgs::default() };
        Ok(PlanSettings {
            source: source.settings(self.file.clone(), &config, context)?,
            account: ChosenAccount::target(self.to.clone(), &config, context)?,
            live: self.live,
            save: self.save.clone(),
            samples: self.samples,
            create_fields: self.create_fields,
            night: self.night.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &PlanCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings(context)?;
    unused("a plan writes no results", "--results", args.results.is_some(), context);
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let plan = PlanJob {
            source: running::source_spec(&settings.source, &job).await?,
            account: running::account_spec(&settings.account, &settings.sandbox, context)?,
            live: settings.live,
            night: settings.night.clone(),
            save: settings.save.clone(),
            samples: usize::try_from(settings.samples).unwrap_or(usize::MAX),
            create_fields: settings.create_fields,
        };
        let forecast = jobs::plan(&plan, &mut job).await?;
        if context.json {
            print(&format!("{}\n", forecast_json(&forecast)))?;
        } else {
            print(&forecast_words(&forecast))?;
            if let Some(save) = &settings.save {
                let save = escape(&save.display().to_string()).into_owned();
                print(&format!("\nsaved as {save}: `rolo import --plan {save}` does this, and nothing else\n"))?;
            }
        }
        let fails = forecast.counts.needing_attention() > 0;
        Ok(if fails { Exit::RowsToLookAt } else { Exit::Done })
    })
}
