//! From checked settings to a job of the pipeline, and from its summary to words and an exit code.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::source::{Input, RunSettings, SandboxSettings, SourceSettings};
use super::{Chosen, Context, Exit, progress, secrets};
use crate::config::Threshold;
use crate::engine::{Stop, StopLevel};
use crate::error::{Error, Result};
use crate::ledger::{LedgerHandle, Run, RunId};
use crate::pipeline::{self, AccountSpec, ImportOptions, MappingChoice, RefreshSecrets, SandboxSpec, SourceSpec};
use crate::report::{Summary, closing_words};
use crate::services::Settings;
use crate::table::ReadOptions;

/// Runs an asynchronous command to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::stopped("the runtime could not be started").caused_by(error))?
        .block_on(work)
}

/// What a job runs in: state folder, progress, and signals that stop it.
pub fn job_context(context: &Context) -> Result<pipeline::Context> {
    let stop = Stop::default();
    listen(&stop)?;
    Ok(pipeline::Context { state_dir: context.state_dir()?.value, reporter: progress(context), stop })
}

/// The first signal lets the requests under way end; the second leaves at once.
fn listen(stop: &Stop) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| Error::stopped("signals can't be listened to").caused_by(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let stop = stop.clone();
    tokio::spawn(async move {
        for level in [StopLevel::Drain, StopLevel::Leave] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let words = match level {
                StopLevel::Leave => "leaving at once\n",
                _ => "stopping: requests under way are finished first; once more to leave at once\n",
            };
            drop(std::io::stderr().lock().write_all(words.as_bytes()));
            stop.ask(level);
        }
    });
    Ok(())
}

/// The account, with its secrets fetched.
pub fn account_spec(chosen: &Chosen, sandbox: &SandboxSettings, context: &Context) -> Result<AccountSpec> {
    let entry = chosen.entry()?;
    let place = chosen.connect()?.credential();
    let wanted =
        SandboxSpec { unthrottled: sandbox.unthrottled, memory: sandbox.memory, faults: sandbox.faults.clone() };
    match chosen {
        Chosen::Sandbox(_) => {
            let settings = entry.sandbox_settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Ok(AccountSpec {
                name: chosen.name(),
                service: entry,
                settings: Settings(settings.collect()),
                base_url: None,
                secret: chosen.secret(place, context)?,
                refresh: None,
                rate: None,
                ca_file: None,
                sandbox: Some(wanted),
            })
        }
        Chosen::Configured(account) => {
            if wanted.unthrottled || wanted.memory || !wanted.faults.is_empty() {
                return Err(Error::usage(format!(
                    "--unthrottled, --memory and --fault are for the sandbox, not for: {}",
                    account.name
                ))
                .hint("leave them out, or rehearse with --to sandbox:SERVICE"));
            }
            let refresh = match &account.refresh {
                None => None,
                Some(refresh) => Some(RefreshSecrets {
                    refresh_token: secrets::fetch(&refresh.refresh_token, &context.environment)?,
                    client_id: secrets::fetch_text(&refresh.client_id, &context.environment)?,
                    client_secret: secrets::fetch(&refresh.client_secret, &context.environment)?,
                }),
            };
            Ok(AccountSpec {
                name: account.name.clone(),
                service: entry,
                settings: account.settings.clone(),
                base_url: account.base_url.clone(),
                secret: chosen.secret(place, context)?,
                refresh,
                rate: account.rate,
                ca_file: chosen.ca_file(context),
                sandbox: None,
            })
        }
    }
}

/// The source of a job. Standard input is kept in the state folder, so that the job can be resumed.
pub fn source_spec(settings: &SourceSettings, state_dir: &Path) -> Result<SourceSpec> {
    let path = match &settings.input {
        Input::File(path) => path.clone(),
        Input::Stdin => spooled(state_dir)?,
    };
    Ok(SourceSpec {
        path,
        read: ReadOptions {
            delimiter: settings.delimiter,
            encoding: settings.encoding.map(|encoding| encoding.name().to_owned()),
            sheet: settings.sheet.clone(),
            limit: settings.limit,
            ..ReadOptions::default()
        },
        mapping: settings.mapping.clone().map_or(MappingChoice::Guess, MappingChoice::File),
        region: settings.region.clone(),
        chosen: None,
    })
}

/// Keeps what comes on standard input, under the hash of its content: the same input is the same file.
fn spooled(state_dir: &Path) -> Result<PathBuf> {
    let folder = state_dir.join("input");
    let failed = |error: std::io::Error| {
        Error::stopped(format!("standard input can't be kept in: {}", folder.display()))
            .hint("make room on the disk, or name another folder with --state-dir")
            .caused_by(error)
    };
    crate::ledger::lock::make_private_folder(&folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut input = std::io::stdin().lock();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = std::io::Read::read(&mut input, &mut buffer).map_err(failed)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        file.write_all(&buffer[..n]).map_err(failed)?;
    }
    if hasher.count() == 0 {
        return Err(Error::usage("standard input is empty").hint("pipe a CSV into it, or name a file in place of -"));
    }
    let path = folder.join(format!("{}.csv", &hasher.finalize().to_hex()[..16]));
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

pub fn import_options(settings: &RunSettings) -> ImportOptions {
    let mut options = ImportOptions {
        keep_before: settings.keep_before,
        changed_only: settings.changed_only,
        fresh: settings.fresh,
        same_cause: settings.stop_when.same_reason,
        canary: settings.canary.filter(|_| !settings.yes),
        ..ImportOptions::default()
    };
    match settings.stop_when.failed {
        Some(Threshold::Count(rows)) => options.failed_at_most = Some(rows),
        Some(Threshold::Share(share)) => options.failed_share = Some(f64::from(share) / 1000.0),
        None => {}
    }
    match settings.stop_when.rejected {
        Some(Threshold::Count(rows)) => options.rejected_at_most = Some(rows),
        Some(Threshold::Share(share)) => options.rejected_share = Some(f64::from(share) / 1000.0),
        None => {}
    }
    options
}

/// Says how a job ended, and with which exit code.
pub fn ended(summary: &Summary, job: &pipeline::Context, context: &Context) -> Exit {
    if !context.quiet || summary.counts.needing_attention() > 0 || summary.stopped.is_some() {
        drop(std::io::stderr().lock().write_all(closing_words(summary).as_bytes()));
    }
    match Exit::of(summary) {
        Exit::Stopped if job.stop.is_asked() && summary.interrupted => Exit::Interrupted,
        exit => exit,
    }
}

/// The run with this name, or the latest that `fits`.
pub async fn find_run(ledger: &LedgerHandle, name: Option<&str>, fits: fn(&Run) -> bool, what: &str) -> Result<Run> {
    if let Some(name) = name {
        let id = RunId(name.to_owned());
        if let Some(run) = ledger.run(move |ledger| ledger.run(&id)).await? {
            return Ok(run);
        }
    }
    let runs = ledger.run(|ledger| ledger.runs(1000)).await?;
    let Some(name) = name else {
        return runs
            .into_iter()
            .find(fits)
            .ok_or_else(|| Error::usage(format!("there is no run {what}")).hint("`rolo runs` lists them"));
    };
    let near = runs
        .iter()
        .map(|run| (strsim::damerau_levenshtein(name, &run.id.0), run))
        .filter(|(distance, run)| *distance <= 2 || run.id.0.starts_with(name))
        .min_by_key(|(distance, _)| *distance);
    Err(Error::usage(format!("no run is called: {name}")).hint(match near {
        Some((_, run)) => format!("did you mean {}?", run.id),
        None => "`rolo runs` lists them".to_owned(),
    }))
}

/// A file of identifiers: read as it is, its columns guessed.
pub fn plain_source(path: PathBuf) -> SourceSpec {
    SourceSpec { path, read: ReadOptions::default(), mapping: MappingChoice::Guess, region: None, chosen: None }
}
