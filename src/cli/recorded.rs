//! A recorded run, turned back into the job it was.

use std::io::Write as _;
use std::path::PathBuf;

use super::source::{SandboxSettings, condition};
use super::{ChosenAccount, CommandContext, running};
use crate::config::{Config, DayTime, Night, Threshold};
use crate::error::Result;
use crate::jobs::{
    self, AccountSpec, EditsRecord, ImportJob, ImportRecord, MappingChoice, QueuedRecord, RunRecord as _, SavedPlan,
    SourceSpec,
};
use crate::ledger::Run;
use crate::report::escape;
use crate::table::OpenedOnce;

/// The source of an import or a retry.
///
/// # Errors
/// Of kind `Usage` if its edits are gone, or were changed since.
pub fn source(record: &ImportRecord, run: &Run) -> Result<SourceSpec> {
    Ok(SourceSpec {
        read: record.read.options(),
        mapping: MappingChoice::Text(record.mapping.clone()),
        region: record.region.clone(),
        edits: record.edits.as_ref().map(EditsRecord::read).transpose()?,
        exported: record.exported,
        opened: OpenedOnce::pinned(record.pin.clone()),
        taken_as: record.pin.clone(),
        ..SourceSpec::of(PathBuf::from(&run.new.file))
    })
}

/// The account that a run was made at, in today's configuration. By its name; or by where it points, if that is
/// called otherwise by now.
///
/// # Errors
/// Those of [`ChosenAccount::named`].
pub fn chosen(run: &Run, config: &Config) -> Result<ChosenAccount> {
    let named = ChosenAccount::named(&run.new.account, config);
    let is_there = |chosen: &ChosenAccount| points_to(chosen, run);
    if named.as_ref().is_ok_and(|chosen| matches!(chosen, ChosenAccount::Sandbox(_)) || is_there(chosen)) {
        return named;
    }
    let accounts = config.accounts.values().cloned().map(|account| ChosenAccount::Configured(Box::new(account)));
    accounts.into_iter().find(is_there).map_or(named, Ok)
}

fn points_to(chosen: &ChosenAccount, run: &Run) -> bool {
    chosen.place().is_ok_and(|place| jobs::points_to(&place, &run.new.identity))
}

/// The account of a run, as [`chosen`]. A sandbox behaves as it did then, unless told otherwise now.
pub fn account(
    run: &Run,
    unthrottled: bool,
    sandbox: &SandboxSettings,
    context: &CommandContext,
) -> Result<AccountSpec> {
    let chosen = chosen(run, &context.config()?)?;
    if chosen.name() != run.new.account && !context.quiet {
        let words = format!("account {} of run {} is called {} now", run.new.account, run.id, chosen.name());
        drop(writeln!(std::io::stderr().lock(), "{}", escape(&words)));
    }
    let mut sandbox = sandbox.clone();
    if matches!(chosen, ChosenAccount::Sandbox(_)) {
        sandbox.unthrottled |= unthrottled;
    }
    running::account_spec(&chosen, &sandbox, context)
}

/// The import that a run was, to be taken up again; one that waits for a worker, to be begun.
pub fn import(run: &Run, sandbox: &SandboxSettings, context: &CommandContext) -> Result<ImportJob> {
    let record = ImportRecord::of(run)?;
    let queued = record.queued.clone();
    let pending = queued.as_ref().filter(|queued| queued.is_pending);
    let mut source = source(&record, run)?;
    if let Some(queued) = pending.filter(|queued| queued.is_guessed || queued.mapping.is_some()) {
        source.mapping = queued.mapping.clone().map_or(MappingChoice::Guess, MappingChoice::File);
        source.only = queued.only.iter().map(|text| condition(text)).collect::<Result<_>>()?;
    }
    let account = account(run, record.unthrottled, sandbox, context)?;
    Ok(ImportJob {
        keep_results: pending.and_then(|queued| queued.keep_results),
        expect_rows: pending.and_then(|queued| queued.expect_rows.as_deref()).map(Threshold::parse).transpose()?,
        resume: Some(run.id.clone()),
        night: queued.as_ref().map(night).transpose()?.unwrap_or_default(),
        plan: record.plan.as_ref().map(SavedPlan::of_run).transpose()?,
        queued,
        ..ImportJob::of(source, account, record.results.clone(), record.import.clone())
    })
}

/// What each execution of a queued run may use.
fn night(queued: &QueuedRecord) -> Result<Night> {
    let until = queued.until.as_deref().map(|until| DayTime::parse(until, queued.time_zone.as_deref()));
    Ok(Night { until: until.transpose()?, max_calls: queued.max_calls })
}
