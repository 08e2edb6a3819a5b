use std::cmp::Ordering;

use super::record::Contact;
use super::state::Asked;
use super::store::Store;

/// What contacts can be sorted by, in the order in which the keys are applied, however they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Email,
    Name,
    Phone,
    LastActivity,
    Created,
    Company,
    City,
    Country,
}

/// Sort keys, each with whether it descends.
pub(super) type Sort = Vec<(Key, bool)>;

/// `sort=-name,email`, or EngageLab's `sort=name&direction=desc`. Unknown keys are ignored.
pub(super) fn read(asked: &Asked) -> Sort {
    let known = asked.flavor.sort_keys();
    let downward = asked.query_value("direction").is_some_and(|text| text.eq_ignore_ascii_case("desc"));
    let mut sort = Sort::new();
    for name in asked.query_value("sort").unwrap_or_default().split(',') {
        let (name, minus) = name.strip_prefix('-').map_or((name, false), |rest| (rest, true));
        if let Some((_, key)) = known.iter().find(|(known, _)| *known == name) {
            sort.push((*key, minus || (asked.flavor == super::Flavor::Engagelab && downward)));
        }
    }
    sort.sort_by_key(|(key, _)| *key);
    sort
}

/// Sorts slots. There is no tie-break to count on; without keys the order means nothing, for ids do not either.
pub(super) fn arrange(store: &Store, slots: &mut [u32], sort: &Sort) {
    slots.sort_unstable_by(|one, other| {
        let (Some(one), Some(other)) = (store.slot(*one), store.slot(*other)) else { return Ordering::Equal };
        sort.iter()
            .map(|(key, down)| compare(one, other, *key, *down))
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| one.id.cmp(&other.id))
    });
}

fn compare(one: &Contact, other: &Contact, key: Key, down: bool) -> Ordering {
    let texts =
        |read: fn(&Contact) -> Option<&str>, first_when_down| ranked(read(one), read(other), down, first_when_down);
    match key {
        // The plain columns sort as the database does: null counts as the largest value.
        Key::Email => texts(|contact| contact.email.as_deref(), true),
        Key::Phone => texts(|contact| contact.phone_number.as_deref(), true),
        Key::Name => texts(|contact| contact.name.as_deref(), false),
        Key::Company => texts(|contact| contact.additional("company_name"), false),
        Key::City => texts(|contact| contact.additional("city"), false),
        Key::Country => texts(|contact| contact.additional("country"), false),
        Key::LastActivity => ranked(one.last_activity_at, other.last_activity_at, down, false),
        Key::Created => ranked(Some(one.created_at), Some(other.created_at), down, false),
    }
}

fn ranked<T: Ord>(one: Option<T>, other: Option<T>, down: bool, nulls_first_when_down: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if down => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (None, None) => Ordering::Equal,
        (None, Some(_)) if down && nulls_first_when_down => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if down && nulls_first_when_down => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

/// Sorted lists that are still good, so that the next page need not sort again.
#[derive(Debug, Default)]
pub(super) struct Orders(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    what: What,
    sort: Sort,
    generation: u64,
    slots: Vec<u32>,
}

/// What a sorted list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Contacts with any of the labels, or all.
    List(Vec<String>),
    /// Hits of a text, at a moment when the index lags.
    Search(String, Option<u64>),
}

/// Clients walk through one list at a time.
const KEPT: usize = 4;

impl Orders {
    pub fn sorted(&mut self, store: &Store, what: What, sort: Sort, find: impl FnOnce() -> Vec<u32>) -> &[u32] {
        let generation = store.generation();
        self.0.retain(|kept| kept.generation == generation);
        let position = self.0.iter().position(|kept| kept.what == what && kept.sort == sort);
        let position = position.unwrap_or_else(|| {
            if self.0.len() == KEPT {
                self.0.remove(0);
            }
            let mut slots = find();
            arrange(store, &mut slots, &sort);
            self.0.push(Kept { what, sort, generation, slots });
            self.0.len() - 1
        });
        &self.0[position].slots
    }
}
