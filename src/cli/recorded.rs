//! A recorded run, turned back into the job it was.

use std::path::PathBuf;

use super::source::SandboxSettings;
use super::{ChosenAccount, CommandContext, running};
use crate::config::Night;
use crate::error::Result;
use crate::jobs::{AccountSpec, ImportJob, ImportRecord, MappingChoice, RunRecord as _, SavedPlan, SourceSpec};
use crate::ledger::{Run, RunKind};
use crate::table::OpenedOnce;

/// The source of an import or a retry.
pub fn source(record: &ImportRecord, run: &Run) -> SourceSpec {
    SourceSpec {
        path: PathBuf::from(&run.new.file),
        read: record.read.options(),
        mapping: MappingChoice::Text(record.mapping.clone()),
        region: record.region.clone(),
        only: Vec::new(),
        chosen: None,
        opened: OpenedOnce::default(),
        exported: record.exported,
    }
}

/// The account of a run, from today's configuration. A sandbox behaves as it did then, unless told
/// otherwise now.
pub fn account(
    run: &Run,
    unthrottled: bool,
    sandbox: &SandboxSettings,
    context: &CommandContext,
) -> Result<AccountSpec> {
    let chosen = ChosenAccount::named(&run.new.account, &context.config()?)?;
    let mut sandbox = sandbox.clone();
    if matches!(chosen, ChosenAccount::Sandbox(_)) {
        sandbox.unthrottled |= unthrottled;
    }
    running::account_spec(&chosen, &sandbox, context)
}

/// The import that a run was, to be taken up again.
pub fn import(run: &Run, sandbox: &SandboxSettings, context: &CommandContext) -> Result<ImportJob> {
    let record = ImportRecord::of(run)?;
    Ok(ImportJob {
        source: source(&record, run),
        account: account(run, record.unthrottled, sandbox, context)?,
        results: record.results.clone(),
        options: record.import.clone(),
        command: RunKind::Import,
        retries: None,
        keep_results: None,
        resume: Some(run.id.clone()),
        night: Night::default(),
        began: None,
        plan: record.plan.as_ref().map(SavedPlan::of_run).transpose()?,
    })
}
