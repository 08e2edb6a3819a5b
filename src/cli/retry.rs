use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::{NightArgs, RunArgs, RunSettings, SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, recorded, running};
use crate::clock;
use crate::config::Night;
use crate::error::{Error, Result};
use crate::jobs::{
    self, EditRules, ImportJob, ImportRecord, Mending, RowPlace, RowSelection, RunRecord as _, SourceSpec,
};
use crate::journal::RunId;
use crate::ledger::{LedgerHandle, Run, RunKind};
use crate::mapping::Mapping;
use crate::report::{JobState, RunAction};
use crate::storage::absolute;

const EXAMPLES: &str = "\
Examples:
  rolo retry 20261121-0931-k3f                                       the failed rows, as they are
  rolo retry 20261121-0931-k3f --with contacts.results.csv           rows mended in the results file";

/// Send the failed and rejected rows of a run again.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct RetryCommand {
    /// Run whose rows are sent again [default: the latest].
    run: Option<String>,
    /// Take the rows from this file instead, by their `_line`: a results file, mended.
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    /// Sheet of the mended workbook to take, by name or number [default: both that rolo writes].
    #[arg(long, value_name = "SHEET", requires = "with")]
    sheet: Option<String>,
    /// Results file, .csv or .xlsx [default: beside that of the run].
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    #[command(flatten)]
    safety: RunArgs,
    #[command(flatten)]
    night: NightArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    pub run: Option<String>,
    pub with: Option<PathBuf>,
    pub sheet: Option<String>,
    pub results: Option<PathBuf>,
    pub safety: RunSettings,
    pub night: Night,
    pub sandbox: SandboxSettings,
}

impl RetryCommand {
    pub fn settings(&self, _: &CommandContext) -> Result<RetrySettings> {
        Ok(RetrySettings {
            run: self.run.clone(),
            with: self.with.clone(),
            sheet: self.sheet.clone(),
            results: self.results.clone(),
            safety: self.safety.settings()?,
            night: self.night.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &RetryCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let began = clock::now();
        let mut job = running::job_context(context)?;
        let ledger = job.ledger.open()?;
        let mended = settings.with.as_deref();
        let fits = |run: &Run| {
            let has_rows = run.counts.needing_attention() > 0 || mended.is_some_and(|file| is_result_of(file, run));
            has_rows && allows(run, false, mended).is_ok()
        };
        let run = running::find_run(&ledger, settings.run.as_deref(), fits, "with rows to send again").await?;
        let instead =
            Instead { file: settings.with.clone(), sheet: settings.sheet.clone(), asked: settings.safety.yes };
        let mut import = of(&run, instead, &settings.sandbox, context, &ledger).await?;
        import.options = running::import_options(&settings.safety);
        import.night = settings.night.clone();
        // Comparing what was mended with what was sent is part of what a retry takes.
        import.began = Some(began);
        if let Some(results) = settings.results.clone() {
            import.results = results;
        }
        let summary = jobs::import(&import, &mut job).await?;
        Ok(running::ended(&summary, context))
    })
}

/// What is taken instead of the rows as they were.
struct Instead {
    file: Option<PathBuf>,
    sheet: Option<String>,
    /// It was said that all is to be sent.
    asked: bool,
}

/// The rows of `run` that failed, were rejected or are in doubt, as they stand in its source.
pub(super) async fn failed_rows(
    run: &Run,
    sandbox: &SandboxSettings,
    context: &CommandContext,
    ledger: &LedgerHandle,
) -> Result<ImportJob> {
    of(run, Instead { file: None, sheet: None, asked: false }, sandbox, context, ledger).await
}

/// The rows of `run` that failed, were rejected or are in doubt, as an import of their own.
async fn of(
    run: &Run,
    instead: Instead,
    sandbox: &SandboxSettings,
    context: &CommandContext,
    ledger: &LedgerHandle,
) -> Result<ImportJob> {
    allows(run, running::is_under_way(ledger, run).await?, instead.file.as_deref())?;
    let record = ImportRecord::of(run)?;
    let attention = rows_to_mend(run, ledger).await?;
    if attention.is_empty() && instead.file.is_none() {
        return Err(Error::usage(format!("run {} has no row that failed, was rejected or is in doubt", run.id))
            .hint("a results file with other changes is imported like any file"));
    }
    let first = first_run(run, ledger).await?;
    let mut source = recorded::source(&record, run)?;
    if instead.file.is_none() && run.new.file == first.new.file {
        if !is_as_it_was(&source_of(&first)?, &first)? {
            return Err(changed_since(&first));
        }
        source.chosen = Some(RowSelection::Places(Arc::new(attention)));
    } else {
        if let Some(file) = instead.file {
            source.path = file;
            // The results hold the rows as they were edited.
            source.edits = None;
            source.read = crate::table::ReadOptions { sheet: instead.sheet, ..Default::default() };
        }
        let rules = EditRules::of(&Mapping::parse(&record.mapping, "the recorded mapping")?, instead.asked);
        let first_source = source_of(&first)?;
        let as_it_was = is_as_it_was(&first_source, &first)?;
        let mending =
            Mending { file: &source, source: as_it_was.then_some(&first_source), attention: &attention, rules };
        source.chosen = Some(RowSelection::Mended(Arc::new(mending.rows()?)));
    }
    let account = recorded::account(run, record.unthrottled, sandbox, context)?;
    Ok(ImportJob {
        command: RunKind::Retry,
        retries: Some(run.id.clone()),
        ..ImportJob::of(source, account, retry_results(&record.results), record.import.clone())
    })
}

/// The run that first sent the rows of this one.
async fn first_run(run: &Run, ledger: &LedgerHandle) -> Result<Run> {
    let mut first = run.clone();
    while let Some(id) = ImportRecord::of(&first)?.retries {
        match ledger.run(&RunId(id)).await? {
            Some(earlier) => first = earlier,
            None => break,
        }
    }
    Ok(first)
}

fn source_of(run: &Run) -> Result<SourceSpec> {
    recorded::source(&ImportRecord::of(run)?, run)
}

/// Whether the source of a run is there and holds the very bytes that it held then.
fn is_as_it_was(source: &SourceSpec, run: &Run) -> Result<bool> {
    let mapping = ImportRecord::of(run)?.mapping;
    let now = source.fingerprints(run.new.kind.name(), &run.new.identity, &mapping);
    Ok(now.is_ok_and(|now| now.has(&run.new.fingerprint)))
}

fn changed_since(run: &Run) -> Error {
    Error::usage(format!("{} is gone or was changed since run {}, so its rows can't be told", run.new.file, run.id))
        .hint("import the file again: what went well stays as it is; or mend the results and name them with --with")
}

/// `mended` is the file that rows are taken from, where one is named.
fn allows(run: &Run, is_under_way: bool, mended: Option<&Path>) -> Result<()> {
    let action = if mended.is_some() { RunAction::RetryMended } else { RunAction::Retry };
    JobState::of_run(run, is_under_way, jobs::results_of(run).as_deref()).allows(action)
}

/// Whether a file is where the results of the run were written.
fn is_result_of(file: &Path, run: &Run) -> bool {
    jobs::results_of(run).is_some_and(|results| results == absolute(file))
}

/// A retry that was cut off.
pub(super) async fn again(
    run: &Run,
    sandbox: &SandboxSettings,
    context: &CommandContext,
    ledger: &LedgerHandle,
) -> Result<ImportJob> {
    let began = clock::now();
    let mut job = recorded::import(run, sandbox, context)?;
    let id = RunId(ImportRecord::of(run)?.retries.unwrap_or_default());
    let original = ledger
        .run(&id)
        .await?
        .ok_or_else(|| Error::usage(format!("the run that {} sends again is not in the ledger", run.id)))?;
    let is_source = first_run(run, ledger).await?.new.file == run.new.file;
    let instead = Instead {
        file: (!is_source).then(|| job.source.path.clone()),
        sheet: job.source.read.sheet.clone(),
        asked: true,
    };
    let chosen = of(&original, instead, sandbox, context, ledger).await?.source.chosen;
    job.source.chosen = chosen;
    if job.source.chosen_digest() != ImportRecord::of(run)?.chosen {
        return Err(Error::usage(format!(
            "run {} can't be taken up: the file that its rows were compared with was changed since",
            run.id
        ))
        .hint(format!("give `rolo retry {} --with FILE` again: what went well stays as it is", original.id)));
    }
    job.command = RunKind::Retry;
    job.retries = Some(original.id);
    job.began = Some(began);
    Ok(job)
}

async fn rows_to_mend(run: &Run, ledger: &LedgerHandle) -> Result<BTreeSet<RowPlace>> {
    let mut places = BTreeSet::new();
    let mut from = 0;
    loop {
        let rows = ledger.placed_rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { return Ok(places) };
        from = last.index + 1;
        let to_mend = rows.iter().filter(|(_, record)| record.outcome.needs_attention());
        places.extend(to_mend.map(|(position, _)| (position.sheet, position.line)));
    }
}

/// `contacts.results.csv` → `contacts.retry.csv`, which is not the file that may be mended.
fn retry_results(results: &Path) -> PathBuf {
    let extension = results.extension().unwrap_or_default().to_owned();
    let stem = results.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stem = stem.strip_suffix(".results").or_else(|| stem.strip_suffix(".retry")).unwrap_or(&stem).to_owned();
    let mut path = results.with_file_name(format!("{stem}.retry"));
    path.as_mut_os_string().push(".");
    path.as_mut_os_string().push(extension);
    path
}
