use super::contact_state::ObservedContact;
use super::decide::decide;
use super::decision::Decision;
use super::event::Next;
use super::machine::{Clock, Identify, Reconciliation, Settle, State, is_create_in_doubt};
use super::rules::{JUST_MADE, Strategy};
use crate::contact::{CallKind, Field, Identifier, IdentifierKind, RemoteId, Value};
use crate::journal::Taken;

/// How a row finds the contact that it is about, and has it to itself.
impl Reconciliation {
    pub(super) fn begin(&mut self) {
        if self.reached_another() {
            return self.end_with_another_changed();
        }
        let in_doubt = !self.created && self.row.steps.iter().any(is_create_in_doubt);
        if in_doubt {
            return self.settle(Settle::Create { lost: None }, self.rules.patience());
        }
        if self.created && self.there.is_none() {
            // It was created, and the run was cut off before anybody learned its id. What follows may still tell it,
            // unless the create was sent twice, or what somebody has labelled it with since matters.
            let once = self.row.steps.iter().all(|step| step.kind != CallKind::Create || step.sent == 1);
            if let Some((identifier, edit)) = self.made_nameless().filter(|_| once && !self.row.contact.tags.replace) {
                self.is_created_nameless(&identifier, &edit);
                return self.read_or_decide();
            }
            return self.settle(Settle::LearnId { rest: None }, self.rules.search_lag);
        }
        if let Some(open) = self.row.open_create.clone()
            && !self.created
        {
            return self.settle_taken(open);
        }
        self.forget_contradicted();
        if self.there.is_some() {
            return self.begin_remembered();
        }
        if let Some(given) = self.rules.given(&self.row.contact.identifiers).cloned() {
            if given.kind != IdentifierKind::Id {
                self.address = Some(given.clone());
            }
            self.there = Some(ObservedContact::addressed(RemoteId(given.value)));
            return self.claim();
        }
        match self.rules.strategy {
            Strategy::Listed => self.read_or_decide(),
            Strategy::LookUp => self.identify(Identify::First),
        }
    }

    /// A row that names its contact's id is not about whom memory has under its other identifiers.
    fn forget_contradicted(&mut self) {
        let id = self.row.contact.identifiers.iter().find(|identifier| identifier.kind == IdentifierKind::Id);
        if let (Some(id), Some(there)) = (id, &mut self.there) {
            if id.value == there.id().0 {
                there.is_confirmed = true;
            } else {
                self.there = None;
            }
        }
    }

    /// A remembered contact is written to only when it is sure enough that its id is still the
    /// row's; what stays as it is needs no certainty, and is said to rest on memory.
    fn begin_remembered(&mut self) {
        if self.there.as_ref().is_some_and(|there| there.told.is_some()) {
            return self.claim();
        }
        if self.created {
            let now = self.rules.now;
            if let Some(there) = &mut self.there {
                there.is_confirmed = true;
                // What this row has made a moment ago is known as well as if the run had not been cut off.
                there.is_ours = there.age(now).is_some_and(|age| age <= JUST_MADE);
            }
            return self.claim();
        }
        if self.rests_on_memory() { self.claim() } else { self.confirm() }
    }

    /// Whether the row may stay as it is by what is remembered alone.
    pub fn rests_on_memory(&self) -> bool {
        let Some(there) = self.there.as_ref().filter(|_| self.may_rest_on_memory()) else { return false };
        if self.is_as_applied() {
            return true;
        }
        let facts = there.facts(&self.rules.keys, self.rules.capabilities.tags_ignore_case);
        matches!(decide(&self.row.contact, Some(&facts), &self.rules.terms(self.created)), Decision::Unchanged { .. })
    }

    /// See [`Rules::may_rest`](super::Rules::may_rest).
    pub(super) fn may_rest_on_memory(&self) -> bool {
        let untouched = self.row.steps.is_empty() && !self.changed && !self.created;
        let told = self.there.as_ref().is_some_and(|there| there.told.is_some());
        untouched && !told && !self.row.is_sample && self.rules.may_rest(&self.row.contact)
    }

    pub(super) fn is_as_applied(&self) -> bool {
        let applied = self.there.as_ref().and_then(|there| there.known.applied.as_ref());
        applied.is_some_and(|applied| applied.rows.contains(&self.row.digest(&self.rules.keys)))
    }

    /// Makes sure, at the least cost that the service allows, that the remembered id is still whom
    /// the row means: by addressing the identifier itself, by a look-up that others share, or by one
    /// of its own where memory is older than it is trusted.
    pub(super) fn confirm(&mut self) {
        let Some(there) = &self.there else { return self.read_or_decide() };
        if there.is_confirmed {
            return self.claim();
        }
        let age = there.age(self.rules.now);
        // A cut-off execution of this run tied the id to the row already.
        let is_taken_up = self.row.steps.iter().any(|step| step.answered.is_some());
        // Look-ups may not show it yet; and whoever made it knows its id.
        let lag = self.rules.search_lag;
        let is_new = !lag.is_zero() && age.is_some_and(|age| age <= lag);
        // A listing of this run has just shown who has which identifier.
        let is_listed = self.rules.strategy == Strategy::Listed;
        let is_trusted = age.is_some_and(|age| age <= self.rules.trust);
        // An identifier that the row changes is not there yet to be addressed.
        let remembered = |identifier: &Identifier| {
            let value = Value::Text(identifier.value.clone());
            let held = self.rules.keys.value(&Field::new(identifier.kind.name()), &value);
            there.known.fields.get(identifier.kind.name()).map(|known| *known == held)
        };
        let address = self.row.contact.identifiers.iter().find(|identifier| {
            self.rules.capabilities.address_by.contains(&identifier.kind)
                && identifier.kind != IdentifierKind::Id
                && remembered(identifier) == Some(true)
        });
        // It had the row's identifier once, and was given another since: who has that now is not remembered.
        let has_others = {
            let known: Vec<bool> = self.row.contact.identifiers.iter().filter_map(remembered).collect();
            !known.is_empty() && !known.contains(&true)
        };
        let can_look_up = self.identification().next_lookup().is_some();
        if is_taken_up {
            // As sure as it was.
        } else if let Some(address) = address {
            self.address = Some(address.clone());
        } else if can_look_up
            && (has_others || !is_new && !is_listed && (self.rules.looks_up_together() || !is_trusted))
        {
            return self.identify(Identify::Confirm);
        }
        if let Some(there) = &mut self.there {
            there.is_confirmed = true;
        }
        self.claim();
    }

    /// Has the contact to itself before anything is decided about it.
    pub(super) fn claim(&mut self) {
        let Some(there) = &self.there else { return self.read_or_decide() };
        self.next = Next::Claim(there.id().clone());
        self.state = State::Claiming;
    }

    pub(super) fn claimed(&mut self, left: Option<ObservedContact>, shared_with: Option<u64>) {
        if let Some(line) = shared_with.filter(|_| self.rules.by_plan) {
            return self.ends_as_second(line);
        }
        self.shared_with = shared_with;
        if let Some(mut left) = left {
            let is_confirmed = self.there.as_ref().is_some_and(|there| there.is_confirmed);
            let told = self.there.as_ref().is_some_and(|there| there.told.is_some()) && left.told.is_none();
            left.is_confirmed |= is_confirmed;
            left.is_there |= told;
            self.there = Some(left);
        }
        self.read_or_decide();
    }

    /// Somebody else claims to create this contact, or has just created it.
    pub(super) fn settle_taken(&mut self, taken: Taken) {
        let patience = self.rules.patience_with(&taken);
        self.taken.clone_from(&self.row.keys);
        self.taken_from.push(taken);
        self.settle(Settle::Taken, patience);
    }

    pub(super) fn settle(&mut self, why: Settle, patience: std::time::Duration) {
        self.settle_on(self.identification(), why, Clock::of(patience));
    }
}
