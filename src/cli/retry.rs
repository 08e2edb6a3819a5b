use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::recorded::{self, ImportRecord};
use super::source::{RunArgs, RunSettings, SandboxArgs, SandboxSettings};
use super::{Context, Exit, running};
use crate::error::{Error, Result};
use crate::ledger::{LedgerHandle, Run, RunId};
use crate::pipeline::{self, Chosen, ImportJob};

const EXAMPLES: &str = "\
Examples:
  rolo retry 20261121-0931-k3f                                       the failed rows, as they are
  rolo retry 20261121-0931-k3f --with contacts.results.csv           rows mended in the results file";

/// Send the failed and rejected rows of a run again.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run whose rows are sent again [default: the latest].
    run: Option<String>,
    /// Take the rows from this file instead, by their `_line`: a results file, mended.
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    /// Results file, .csv or .xlsx [default: beside that of the run].
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    #[command(flatten)]
    safety: RunArgs,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    pub run: Option<String>,
    pub with: Option<PathBuf>,
    pub results: Option<PathBuf>,
    pub safety: RunSettings,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self, _: &Context) -> Result<RetrySettings> {
        Ok(RetrySettings {
            run: self.run.clone(),
            with: self.with.clone(),
            results: self.results.clone(),
            safety: self.safety.settings()?,
            sandbox: self.sandbox.settings(),
        })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings(context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = pipeline::open_ledger(&job.state_dir)?;
        let fits =
            |run: &Run| matches!(run.new.command.as_str(), "import" | "retry") && run.counts.needing_attention() > 0;
        let run = running::find_run(&ledger, settings.run.as_deref(), fits, "with rows to send again").await?;
        let mut import = of(&run, settings.with.clone(), &settings.sandbox, context, &ledger).await?;
        import.options = running::import_options(&settings.safety);
        if let Some(results) = settings.results.clone() {
            import.results = results;
        }
        let summary = pipeline::import(&import, &mut job).await?;
        Ok(running::ended(&summary, &job, context))
    })
}

/// The rows of `run` that failed, were rejected or are in doubt, as an import of their own.
async fn of(
    run: &Run,
    with: Option<PathBuf>,
    sandbox: &SandboxSettings,
    context: &Context,
    ledger: &LedgerHandle,
) -> Result<ImportJob> {
    if !matches!(run.new.command.as_str(), "import" | "retry") {
        return Err(Error::usage(format!(
            "run {} is an {}: only imports have rows to send again",
            run.id, run.new.command
        )));
    }
    let record = ImportRecord::of(run)?;
    let (indexes, lines) = failed_rows(run, ledger).await?;
    if indexes.is_empty() {
        return Err(Error::usage(format!("run {} has no row that failed, was rejected or is in doubt", run.id)));
    }
    let mut source = record.source(run);
    source.chosen = Some(match &with {
        Some(_) => Chosen::Lines(lines),
        None if run.new.command == "retry" => Chosen::Lines(lines),
        None => Chosen::Indexes(indexes),
    });
    if let Some(mended) = with {
        source.path = mended;
        source.read = crate::table::ReadOptions::default();
    }
    Ok(ImportJob {
        source,
        account: recorded::account(run, record.unthrottled, sandbox, context)?,
        results: retry_results(&record.results),
        options: record.import.clone(),
        command: "retry",
        retries: Some(run.id.clone()),
        resume: None,
    })
}

/// A retry that was cut off.
pub(super) async fn again(
    run: &Run,
    sandbox: &SandboxSettings,
    context: &Context,
    ledger: &LedgerHandle,
) -> Result<ImportJob> {
    let mut job = recorded::import(run, sandbox, context)?;
    let id = RunId(run.new.options["retries"].as_str().unwrap_or_default().to_owned());
    let original = ledger
        .run(move |ledger| ledger.run(&id))
        .await?
        .ok_or_else(|| Error::usage(format!("the run that {} sends again is not in the ledger", run.id)))?;
    let chosen = of(&original, Some(job.source.path.clone()), sandbox, context, ledger).await?.source.chosen;
    job.source.chosen = chosen;
    job.command = "retry";
    job.retries = Some(original.id);
    Ok(job)
}

async fn failed_rows(run: &Run, ledger: &LedgerHandle) -> Result<(BTreeSet<u64>, BTreeSet<u64>)> {
    let (mut indexes, mut lines) = (BTreeSet::new(), BTreeSet::new());
    let mut from = 0;
    loop {
        let id = run.id.clone();
        let rows = ledger.run(move |ledger| ledger.placed_rows(&id, from, 4096)).await?;
        let Some((last, _)) = rows.last() else { return Ok((indexes, lines)) };
        from = last.index + 1;
        for (position, _) in rows.iter().filter(|(_, record)| record.outcome.needs_attention()) {
            indexes.insert(position.index);
            lines.insert(position.line);
        }
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
