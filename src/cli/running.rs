//! From checked settings to a job, and from its summary to words and an exit code.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tracing::Span;
use tracing::field::Empty;
use tracing::span::EnteredSpan;

use super::asking::Asking;
use super::source::{Input, RunSettings, SandboxSettings, SourceSettings};
use super::{ChosenAccount, CommandContext, Exit, kept_input, output, progress, secrets};
use crate::config::Threshold;
use crate::error::{Error, Result};
use crate::jobs::{self, AccountSpec, ImportOptions, MappingChoice, RefreshSecrets, SandboxSpec, SourceSpec};
use crate::journal::RunId;
use crate::ledger::{LedgerHandle, Run, Worker};
use crate::platform::StopSignals;
use crate::report::{Summary, closing_words, escape};
use crate::storage::Address;
use crate::table::{ReadOptions, SourceEdits};
use crate::transport::Proxies;
use crate::upload::{Stop, StopLevel};

/// Runs an asynchronous command to its end. What is logged of it says which process it is and, once a run has begun,
/// which run and account.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let this = Worker::this_process("");
    let worker = format!("{}/{}", this.host, this.process);
    let span = tracing::debug_span!("run", run = Empty, account = Empty, worker);
    block_on_within(&span, work)
}

fn started(builder: &mut Builder) -> Result<Runtime> {
    let built = builder.worker_threads(2).enable_all().build();
    built.map_err(|error| Error::stopped("the runtime could not be started").caused_by(error))
}

thread_local! {
    /// What a thread of a run's runtime is within for as long as it lives.
    static WITHIN: RefCell<Option<EnteredSpan>> = const { RefCell::new(None) };
}

/// The same for one run of several: whatever is logged on its threads is said to be of the span.
pub fn block_on_within<T>(span: &Span, work: impl Future<Output = Result<T>>) -> Result<T> {
    let within = span.clone();
    let mut builder = Builder::new_multi_thread();
    builder
        .on_thread_start(move || WITHIN.set(Some(within.clone().entered())))
        // Left while the log is still there.
        .on_thread_stop(|| drop(WITHIN.take()));
    let runtime = started(&mut builder)?;
    span.in_scope(|| runtime.block_on(work))
}

/// What a job runs in: state folder, progress, and signals that stop it.
pub fn job_context(context: &CommandContext) -> Result<jobs::Context> {
    let stop = Stop::default();
    listen(&stop)?;
    context_stopped_by(stop, context)
}

/// The same, which only that stops: no signal does.
pub fn context_stopped_by(stop: Stop, context: &CommandContext) -> Result<jobs::Context> {
    let job = jobs::Context {
        state_dir: context.state_dir()?.value,
        ledger: context.ledger()?,
        written_in: None,
        reporter: progress(context),
        stop,
        served: false,
        watch: context.watch.clone(),
    };
    job.written().sweep();
    Ok(job)
}

/// The signals that end a command, from now on.
pub fn signals() -> Result<StopSignals> {
    StopSignals::listen().map_err(|error| Error::stopped("signals can't be listened to").caused_by(error))
}

/// The first signal lets the requests under way end; the second leaves at once.
fn listen(stop: &Stop) -> Result<()> {
    let mut signals = signals()?;
    let stop = stop.clone();
    tokio::spawn(async move {
        for level in [StopLevel::Drain, StopLevel::Leave] {
            signals.next().await;
            let words = match level {
                // Nothing is under way: what ends is the question, and that is said where it is asked.
                _ if Asking::goes_on() => "\n",
                StopLevel::Leave => "leaving at once\n",
                _ => "stopping: requests under way are finished first; once more to leave at once\n",
            };
            drop(std::io::stderr().lock().write_all(words.as_bytes()));
            stop.request(level);
        }
    });
    Ok(())
}

/// The account, with its secrets fetched.
pub fn account_spec(
    chosen: &ChosenAccount,
    sandbox: &SandboxSettings,
    context: &CommandContext,
) -> Result<AccountSpec> {
    let entry = chosen.entry()?;
    let place = chosen.connect()?.credential();
    let wanted = SandboxSpec {
        unthrottled: sandbox.unthrottled,
        memory: sandbox.memory,
        faults: sandbox.faults.clone(),
        stands_in: None,
    };
    match chosen {
        ChosenAccount::Sandbox(_) => {
            let secret = chosen.secret(place, context)?;
            let retention = context.config()?.retention(&chosen.name());
            Ok(AccountSpec { secret, retention, ..AccountSpec::of_sandbox(chosen.name(), entry, wanted) })
        }
        ChosenAccount::Configured(account) => {
            if wanted.unthrottled || wanted.memory || !wanted.faults.is_empty() {
                return Err(Error::usage(format!(
                    "--unthrottled, --memory and --fault are for the sandbox, not for: {}",
                    account.name
                ))
                .hint("leave them out, or rehearse with --to sandbox:SERVICE"));
            }
            let proxies = Proxies::of(|name| context.environment.get(name));
            say_route(chosen, &proxies, context)?;
            let refresh = match &account.refresh {
                None => None,
                Some(refresh) => Some(RefreshSecrets {
                    refresh_token: secrets::fetch(&refresh.refresh_token, &context.environment)?,
                    client_id: secrets::fetch_text(&refresh.client_id, &context.environment)?,
                    client_secret: secrets::fetch(&refresh.client_secret, &context.environment)?,
                }),
            };
            Ok(AccountSpec {
                base_url: account.base_url.clone(),
                secret: chosen.secret(place, context)?,
                refresh,
                rate: account.rate,
                unthrottled: account.unthrottled,
                in_flight: account.in_flight.and_then(|most| usize::try_from(most).ok()),
                trust: account.trust,
                hashes_only: account.hashes_only,
                retention: context.config()?.retention(&account.name),
                ca_file: chosen.ca_file(context),
                proxies,
                ..AccountSpec::new(&account.name, entry, account.settings.clone())
            })
        }
    }
}

/// Says through which proxy an account is reached, if through any.
fn say_route(chosen: &ChosenAccount, proxies: &Proxies, context: &CommandContext) -> Result<()> {
    let Some(base_url) = chosen.base_url()? else { return Ok(()) };
    if let Some(route) = proxies.route(&base_url)?
        && !context.quiet
    {
        let words = format!("{} is reached through {route}", chosen.name());
        drop(writeln!(std::io::stderr().lock(), "{}", escape(&words)));
    }
    Ok(())
}

/// The source of a job. What can be read only once is kept in the state folder, so that the job can be
/// resumed.
pub async fn source_spec(settings: &SourceSettings, job: &jobs::Context) -> Result<SourceSpec> {
    let path = match &settings.input {
        Input::File(path) => kept_input::path_of(path, job).await?,
        Input::Stdin => kept_input::standard_input(job).await?,
    };
    opened(source_at(path, settings)?, job).await
}

/// The source, copied if an address names it: while that takes its time a signal is heeded.
pub async fn opened(source: SourceSpec, job: &jobs::Context) -> Result<SourceSpec> {
    if Address::of(&source.path).is_some() {
        let copied = source.clone();
        kept_input::interruptible(job, move || copied.file().map(drop)).await??;
    }
    Ok(source)
}

/// The source at this path, read as the settings say.
///
/// # Errors
/// Those of reading its edits.
pub fn source_at(path: PathBuf, settings: &SourceSettings) -> Result<SourceSpec> {
    Ok(SourceSpec {
        read: ReadOptions {
            delimiter: settings.delimiter,
            encoding: settings.encoding.map(|encoding| encoding.name().to_owned()),
            sheet: settings.sheet.clone(),
            header_row: settings.header_row,
            no_header: settings.no_header,
            visible_only: settings.visible_only,
            limit: settings.limit,
            ..ReadOptions::default()
        },
        mapping: settings.mapping.clone().map_or(MappingChoice::Guess, MappingChoice::File),
        region: settings.region.clone(),
        only: settings.only.clone(),
        edits: settings.edits.as_deref().map(SourceEdits::read).transpose()?.map(Arc::new),
        ..SourceSpec::of(path)
    })
}

pub fn import_options(settings: &RunSettings) -> ImportOptions {
    let mut options = ImportOptions {
        keep_before: settings.keep_before,
        changed_only: settings.changed_only,
        verify: settings.verify,
        create_fields: settings.create_fields,
        fresh: settings.fresh,
        same_cause: settings.stop_when.same_reason,
        canary: settings.canary,
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
pub fn ended(summary: &Summary, context: &CommandContext) -> Exit {
    if !context.quiet || summary.counts.needing_attention() > 0 || summary.stopped.is_some() {
        drop(std::io::stderr().lock().write_all(closing_words(summary, output::width()).as_bytes()));
    }
    Exit::of(summary)
}

/// The run with this name, or the latest that `fits`.
pub async fn find_run(
    ledger: &LedgerHandle,
    name: Option<&str>,
    fits: impl Fn(&Run) -> bool,
    what: &str,
) -> Result<Run> {
    if let Some(name) = name
        && let Some(run) = ledger.run(&RunId(name.to_owned())).await?
    {
        return Ok(run);
    }
    let runs = ledger.runs(1000).await?;
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
    Err(Error::usage(format!("no run is called: {name}")).in_run(name).hint(match near {
        Some((_, run)) => format!("did you mean {}?", run.id),
        None => "`rolo runs` lists them".to_owned(),
    }))
}

/// Whether a process works on the run now.
///
/// # Errors
/// Those of reading the ledger.
pub async fn is_under_way(ledger: &LedgerHandle, run: &Run) -> Result<bool> {
    Ok(ledger.worker_of(run).await?.is_some())
}

/// A file of identifiers, if there is one: read as it is, its columns guessed.
pub async fn plain_source(path: Option<PathBuf>, job: &jobs::Context) -> Result<Option<SourceSpec>> {
    let Some(path) = path else { return Ok(None) };
    let path = kept_input::path_of(&path, job).await?;
    opened(SourceSpec::of(path), job).await.map(Some)
}
