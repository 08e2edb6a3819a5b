use std::collections::{BTreeSet, VecDeque};

use super::contact_state::ObservedContact;
use super::event::{CallEnd, CallResult, Next, StepAt, Write};
use super::machine::{Identify, Reconciliation, Settle, State};
use super::rules::REQUEST_PATIENCE;
use super::step::Step;
use crate::contact::{CallKind, Edit, Field, IdentifierKind, RemoteId, RowError};
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
        rest: VecDeque<Step>,
        notes: Vec<RowError>,
        result: CallResult,
    ) -> Vec<Entry> {
        let creates = matches!(step, Step::Create { .. });
        match result.end.clone() {
            CallEnd::Done(reply) => {
                let follows = if creates {
                    self.was_created(step, &result, reply)
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
            CallEnd::Missing { .. } => self.missing_or_end(result),
            CallEnd::Unclear { message } if creates => {
                self.lost_creates += 1;
                self.settle(Settle::Create { lost: Some((message, result)) }, self.rules.patience());
            }
            CallEnd::Taken(taken) => {
                self.taken_from.push(taken);
                self.taken.clone_from(&self.row.keys);
                self.settle(Settle::Taken, self.rules.patience().max(REQUEST_PATIENCE));
            }
            CallEnd::Unreachable { .. } | CallEnd::Refused { .. } | CallEnd::Exists { .. } => {
                self.count(step.kind(), &result, CallVerdict::Refused, None);
                self.end_by(&result);
            }
            CallEnd::Unclear { .. } | CallEnd::Halted => self.end_by(&result),
        }
        Vec::new()
    }

    fn was_created(&mut self, step: &Step, result: &CallResult, reply: Reply) -> Follows {
        (self.created, self.changed) = (true, true);
        let id = match reply {
            Reply::Id(id) => Some(id),
            Reply::Contact(contact) => Some(contact.id),
            _ => None,
        };
        self.count(CallKind::Create, result, CallVerdict::Done, id.clone());
        if self.lost_creates > 0 || !self.taken_from.is_empty() {
            self.look_again();
        }
        let (Some(id), Step::Create { edit, .. }) = (id, step) else {
            // The answer doesn't tell the id: the look-up that learns it is a step of its own.
            return Follows::LearnId;
        };
        self.is_created_as(&id, edit);
        self.remember(true);
        Follows::Rest
    }

    /// The contact was created by this row with these fields, and has nothing else.
    pub(super) fn is_created_as(&mut self, id: &RemoteId, edit: &Edit) {
        (self.created, self.changed) = (true, true);
        self.address = None;
        self.there = Some(ObservedContact::created(id.clone(), edit, &self.rules.mapped, &self.rules.keys));
        // The create was accepted with all of the row's identifiers that it carried.
        self.proven = self.sent_identifiers(edit, self.rules.capabilities.create_needs);
        let own = crate::contact::Identifier::new(IdentifierKind::Id, id.0.clone());
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
        let told = if let Reply::Contact(contact) = reply { Some(*contact) } else { None };
        let known = || self.there.as_ref().map(|there| there.id().clone());
        let id = told.as_ref().map(|told| told.id.clone()).or_else(known);
        if let Some(told) = told.as_ref().filter(|told| self.is_somebody_else(told)) {
            self.count_step(number, step.kind(), result, CallVerdict::OtherPerson, id);
            self.wrote_to_another(step, told);
            return Follows::Nothing;
        }
        self.count_step(number, step.kind(), result, CallVerdict::Done, id);
        if let (Some(there), Some(told), Some(_)) = (&mut self.there, &told, &self.address) {
            there.known.id = told.id.clone();
            self.address = None;
        }
        if let Some(there) = &mut self.there {
            there.apply(step, &self.rules.keys, &self.rules.run);
        }
        if let Step::Update { edit } = step {
            let sent = self.sent_identifiers(edit, &[]);
            self.proven.extend(sent);
        }
        if let Some(told) = &told {
            self.proven.extend(self.rules.keys.of_snapshot(told));
        }
        if self.address.is_none() {
            self.remember(told.is_some());
        }
        Follows::Rest
    }
}
