use std::collections::{BTreeSet, VecDeque};

use super::asked::Asked;
use super::contact_state::ObservedContact;
use super::diff::spec_of;
use super::event::{CallEnd, CallResult, Next, StepAt, Write};
use super::machine::{Identify, Reconciliation, Settle, State};
use super::step::Step;
use super::stored::sent_by;
use crate::contact::{
    CallKind, Edit, Field, FieldChange, Identifier, IdentifierKind, Overwrite, RemoteId, RowError, Snapshot,
};
use crate::journal::{BeforeImage, CallVerdict, Change, Entry, Key};
use crate::services::Reply;

/// What follows a step that was applied.
enum Follows {
    Rest,
    LearnId,
    /// What comes next is said already.
    Nothing,
}

/// How the steps of a contact are taken, one after another.
impl Reconciliation {
    pub(super) fn write_next(&mut self, mut rest: VecDeque<Step>, notes: Vec<RowError>) {
        let Some(step) = rest.pop_front() else {
            if self.is_nameless {
                return self.settle(Settle::LearnId { rest: Some((rest, notes)) }, self.rules.search_lag);
            }
            if self.has_more_to_send() {
                // Not again for the same: what turns out to be as desired all the same needs no call.
                self.sent.append(&mut self.changed_meanwhile);
                return self.read_or_decide();
            }
            let record = self.record(self.outcome(), notes);
            return self.end(record);
        };
        let target = self.target_of(step.kind());
        let Some(call) = step.call(target.as_ref()) else {
            let record = self.failed("service.unsupported", "the contact has no id to be addressed by");
            return self.end(record);
        };
        let at = self.next_step(step.kind());
        self.keep_before(&step);
        let creates = if matches!(step, Step::Create { .. }) { self.row.keys.clone() } else { Vec::new() };
        let before = std::mem::take(&mut self.pending);
        self.next = Next::Write(Box::new(Write { call, at, before, creates }));
        self.state = State::Writing { step, number: at.step, rest, notes };
    }

    /// The number of the next call. A call that was cut off keeps its number for itself: were another
    /// recorded under it, nobody could tell any more that it was sent.
    pub(super) fn next_step(&self, kind: CallKind) -> StepAt {
        let mut step = self.answers.keys().next_back().map_or(0, |last| last + 1);
        let cut_off = |step| {
            let record = self.row.steps.iter().find(|record| record.step == step);
            record.is_some_and(|record| record.answered.is_none() && record.kind != kind)
        };
        while cut_off(step) {
            step += 1;
        }
        let sent_before = self.row.steps.iter().find(|record| record.step == step).map_or(0, |record| record.sent);
        StepAt { row: self.row.position.index, step, sent_before }
    }

    /// Records, with the intent of a step, what the step replaces.
    fn keep_before(&mut self, step: &Step) {
        // A contact this row created goes whole; its parts need no record.
        if self.created {
            return;
        }
        let Some(there) = &self.there else { return };
        let id = there.id().clone();
        for change in there.before().changes(step) {
            self.replaced.push((id.clone(), change.clone()));
            self.pending.push(self.before_image(&id, change));
        }
    }

    fn before_image(&self, id: &RemoteId, change: Change) -> Entry {
        Entry::Before(BeforeImage {
            row: self.row.position.index,
            account: self.rules.keys.account().to_owned(),
            contact_id: id.clone(),
            change,
        })
    }

    pub(super) fn called(
        &mut self,
        step: &Step,
        number: u32,
        mut rest: VecDeque<Step>,
        notes: Vec<RowError>,
        result: CallResult,
    ) -> Vec<Entry> {
        let creates = matches!(step, Step::Create { .. });
        match result.end.clone() {
            CallEnd::Done(reply) => {
                let follows = if creates {
                    self.was_created(step, rest.front(), &result, reply)
                } else {
                    self.was_applied(step, number, &result, reply)
                };
                // Durable by itself, and not along with the next step: it may be the last.
                let entries = std::mem::take(&mut self.pending);
                match follows {
                    Follows::Rest => self.write_next(rest, notes),
                    Follows::LearnId => {
                        self.settle(Settle::LearnId { rest: Some((rest, notes)) }, self.rules.search_lag);
                    }
                    Follows::Nothing => {}
                }
                return entries;
            }
            CallEnd::Exists { .. } if creates => {
                self.count(CallKind::Create, &result, CallVerdict::Exists, None);
                self.identify(Identify::Exists(result));
            }
            CallEnd::Missing { .. } if self.is_nameless => {
                // Whoever was just made is not known by its identifier yet.
                rest.push_front(step.clone());
                self.settle(Settle::LearnId { rest: Some((rest, notes)) }, self.rules.search_lag);
            }
            CallEnd::Missing { .. } => self.missing_or_end(result),
            CallEnd::Unclear { message } if creates => {
                self.lost_creates += 1;
                self.settle(Settle::Create { lost: Some((message, result)) }, self.rules.patience());
            }
            CallEnd::Taken(taken) => self.settle_taken(taken),
            CallEnd::Exists { .. } if !self.is_nameless => {
                self.count(step.kind(), &result, CallVerdict::Refused, None);
                self.end_taken(&sent_by(step), result);
            }
            CallEnd::Unreachable { .. } | CallEnd::Refused { .. } | CallEnd::Exists { .. } => {
                self.count(step.kind(), &result, CallVerdict::Refused, None);
                self.end_named_by(result);
            }
            CallEnd::Unclear { .. } | CallEnd::Halted => self.end_named_by(result),
        }
        Vec::new()
    }

    /// The row ends with a call that did not end well. Of a contact that it made, the id is learned first: the
    /// results name it, and an undo finds it by that.
    fn end_named_by(&mut self, result: CallResult) {
        if self.is_nameless {
            return self.settle(Settle::LearnIdAfter(result), self.rules.search_lag);
        }
        self.end_by(&result);
    }

    /// `following` is the step that comes next.
    fn was_created(&mut self, step: &Step, following: Option<&Step>, result: &CallResult, reply: Reply) -> Follows {
        (self.created, self.changed) = (true, true);
        let (id, shown) = match reply {
            Reply::Id(id) => (Some(id), None),
            Reply::Contact(contact) => (Some(contact.id.clone()), Some(contact)),
            _ => (None, None),
        };
        self.count(CallKind::Create, result, CallVerdict::Done, id.clone());
        if self.lost_creates > 0 || !self.taken_from.is_empty() {
            self.look_again();
        }
        if let (None, Step::Create { identifier: Some(identifier), edit }) = (&id, step)
            && self.lost_creates == 0
            && self.taken_from.is_empty()
            && self.tells_id(identifier, following)
        {
            self.is_created_nameless(identifier, edit);
            return Follows::Rest;
        }
        let (Some(id), Step::Create { edit, .. }) = (id, step) else {
            // The answer doesn't tell the id: the look-up that learns it is a step of its own.
            return Follows::LearnId;
        };
        self.is_created_as(&id, edit);
        if let (Some(there), Some(shown)) = (&mut self.there, shown) {
            there.stored(&shown, &edit.fields, &Asked::by(&self.row.contact, &self.rules));
        }
        self.remember(true);
        Follows::Rest
    }

    /// Whether what follows a create can be about its identifier, and tells the id that the create did not. After
    /// a create whose answer was lost, nobody but a look-up can say who has the identifier.
    fn tells_id(&self, identifier: &Identifier, following: Option<&Step>) -> bool {
        let tells = |step: &Step| matches!(step, Step::Update { .. } | Step::EditTags { .. });
        let capabilities = &self.rules.capabilities;
        // Whoever wants to be shown what was stored has it looked up.
        !self.rules.verify
            && capabilities.edits_tell_id
            && capabilities.address_by.contains(&identifier.kind)
            && following.is_some_and(tells)
    }

    /// What the create of this row sends, or sent, where the contact is then addressed by an identifier until an
    /// answer tells its id.
    pub(super) fn made_nameless(&self) -> Option<(Identifier, Edit)> {
        let mut steps = self.steps_of_new().into_iter();
        match (steps.next(), steps.next()) {
            (Some(Step::Create { identifier: Some(identifier), edit }), following)
                if !self.rules.capabilities.create_tells_id && self.tells_id(&identifier, following.as_ref()) =>
            {
                Some((identifier, edit))
            }
            _ => None,
        }
    }

    /// The contact was created by this row, and is addressed by an identifier until an answer tells its id.
    pub(super) fn is_created_nameless(&mut self, identifier: &Identifier, edit: &Edit) {
        self.is_nameless = true;
        self.address = Some(identifier.clone());
        let id = RemoteId(identifier.value.clone());
        self.there = Some(ObservedContact::created(id, edit, &self.rules.mapped, &self.rules.keys));
        self.proven = self.sent_identifiers(edit, self.rules.capabilities.create_needs);
    }

    /// An answer told the id of the contact that this row created.
    pub(super) fn is_named(&mut self, id: &RemoteId) {
        let Some(there) = &mut self.there else { return };
        there.known.id = id.clone();
        (self.is_nameless, self.address) = (false, None);
        let own = Identifier::new(IdentifierKind::Id, id.0.clone());
        self.proven.insert(self.rules.keys.identifier(&own));
        let image = self.before_image(id, Change::Created);
        self.pending.push(image);
    }

    /// The contact was created by this row with these fields, and has nothing else.
    pub(super) fn is_created_as(&mut self, id: &RemoteId, edit: &Edit) {
        (self.created, self.changed) = (true, true);
        self.address = None;
        self.there = Some(ObservedContact::created(id.clone(), edit, &self.rules.mapped, &self.rules.keys));
        // The create was accepted with all of the row's identifiers that it carried.
        self.proven = self.sent_identifiers(edit, self.rules.capabilities.create_needs);
        let own = Identifier::new(IdentifierKind::Id, id.0.clone());
        self.proven.insert(self.rules.keys.identifier(&own));
        let image = self.before_image(id, Change::Created);
        self.pending.push(image);
    }

    /// Keys of the row's identifiers that an edit carried.
    fn sent_identifiers(&self, edit: &Edit, addressed: &[IdentifierKind]) -> BTreeSet<Key> {
        let carried = self.row.contact.identifiers.iter().zip(&self.row.keys).filter(|(identifier, _)| {
            let field = Field::new(identifier.kind.name());
            addressed.contains(&identifier.kind)
                || edit.fields.iter().any(|(sent, value)| *sent == field && value.as_text() == identifier.value)
        });
        carried.map(|(_, key)| *key).collect()
    }

    fn was_applied(&mut self, step: &Step, number: u32, result: &CallResult, reply: Reply) -> Follows {
        self.changed = true;
        let (told, tags, told_id) = match reply {
            Reply::Contact(contact) => (Some(*contact), None, None),
            Reply::Tags(tags) => (None, Some(tags), None),
            Reply::Id(id) => (None, None, Some(id)),
            _ => (None, None, None),
        };
        if let (Some(id), true) = (&told_id, self.is_nameless) {
            self.is_named(id);
        }
        let known = || self.there.as_ref().filter(|_| !self.is_nameless).map(|there| there.id().clone());
        let id = told.as_ref().map(|told| told.id.clone()).or_else(|| told_id.clone()).or_else(known);
        if let Some(told) = told.as_ref().filter(|told| self.is_somebody_else(told)) {
            self.count_step(number, step.kind(), result, CallVerdict::OtherPerson, id);
            self.wrote_to_another(step, told);
            return Follows::Nothing;
        }
        self.count_step(number, step.kind(), result, CallVerdict::Done, id);
        let told_id = told.as_ref().map(|told| told.id.clone()).or(told_id);
        let is_tied = told_id.is_some_and(|id| self.addressed_is(&id));
        if let Some(there) = &mut self.there {
            there.apply(step, &self.rules.keys, &self.rules.run);
        }
        if let Some(told) = &told {
            self.was_stored(step, told);
        }
        if let (Some(there), Some(tags)) = (&mut self.there, &tags) {
            there.stored_tags(tags);
        }
        if let Step::Update { edit } = step {
            let sent = self.sent_identifiers(edit, &[]);
            self.proven.extend(sent);
        }
        if let Some(told) = &told {
            self.proven.extend(self.rules.keys.of_snapshot(told));
        }
        if self.address.is_none() {
            self.remember(told.is_some() || is_tied);
        }
        Follows::Rest
    }

    /// An answer told whose the identifier is that the contact was addressed by. Somebody else than is remembered
    /// is a contact of whom nothing is known yet.
    fn addressed_is(&mut self, id: &RemoteId) -> bool {
        let Some(address) = self.address.take() else { return false };
        let Some(there) = &mut self.there else { return false };
        if there.id() != id {
            *there = ObservedContact::addressed(id.clone());
            self.proven.clear();
        }
        there.is_there = true;
        self.proven.insert(self.rules.keys.identifier(&address));
        let own = crate::contact::Identifier::new(IdentifierKind::Id, id.0.clone());
        self.proven.insert(self.rules.keys.identifier(&own));
        true
    }

    /// The answer to `step` showed what the service stored. An undo takes that for the work of this run.
    fn was_stored(&mut self, step: &Step, shown: &Snapshot) {
        let sent = sent_by(step);
        self.sent.extend(sent.iter().map(|(field, _)| field.clone()));
        let Some(there) = &mut self.there else { return };
        let id = there.id().clone();
        let stored = there.stored(shown, &sent, &Asked::by(&self.row.contact, &self.rules));
        self.changed_meanwhile.extend(stored.changed);
        for (field, after) in stored.otherwise {
            let before = sent.iter().find(|(name, _)| *name == field).map(|(_, value)| value.clone());
            if let Some(before) = before.filter(|_| !self.created) {
                let image = self.before_image(&id, Change::Field { field, before, after });
                self.pending.push(image);
            }
        }
    }

    /// Whether an answer has shown that somebody changed a field which the row desires and has not sent, as
    /// it was remembered to be as desired.
    fn has_more_to_send(&self) -> bool {
        let is_desired = |field: &Field| {
            let desired = |change: &FieldChange| change.field == *field && change.overwrite == Overwrite::Always;
            self.row.contact.fields.iter().any(|change| desired(change) && change.doubt.is_none())
        };
        let sendable = |field: &Field| spec_of(self.rules.fields, field).is_none_or(|spec| spec.update);
        let mut unsent = self.changed_meanwhile.iter().filter(|field| !self.sent.contains(*field));
        !self.created && !self.rules.by_plan && unsent.any(|field| is_desired(field) && sendable(field))
    }
}
