use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Context;
use super::account_spec::AccountSpec;
use super::ended::Ended;
use super::fingerprint::Parts;
use super::frame::{Beginning, Frame, Opened};
use super::new_fields::fields_created;
use super::recognize::{Keep, Wanted, same_place};
use super::run_record::UndoRecord;
use crate::clock;
use crate::contact::{ImportMode, Outcome, Position, RowError, RowRecord};
use crate::error::Result;
use crate::ledger::{Run, RunKind, RunState};
use crate::reconcile::{Rules, Strategy};
use crate::report::{Event, Remark, Summary};
use crate::table::{self, IfTaken, RowWriter};
use crate::upload::list_fields;

mod changed;
mod plan;
mod put_back;
mod three_way;

pub use plan::{UndoPlan, undo_parts, undo_plan};

use changed::{ChangedContact, changed};
use plan::asks_for_definitions;
use put_back::PuttingBack;

/// A run to be put back.
pub struct UndoJob {
    pub run: Run,
    pub account: AccountSpec,
    /// One line a contact: what was put back, and what was left and why.
    pub results: PathBuf,
}

/// Puts back what a run changed, and deletes what it created where the service can delete.
///
/// Three-way: a value that somebody changed since is left, and the results say so. The undo is a
/// run of its own: journaled, resumable, and accounted for contact by contact. It can be resumed until
/// nothing fails, and the run counts as undone only if all of it was put back.
pub async fn undo(job: &UndoJob, context: &mut Context) -> Result<Summary> {
    let opened = Opened::account(&job.account, Keep::Nothing, context).await?;
    same_place(&job.run, &opened.connection, Wanted::PutBack)?;
    let contacts = changed(&opened.ledger, &job.run).await?;
    let place = context.written().place(&job.results, IfTaken::NewName)?;
    let beginning = Beginning {
        kind: RunKind::Undo,
        fingerprint: Parts::new("undo 1").with("run", &job.run.id.0).fingerprint(),
        file: Path::new(&job.run.new.file),
        record: UndoRecord { version: 0, undoes: job.run.id.0.clone(), results: place.path.clone() },
        resumes: None,
        is_pending: false,
    };
    let mut frame = opened.begin(beginning, context).await?;
    // From the first call on, it is no longer the run that it was: going on with it, or sending its
    // rows again, would be on top of what is half put back.
    record_original(job, RunState::PartlyUndone, &frame).await?;
    frame.tell_start(&place.path, Some(contacts.len() as u64), 0, context);
    let mut writer = table::create(&place, &["contact_id", "_outcome", "_code", "_message"])?;
    let mut summary = Summary { file: Some(place.path.clone()), ..frame.summary() };
    summary.remarks.extend(Remark::of_place(&job.results, &place));
    let fields = fields_created(&frame.ledger, &job.run).await?;
    summary.remarks.extend((!fields.is_empty()).then_some(Remark::FieldsStay { fields }));
    let can = frame.connection.account.service.capabilities();
    if contacts.iter().any(|contact| asks_for_definitions(contact, can)) {
        list_fields(&frame.caller).await?;
    }
    put_all_back(&contacts, &mut frame, writer.as_mut(), &mut summary, context).await?;
    // Whoever has the run now writes the results file.
    frame.run.confirm().await?;
    writer.finish()?;
    let again = summary.counts[Outcome::Failed] + summary.counts[Outcome::InDoubt];
    let ended = match frame.ended(context) {
        Ended::Whole if again > 0 => Ended::InPart,
        ended => ended,
    };
    if summary.not_put_back > 0 {
        summary.remarks.push(Remark::NotPutBack { contacts: summary.not_put_back, run: job.run.id.0.clone() });
    } else if matches!(ended, Ended::Whole) {
        // First, so that a run that was put back is never put back again.
        record_original(job, RunState::Undone, &frame).await?;
        crash_point!("after_undone");
    }
    frame.finish(ended, summary, context).await
}

/// Puts the contacts back one after another, and writes a line of each.
async fn put_all_back(
    contacts: &[ChangedContact],
    frame: &mut Frame,
    writer: &mut dyn RowWriter,
    summary: &mut Summary,
    context: &mut Context,
) -> Result<()> {
    let putting_back = PuttingBack::new(frame, Arc::new(rules(frame)));
    let done: BTreeMap<u64, RowRecord> = frame.ledger.rows(&frame.run, 0, usize::MAX >> 1).await?.into_iter().collect();
    for (index, contact) in contacts.iter().enumerate() {
        let position = Position { index: index as u64, line: index as u64 + 1, sheet: 0 };
        let record = match done.get(&position.index).filter(|record| is_final(record)) {
            Some(record) => record.clone(),
            None => putting_back.put_back(position, contact).await?.unwrap_or_else(not_reached),
        };
        summary.counts[record.outcome] += 1;
        summary.skips.take(&record);
        let is_deleted = contact.created && record.outcome == Outcome::Updated;
        summary.deleted += u64::from(is_deleted);
        summary.not_put_back += u64::from(!is_whole(&record));
        let codes: Vec<_> = record.errors.iter().map(|error| error.code.as_ref()).collect();
        let messages: Vec<_> = record.errors.iter().map(|error| error.message.as_str()).collect();
        let message = if is_deleted { "deleted, since the run had created it".into() } else { messages.join(" | ") };
        writer.write(&[&contact.id.0, record.outcome.name(), &codes.join(" | "), &message])?;
        for code in codes {
            *summary.codes.entry(code.to_owned()).or_default() += 1;
        }
        frame.pass_on_notices(summary, context);
        context.tell(Event::Row { position, record });
    }
    summary.rows = contacts.len() as u64;
    Ok(())
}

fn not_reached() -> RowRecord {
    let why = "the undo stopped before this contact: the same command goes on";
    RowRecord::unsent(Outcome::Skipped, vec![RowError::of_row("run.stopped", why)])
}

/// Whether an earlier execution of the undo has said the last word about a contact.
fn is_final(record: &RowRecord) -> bool {
    !matches!(record.outcome, Outcome::Failed | Outcome::InDoubt)
}

/// Whether the contact is as it was before the run.
fn is_whole(record: &RowRecord) -> bool {
    match record.outcome {
        Outcome::Updated => record.errors.is_empty(),
        // What the run created is gone already.
        Outcome::Unchanged => record.errors.iter().all(|error| error.code == "undo.gone"),
        _ => false,
    }
}

/// How the run that is put back stands now.
async fn record_original(job: &UndoJob, state: RunState, frame: &Frame) -> Result<()> {
    frame.ledger.set_state_of(&frame.run, &job.run.id, state, &job.run.counts).await
}

fn rules(frame: &Frame) -> Rules {
    let service = &frame.connection.account.service;
    Rules {
        run: frame.run.id().clone(),
        capabilities: service.capabilities().clone(),
        limits: service.limits().clone(),
        fields: service.fields(),
        pages: frame.connection.pages.clone(),
        keys: frame.keys.clone(),
        mode: ImportMode::Update,
        replace_custom: false,
        mapped: Vec::new(),
        untyped: Vec::new(),
        strategy: Strategy::Listed,
        lookup_room: service.limits().identifiers_per_find.value,
        keep_before: false,
        changed_only: false,
        verify: false,
        by_plan: false,
        trust: std::time::Duration::ZERO,
        now: clock::unix_now().as_secs(),
        search_lag: frame.connection.search_lag(),
        tries: frame.caller.retry.tries,
    }
}
