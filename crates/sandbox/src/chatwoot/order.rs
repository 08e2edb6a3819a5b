use std::cmp::Reverse;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::flavor::Flavor;
use super::record::Contact;
use super::request::Request;
use super::sort_key::Key;
use super::store::Store;

/// Sort keys, each with whether it descends.
pub(super) type Sort = Vec<(Key, bool)>;

/// `sort=-name,email`, or EngageLab's `sort=name&direction=desc`. Unknown keys are ignored.
pub(super) fn read(request: &Request) -> Sort {
    let known = request.flavor.sort_keys();
    let downward = request.query_value("direction").is_some_and(|text| text.eq_ignore_ascii_case("desc"));
    let mut sort = Sort::new();
    for name in request.query_value("sort").unwrap_or_default().split(',') {
        let (name, minus) = name.strip_prefix('-').map_or((name, false), |rest| (rest, true));
        if let Some((_, key)) = known.iter().find(|(known, _)| *known == name) {
            sort.push((*key, minus || (request.flavor == Flavor::Engagelab && downward)));
        }
    }
    sort.sort_by_key(|(key, _)| *key);
    // By these two every contact was seen to come once.
    let unique = sort.iter().any(|(key, _)| matches!(key, Key::Email | Key::Phone));
    if request.options.unstable_ties && !unique {
        let page = request.query_value("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        sort.push((Key::Shuffled(page), false));
    }
    sort
}

/// Sorts slots. Ties, and everything without keys, come in the order in which the rows were last written,
/// which nobody may count on.
pub(super) fn arrange(store: &Store, slots: &mut [u32], sort: &Sort) {
    slots.sort_by_cached_key(|slot| {
        let contact = store.slot(*slot);
        let keys: Vec<Place> = contact.map_or_else(Vec::new, |one| sort.iter().map(|key| place(one, *key)).collect());
        (keys, contact.map(|one| (one.written, one.id)))
    });
}

/// Where a contact stands by one key: values, and the missing ones before or behind them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    First,
    Value(Sorted),
    Last,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Sorted {
    Up(Compared),
    Down(Reverse<Compared>),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Compared {
    Number(u64),
    Text(Collated),
}

fn place(contact: &Contact, (key, down): (Key, bool)) -> Place {
    let text = |text: Option<&str>| text.map(|text| Compared::Text(collated(text)));
    let value = match key {
        Key::Email => text(contact.email.as_deref()),
        Key::Phone => text(contact.phone_number.as_deref()),
        Key::Name => text(contact.name.as_deref()),
        Key::Company => text(contact.additional("company_name")),
        Key::City => text(contact.additional("city")),
        Key::Country => text(contact.additional("country")),
        Key::LastActivity => contact.last_activity_at.map(Compared::Number),
        Key::Shuffled(page) => {
            let hash = blake3::hash(format!("{page}/{}", contact.id).as_bytes());
            hash.as_bytes().first_chunk().map(|first| Compared::Number(u64::from_be_bytes(*first)))
        }
        Key::Created => Some(Compared::Number(contact.created_at)),
    };
    match value {
        Some(value) if down => Place::Value(Sorted::Down(Reverse(value))),
        Some(value) => Place::Value(Sorted::Up(value)),
        // These two sort as the database does by itself: null is its largest value.
        None if down && matches!(key, Key::Email | Key::Phone) => Place::First,
        None => Place::Last,
    }
}

type Collated = (String, String, String);

/// What texts are sorted by in a database of `en_US.UTF-8`: letters and digits, then accents, then case, and
/// signs only at last.
pub(super) fn collated(text: &str) -> Collated {
    let marked: String = text.nfd().filter(|c| c.is_alphanumeric() || is_combining_mark(*c)).collect();
    let plain: String = marked.chars().filter(|c| !is_combining_mark(*c)).collect();
    let swapped = |c: char| if c.is_uppercase() { '1' } else { '0' };
    let case = plain.chars().map(swapped).chain(text.chars()).collect();
    (plain.to_lowercase(), marked.to_lowercase(), case)
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
