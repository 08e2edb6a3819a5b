use std::path::PathBuf;

use super::forecast::{forecast_json, forecast_words};
use super::source::{SandboxArgs, SandboxSettings, SourceArgs, SourceSettings};
use super::{Chosen, Context, Exit, print, running};
use crate::error::Result;
use crate::pipeline::{self, PlanJob};

const EXAMPLES: &str = "\
Examples:
  rolo plan contacts.csv --to support           from what is known, without a call
  rolo plan contacts.csv --to support --live    reads the account, to be exact";

/// Show what an import would do: rows, calls and time. Writes nothing to the service.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// CSV or XLSX file; `-` is CSV on standard input.
    file: PathBuf,
    /// Account to plan for [default: $ROLO_TO, else the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    /// Look the contacts up in the account; reads only.
    #[arg(long)]
    live: bool,
    /// Show the differences of this many rows.
    #[arg(long, value_name = "ROWS", default_value_t = 5)]
    samples: u64,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug)]
pub struct PlanSettings {
    pub source: SourceSettings,
    pub account: Chosen,
    pub live: bool,
    pub samples: u64,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, context: &Context) -> Result<PlanSettings> {
        let config = context.config()?;
        Ok(PlanSettings {
            source: self.source.settings(self.file.clone(), &config, context)?,
            account: Chosen::target(self.to.clone(), &config, context)?,
            live: self.live,
            samples: self.samples,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let plan = PlanJob {
            source: running::source_spec(&settings.source, &job.state_dir)?,
            account: running::account_spec(&settings.account, &settings.sandbox, context)?,
            live: settings.live,
            samples: usize::try_from(settings.samples).unwrap_or(usize::MAX),
        };
        let forecast = pipeline::plan(&plan, &mut job).await?;
        if context.json {
            print(&format!("{}\n", forecast_json(&forecast)))?;
        } else {
            print(&forecast_words(&forecast))?;
        }
        let fails = forecast.counts.needing_attention() > 0;
        Ok(if fails { Exit::RowsToLookAt } else { Exit::Done })
    })
}
