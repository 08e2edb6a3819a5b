use std::sync::Arc;

use super::super::connect::Connection;
use super::super::frame::Frame;
use super::changed::ChangedContact;
use super::three_way::three_way;
use crate::contact::{
    Call, Field, Identifier, IdentifierKind, Outcome, Position, RemoteId, RowError, RowRecord, Snapshot, Target,
};
use crate::error::Result;
use crate::journal::{Entry, StepRecord};
use crate::ledger::{ClaimedRun, LedgerHandle};
use crate::reconcile::{CallEnd, Identified, ObservedContact, Row, Rules, StepAt, Write};
use crate::services::Reply;
use crate::upload::{Caller, Driver, LookupBatcher, RowEnd};

/// Puts contacts back, one at a time.
pub struct PuttingBack {
    driver: Driver,
    batcher: LookupBatcher,
    caller: Arc<Caller>,
    ledger: LedgerHandle,
    run: ClaimedRun,
}

impl PuttingBack {
    pub fn new(frame: &Frame, rules: Arc<Rules>) -> Self {
        Self {
            driver: Driver::new(frame.caller.clone(), rules),
            batcher: Connection::lookup_batcher(&frame.caller),
            caller: frame.caller.clone(),
            ledger: frame.ledger.clone(),
            run: frame.run.clone(),
        }
    }

    /// `None` if the undo is stopping.
    pub async fn put_back(&self, position: Position, contact: &ChangedContact) -> Result<Option<RowRecord>> {
        crash_point!("before_undo");
        if contact.created {
            return self.delete(position, contact).await;
        }
        let looked_up_by = self.looked_up_by(&contact.id).await?;
        if looked_up_by.is_empty() {
            let why = "the service finds nobody by an id, and no phone or e-mail of the contact is remembered, so it \
                       stays as it is";
            return self.left(position, "undo.no_way", why).await.map(Some);
        }
        let observed = match self.read(&contact.id, &looked_up_by).await {
            Ok(Some(observed)) => observed,
            Ok(None) => return self.left(position, "undo.gone", "the contact is no longer there").await.map(Some),
            Err(CallEnd::Halted) => return Ok(None),
            Err(ended) => return self.not_read(position, &ended).await.map(Some),
        };
        let (desired, left) = three_way(contact, &observed, self.caller.account.service.capabilities());
        let steps = self.steps(position).await?;
        let cut_off = steps.iter().any(|step| step.kind.writes() && step.answered.is_none());
        let row = Row { told: Some(observed), steps, ..Row::new(position, desired, Vec::new()) };
        let ended = |mut record: RowRecord| {
            record.errors.extend(left);
            if record.outcome == Outcome::Unchanged && cut_off {
                // All is as it should be again: what was cut off has done its work.
                record.outcome = Outcome::Updated;
            }
            if record.outcome == Outcome::Unchanged && !record.errors.is_empty() {
                // Nothing of it could be put back.
                record.outcome = Outcome::Skipped;
            }
            record
        };
        match self.driver.drive_and(row, ended).await {
            RowEnd::Halted => Ok(None),
            RowEnd::Finished(record) => {
                crash_point!("after_undo");
                Ok(Some(record))
            }
        }
    }

    /// Deletes a contact that the run created, unless somebody has changed it since.
    async fn delete(&self, position: Position, contact: &ChangedContact) -> Result<Option<RowRecord>> {
        if !self.caller.account.service.capabilities().delete {
            let why = "the service can't delete contacts, so the one the run created stays";
            return self.left(position, "undo.no_delete", why).await.map(Some);
        }
        let sent_before = self.steps(position).await?.first().map_or(0, |step| step.sent);
        if sent_before > 0 {
            return self.delete_now(position, contact, sent_before).await;
        }
        let looked_up_by = self.looked_up_by(&contact.id).await?;
        let observed = match self.read(&contact.id, &looked_up_by).await {
            Ok(Some(observed)) => observed,
            Ok(None) => {
                let gone = RowError::of_row("undo.gone", "the contact is no longer there");
                self.note_gone(contact).await?;
                return self.record(position, RowRecord::unsent(Outcome::Unchanged, vec![gone])).await.map(Some);
            }
            Err(CallEnd::Halted) => return Ok(None),
            Err(ended) => return self.not_read(position, &ended).await.map(Some),
        };
        let known = self.ledger.known_by_id(self.driver.rules.keys.account(), &contact.id).await?;
        let Some(known) = known.map(ObservedContact::remembered) else {
            let why = "nothing is remembered of the contact, so nobody knows whether somebody changed it since, and it \
                       stays";
            return self.left(position, "undo.not_known", why).await.map(Some);
        };
        let changed = known.changed_since(&observed, &self.driver.rules);
        if !changed.is_empty() {
            let why = format!(
                "the run created the contact, and somebody changed it since, so it is not deleted: {}",
                changed.join(", ")
            );
            return self.left(position, "undo.changed_since", why).await.map(Some);
        }
        self.delete_now(position, contact, sent_before).await
    }

    async fn delete_now(
        &self,
        position: Position,
        contact: &ChangedContact,
        sent_before: u32,
    ) -> Result<Option<RowRecord>> {
        let call = Call::Delete { target: Target::Id(contact.id.clone()) };
        let at = StepAt { row: position.index, step: 0, sent_before };
        let write = Write { call, at, before: Vec::new(), creates: Vec::new() };
        let reached = self.caller.write(write).await;
        let (outcome, errors) = match reached.end {
            CallEnd::Halted => return Ok(None),
            CallEnd::Done(_) => (Outcome::Updated, Vec::new()),
            // The delete that was cut off has done its work.
            CallEnd::Missing { .. } if sent_before > 0 => (Outcome::Updated, Vec::new()),
            CallEnd::Missing { .. } => {
                (Outcome::Unchanged, vec![RowError::of_row("undo.gone", "the contact is no longer there")])
            }
            CallEnd::Taken(_) => (Outcome::Failed, Vec::new()),
            CallEnd::Unclear { message } => (Outcome::InDoubt, vec![RowError::of_row("service.in_doubt", message)]),
            CallEnd::Refused { code, message, .. } => (Outcome::Failed, vec![RowError::of_row(code, message)]),
            CallEnd::Exists { message, .. } | CallEnd::Unreachable { message } => {
                (Outcome::Failed, vec![RowError::of_row("service.unavailable", message)])
            }
        };
        if !matches!(outcome, Outcome::Failed | Outcome::InDoubt) {
            self.note_gone(contact).await?;
        }
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

    /// The contact is no longer there.
    async fn note_gone(&self, contact: &ChangedContact) -> Result<()> {
        let gone = Entry::Gone { account: self.driver.rules.keys.account().to_owned(), id: contact.id.clone() };
        self.ledger.write(&self.run, vec![gone]).await.map(drop)
    }

    /// The contact stays as it is.
    async fn left(&self, position: Position, code: &'static str, why: impl Into<String>) -> Result<RowRecord> {
        self.record(position, RowRecord::unsent(Outcome::Skipped, vec![RowError::of_row(code, why.into())])).await
    }

    async fn not_read(&self, position: Position, ended: &CallEnd) -> Result<RowRecord> {
        let why = format!("the contact could not be read: {}", ended.why_failed());
        let failed = RowError::of_row("service.unavailable", why);
        self.record(position, RowRecord::unsent(Outcome::Failed, vec![failed])).await
    }

    /// What a cut-off undo did for this contact.
    async fn steps(&self, position: Position) -> Result<Vec<StepRecord>> {
        self.ledger.steps(&self.run, position.index).await
    }

    async fn record(&self, position: Position, record: RowRecord) -> Result<RowRecord> {
        let entry = Entry::Row { position, record: record.clone(), keys: Vec::new() };
        self.ledger.write(&self.run, vec![entry]).await?;
        crash_point!("after_undo");
        Ok(record)
    }

    async fn read(&self, id: &RemoteId, looked_up_by: &[Identifier]) -> std::result::Result<Option<Snapshot>, CallEnd> {
        let capabilities = self.caller.account.service.capabilities();
        let mut observed = if capabilities.read {
            match self.caller.read(&Call::Read { target: Target::Id(id.clone()) }).await.end {
                CallEnd::Done(Reply::Contact(contact)) => *contact,
                CallEnd::Missing { .. } => return Ok(None),
                end => return Err(end),
            }
        } else {
            match self.look_up(id, looked_up_by).await? {
                Some(contact) => contact,
                None => return Ok(None),
            }
        };
        if observed.tags.is_none() && capabilities.tags_read {
            match self.caller.read(&Call::ReadTags { target: Target::Id(id.clone()) }).await.end {
                CallEnd::Done(Reply::Tags(tags)) => observed.tags = Some(tags),
                CallEnd::Missing { .. } => return Ok(None),
                end => return Err(end),
            }
        }
        Ok(Some(observed))
    }

    /// What the contact is looked up by: its id, or where the service finds nobody by one, what it was last known
    /// to be found by. Empty if there is nothing.
    async fn looked_up_by(&self, id: &RemoteId) -> Result<Vec<Identifier>> {
        let capabilities = self.caller.account.service.capabilities();
        if capabilities.read || capabilities.find_by.contains(&IdentifierKind::Id) {
            return Ok(vec![Identifier::new(IdentifierKind::Id, id.0.clone())]);
        }
        let known = self.ledger.known_by_id(self.driver.rules.keys.account(), id).await?;
        let Some(values) = known.and_then(|known| known.values) else { return Ok(Vec::new()) };
        let last_known = |kind: &IdentifierKind| {
            let value = values.fields.get(&Field::new(kind.name())).filter(|value| !value.is_empty())?;
            Some(Identifier::new(*kind, value.as_text()))
        };
        Ok(capabilities.find_by.iter().filter_map(last_known).collect())
    }

    /// The contact of this id among those that are found; `None` if no look-up shows it.
    async fn look_up(
        &self,
        id: &RemoteId,
        looked_up_by: &[Identifier],
    ) -> std::result::Result<Option<Snapshot>, CallEnd> {
        for identifier in looked_up_by {
            match self.batcher.identify(std::slice::from_ref(identifier)).await {
                Ok(Identified::One(contact)) if contact.id == *id => return Ok(Some(*contact)),
                Ok(_) => {}
                Err(result) => return Err(result.end),
            }
        }
        Ok(None)
    }
}
