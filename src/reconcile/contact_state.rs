use std::time::Duration;

use super::asked::Asked;
use super::before_image::Before;
use super::combined::Combined;
use super::keys::Keys;
use super::memory::{self, Remembered};
use super::observed::SnapshotObserved;
use super::rules::Rules;
use super::step::Step;
use crate::contact::{Contact, Edit, Field, RemoteId, Snapshot};
use crate::journal::{AsApplied, KnownContact, RunId};

/// The contact of a row, as far as it is known: what answers of this run told, and beneath it what
/// is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedContact {
    pub(super) known: KnownContact,
    pub(super) told: Option<Snapshot>,
    /// An answer of this run showed that the contact is there.
    pub(super) is_there: bool,
    /// `known` is what this run itself made of the contact.
    pub(super) is_ours: bool,
    /// Its id was tied to the row's identifiers by this run, by the row itself, or recently enough.
    pub(super) is_confirmed: bool,
    /// It turned out to hold something else than was remembered.
    pub(super) has_drifted: bool,
    /// Of what is remembered no more was asked than that the row is as last applied.
    pub(super) is_unopened: bool,
}

impl ObservedContact {
    /// As the ledger remembers it.
    pub fn remembered(known: KnownContact) -> Self {
        Self {
            known,
            told: None,
            is_there: false,
            is_ours: false,
            is_confirmed: false,
            has_drifted: false,
            is_unopened: false,
        }
    }

    /// As the ledger remembers it, of which no more was asked than that the row is as last applied.
    pub(super) fn as_applied(AsApplied { id, seen_at, applied }: AsApplied) -> Self {
        let known = KnownContact { seen_at, applied: Some(applied), ..memory::only_id(id) };
        Self { is_unopened: true, ..Self::remembered(known) }
    }

    /// As an answer told it.
    pub(super) fn told(snapshot: Snapshot, mapped: &[Field], keys: &Keys) -> Self {
        let known = keys.learn(&snapshot, mapped);
        Self { told: Some(snapshot), is_there: true, is_confirmed: true, ..Self::remembered(known) }
    }

    /// As the row addresses it, of whom nothing is known.
    pub(super) fn addressed(id: RemoteId) -> Self {
        Self { is_confirmed: true, ..Self::remembered(memory::only_id(id)) }
    }

    /// As this run created it.
    pub(super) fn created(id: RemoteId, edit: &Edit, mapped: &[Field], keys: &Keys) -> Self {
        let known = memory::created(id, edit, mapped, keys);
        Self { is_there: true, is_ours: true, is_confirmed: true, ..Self::remembered(known) }
    }

    /// The service's id of the contact.
    pub fn id(&self) -> &RemoteId {
        &self.known.id
    }

    /// All that is known, each fact with its rank.
    pub(super) fn facts<'a>(&'a self, keys: &'a Keys, tags_ignore_case: bool) -> Combined<'a> {
        Combined {
            told: self.told.as_ref().map(|snapshot| SnapshotObserved { snapshot, tags_ignore_case }),
            remembered: Some(Remembered { known: &self.known, keys, is_ours: self.is_ours }),
            is_there: self.is_there,
        }
    }

    pub(super) fn before(&self) -> Before<'_> {
        Before { told: self.told.as_ref(), last_known: self.known.values.as_ref() }
    }

    /// What an answer told of the same contact, over what was known.
    pub(super) fn learn(&mut self, snapshot: Snapshot, mapped: &[Field], asked: &Asked<'_>) {
        let keys = asked.keys;
        let mut told = snapshot;
        if told.tags.is_none() {
            told.tags = self.told.take().and_then(|before| before.tags);
        }
        let mut learnt = keys.learn(&told, mapped);
        let (left, changed): (Vec<&String>, Vec<&String>) =
            learnt.fields.keys().partition(|name| self.is_as_left(name, &told, asked));
        let tags_left = told.tags.as_ref().is_none_or(|tags| self.are_tags_as_left(tags, keys));
        if !changed.is_empty() || !tags_left {
            // Rows that were applied are no longer what is there.
            self.has_drifted |= self.known.applied.take().is_some();
        }
        // What was stored otherwise than it was sent stays known as it was sent.
        let left: Vec<_> =
            left.into_iter().filter_map(|name| Some((name.clone(), *self.known.fields.get(name)?))).collect();
        learnt.fields.extend(left);
        if tags_left && let Some(held) = &self.known.tags {
            learnt.tags = learnt.tags.map(|_| held.clone());
        }
        if told.complete {
            self.known.fields = learnt.fields;
            self.known.values = learnt.values;
        } else {
            self.known.fields.extend(learnt.fields);
            if let (Some(values), Some(more)) = (&mut self.known.values, learnt.values) {
                values.fields.extend(more.fields);
                values.tags = more.tags.or(values.tags.take());
            }
        }
        self.known.tags = learnt.tags.or(self.known.tags.take());
        if told.lists.is_some() {
            self.known.lists = learnt.lists;
        }
        self.known.id = learnt.id;
        self.told = Some(told);
        (self.is_there, self.is_ours) = (true, false);
    }

    pub(super) fn learn_tags(&mut self, tags: Vec<String>, keys: &Keys) {
        if !self.are_tags_as_left(&tags, keys) {
            self.has_drifted |= self.known.applied.take().is_some();
            self.known.tags = None;
        }
        self.known.tags.get_or_insert_with(|| tags.iter().map(|tag| keys.tag(tag)).collect());
        if let Some(values) = &mut self.known.values {
            values.tags = Some(tags.clone());
        }
        let told =
            self.told.get_or_insert_with(|| Snapshot { complete: false, ..Snapshot::new(self.known.id.clone()) });
        told.tags = Some(tags);
        self.is_there = true;
    }

    /// A step of `run` was applied. Rows that another run applied are no longer what is there.
    pub(super) fn apply(&mut self, step: &Step, keys: &Keys, run: &RunId) {
        if self.known.applied.as_ref().is_some_and(|applied| applied.run != *run) {
            self.known.applied = None;
        }
        memory::apply(step, &mut self.known, self.told.as_mut(), keys);
    }

    /// What an answer shows otherwise than it was last seen or sent, by name. Only of what people can change: the
    /// service itself sets the rest.
    pub fn changed_since(&self, shown: &Snapshot, rules: &Rules) -> Vec<String> {
        let nobody = Contact::default();
        let asked = Asked::by(&nobody, rules);
        let spec_of = |name: &str| rules.fields.iter().find(|spec| spec.name == name);
        let is_of_people = |name: &str| match spec_of(name) {
            Some(spec) => spec.read && (spec.create || spec.update),
            None => Field::new(name).custom_name().is_some(),
        };
        let tells = |name: &str| shown.complete || shown.fields.contains_key(&Field::new(name));
        let held = self.known.fields.keys().map(String::as_str);
        let changed = held.filter(|name| tells(name) && !self.is_as_left(name, shown, &asked));
        // Where no answer to a write shows the contact, nobody knows what the service itself put there.
        let came = shown.fields.iter().filter(|(field, value)| {
            asked.writes_tell && !value.is_empty() && !self.known.fields.contains_key(field.name())
        });
        let names = changed.chain(came.map(|(field, _)| field.name())).filter(|name| is_of_people(name));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        if shown.tags.as_ref().is_some_and(|tags| !self.are_tags_as_left(tags, &rules.keys)) {
            names.push("tags".to_owned());
        }
        names
    }

    /// How long ago an answer last showed it; `None` if nobody knows.
    pub(super) fn age(&self, now: u64) -> Option<Duration> {
        (self.known.seen_at > 0).then(|| Duration::from_secs(now.saturating_sub(self.known.seen_at)))
    }
}
