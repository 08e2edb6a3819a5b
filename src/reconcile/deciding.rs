use super::decide::decide;
use super::decision::{Decision, Need};
use super::event::{CallEnd, CallResult, Next};
use super::identify::shows_another;
use super::least::least_calls_of;
use super::machine::{Identify, Reading, Reconciliation, Settle, State};
use super::step::Step;
use crate::contact::{Call, CallKind, Edit, ImportMode, Outcome, RowError, RowRecord, Snapshot};
use crate::journal::CallVerdict;
use crate::services::Reply;

/// How often one contact is decided anew before it is given up: each time something turned out to
/// be otherwise than was known.
const ROUNDS_AT_MOST: u32 = 8;

/// What becomes of the contact, and what has to be read before that can be said.
impl Reconciliation {
    /// Reads what must be known before [`decide`] has the last word, one thing after another: it is called again
    /// with each answer.
    pub(super) fn read_or_decide(&mut self) {
        self.rounds += 1;
        if self.rounds > ROUNDS_AT_MOST {
            let record = self.failed("contact.unsteady", "the contact kept changing while it was being worked on");
            return self.end(record);
        }
        let rests = self.may_rest_on_memory();
        if rests && self.is_as_applied() {
            let record = self.as_remembered(Vec::new());
            return self.end(record);
        }
        if self.is_given_unseen() && self.can_read() {
            // An id may be of another account: whose it is shows before anything is written to it, and
            // so does what is there in its own type.
            return self.read(Need::Contact);
        }
        if let Some(record) = self.contradiction() {
            return self.end(record);
        }
        if self.has_unseen_tags() {
            return self.read(Need::Tags);
        }
        match self.decision() {
            Decision::Unchanged { notes } => self.unchanged(rests, notes),
            Decision::Skip(why) => {
                let record = self.record(Outcome::Skipped, vec![why]);
                self.end(record);
            }
            Decision::Refuse(why) => {
                let record = self.record(Outcome::Failed, vec![why]);
                self.end(record);
            }
            Decision::Reject(why) => {
                let record = self.record(Outcome::Rejected, why);
                self.end(record);
            }
            Decision::Need(need) => self.read(need),
            Decision::Steps { steps, notes } => self.go_about(steps, notes),
        }
    }

    fn decision(&self) -> Decision {
        let terms = self.rules.terms(self.created);
        let facts =
            self.there.as_ref().map(|there| there.facts(&self.rules.keys, self.rules.capabilities.tags_ignore_case));
        decide(&self.row.contact, facts.as_ref().map(|facts| facts as &dyn super::Observed), &terms)
    }

    fn unchanged(&mut self, rests: bool, notes: Vec<RowError>) {
        let told = self.there.as_ref().is_some_and(|there| there.told.is_some() || there.is_ours);
        if told || self.changed || self.created {
            if self.ends_by_plan(&[]) {
                return;
            }
            let record = self.record(self.outcome(), notes);
            return self.end(record);
        }
        if rests {
            let record = self.as_remembered(notes);
            return self.end(record);
        }
        if self.can_read() {
            return self.read(Need::Contact);
        }
        let record = self.record(self.outcome(), notes);
        self.end(record);
    }

    fn go_about(&mut self, steps: Vec<Step>, notes: Vec<RowError>) {
        if self.there.as_ref().is_some_and(|there| !there.is_confirmed) {
            return self.confirm();
        }
        if let Some(need) = self.kept_before(&steps) {
            return self.read(need);
        }
        if self.reads_definitions(&steps) {
            return;
        }
        let steps = self.in_defined_types(steps);
        if self.ends_by_plan(&steps) {
            return;
        }
        if self.least_calls.is_none() {
            self.least_calls = Some(least_calls_of(&self.row.contact, &steps, &self.rules.terms(self.created)) as u64);
        }
        self.write_next(steps.into(), notes);
    }

    /// What has to be read first so that all the steps replace can be put back.
    fn kept_before(&self, steps: &[Step]) -> Option<Need> {
        let there = self.there.as_ref().filter(|_| self.rules.keep_before && !self.created)?;
        let fields = |step: &Step| {
            matches!(step, Step::Update { edit } if !edit.fields.is_empty()) || matches!(step, Step::ClearFields { .. })
        };
        let told = there.told.as_ref();
        if steps.iter().any(fields) && !told.is_some_and(|told| told.complete) {
            return Some(Need::Contact);
        }
        let capabilities = &self.rules.capabilities;
        let tells_tags = capabilities.tags_read || capabilities.find_tells_tags;
        let tags = steps.iter().any(|step| step.tag_edit().is_some());
        (tags && tells_tags && told.is_none_or(|told| told.tags.is_none())).then_some(Need::Tags)
    }

    /// A contact that has neither the row's phone nor its e-mail, but others of both, is somebody
    /// else, whatever id led to it.
    fn contradiction(&self) -> Option<RowRecord> {
        let told = self.there.as_ref()?.told.as_ref().filter(|_| !self.changed && !self.created)?;
        use crate::contact::IdentifierKind::{Email, Phone};
        let of = |kind| {
            self.row
                .contact
                .fields
                .iter()
                .find(|change| change.field.name() == crate::contact::IdentifierKind::name(kind))
        };
        let contradicts = |kind| {
            let (desired, held) = (of(kind)?, told.fields.get(&of(kind)?.field)?);
            if desired.value.is_empty() || held.is_empty() {
                return None;
            }
            let comparable =
                |value: &crate::contact::Value| crate::contact::Identifier::new(kind, value.as_text()).comparable();
            Some(comparable(&desired.value) != comparable(held))
        };
        (contradicts(Phone) == Some(true) && contradicts(Email) == Some(true)).then(|| {
            self.failed_naming(
                std::slice::from_ref(&told.id),
                "contact.conflict",
                format!(
                    "contact {} has another phone and another e-mail than the row: it looks like somebody else; \
                     correct the row's id, or change one of the two first",
                    self.rules.named(&told.id)
                ),
            )
        })
    }

    /// Whether the row names its contact's id, and nobody has told what that contact holds.
    fn is_given_unseen(&self) -> bool {
        let unseen = |there: &super::ObservedContact| there.told.is_none() && there.known.fields.is_empty();
        !self.changed && !self.created && self.is_given_by_id() && self.there.as_ref().is_some_and(unseen)
    }

    /// Whether each contact is to be looked at, and this one's tags take a look of their own.
    fn has_unseen_tags(&self) -> bool {
        let told = self.there.as_ref().and_then(|there| there.told.as_ref());
        self.rules.verify
            && self.rules.capabilities.tags_read
            && !self.row.contact.tags.is_empty()
            && !self.changed
            && told.is_some_and(|told| told.tags.is_none())
    }

    fn can_read(&self) -> bool {
        let told = self.there.as_ref().is_some_and(|there| there.told.is_some());
        !told && (self.rules.capabilities.read || (!self.looked_again && self.identification().next_lookup().is_some()))
    }

    pub(super) fn read(&mut self, need: Need) {
        let capabilities = &self.rules.capabilities;
        let Some(target) = self.target() else {
            let record = self.failed("service.unsupported", "nothing to read");
            return self.end(record);
        };
        let told = self.there.as_ref().and_then(|there| there.told.as_ref());
        let (fields, tags) = (told.is_some_and(|told| told.complete), told.is_some_and(|told| told.tags.is_some()));
        let tags_apart = capabilities.tags_read && (told.is_some() || !capabilities.find_tells_tags);
        if need == Need::Tags && tags_apart && !tags {
            self.next = Next::Read(Call::ReadTags { target });
            self.state = State::Reading(Reading::Tags);
            return;
        }
        if (need == Need::Contact && fields) || (need == Need::Tags && tags) {
            let record = self.cannot_tell();
            return self.end(record);
        }
        let confirmed = self.there.as_ref().is_some_and(|there| there.is_confirmed);
        let together = self.rules.limits.identifiers_per_find.value > 1
            && capabilities.find_tells_fields
            && !self.is_given_by_id();
        let look_up = !self.looked_again && self.identification().next_lookup().is_some();
        if look_up && (together || !confirmed || !capabilities.read) {
            self.looked_again = true;
            return self.identify(Identify::Read);
        }
        if capabilities.read {
            self.next = Next::Read(Call::Read { target });
            self.state = State::Reading(Reading::Contact);
            return;
        }
        let record = self.cannot_tell();
        self.end(record);
    }

    pub(super) fn was_read(&mut self, reading: Reading, result: CallResult) {
        match (reading, result.end.clone()) {
            (Reading::Tags, CallEnd::Done(Reply::Tags(tags))) => {
                self.count(CallKind::ReadTags, &result, CallVerdict::Done, None);
                if let Some(there) = &mut self.there {
                    there.learn_tags(tags, &self.rules.keys);
                }
                self.read_or_decide();
            }
            (Reading::Contact | Reading::Remembered, CallEnd::Done(Reply::Contact(contact))) => {
                self.count(CallKind::Read, &result, CallVerdict::Done, Some(contact.id.clone()));
                self.was_told(reading, *contact);
            }
            (Reading::Definitions, _) => self.definitions_were_read(&result),
            (Reading::Remembered, CallEnd::Missing { .. }) => {
                self.count(CallKind::Read, &result, CallVerdict::Missing, None);
                if let Some(there) = self.there.take() {
                    self.forget_gone(there.id().clone());
                }
                self.read_or_decide();
            }
            _ => self.missing_or_end(result),
        }
    }

    fn was_told(&mut self, reading: Reading, contact: Snapshot) {
        if !self.is_given_by_id() && !self.created && shows_another(&contact, &self.row.contact.identifiers) {
            // Memory leads the row's identifiers to somebody who does not have them any more.
            if reading == Reading::Remembered || self.looked_again {
                self.there = None;
                return self.read_or_decide();
            }
            self.looked_again = true;
            return self.identify(Identify::Read);
        }
        let claimed = reading == Reading::Contact;
        self.learn(contact);
        if claimed { self.read_or_decide() } else { self.claim() }
    }

    pub(super) fn cannot_tell(&self) -> RowRecord {
        self.failed(
            "service.cannot_tell",
            "the service does not tell what it holds of this contact, so the mapping's policy can't be kept: use overwrite = \"always\"",
        )
    }

    /// A contact that was known has gone: forget it and look it up again. One that this row has
    /// created itself is not created twice: more likely the service has yet to notice it.
    pub(super) fn missing_or_end(&mut self, result: CallResult) {
        if !matches!(result.end, CallEnd::Missing { .. }) {
            return self.end_by(&result);
        }
        if self.is_given_by_id() {
            return self.end_by(&result);
        }
        if self.address.take().is_some() {
            // Nobody has the identifier; whoever is remembered may have another of the row's.
            return self.identify(Identify::Gone);
        }
        if self.created {
            return self.settle(Settle::Missing(result), self.rules.search_lag);
        }
        let Some(there) = self.there.take() else { return self.end_by(&result) };
        self.forget_gone(there.id().clone());
        self.identify(Identify::Gone);
    }

    /// What the create of this row sends, or sent.
    pub(super) fn new_contact(&self) -> Edit {
        let created = |step| if let Step::Create { edit, .. } = step { Some(edit) } else { None };
        self.steps_of_new().into_iter().find_map(created).unwrap_or_default()
    }

    /// What makes the row's contact where nobody is there.
    pub(super) fn steps_of_new(&self) -> Vec<Step> {
        let mut terms = self.rules.terms(true);
        terms.mode = ImportMode::Upsert;
        match decide(&self.row.contact, None, &terms) {
            Decision::Steps { steps, .. } => steps,
            _ => Vec::new(),
        }
    }
}
