use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::consent::consent;
use super::export::ExportSettings;
use super::import_settings::ImportSettings;
use super::job::JobSettings;
use super::source::{NightArgs, RunArgs, SandboxArgs, SandboxSettings, SourceArgs};
use super::{ChosenAccount, CommandContext, Exit, import, job, print, running, several};
use crate::error::{Error, Result};
use crate::jobs::{self, AccountSpec, ExportJob, ImportJob, QueuedRecord, SourceSpec};
use crate::journal::RunId;
use crate::table::{IfTaken, PlusNumbers};

const EXAMPLES: &str = "\
Examples:
  rolo submit contacts.csv --to support        queued, and its id printed; any `rolo work` does it
  rolo submit --job nightly                    a job of the configuration, as it stands now";

/// What a job of the configuration says already.
const SAID_BY_THE_JOB: [&str; 22] = [
    "file",
    "to",
    "mapping",
    "results",
    "sheet",
    "header_row",
    "header",
    "visible_only",
    "delimiter",
    "encoding",
    "region",
    "only",
    "limit",
    "stop_when",
    "canary",
    "keep_before",
    "changed_only",
    "fresh",
    "verify",
    "create_fields",
    "until",
    "max_calls",
];

/// Queue an import, or a job, for a worker; prints the id of its run. `rolo work` serves it.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct SubmitCommand {
    /// File of contacts, as for `rolo import`; a worker reads it at the same path or address.
    #[arg(required_unless_present = "job")]
    file: Option<PathBuf>,
    /// Queue this job of the configuration instead, as it stands now.
    #[arg(long, value_name = "JOB", conflicts_with_all = SAID_BY_THE_JOB)]
    job: Option<String>,
    /// Account to send to [default: $ROLO_TO, else the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    run: RunArgs,
    /// Look at every contact, even where memory says that nothing would change.
    #[arg(long, conflicts_with = "changed_only")]
    verify: bool,
    /// Create the custom fields that columns or the mapping name and the account lacks.
    #[arg(long)]
    create_fields: bool,
    #[command(flatten)]
    night: NightArgs,
    /// Let the sandbox answer as fast as it can, without its limits of calls.
    #[arg(long)]
    unthrottled: bool,
}

impl SubmitCommand {
    fn settings(&self, context: &CommandContext) -> Result<JobSettings> {
        if let Some(name) = &self.job {
            return job::settings_of(name, context);
        }
        let import = import::ImportCommand {
            file: self.file.clone(),
            plan: None,
            to: self.to.clone(),
            source: self.source.clone(),
            run: self.run.clone(),
            verify: self.verify,
            create_fields: self.create_fields,
            rehearse: false,
            night: self.night.clone(),
            sandbox: SandboxArgs { unthrottled: self.unthrottled, ..SandboxArgs::default() },
        };
        Ok(JobSettings::Import(Box::new(import.settings(context)?)))
    }
}

pub fn run(args: &SubmitCommand, context: &CommandContext) -> Result<Exit> {
    let mut settings = args.settings(context)?;
    if let JobSettings::Import(import) = &mut settings {
        import.sandbox.unthrottled |= args.unthrottled;
    }
    running::block_on(async {
        let mut running = running::job_context(context)?;
        let run = match &settings {
            JobSettings::Import(settings) => {
                let queued =
                    QueuedRecord { job: args.job.clone(), ..queued_import(settings, &args.source.reading.only) };
                let Some(pattern) = several::pattern_of(settings) else {
                    let source = running::source_spec(&settings.source, &running).await?;
                    let run = Box::pin(submit_import(settings, source, queued, &mut running, context)).await?;
                    return said(&run, context);
                };
                let ledger = running.ledger.open()?;
                for (own, source) in several::new_files(&pattern, settings, &ledger, context).await? {
                    let source = running::opened(source, &running).await?;
                    let run = Box::pin(submit_import(&own, source, queued.clone(), &mut running, context)).await?;
                    said(&run, context)?;
                }
                return Ok(Exit::Done);
            }
            JobSettings::Export(settings) => {
                let queued = QueuedRecord { job: args.job.clone(), ..QueuedRecord::default() };
                submit_export(settings, queued, args.unthrottled, &running).await?
            }
            JobSettings::Copy(_) => {
                return Err(Error::usage("a copy can't be queued: its two accounts are served by one command")
                    .hint("run it with `rolo run`, or queue an export and an import of its file"));
            }
        };
        said(&run, context)
    })
}

fn said(run: &RunId, context: &CommandContext) -> Result<Exit> {
    print(&if context.json { format!("{}\n", json!({"run": run.0})) } else { format!("{run}\n") })?;
    if !context.quiet {
        let words = format!("queued: `rolo work` serves it, `rolo show {run}` tells how it stands\n");
        drop(std::io::stderr().lock().write_all(words.as_bytes()));
    }
    Ok(Exit::Done)
}

/// What of these settings a run under way has no need to keep.
pub(super) fn queued_import(settings: &ImportSettings, only: &[String]) -> QueuedRecord {
    let until = settings.night.until.as_ref();
    QueuedRecord {
        only: only.to_vec(),
        keep_results: settings.keep_results,
        expect_rows: settings.expect_rows.map(|expected| expected.to_string()),
        until: until.map(crate::config::DayTime::time_words),
        time_zone: until.and_then(|until| until.zone_name()).map(str::to_owned),
        max_calls: settings.night.max_calls,
        ..QueuedRecord::default()
    }
}

async fn submit_import(
    settings: &ImportSettings,
    source: SourceSpec,
    queued: QueuedRecord,
    running: &mut jobs::Context,
    context: &CommandContext,
) -> Result<RunId> {
    consent(settings, &source, running, context).await?;
    jobs::submit_import(&import_of(settings, source)?, queued, &running.ledger.open()?).await
}

/// The import of this source, as far as whoever queues it knows it.
pub(super) fn import_of(settings: &ImportSettings, source: SourceSpec) -> Result<ImportJob> {
    let account = without_secrets(&settings.account, &settings.sandbox)?;
    let (results, options) = (settings.source.results.clone(), running::import_options(&settings.run));
    Ok(ImportJob { night: settings.night.clone(), ..ImportJob::of(source, account, results, options) })
}

async fn submit_export(
    settings: &ExportSettings,
    queued: QueuedRecord,
    unthrottled: bool,
    running: &jobs::Context,
) -> Result<RunId> {
    let mut settings = settings.clone();
    settings.sandbox.unthrottled |= unthrottled;
    let identifiers = running::plain_source(settings.identifiers.clone(), running).await?;
    jobs::submit_export(&export_of(&settings, identifiers)?, queued, &running.ledger.open()?).await
}

/// The export, as far as whoever queues it knows it.
pub(super) fn export_of(settings: &ExportSettings, identifiers: Option<SourceSpec>) -> Result<ExportJob> {
    let file = settings.file.clone().ok_or_else(|| Error::usage("an export that is queued needs a file to write"))?;
    Ok(ExportJob {
        account: without_secrets(&settings.account, &settings.sandbox)?,
        file,
        filter: settings.filter.clone(),
        columns: settings.columns.clone(),
        limit: settings.limit,
        plus_numbers: if settings.raw_csv { PlusNumbers::AsTheyAre } else { PlusNumbers::Guarded },
        messages: settings.with_messages,
        tags_by_list: settings.tags_by_list,
        identifiers,
        exact: false,
        if_taken: IfTaken::NewName,
        resumes: None,
        queued: None,
    })
}

/// Where the account points to: only whoever serves the run has its secrets.
fn without_secrets(chosen: &ChosenAccount, sandbox: &SandboxSettings) -> Result<AccountSpec> {
    let mut account = chosen.place()?;
    match &mut account.sandbox {
        Some(spec) => spec.unthrottled = sandbox.unthrottled,
        None if sandbox.unthrottled => {
            return Err(Error::usage(format!("--unthrottled is for the sandbox, not for: {}", account.name))
                .hint("leave it out, or rehearse with --to sandbox:SERVICE"));
        }
        None => {}
    }
    Ok(account)
}
