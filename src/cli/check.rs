use std::path::PathBuf;
use std::sync::Arc;

use super::source::{SourceArgs, SourceSettings};
use super::{ChosenAccount, CommandContext, Exit, running};
use crate::error::Result;
use crate::jobs::{self, CheckJob};

const EXAMPLES: &str = "\
Examples:
  rolo check contacts.csv --region GB
  rolo check contacts.xlsx --sheet Leads --for support";

/// Map and check every row, without network and without a ledger.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct CheckCommand {
    /// File of contacts, such as CSV, XLSX, vCard or JSON Lines; `-` is standard input.
    file: PathBuf,
    /// Check against what this account's service admits [default: as for an import].
    #[arg(long = "for", visible_alias = "to", value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Clone, Debug)]
pub struct CheckSettings {
    pub source: SourceSettings,
    /// Whose limits and fields the rows are checked against; nothing is sent there.
    pub account: ChosenAccount,
}

impl CheckCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<CheckSettings> {
        let config = context.config()?;
        Ok(CheckSettings {
            source: self.source.settings(self.file.clone(), &config, context)?,
            account: ChosenAccount::target(self.account.clone(), &config, context)?,
        })
    }
}

pub fn run(args: &CheckCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let check = CheckJob {
            source: running::source_spec(&settings.source, &job).await?,
            service: Arc::from(settings.account.connect()?),
            results: settings.source.results.clone(),
        };
        let summary = jobs::check(&check, &mut job).await?;
        Ok(running::ended(&summary, context))
    })
}
