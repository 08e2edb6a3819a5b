use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc as sync_mpsc;

use tokio::sync::mpsc;

use super::Context;
use super::account_spec::AccountSpec;
use super::connect::Connection;
use super::ended::Ended;
use super::expected_rows::expect_rows;
use super::feed::{Reading, RowFeed};
use super::frame::{Beginning, Frame, Opened};
use super::import_options::ImportOptions;
use super::listing::{first_contacts, learn_instead, look_ups_needed};
use super::new_fields::{KnownFields, create_fields, known_fields};
use super::notices::{pass_on, pass_on_warnings};
use super::planned_row::PlannedRows;
use super::recognize::{Keep, Wanted, same_place};
use super::results_place::{remove_older, results_wanted};
use super::rows::RowResults;
use super::run_record::{EditsRecord, ImportRecord, QueuedRecord, ReadRecord};
use super::saved_plan::SavedPlan;
use super::source::{Mapped, SourceSpec};
use crate::clock;
use crate::config::{DayTime, Night, Threshold};
use crate::contact::CustomEdit;
use crate::error::{Error, Result, StopReason};
use crate::journal::{AccountNote, RunId};
use crate::ledger::{ClaimedRun, LedgerHandle, RunKind};
use crate::mapping::Forward;
use crate::reconcile::{Keys, Rules, Strategy};
use crate::report::{Event, Note, Remark, ResultsLayout, ResultsWriter, Summary, count};
use crate::storage::absolute;
use crate::table::{self, IfTaken, Place, PlusNumbers, RowReader, WriteOptions};
use crate::upload::{
    Allowance, Brake, ConnectedAccount, Dispatcher, Driver, RunEnd, Until, Work, lookup_room, remember_fields,
};

/// Contacts under way at once, so that the look-ups of the next are made while those before them are sent.
const LANES_FOR_LOOKUPS: usize = 8;

/// Contacts under way for each request that a service takes at once: some wait for slots or look-ups.
const CONTACTS_PER_REQUEST: usize = 4;

/// A file to be imported into an account.
pub struct ImportJob {
    pub source: SourceSpec,
    pub account: AccountSpec,
    pub results: PathBuf,
    pub options: ImportOptions,
    /// An import or a retry.
    pub command: RunKind,
    /// The run of which rows are sent again.
    pub retries: Option<RunId>,
    /// Results get the date in their name, and those of this many nights are kept.
    pub keep_results: Option<u64>,
    /// Rows that the file must have, or a share of those that it had last.
    pub expect_rows: Option<Threshold>,
    /// Take up exactly this run, even if it has finished with rows in doubt.
    pub resume: Option<RunId>,
    /// Do what this plan shows, and nothing else.
    pub plan: Option<SavedPlan>,
    /// What this execution may use; the next goes on.
    pub night: Night,
    /// When the command began, if it had something to do before: that is part of what the run took.
    pub began: Option<tokio::time::Instant>,
    /// It was queued, and `resume` names its run.
    pub queued: Option<QueuedRecord>,
}

impl ImportJob {
    /// The import of a source into an account that begins now, without limits of a night.
    pub fn of(source: SourceSpec, account: AccountSpec, results: PathBuf, options: ImportOptions) -> Self {
        Self {
            source,
            account,
            results,
            options,
            command: RunKind::Import,
            retries: None,
            keep_results: None,
            expect_rows: None,
            resume: None,
            plan: None,
            night: Night::default(),
            began: None,
            queued: None,
        }
    }

    /// Whether its run waits for a worker and has never begun.
    pub fn is_pending(&self) -> bool {
        self.queued.as_ref().is_some_and(|queued| queued.is_pending)
    }
}

/// Opens the account, and sees whether what goes on from another run or by a plan may go on there.
async fn open(job: &ImportJob, context: &mut Context) -> Result<Opened> {
    let mut opened = Opened::account_within(&job.account, &allowance(&job.night), Keep::Aliases, context).await?;
    opened.begun = job.began.unwrap_or(opened.begun);
    if let Some(run) = &job.resume {
        opened.claim(run, job.command).await?;
    }
    // A sandbox in memory is another each time, and holds nobody.
    let is_in_memory = job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.memory);
    if let Some(retried) = job.retries.as_ref().filter(|_| !is_in_memory)
        && let Some(run) = opened.ledger.run(retried).await?
    {
        // What failed at one place says nothing about another.
        same_place(&run, &opened.connection, Wanted::GoOn)?;
    }
    if let Some(plan) = &job.plan {
        plan.holds_for(&job.source, &opened.connection, &opened.ledger)?;
    }
    Ok(opened)
}

/// Brings every row's contact to the account, and accounts for every row.
pub async fn import(job: &ImportJob, context: &mut Context) -> Result<Summary> {
    let opened = open(job, context).await?;
    let service = opened.connection.account.service.clone();
    let KnownFields { definitions, to_create, .. } = before_the_run(job, &opened.connection, context).await?;
    let mapped = job.source.map(service.as_ref(), definitions.as_deref())?;
    if let Some(expected) = job.expect_rows {
        let identity = opened.connection.identity();
        expect_rows(expected, &job.source.path, mapped.sample.total, identity, &opened.ledger).await?;
    }
    let reader = job.source.open_for(&job.results)?;
    let fingerprints = job.source.fingerprints(&command(job), opened.connection.identity(), &mapped.text)?;
    let fingerprint = fingerprints.in_use(&opened.ledger).await?;
    let written = context.written();
    let wanted = results_wanted(&job.results, job.keep_results, &fingerprint, &opened.ledger, &written).await?;
    let place = written.place(&wanted, IfTaken::NewName)?;
    let beginning = Beginning {
        kind: job.command,
        fingerprint,
        file: &job.source.path,
        record: record(job, &place.path, &mapped),
        resumes: job.resume.as_ref(),
        is_pending: job.is_pending(),
    };
    let mut frame = opened.begin(beginning, context).await?;
    let results = results_writer(&place, &mapped.forward, reader.as_ref())?;
    let notes = reader.notes().to_vec();
    tell_start(job, &frame, &mapped, notes, context).await?;
    let created = create_fields(&to_create, &mut frame, context).await?;
    let dispatcher = dispatcher(job, &frame, &mapped, context).await?;
    let mut summary = Summary {
        least_calls: Some(0),
        unmapped: mapped.forward.unmapped().to_vec(),
        file: Some(place.path.clone()),
        ..frame.summary()
    };
    summary.remarks.extend(Remark::of_place(&wanted, &place));
    summary.remarks.extend((!created.is_empty()).then_some(Remark::FieldsCreated { fields: created }));
    let sheets = sheet_names(reader.as_ref());
    let (batch_sender, batches) = sync_mpsc::channel();
    let mut rows = RowResults::new(batches, Some(results), sheets);
    let reading = Reading::start(reader, job.source.validator(mapped.forward)?, job.source.open_others()?);
    // A listing just read is as fresh as a look-up, and the only way to one.
    let remember = job.plan.is_none() && (!job.options.fresh || service.capabilities().find_by_listing);
    let planned = job.plan.as_ref().map(|plan| PlannedRows::open(&plan.path)).transpose()?;
    let (ledger, keys, rules) = (frame.ledger.clone(), frame.keys.clone(), dispatcher.driver.rules.clone());
    let mut feed = RowFeed::new(reading, ledger, keys, frame.run.id().clone(), remember, frame.is_resumed, rules)
        .await?
        .by(planned);
    let mut end = drive(&dispatcher, &mut feed, batch_sender, &mut rows, &mut frame, &mut summary, context).await?;
    // Whoever has the run now writes the results file.
    frame.run.confirm().await?;
    account_for_the_rest(&mut end, &mut feed, &mut rows, context).await?;
    let left = rows.codes.get("run.stopped").copied().unwrap_or_default();
    let ended = Ended::of(end.halt.map(|halt| with_rows_left(halt, left)), &frame.caller.stop);
    sum_up(&mut rows, &mut summary);
    if matches!(ended, Ended::Whole) {
        // First: a run that has finished is not taken up again to do it.
        set_listed_by(&frame.run, &frame.keys, None, &frame.ledger).await?;
        let room = AccountNote::LookupRoomOf(frame.run.id().clone());
        frame.ledger.set_note(&frame.run, frame.keys.account(), &room, None).await?;
    }
    if let Some(nights) = job.keep_results {
        remove_older(&job.results, nights, &context.written());
    }
    if job.source.file().is_ok_and(|file| file.still_there().is_err()) {
        summary.remarks.push(Remark::SourceChanged { file: job.source.path.clone() });
    }
    frame.finish(ended, summary, context).await
}

/// What came of the rows, once each has its outcome.
fn sum_up(rows: &mut RowResults, summary: &mut Summary) {
    summary.rows = rows.read;
    summary.counts = rows.counts;
    summary.remarks.extend(rows.none_chosen());
    summary.skips = std::mem::take(&mut rows.skips);
    summary.codes = std::mem::take(&mut rows.codes);
    summary.row_remarks = rows.remarks();
    summary.remarks.extend(remarks_on_memory(rows.not_looked_at, summary));
}

/// What a night that begins now may use.
fn allowance(night: &Night) -> Allowance {
    let until = |time: &DayTime| Until { at: time.next(clock::unix_now()), words: time.to_string() };
    Allowance { max_calls: night.max_calls, until: night.until.as_ref().map(until) }
}

/// Says how much is left for the nights to come, where one has ended.
fn with_rows_left(halt: Error, left: u64) -> Error {
    if !matches!(halt.reason, Some(StopReason::MaxCalls | StopReason::Until)) {
        return halt;
    }
    let are = if left == 1 { "is" } else { "are" };
    halt.reworded(|message| format!("{message}; {} {are} left", count(left, "row")))
}

async fn tell_start(
    job: &ImportJob,
    frame: &Frame,
    mapped: &Mapped,
    notes: Vec<String>,
    context: &mut Context,
) -> Result<()> {
    let resumed = if frame.is_resumed { already_done(&frame.ledger, &frame.run).await? } else { 0 };
    // The sample was read to the file's end, so that what makes a file unreadable in its middle was told
    // before anything is sent.
    frame.tell_start(&job.source.path, Some(mapped.sample.total), resumed, context);
    let mapping = mapped.forward.notes().iter().cloned().map(Note::Mapping);
    for note in notes.into_iter().map(Note::Source).chain(mapping) {
        context.note(note);
    }
    let table = mapped.table()?;
    // What is written while real people are written to may end in a log, which holds nothing of them.
    let table = if job.account.sandbox.is_some() { table } else { table.without_values() };
    context.tell(Event::Mapping(Box::new(table)));
    Ok(())
}

/// Decides how contacts are identified, and sets up what drives them.
async fn dispatcher(job: &ImportJob, frame: &Frame, mapped: &Mapped, context: &mut Context) -> Result<Dispatcher> {
    let Frame { caller, keys, connection, run, .. } = frame;
    let service = connection.account.service.as_ref();
    if service.capabilities().find_by_listing {
        super::listing::learn_all(connection, caller, keys, &mapped.forward.fields(), job.options.fresh, context)
            .await?;
    }
    let stated = service.limits().identifiers_per_find.value;
    let (strategy, lookup_room) = if job.plan.is_none() {
        way_of_finding(job, frame, mapped, context).await?
    } else {
        (Strategy::LookUp, stated)
    };
    let rules = Rules {
        strategy,
        lookup_room,
        // What is replaced is what the plan has seen.
        keep_before: job.options.keep_before || job.plan.is_some(),
        by_plan: job.plan.is_some(),
        changed_only: job.options.changed_only,
        verify: job.options.verify,
        trust: connection.trust,
        tries: caller.retry.tries,
        ..rules(run, connection, mapped, keys)
    };
    let concurrency = lanes_at_once(&connection.account, connection.unthrottled, rules.lookup_room);
    Ok(Dispatcher {
        driver: Arc::new(Driver::new(caller.clone(), Arc::new(rules))),
        concurrency,
        brake: Brake {
            failed_at_most: job.options.failed_at_most,
            failed_share: job.options.failed_share,
            rejected_at_most: job.options.rejected_at_most,
            rejected_share: job.options.rejected_share,
            same_cause: job.options.same_cause,
        },
        // Whoever says `resume` has seen how the first rows went.
        canary: job.options.canary.filter(|_| job.resume.is_none() || job.is_pending()),
    })
}

/// How contacts are found, and how many identifiers a look-up of several rows carries: the account is listed now,
/// if that takes fewer calls.
async fn way_of_finding(
    job: &ImportJob,
    frame: &Frame,
    mapped: &Mapped,
    context: &mut Context,
) -> Result<(Strategy, usize)> {
    let remember = !job.options.fresh;
    let stated = frame.connection.account.service.limits().identifiers_per_find.value;
    let before = listed_by(&frame.run, &frame.keys, &frame.ledger).await?.filter(|_| remember);
    if before == Some(true) {
        return Ok((Strategy::Listed, stated));
    }
    let first = first_contacts(&job.source, mapped)?;
    let look_ups = look_ups_needed(&first, mapped.sample.total, &frame.caller, &frame.keys, remember).await?;
    if before.is_none() {
        let listed =
            remember && learn_instead(look_ups, &frame.caller, &frame.keys, &mapped.forward.fields(), context).await?;
        set_listed_by(&frame.run, &frame.keys, Some(listed), &frame.ledger).await?;
        if listed {
            return Ok((Strategy::Listed, stated));
        }
    }
    // What was shown once holds for the whole run, so that each of its rows is looked up alike.
    let noted = AccountNote::LookupRoomOf(frame.run.id().clone());
    let shown = frame.ledger.note(frame.keys.account(), &noted).await?;
    if let Some(room) = shown.and_then(|room| room.parse().ok()) {
        return Ok((Strategy::LookUp, room));
    }
    let room = lookup_room(&frame.caller, look_ups).await?;
    if room != stated {
        frame.ledger.set_note(&frame.run, frame.keys.account(), &noted, Some(&room.to_string())).await?;
    }
    Ok((Strategy::LookUp, room))
}

/// Runs feed and dispatcher side by side until no row is left or the run stops.
async fn drive(
    dispatcher: &Dispatcher,
    feed: &mut RowFeed,
    batches: sync_mpsc::Sender<Arc<table::RowBatch>>,
    rows: &mut RowResults,
    frame: &mut Frame,
    summary: &mut Summary,
    context: &mut Context,
) -> Result<RunEnd> {
    let notices = frame.notices.take().ok_or_else(|| Error::bug("somebody listens to the calls already"))?;
    let (work_sender, work) = mpsc::channel::<Work>(256);
    let reporter = std::sync::Mutex::new(context.reporter.as_mut());
    let mut finished = |position, record| match reporter.lock() {
        Ok(mut reporter) => rows.finished(position, record, &mut **reporter),
        Err(_) => Err(Error::bug("the reporter failed")),
    };
    let mut notice = |notice| {
        if let Ok(mut reporter) = reporter.lock() {
            pass_on(notice, summary, &mut **reporter);
        }
    };
    let dispatched = dispatcher.run(work, notices, &mut finished, &mut notice);
    let (ended, ()) = tokio::join!(dispatched, feed.run(work_sender, batches));
    Ok(ended)
}

/// Gives every row that was not reached its record, and finishes the results file.
async fn account_for_the_rest(
    end: &mut RunEnd,
    feed: &mut RowFeed,
    rows: &mut RowResults,
    context: &mut Context,
) -> Result<()> {
    if let Some(failure) = feed.failure.take() {
        return Err(failure);
    }
    rows.rest_of_queue(&mut end.apart, context.reporter.as_mut())?;
    feed.reading.only_read();
    while let Some(checked) = feed.reading.next().await? {
        rows.unreached(&checked.batch, 0, &mut end.apart, context.reporter.as_mut())?;
    }
    rows.finish()
}

fn record(job: &ImportJob, results: &Path, mapped: &Mapped) -> ImportRecord {
    ImportRecord {
        version: 0,
        mapping: mapped.text.clone(),
        region: job.source.region.clone(),
        read: ReadRecord::of(&job.source.read),
        results: absolute(results),
        import: job.options.clone(),
        retries: job.retries.as_ref().map(|run| run.0.clone()),
        chosen: job.source.chosen_digest(),
        unthrottled: job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
        exported: job.source.exported,
        pin: job.source.pin(),
        edits: job.source.edits.as_deref().map(EditsRecord::of),
        plan: job.plan.as_ref().map(SavedPlan::record),
        unmapped: Some(mapped.forward.unmapped().to_vec()),
        queued: job.queued.clone().map(|queued| QueuedRecord { is_pending: false, ..queued }),
    }
}

/// The same file is imported anew by another plan, and without one.
fn command(job: &ImportJob) -> String {
    let name = job.command.name();
    job.plan.as_ref().map_or_else(|| name.to_owned(), |plan| format!("{name} by plan {}", plan.digest))
}

/// Whether the run has listed the account instead of looking contacts up; `None` if that is still to
/// be decided. A run that is taken up again keeps to it: contacts that came since are its own, which
/// the ledger knows, or are found when the service refuses to make them twice.
async fn listed_by(run: &RunId, keys: &Keys, ledger: &LedgerHandle) -> Result<Option<bool>> {
    let note = ledger.note(keys.account(), &AccountNote::ListedBy(run.clone())).await?;
    Ok(note.map(|note| note == "yes"))
}

async fn set_listed_by(run: &ClaimedRun, keys: &Keys, listed: Option<bool>, ledger: &LedgerHandle) -> Result<()> {
    let note = listed.map(|listed| if listed { "yes" } else { "no" });
    ledger.set_note(run, keys.account(), &AccountNote::ListedBy(run.id().clone()), note).await
}

async fn already_done(ledger: &LedgerHandle, run: &RunId) -> Result<u64> {
    let mut done = 0;
    let mut from = 0;
    loop {
        let rows = ledger.rows(run, from, 4096).await?;
        let Some((last, _)) = rows.last() else { return Ok(done) };
        from = last + 1;
        done += rows.len() as u64;
    }
}

/// Contacts under way at once. Where calls are paced, no more than there can be requests, so that the
/// first rows are finished before the last are begun; a few more where one look-up is for many of them, and as many
/// again as one tells the ids of, where a create doesn't.
fn lanes_at_once(account: &ConnectedAccount, unthrottled: bool, lookup_room: usize) -> usize {
    let (requests, limits) = (account.in_flight(), account.service.limits());
    let lookup_lanes = (limits.identifiers_per_find.value / 2 + 1).min(LANES_FOR_LOOKUPS);
    let lanes = if unthrottled { requests * CONTACTS_PER_REQUEST } else { requests.max(lookup_lanes) };
    let is_told = account.service.capabilities().create_tells_id || lookup_room < 2;
    if is_told { lanes } else { lanes + lookup_room }
}

/// The custom fields of the account, read before there is a run.
async fn before_the_run(job: &ImportJob, connection: &Connection, context: &mut Context) -> Result<KnownFields> {
    let (caller, mut notices) = connection.caller(&ClaimedRun::unclaimed("before"), &context.stop);
    let known = known_fields(&job.source, job.options.create_fields, &caller, context).await;
    pass_on_warnings(&mut notices, context);
    let known = known?;
    if let Some(listed) = &known.listed {
        remember_fields(&connection.account.ledger, connection.identity(), listed).await?;
    }
    Ok(known)
}

/// What a run says of the rows that rest on memory, and of those it looked at to see whether memory
/// still holds.
fn remarks_on_memory(not_looked_at: u64, summary: &Summary) -> Vec<Remark> {
    let rests = (not_looked_at > 0).then_some(Remark::NotLookedAt { rows: not_looked_at });
    let Summary { drifted, looked_at, .. } = *summary;
    let drift = (drifted > 0).then_some(Remark::Drifted { drifted, looked_at, there_are_more: not_looked_at > 0 });
    rests.into_iter().chain(drift).collect()
}

/// What holds for every row that this mapping brings to the account. Nothing is read that need not be.
pub fn rules(run: &RunId, connection: &Connection, mapped: &Mapped, keys: &Keys) -> Rules {
    let service = &connection.account.service;
    let forward = &mapped.forward;
    Rules {
        run: run.clone(),
        capabilities: service.capabilities().clone(),
        limits: service.limits().clone(),
        fields: service.fields(),
        pages: connection.pages.clone(),
        keys: keys.clone(),
        mode: forward.mode(),
        replace_custom: forward.custom_edit() == CustomEdit::Replace,
        mapped: forward.fields(),
        untyped: mapped.untyped.clone(),
        strategy: Strategy::LookUp,
        lookup_room: service.limits().identifiers_per_find.value,
        keep_before: false,
        changed_only: false,
        verify: false,
        by_plan: false,
        trust: connection.trust,
        now: clock::unix_now().as_secs(),
        search_lag: connection.search_lag(),
        tries: 1,
    }
}

/// The results file of a source that is mapped so, by its extension.
pub fn results_writer(place: &Place, forward: &Forward, reader: &dyn RowReader) -> Result<ResultsWriter> {
    let of_workbook = !sheet_names(reader).is_empty();
    let headers = reader.headers();
    let layout = if table::is_workbook(&place.path)? {
        ResultsLayout::of_workbook(headers.len(), of_workbook, &forward.identifying_columns())
    } else {
        ResultsLayout::of_text(headers.len(), of_workbook)
    };
    let choices = forward.choices();
    let choices = choices.iter().filter_map(|(column, words)| Some((layout.place_of(*column)?, words.to_vec())));
    // People mend results in spreadsheets, which would drop the plus of a bare number.
    let options = WriteOptions { plus_numbers: PlusNumbers::Guarded, choices: choices.collect() };
    Ok(ResultsWriter::new(table::create_results(place, &layout.headers(headers), &options)?, layout))
}

/// Names of the sheets, empty for a source that isn't a workbook.
pub fn sheet_names(reader: &dyn RowReader) -> Vec<String> {
    (0..u16::MAX).map_while(|index| reader.sheet_name(index).map(str::to_owned)).collect()
}
