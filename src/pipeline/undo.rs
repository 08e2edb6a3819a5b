use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use super::connect::{AccountSpec, Connection, connect, open_ledger};
use crate::clock;
use crate::contact::{
    Call, CallKind, Contact, Counts, FieldChange, Identifier, IdentifierKind, Outcome, Overwrite, Position, RemoteId,
    RowError, RowRecord, Snapshot, Target, Value,
};
use crate::engine::{Caller, Ended, Found, Keys, Lane, LaneEnd, Lanes, Notice};
use crate::error::{Error, Result};
use crate::ledger::{
    self, BeforeImage, Change, Entry, Fingerprint, LedgerHandle, NewRun, Run, RunId, RunState, StepRecord,
};
use crate::plan::Mode;
use crate::report::{Event, Summary};
use crate::services::Reply;
use crate::table;

/// A run to be put back.
pub struct UndoJob {
    pub run: Run,
    pub account: AccountSpec,
    /// One line a contact: what was put back, and what was left and why.
    pub results: PathBuf,
}

/// What an undo would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Contacts that the run created.
    pub created: u64,
    /// Contacts that it changed, of which the changes are known.
    pub changed: u64,
    pub fields: u64,
    pub tags: u64,
    pub lists: u64,
    /// Rows that changed a contact, without a record of what was there before.
    pub unknown: u64,
}

/// Changes of one contact, latest first.
struct Changed {
    id: RemoteId,
    created: bool,
    changes: Vec<Change>,
}

/// What can be put back of a run.
pub async fn undo_plan(ledger: &LedgerHandle, run: &Run) -> Result<UndoPlan> {
    let mut plan = UndoPlan::default();
    for contact in changed(ledger, &run.id).await? {
        if contact.created {
            plan.created += 1;
            continue;
        }
        plan.changed += 1;
        for change in &contact.changes {
            match change {
                Change::Created => {}
                Change::Field { .. } => plan.fields += 1,
                Change::TagAdded(_) | Change::TagRemoved(_) => plan.tags += 1,
                Change::ListAdded(_) | Change::ListRemoved(_) => plan.lists += 1,
            }
        }
    }
    plan.unknown = run.counts[Outcome::Updated].saturating_sub(plan.changed);
    Ok(plan)
}

/// Puts back what a run changed, and deletes what it created where the service can delete.
///
/// Three-way: a value that somebody changed since is left, and the results say so. The undo is a
/// run of its own: journaled, resumable, and accounted for contact by contact.
pub async fn undo(job: &UndoJob, context: &mut Context) -> Result<Summary> {
    let begun = clock::now();
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.account, &context.state_dir, &ledger).await?;
    let contacts = changed(&ledger, &job.run.id).await?;
    let fingerprint = Fingerprint(*blake3::hash(format!("undo\0{}", job.run.id).as_bytes()).as_bytes());
    let _lock = ledger::lock::acquire(&context.state_dir, &fingerprint.name(), "undo")?;
    let wanted = fingerprint.clone();
    let run = match ledger.run(move |ledger| ledger.unfinished(&wanted)).await? {
        Some(run) => run.id,
        None => {
            let new = NewRun {
                command: "undo".into(),
                fingerprint,
                account: job.account.name.clone(),
                service: job.account.service.name.to_owned(),
                file: job.run.new.file.clone(),
                options: serde_json::json!({ "undoes": job.run.id.0, "results": job.results }),
                started: clock::unix_now().as_secs(),
            };
            ledger.run(move |ledger| ledger.begin(&new)).await?
        }
    };
    let (caller, mut notices) = connection.caller(&run, &context.stop);
    let keys =
        Keys::new(ledger.hasher(), &job.account.name, connection.account.service.capabilities().tags_ignore_case);
    let undoing = Undoing {
        lanes: Lanes {
            finder: Connection::finder(&caller),
            keys,
            mode: Mode::Update,
            replace_custom: false,
            asked: Vec::new(),
            keep_before: false,
            changed_only: false,
            all_known: true,
            search_lag: connection.search_lag(),
            caller: caller.clone(),
        },
        caller: caller.clone(),
        ledger: ledger.clone(),
        run: run.clone(),
    };
    context.tell(Event::Started {
        command: "undo",
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        file: job.results.display().to_string(),
        rows: Some(contacts.len() as u64),
        resumed: 0,
    });
    let mut writer = table::create(&job.results, &["contact_id", "_outcome", "_code", "_message"])?;
    let id = run.clone();
    let done: BTreeMap<u64, RowRecord> =
        ledger.run(move |ledger| ledger.rows(&id, 0, usize::MAX >> 1)).await?.into_iter().collect();
    let mut summary = Summary {
        command: "undo",
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        file: Some(job.results.clone()),
        ..Summary::default()
    };
    let mut counts = Counts::default();
    for (index, contact) in contacts.iter().enumerate() {
        let position = Position { index: index as u64, line: index as u64 + 1, sheet: 0 };
        let record = match done.get(&position.index) {
            Some(record) if record.outcome != Outcome::InDoubt => record.clone(),
            _ => match undoing.put_back(position, contact).await? {
                Some(record) => record,
                None => RowRecord::unsent(
                    Outcome::Skipped,
                    vec![RowError::of_row(
                        "run.stopped",
                        "the undo stopped before this contact: the same command goes on",
                    )],
                ),
            },
        };
        counts[record.outcome] += 1;
        let codes: Vec<_> = record.errors.iter().map(|error| error.code.as_ref()).collect();
        let messages: Vec<_> = record.errors.iter().map(|error| error.message.as_str()).collect();
        writer.write(&[&contact.id.0, record.outcome.name(), &codes.join(" | "), &messages.join(" | ")])?;
        for code in codes {
            *summary.codes.entry(code.to_owned()).or_default() += 1;
        }
        while let Ok(notice) = notices.try_recv() {
            if let Notice::Called { kind, .. } = notice {
                *summary.calls.entry(kind).or_default() += 1;
            }
        }
        context.tell(Event::Row { position, record });
    }
    writer.finish()?;
    summary.rows = contacts.len() as u64;
    summary.counts = counts;
    let state = match caller.halted() {
        Some(halt) => {
            summary.stopped = Some(halt.message);
            RunState::Stopped
        }
        None if context.stop.is_asked() => {
            summary.stopped = Some("interrupted by a signal".into());
            summary.interrupted = true;
            RunState::Interrupted
        }
        None => RunState::Finished,
    };
    let undone = job.run.id.clone();
    let original = job.run.counts;
    ledger
        .run(move |ledger| {
            if state == RunState::Finished {
                // First, so that a run that was put back is never put back again.
                ledger.set_state(&undone, RunState::Undone, &original)?;
                crash_point!("after_undone");
            }
            ledger.set_state(&run, state, &counts)
        })
        .await?;
    summary.elapsed = clock::now() - begun;
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    context.tell(Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

/// What a run did to each contact, in the order of its rows.
async fn changed(ledger: &LedgerHandle, run: &RunId) -> Result<Vec<Changed>> {
    let mut by_row: BTreeMap<u64, Changed> = BTreeMap::new();
    let mut after = 0;
    loop {
        let id = run.clone();
        let images: Vec<BeforeImage> = ledger.run(move |ledger| ledger.before_images(&id, after, 4096)).await?;
        if images.is_empty() {
            return Ok(by_row.into_values().collect());
        }
        after += images.len();
        for image in images {
            let contact = by_row.entry(image.row).or_insert_with(|| Changed {
                id: image.contact_id.clone(),
                created: false,
                changes: Vec::new(),
            });
            contact.created |= image.change == Change::Created;
            contact.changes.push(image.change);
        }
    }
}

struct Undoing {
    lanes: Lanes,
    caller: Arc<Caller>,
    ledger: LedgerHandle,
    run: RunId,
}

impl Undoing {
    /// `None` if the undo is stopping.
    async fn put_back(&self, position: Position, contact: &Changed) -> Result<Option<RowRecord>> {
        crash_point!("before_undo");
        if contact.created {
            return self.delete(position, contact).await;
        }
        let held = match self.read(&contact.id).await {
            Ok(Some(held)) => held,
            Ok(None) => {
                let gone = RowError::of_row("undo.gone", "the contact is no longer there");
                return self.record(position, RowRecord::unsent(Outcome::Skipped, vec![gone])).await.map(Some);
            }
            Err(Ended::Halted) => return Ok(None),
            Err(ended) => {
                let failed =
                    RowError::of_row("service.unavailable", format!("the contact could not be read: {ended:?}"));
                return self.record(position, RowRecord::unsent(Outcome::Failed, vec![failed])).await.map(Some);
            }
        };
        let (wanted, left) = three_way(contact, &held);
        let steps = self.steps(position).await?;
        let cut_off = steps.iter().any(|step| step.kind.writes() && step.answered.is_none());
        let asked: Vec<_> = wanted.fields.iter().map(|change| change.field.clone()).collect();
        let known = Some(self.lanes.keys.learn(&held, &asked));
        let lane = Lane { position, contact: wanted, keys: Vec::new(), known, steps };
        let ended = |mut record: RowRecord| {
            record.errors.extend(left);
            if record.outcome == Outcome::Unchanged && cut_off {
                // All is as it should be again: what was cut off has done its work.
                record.outcome = Outcome::Updated;
            }
            if record.outcome == Outcome::Unchanged && !record.errors.is_empty() {
                record.outcome = Outcome::Skipped;
            }
            record
        };
        match self.lanes.drive_and(lane, ended).await {
            LaneEnd::Halted => Ok(None),
            LaneEnd::Finished(record) => {
                crash_point!("after_undo");
                Ok(Some(record))
            }
        }
    }

    async fn delete(&self, position: Position, contact: &Changed) -> Result<Option<RowRecord>> {
        if !self.caller.account.service.capabilities().delete {
            let why = RowError::of_row(
                "undo.no_delete",
                "the service can't delete contacts, so the one the run created stays",
            );
            return self.record(position, RowRecord::unsent(Outcome::Skipped, vec![why])).await.map(Some);
        }
        let call = Call::Delete { target: Target::Id(contact.id.clone()) };
        let sent_before = self.steps(position).await?.first().map_or(0, |step| step.sent);
        let at = crate::engine::StepAt { row: position.index, step: 0, sent_before };
        let reached = self.caller.write(&call, at, Vec::new()).await;
        let (outcome, errors) = match reached.ended {
            Ended::Halted => return Ok(None),
            Ended::Done(_) => (Outcome::Updated, Vec::new()),
            // The delete that was cut off has done its work.
            Ended::Missing { .. } if sent_before > 0 => (Outcome::Updated, Vec::new()),
            Ended::Missing { .. } => {
                (Outcome::Unchanged, vec![RowError::of_row("undo.gone", "the contact is no longer there")])
            }
            Ended::Unclear { message } => (Outcome::InDoubt, vec![RowError::of_row("service.in_doubt", message)]),
            Ended::Refused { code, message, .. } => (Outcome::Failed, vec![RowError::of_row(code, message)]),
            Ended::Exists { message, .. } | Ended::Unreachable { message } => {
                (Outcome::Failed, vec![RowError::of_row("service.unavailable", message)])
            }
        };
        let entries = if outcome == Outcome::Failed || outcome == Outcome::InDoubt {
            Vec::new()
        } else {
            vec![Entry::Gone { account: self.lanes.keys.account().to_owned(), id: contact.id.clone() }]
        };
        self.ledger.write(&self.run, entries).await?;
        let record = RowRecord {
            outcome,
            contact_id: Some(contact.id.clone()),
            calls: 1,
            attempts: reached.answers,
            http_status: reached.http_status,
            errors,
        };
        self.record(position, record).await.map(Some)
    }

    /// What a cut-off undo did for this contact.
    async fn steps(&self, position: Position) -> Result<Vec<StepRecord>> {
        let run = self.run.clone();
        self.ledger.run(move |ledger| ledger.steps(&run, position.index)).await
    }

    async fn record(&self, position: Position, record: RowRecord) -> Result<RowRecord> {
        let entry = Entry::Row { position, record: record.clone(), keys: Vec::new() };
        self.ledger.write(&self.run, vec![entry]).await?;
        crash_point!("after_undo");
        Ok(record)
    }

    async fn read(&self, id: &RemoteId) -> std::result::Result<Option<Snapshot>, Ended> {
        let capabilities = self.caller.account.service.capabilities();
        let mut held = if capabilities.read {
            match self.caller.read(&Call::Read { target: Target::Id(id.clone()) }).await.ended {
                Ended::Done(Reply::Contact(contact)) => *contact,
                Ended::Missing { .. } => return Ok(None),
                ended => return Err(ended),
            }
        } else {
            match self.lanes.finder.find(vec![Identifier::new(IdentifierKind::Id, id.0.clone())]).await.0 {
                Found::Contacts(mut found) if !found.is_empty() => found.swap_remove(0),
                Found::Contacts(_) => return Ok(None),
                Found::Not(reached) => return Err(reached.ended),
            }
        };
        if held.tags.is_none()
            && capabilities.tags_read
            && let Ended::Done(Reply::Tags(tags)) =
                self.caller.read(&Call::ReadTags { target: Target::Id(id.clone()) }).await.ended
        {
            held.tags = Some(tags);
        }
        Ok(Some(held))
    }
}

/// The contact as it should be again, and what is left because somebody changed it since.
fn three_way(contact: &Changed, held: &Snapshot) -> (Contact, Vec<RowError>) {
    let mut wanted =
        Contact { identifiers: vec![Identifier::new(IdentifierKind::Id, contact.id.0.clone())], ..Contact::default() };
    let mut left = Vec::new();
    let has = |tag: &String| held.tags.as_ref().is_none_or(|tags| tags.contains(tag));
    // Latest first, so the last one seen of a field is the oldest: what was there before the run.
    for change in &contact.changes {
        match change {
            Change::Created => {}
            Change::Field { field, before, after } => {
                if let Some(earlier) = wanted.fields.iter_mut().find(|change| change.field == *field) {
                    earlier.value = before.clone();
                    continue;
                }
                let present = held.fields.get(field).cloned().unwrap_or(Value::Clear);
                if after.same_as(&present) {
                    wanted.fields.push(FieldChange {
                        field: field.clone(),
                        value: before.clone(),
                        overwrite: Overwrite::Always,
                    });
                } else if !before.same_as(&present) {
                    left.push(RowError::of_row(
                        "undo.changed_since",
                        format!("{field} was changed since, and stays as it is"),
                    ));
                }
            }
            Change::TagAdded(tag) if has(tag) => wanted.tags.remove.push(tag.clone()),
            Change::TagRemoved(tag) if held.tags.is_none() || !has(tag) => wanted.tags.add.push(tag.clone()),
            Change::TagAdded(_) | Change::TagRemoved(_) => {}
            Change::ListAdded(list) => wanted.lists.remove.push(list.clone()),
            Change::ListRemoved(list) => wanted.lists.add.push(list.clone()),
        }
    }
    (wanted, left)
}

/// Refuses a run that an undo can't be about.
pub fn undoable(run: &Run) -> Result<()> {
    match (run.new.command.as_str(), run.state) {
        ("import" | "retry" | "copy", RunState::Running) => {
            Err(Error::usage(format!("run {} is under way or was cut off", run.id))
                .hint("finish it first: `rolo resume`"))
        }
        ("import" | "retry" | "copy", RunState::Undone) => {
            Err(Error::usage(format!("run {} was put back already", run.id)))
        }
        ("import" | "retry" | "copy", _) => Ok(()),
        (other, _) => Err(Error::usage(format!("run {} is an {other}: only an import can be put back", run.id))),
    }
}

/// Calls that an undo makes at most, for its plan.
pub fn undo_calls(plan: &UndoPlan) -> BTreeMap<CallKind, u64> {
    BTreeMap::from([(CallKind::Delete, plan.created), (CallKind::Read, plan.changed), (CallKind::Update, plan.changed)])
}
