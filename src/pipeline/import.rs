use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc as sync_mpsc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::Context;
use super::connect::{AccountSpec, Connection, connect, open_ledger};
use super::feed::{BATCH, Feed, Reading};
use super::listing::{learn_instead, look_ups_needed};
use super::rows::Rows;
use super::source::{Mapped, SourceSpec};
use crate::clock;
use crate::contact::{Contact, CustomEdit};
use crate::engine::{Brake, Caller, Dispatcher, Keys, Lanes, Notice, RunEnded, Work, list_fields};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::{self, LedgerHandle, NewRun, RunId, RunState};
use crate::plan::Mode;
use crate::report::{Event, Reporter, ResultsWriter, Summary};
use crate::services::Service;
use crate::table::{self, PlusNumbers, ReadOptions, RowBatch, RowReader, WriteOptions};
use crate::validate::Validator;

/// Lanes in flight for each request that a service takes at once: some wait for slots or look-ups.
const LANES_PER_REQUEST: usize = 4;

/// A file to be imported into an account.
pub struct ImportJob {
    pub source: SourceSpec,
    pub account: AccountSpec,
    pub results: PathBuf,
    pub options: ImportOptions,
    /// `import` or `retry`.
    pub command: &'static str,
    /// The run of which rows are sent again.
    pub retries: Option<RunId>,
    /// Take up exactly this run, even if it has finished with rows in doubt.
    pub resume: Option<RunId>,
}

/// Choices of an import that a resume must repeat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportOptions {
    /// Don't trust what the ledger remembers; look every contact up.
    pub fresh: bool,
    /// Leave contacts alone whose row is the same as when it was last applied.
    pub changed_only: bool,
    /// Read what is held before changing it, so that all of it can be put back.
    pub keep_before: bool,
    pub failed_at_most: Option<u64>,
    pub failed_share: Option<f64>,
    pub rejected_at_most: Option<u64>,
    pub rejected_share: Option<f64>,
    pub same_cause: Option<u64>,
    /// Send this many rows first, and the others only if all of them went well.
    pub canary: Option<u64>,
}

/// Brings every row's contact to the account, and accounts for every row.
pub async fn import(job: &ImportJob, context: &mut Context) -> Result<Summary> {
    let begun = clock::now();
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.account, &context.state_dir, &ledger).await?;
    let service = connection.account.service.clone();
    let definitions = definitions(&connection, context).await?;
    let mapped = job.source.map(service.as_ref(), definitions.as_deref())?;
    let reader = job.source.open()?;
    let headers = reader.headers().to_vec();
    // Read to its end before anything is sent: what makes a file unreadable in its middle is told now.
    let total = job.source.count()?;
    let fingerprint = job.source.fingerprint(job.command, &job.account.name, &mapped.text)?;
    let _lock = ledger::lock::acquire(&context.state_dir, &fingerprint.name(), job.command)?;
    let begin = Begin { job, mapped: &mapped, fingerprint: &fingerprint };
    let (run, resuming) = begin.run(&ledger).await?;
    let results = results_writer(&job.results, &headers, reader.as_ref())?;

    let (caller, notices) = connection.caller(&run, &context.stop);
    let keys = Keys::new(ledger.hasher(), &job.account.name, service.capabilities().tags_ignore_case);
    context.tell(Event::Started {
        command: job.command,
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        file: job.source.path.display().to_string(),
        rows: Some(total),
        resumed: if resuming { already_done(&ledger, &run).await? } else { 0 },
    });
    for note in reader.notes().iter().chain(mapped.forward.notes()) {
        context.note(note.clone());
    }
    context.note(format!("mapping: {}", mapped.origin));
    if service.capabilities().find_by_listing {
        super::listing::learn_all(&connection, &caller, &keys, &mapped.forward.fields(), job.options.fresh, context)
            .await?;
    }
    let remember = !job.options.fresh;
    let all_known = match listed_by(&run, &keys, &ledger).await? {
        Some(listed) if remember => listed,
        _ => {
            let first = first_contacts(job, &mapped)?;
            let look_ups = look_ups_needed(&first, total, &caller, &keys, remember).await?;
            let listed = remember && learn_instead(look_ups, &caller, &keys, &mapped.forward.fields(), context).await?;
            set_listed_by(&run, &keys, Some(listed), &ledger).await?;
            listed
        }
    };

    let lanes = Arc::new(Lanes {
        finder: Connection::finder(&caller),
        keys: keys.clone(),
        mode: mode_of(&mapped.forward),
        replace_custom: mapped.forward.custom_edit() == CustomEdit::Replace,
        asked: mapped.forward.fields(),
        keep_before: job.options.keep_before,
        changed_only: job.options.changed_only,
        all_known,
        search_lag: connection.search_lag(),
        caller: caller.clone(),
    });
    let dispatcher = Dispatcher {
        lanes,
        concurrency: lanes_at_once(service.as_ref(), connection.unthrottled),
        brake: Brake {
            failed_at_most: job.options.failed_at_most,
            failed_share: job.options.failed_share,
            rejected_at_most: job.options.rejected_at_most,
            rejected_share: job.options.rejected_share,
            same_cause: job.options.same_cause,
        },
        // Whoever says `resume` has seen how the first rows went.
        canary: if job.resume.is_some() { None } else { job.options.canary },
    };
    let unmapped = mapped.forward.unmapped().to_vec();
    let sheets = sheet_names(reader.as_ref());
    let (batch_sender, batches) = sync_mpsc::channel();
    let mut rows = Rows::new(batches, Some(results), sheets);
    let reading = Reading::start(reader, Validator::new(mapped.forward)?, job.source.open_others()?);
    // A listing just read is as fresh as a look-up, and the only way to one.
    let remember = remember || service.capabilities().find_by_listing;
    let mut feed = Feed::new(reading, ledger.clone(), keys.clone(), run.clone(), remember, resuming).await?;
    let mut summary = Summary {
        least_calls: Some(0),
        command: job.command,
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        unmapped,
        file: Some(job.results.clone()),
        ..Summary::default()
    };
    let ended = drive(&dispatcher, &mut feed, batch_sender, &mut rows, notices, &mut summary, context).await;
    let state = close(ended, &mut feed, &mut rows, &caller, &mut summary, context).await?;
    summary.rows = rows.read;
    summary.counts = rows.counts;
    summary.codes = std::mem::take(&mut rows.codes);
    summary.elapsed = clock::now() - begun;
    let (id, counts) = (run.clone(), rows.counts);
    if state == RunState::Finished {
        // First: a run that has finished is not taken up again to do it.
        set_listed_by(&run, &keys, None, &ledger).await?;
    }
    ledger.run(move |ledger| ledger.set_state(&id, state, &counts)).await?;
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    context.tell(Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

/// Runs feed and dispatcher side by side until no row is left or the run stops.
async fn drive(
    dispatcher: &Dispatcher,
    feed: &mut Feed,
    batches: sync_mpsc::Sender<Arc<table::RowBatch>>,
    rows: &mut Rows,
    notices: mpsc::UnboundedReceiver<Notice>,
    summary: &mut Summary,
    context: &mut Context,
) -> RunEnded {
    let (work_sender, work) = mpsc::channel::<Work>(256);
    let reporter = std::sync::Mutex::new(context.reporter.as_mut());
    let mut finished = |position, record| match reporter.lock() {
        Ok(mut reporter) => rows.finished(position, record, &mut **reporter),
        Err(_) => Err(Error::bug("the reporter failed")),
    };
    let mut notice = |notice| {
        if let Ok(mut reporter) = reporter.lock() {
            told(notice, summary, &mut **reporter);
        }
    };
    let dispatched = dispatcher.run(work, notices, &mut finished, &mut notice);
    let (ended, ()) = tokio::join!(dispatched, feed.run(work_sender, batches));
    ended
}

fn told(notice: Notice, summary: &mut Summary, reporter: &mut dyn Reporter) {
    match notice {
        Notice::Called { kind, http_status, attempt } => {
            *summary.calls.entry(kind).or_default() += 1;
            reporter.event(&Event::Called { kind, http_status, attempt });
        }
        Notice::Waiting { time, reason } => reporter.event(&Event::Waiting { time, reason }),
        Notice::Warning(text) => reporter.event(&Event::Warning(text)),
        Notice::Planned { least_calls } => *summary.least_calls.get_or_insert(0) += least_calls,
    }
}

/// Gives every row that was not reached its record, finishes the results file, and says how the run
/// stands.
async fn close(
    mut ended: RunEnded,
    feed: &mut Feed,
    rows: &mut Rows,
    caller: &Caller,
    summary: &mut Summary,
    context: &mut Context,
) -> Result<RunState> {
    if let Some(failure) = feed.failure.take() {
        return Err(failure);
    }
    let halt = ended.halt.take();
    let interrupted = halt.is_none() && caller.stop.is_asked();
    rows.rest_of_queue(&mut ended.apart, context.reporter.as_mut())?;
    feed.reading.only_read();
    while let Some(checked) = feed.reading.next().await? {
        rows.unreached(&checked.batch, 0, &mut ended.apart, context.reporter.as_mut())?;
    }
    rows.finish()?;
    Ok(match (halt, interrupted) {
        (Some(halt), _) => {
            summary.stopped = Some(halt.message);
            if !halt.hint.is_empty() {
                summary.remarks.push(halt.hint);
            }
            if halt.kind == ErrorKind::Bug {
                return Err(Error::bug(summary.stopped.take().unwrap_or_default()));
            }
            RunState::Stopped
        }
        (None, true) => {
            summary.stopped = Some("interrupted by a signal".into());
            summary.interrupted = true;
            RunState::Interrupted
        }
        (None, false) => RunState::Finished,
    })
}

/// How a source was read, as a recorded run keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadRecord {
    delimiter: Option<u8>,
    encoding: Option<String>,
    sheet: Option<String>,
    header_row: Option<u64>,
    limit: Option<u64>,
}

impl ReadRecord {
    fn of(options: &ReadOptions) -> Self {
        Self {
            delimiter: options.delimiter,
            encoding: options.encoding.clone(),
            sheet: options.sheet.clone(),
            header_row: options.header_row,
            limit: options.limit,
        }
    }

    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            header_row: self.header_row,
            limit: self.limit,
            ..ReadOptions::default()
        }
    }
}

struct Begin<'a> {
    job: &'a ImportJob,
    mapped: &'a Mapped,
    fingerprint: &'a ledger::Fingerprint,
}

impl Begin<'_> {
    /// The run to go on with, or a new one; and whether it is an old one.
    async fn run(&self, ledger: &LedgerHandle) -> Result<(RunId, bool)> {
        if let Some(run) = &self.job.resume {
            return Ok((run.clone(), true));
        }
        let fingerprint = self.fingerprint.clone();
        if let Some(run) = ledger.run(move |ledger| ledger.unfinished(&fingerprint)).await? {
            return Ok((run.id, true));
        }
        let new = NewRun {
            command: self.job.command.into(),
            fingerprint: self.fingerprint.clone(),
            account: self.job.account.name.clone(),
            service: self.job.account.service.name.to_owned(),
            file: absolute(&self.job.source.path).display().to_string(),
            options: serde_json::json!({
                "mapping": self.mapped.text,
                "region": self.job.source.region,
                "read": ReadRecord::of(&self.job.source.read),
                "results": absolute(&self.job.results),
                "import": self.job.options,
                "retries": self.job.retries.as_ref().map(|run| &run.0),
                "unthrottled": self.job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
            }),
            started: clock::unix_now().as_secs(),
        };
        Ok((ledger.run(move |ledger| ledger.begin(&new)).await?, false))
    }
}

/// Whether the run has listed the account instead of looking contacts up; `None` if that is still to
/// be decided. A run that is taken up again keeps to it: contacts that came since are its own, which
/// the ledger knows, or are found when the service refuses to make them twice.
async fn listed_by(run: &RunId, keys: &Keys, ledger: &LedgerHandle) -> Result<Option<bool>> {
    let (account, name) = (keys.account().to_owned(), format!("listed by {run}"));
    let note = ledger.run(move |ledger| ledger.note(&account, &name)).await?;
    Ok(note.map(|note| note == "yes"))
}

async fn set_listed_by(run: &RunId, keys: &Keys, listed: Option<bool>, ledger: &LedgerHandle) -> Result<()> {
    let (account, name) = (keys.account().to_owned(), format!("listed by {run}"));
    let note = listed.map(|listed| if listed { "yes" } else { "no" });
    ledger.run(move |ledger| ledger.set_note(&account, &name, note)).await
}

async fn already_done(ledger: &LedgerHandle, run: &RunId) -> Result<u64> {
    let mut done = 0;
    let mut from = 0;
    loop {
        let id = run.clone();
        let rows = ledger.run(move |ledger| ledger.rows(&id, from, 4096)).await?;
        let Some((last, _)) = rows.last() else { return Ok(done) };
        from = last + 1;
        done += rows.len() as u64;
    }
}

/// Contacts under way at once. Where calls are paced, no more than there can be requests, so that the
/// first rows are finished before the last are begun; but enough to fill a look-up of many.
fn lanes_at_once(service: &dyn Service, unthrottled: bool) -> usize {
    let limits = service.limits();
    let requests = limits.concurrency.value.max(1);
    if unthrottled { requests * LANES_PER_REQUEST } else { requests.max(limits.identifiers_per_find.value / 2 + 1) }
}

/// The usable contacts of the first rows.
fn first_contacts(job: &ImportJob, mapped: &Mapped) -> Result<Vec<Contact>> {
    let mut reader = job.source.open()?;
    let mut batch = RowBatch::new();
    reader.read(&mut batch, BATCH)?;
    let mut validator = Validator::new(mapped.forward.clone())?;
    Ok(validator.check(&batch).into_iter().flatten().collect())
}

/// The custom fields the account defines, where an unknown one would refuse whole calls.
pub async fn definitions(
    connection: &Connection,
    context: &mut Context,
) -> Result<Option<Vec<crate::contact::FieldDefinition>>> {
    if !connection.account.service.capabilities().fields_defined {
        return Ok(None);
    }
    let (caller, _notices) = connection.caller(&RunId("before".into()), &context.stop);
    list_fields(&caller).await.map(Some)
}

/// What the mapping lets an import do.
pub fn mode_of(forward: &crate::mapping::Forward) -> Mode {
    match forward.mode() {
        crate::mapping::Mode::Upsert => Mode::Upsert,
        crate::mapping::Mode::Create => Mode::Create,
        crate::mapping::Mode::Update => Mode::Update,
    }
}

/// The results file of a source with these columns, by its extension.
pub fn results_writer(path: &Path, headers: &[String], reader: &dyn RowReader) -> Result<ResultsWriter> {
    let workbook = !sheet_names(reader).is_empty();
    let columns = ResultsWriter::headers(headers, workbook);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    // People mend results in spreadsheets, which would drop the plus of a bare number.
    let options = WriteOptions { plus_numbers: PlusNumbers::Guarded };
    Ok(ResultsWriter::new(table::create_results(path, &columns, &options)?, headers.len(), workbook))
}

/// Names of the sheets, empty for a source that isn't a workbook.
pub fn sheet_names(reader: &dyn RowReader) -> Vec<String> {
    (0..u16::MAX).map_while(|index| reader.sheet_name(index).map(str::to_owned)).collect()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
