use std::collections::VecDeque;

use super::contact_state::ObservedContact;
use super::decide::decide;
use super::decision::{Decision, Terms};
use super::event::{CallEnd, CallResult, Next, Write};
use super::identify::shows_another;
use super::machine::{Reach, Reconciliation, State};
use super::step::Step;
use crate::contact::{
    CallKind, Contact, Field, FieldChange, Identifier, IdentifierKind, ImportMode, Overwrite, RemoteId, Snapshot,
    Target,
};
use crate::journal::{CallVerdict, Change, Entry};

/// A change that reached another person than the row's, since memory led there: it ends the row, and
/// is taken back as far as anybody knows what was there before.
impl Reconciliation {
    pub(super) fn is_somebody_else(&self, told: &Snapshot) -> bool {
        !self.created && !self.is_given_by_id() && shows_another(told, &self.row.contact.identifiers)
    }

    /// The answer to `step` showed `told`, who has none of the row's identifiers.
    pub(super) fn wrote_to_another(&mut self, step: &Step, told: &Snapshot) {
        if let Some(there) = &mut self.there {
            there.apply(step, &self.rules.keys, &self.rules.run);
        }
        let changes: Vec<Change> =
            self.replaced.iter().filter(|(id, _)| *id == told.id).map(|(_, change)| change.clone()).collect();
        let back = as_before(&told.id, &changes);
        let reach = reach(&told.id, &changes);
        self.there = Some(ObservedContact::told(told.clone(), &self.rules.mapped, &self.rules.keys));
        self.proven.clear();
        self.proven.extend(self.rules.keys.of_snapshot(told));
        self.remember(true);
        match self.steps_back(&back) {
            Some(steps) => self.put_back_next(steps.into(), reach),
            None => self.end_as_another(&reach, Some("is not known well enough")),
        }
    }

    /// The calls that bring a contact to what it was; none if it is so already, `None` if there is no way.
    fn steps_back(&self, back: &Contact) -> Option<Vec<Step>> {
        let terms = Terms { mode: ImportMode::Upsert, replace_custom: false, ..self.rules.terms(false) };
        let facts = self.there.as_ref()?.facts(&self.rules.keys, self.rules.capabilities.tags_ignore_case);
        match decide(back, Some(&facts), &terms) {
            Decision::Steps { steps, .. } => Some(steps),
            Decision::Unchanged { .. } => Some(Vec::new()),
            _ => None,
        }
    }

    fn put_back_next(&mut self, mut rest: VecDeque<Step>, reach: Reach) {
        let Some(step) = rest.pop_front() else { return self.end_as_another(&reach, None) };
        let call = self.target_back(&step, &reach).and_then(|target| step.call(Some(&target)));
        let Some(call) = call else { return self.end_as_another(&reach, Some("the service has no call for it")) };
        let at = self.next_step(step.kind());
        let before = std::mem::take(&mut self.pending);
        self.next = Next::Write(Box::new(Write { call, at, before, creates: Vec::new() }));
        self.state = State::PuttingBack { step, number: at.step, rest, reach };
    }

    /// Nothing of the row's may address the contact, which is not the row's.
    fn target_back(&self, step: &Step, reach: &Reach) -> Option<Target> {
        let kinds = self.rules.capabilities.tags_address_by;
        if kinds.is_empty() || step.kind() != CallKind::AddTags {
            return Some(Target::Id(reach.id.clone()));
        }
        let told = self.there.as_ref()?.told.as_ref()?;
        kinds.iter().find_map(|kind| {
            let value = told.fields.get(&Field::new(kind.name())).filter(|value| !value.is_empty())?;
            Some(Target::Identifier(Identifier::new(*kind, value.as_text())))
        })
    }

    pub(super) fn put_back_answered(
        &mut self,
        step: &Step,
        number: u32,
        rest: VecDeque<Step>,
        reach: Reach,
        result: &CallResult,
    ) -> Vec<Entry> {
        if let CallEnd::Done(_) = result.end {
            self.count_step(number, step.kind(), result, CallVerdict::Done, Some(reach.id.clone()));
            if let Some(there) = &mut self.there {
                there.apply(step, &self.rules.keys, &self.rules.run);
            }
            self.remember(true);
            let entries = std::mem::take(&mut self.pending);
            self.put_back_next(rest, reach);
            return entries;
        }
        let why = result.end.why_failed().to_owned();
        self.end_as_another(&reach, Some(&why));
        Vec::new()
    }

    /// The row ends; `failed` is why what reached the other person was not taken back.
    fn end_as_another(&mut self, reach: &Reach, failed: Option<&str>) {
        let unknown = reach.unknown.join(", ");
        let run = &self.rules.run;
        let cure = match failed {
            _ if reach.changed.is_empty() => "nothing there is different, as far as is known".to_owned(),
            _ if reach.unknown.len() == reach.changed.len() => {
                "nobody knows what was there before: put it right by hand".to_owned()
            }
            None if reach.unknown.is_empty() => "it was put back as it was last known".to_owned(),
            None => format!("it was put back as it was last known, but for {unknown}: put that right by hand"),
            Some(why) if reach.unknown.is_empty() => {
                format!("it could not be put back ({why}); `rolo undo {run}` tries again")
            }
            Some(why) => {
                format!("it could not be put back ({why}); `rolo undo {run}` tries again with all but {unknown}")
            }
        };
        let what = if reach.changed.is_empty() { "what was sent" } else { "the change of " };
        let record = self.failed_naming(
            std::slice::from_ref(&reach.id),
            "contact.other_person",
            format!(
                "contact {} has none of the row's identifiers any more, and {what}{} reached it: {cure}; \
                 `--fresh` looks every contact up",
                self.rules.named(&reach.id),
                reach.changed.join(", ")
            ),
        );
        self.end(record);
    }

    /// Whether a cut-off execution found that it had changed somebody else.
    pub(super) fn reached_another(&self) -> bool {
        let verdicts = self.row.steps.iter().filter_map(|step| step.answered.as_ref());
        verdicts.into_iter().any(|answered| answered.verdict == CallVerdict::OtherPerson)
    }

    /// The same end as if it had not been cut off, but that nobody knows how much was taken back.
    pub(super) fn end_with_another_changed(&mut self) {
        let answers = self.row.steps.iter().filter_map(|step| step.answered.as_ref());
        let mut other = answers.filter(|answered| answered.verdict == CallVerdict::OtherPerson);
        let id = other.find_map(|answered| answered.contact_id.clone());
        self.there = id.clone().map(ObservedContact::addressed);
        let whom = id.map_or_else(|| "the contact".to_owned(), |id| format!("contact {}", self.rules.named(&id)));
        let record = self.failed(
            "contact.other_person",
            format!(
                "{whom} has none of the row's identifiers any more, and a change reached it before the run was cut \
                 off: `rolo undo {}` puts back what is left of it; `--fresh` looks every contact up",
                self.rules.run
            ),
        );
        self.end(record);
    }
}

/// The contact as it was before all of these changes, the first of which came first.
fn as_before(id: &RemoteId, changes: &[Change]) -> Contact {
    let mut back =
        Contact { identifiers: vec![Identifier::new(IdentifierKind::Id, id.0.clone())], ..Contact::default() };
    for change in changes {
        match change {
            Change::Field { field, before, .. } if !back.fields.iter().any(|earlier| earlier.field == *field) => {
                back.fields.push(FieldChange::new(field.clone(), before.clone(), Overwrite::Always));
            }
            Change::TagAdded(tag) => back.tags.remove.push(tag.clone()),
            Change::TagRemoved(tag) => back.tags.add.push(tag.clone()),
            Change::ListAdded(list) => back.lists.remove.push(list.clone()),
            Change::ListRemoved(list) => back.lists.add.push(list.clone()),
            Change::Field { .. } | Change::Created | Change::Unknown(_) => {}
        }
    }
    back
}

fn reach(id: &RemoteId, changes: &[Change]) -> Reach {
    let mut reach = Reach { id: id.clone(), changed: Vec::new(), unknown: Vec::new() };
    for change in changes {
        let name = match change {
            Change::Field { field, .. } => field.name().to_owned(),
            Change::TagAdded(_) | Change::TagRemoved(_) => "tags".to_owned(),
            Change::ListAdded(_) | Change::ListRemoved(_) => "lists".to_owned(),
            Change::Created => continue,
            Change::Unknown(name) => {
                reach.unknown.push(name.clone());
                name.clone()
            }
        };
        if !reach.changed.contains(&name) {
            reach.changed.push(name);
        }
    }
    reach
}
