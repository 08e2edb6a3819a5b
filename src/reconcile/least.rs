use super::decision::Terms;
use super::diff::spec_of;
use super::step::Step;
use crate::contact::{Capabilities, Contact, Limits, Sourced};

/// The least calls that any client could do a new contact with, given its fields and tags.
pub fn least_calls(fields: usize, tags: usize, limits: &Limits) -> usize {
    let field_calls = limits.fields_per_create.map_or(1, |limit| fields.div_ceil(limit.value).max(1));
    let tag_calls = if tags == 0 { 0 } else { limits.tags_per_add.map_or(1, |limit| tags.div_ceil(limit.value)) };
    field_calls + tag_calls
}

/// The least calls that any client could take these steps of one contact with. Steps that change a
/// contact can't be fewer; of one that is made, [`NewContact::least_calls`] knows.
pub(super) fn least_calls_of(contact: &Contact, steps: &[Step], terms: &Terms<'_>) -> usize {
    match steps.first() {
        Some(Step::Create { .. }) => NewContact::of(contact, terms).least_calls(terms.capabilities, terms.limits),
        _ => steps.len(),
    }
}

/// What a contact that is still to be made shall have, counted by the calls that take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewContact {
    /// Fields that only a create takes.
    pub only_created: usize,
    /// Fields that only an update takes.
    pub only_updated: usize,
    /// Fields that either takes.
    pub either: usize,
    /// Its tags.
    pub tags: usize,
    /// They are to be all that it has. A set that is written whole goes in one call; what is only added is
    /// never written so, lest it take away what somebody else has added meanwhile.
    pub replaces_tags: bool,
    /// Its lists.
    pub lists: usize,
}

impl NewContact {
    /// What a contact that is known not to be there shall have.
    pub fn of(contact: &Contact, terms: &Terms<'_>) -> Self {
        let mut new = Self {
            tags: contact.tags.add.len(),
            replaces_tags: contact.tags.replace,
            lists: contact.lists.add.len(),
            ..Self::default()
        };
        for change in contact.fields.iter().filter(|change| !change.value.is_empty()) {
            let (created, updated) = match spec_of(terms.fields, &change.field) {
                Some(spec) => (spec.create, spec.update),
                None => (terms.capabilities.create_with_custom_fields, true),
            };
            match (created, updated) {
                (true, true) => new.either += 1,
                (true, false) => new.only_created += 1,
                (false, true) => new.only_updated += 1,
                (false, false) => {}
            }
        }
        new
    }

    /// The fewest calls that any client could make it with: what only a create takes goes into that, and of the
    /// rest what fits; the others go into updates. Where tags are taken along, one change of tags rides with
    /// each call.
    pub fn least_calls(&self, capabilities: &Capabilities, limits: &Limits) -> usize {
        let room = limits.fields_per_create.map_or(usize::MAX, |limit| limit.value.max(1));
        let left = self.either.saturating_sub(room.saturating_sub(self.only_created));
        let updates = in_calls(self.only_updated + left, limits.fields_per_update);
        let as_a_whole = if self.replaces_tags { capabilities.tags_replace } else { !capabilities.tags_add };
        let per_tag_call = limits.tags_per_add.filter(|_| !as_a_whole);
        let tag_changes = in_calls(self.tags, per_tag_call);
        let riding = usize::from(capabilities.tags_in_create) + if capabilities.tags_in_update { updates } else { 0 };
        let lists = if capabilities.lists_in_create { 0 } else { self.lists };
        1 + updates + tag_changes.saturating_sub(riding) + lists
    }
}

fn in_calls(things: usize, limit: Option<Sourced<usize>>) -> usize {
    limit.map_or(usize::from(things > 0), |limit| things.div_ceil(limit.value.max(1)))
}
