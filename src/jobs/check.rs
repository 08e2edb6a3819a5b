use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use super::Context;
use super::ended::Ended;
use super::feed::Reading;
use super::job_events::JobEvents;
use super::rows::RowResults;
use super::source::SourceSpec;
use crate::contact::{Outcome, RowRecord};
use crate::error::Result;
use crate::report::{Event, JobKind, Note, Remark, Summary};
use crate::services::Service;
use crate::table::IfTaken;

/// A file to be checked without any network.
pub struct CheckJob {
    pub source: SourceSpec,
    /// The service whose fields and limits count.
    pub service: Arc<dyn Service>,
    pub results: PathBuf,
}

/// Maps and validates every row, and writes the results file. A good row is `skipped`: nothing was
/// asked to be sent.
pub async fn check(job: &CheckJob, context: &mut Context) -> Result<Summary> {
    let events = JobEvents::begin(JobKind::Check);
    let is_shown = context.reporter.is_heard();
    let (mapped, reader) = job.source.map_for(&job.results, job.service.as_ref(), is_shown)?;
    let notes = reader.notes().to_vec();
    let place = context.written().place(&job.results, IfTaken::NewName)?;
    let results = super::import::results_writer(&place, &mapped.forward, reader.as_ref())?;
    events.start(&job.source.path, None, 0, context);
    for words in notes {
        context.note(Note::Source(words));
    }
    if is_shown {
        context.tell(Event::Mapping(Box::new(mapped.table()?)));
    }
    let unmapped = mapped.forward.unmapped().to_vec();
    let sheet_names = super::import::sheet_names(reader.as_ref());
    let (sender, batches) = mpsc::channel();
    let mut rows = RowResults::new(batches, Some(results), sheet_names);
    let mut reading = Reading::start(reader, job.source.validator(mapped.forward)?.for_verdicts(), None);
    let mut ended = Ended::Whole;
    while let Some(checked) = reading.next().await? {
        if context.stop.is_requested() {
            ended = Ended::Interrupted;
            reading.only_read();
        }
        let mut contacts = checked.contacts.into_iter();
        let batch = checked.batch;
        let _ = sender.send(batch.clone());
        for row in batch.rows() {
            let record = match contacts.next() {
                Some(Err(unsent)) => RowRecord::unsent(unsent.outcome, unsent.errors),
                Some(Ok(contact)) => RowRecord::unsent(Outcome::Skipped, contact.remarks()),
                None => RowRecord::unsent(Outcome::Skipped, Vec::new()),
            };
            rows.finished(row.position(), record, context.reporter.as_mut())?;
        }
    }
    rows.finish()?;
    let summary = Summary {
        rows: rows.read,
        counts: rows.counts,
        skips: rows.skips.clone(),
        codes: std::mem::take(&mut rows.codes),
        remarks: Remark::of_place(&job.results, &place).into_iter().chain(rows.none_chosen()).collect(),
        file: Some(place.path),
        unmapped,
        row_remarks: rows.remarks(),
        ..events.summary()
    };
    events.finish(ended, summary, context)
}
