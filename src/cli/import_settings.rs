use super::source::{RunSettings, SandboxSettings, SourceSettings};
use super::{ChosenAccount, CommandContext, running};
use crate::config::{Night, Threshold};
use crate::error::Result;
use crate::jobs::{ImportJob, SavedPlan, SourceSpec};

/// Everything an import needs to know. The state folder and certificates are asked of the context.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    pub source: SourceSettings,
    pub account: ChosenAccount,
    pub run: RunSettings,
    /// What one night may use.
    pub night: Night,
    pub sandbox: SandboxSettings,
    /// Results get the date in their name, and those of this many nights are kept.
    pub keep_results: Option<u64>,
    /// Rows that the file must have, or a share of those that it had last.
    pub expect_rows: Option<Threshold>,
}

impl ImportSettings {
    /// The import of this source by these settings.
    pub fn job(&self, source: SourceSpec, plan: Option<SavedPlan>, context: &CommandContext) -> Result<ImportJob> {
        let account = running::account_spec(&self.account, &self.sandbox, context)?;
        let (results, options) = (self.source.results.clone(), running::import_options(&self.run));
        Ok(ImportJob {
            keep_results: self.keep_results,
            expect_rows: self.expect_rows,
            night: self.night.clone(),
            plan,
            ..ImportJob::of(source, account, results, options)
        })
    }
}
