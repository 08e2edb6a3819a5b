use std::collections::HashMap;

use crate::contact::{Capabilities, RemoteId};
use crate::upload::Mark;

/// Contacts whose tags are read of each, so that lists that miss tags are found out: the first so many, and from
/// there one in so many.
const FIRST_CHECKED: u64 = 15;
const ONE_IN: u64 = 30;

/// Whether a contact's tags are read although lists tell them; by its place among those of the export.
pub fn is_checked(place: u64) -> bool {
    place < FIRST_CHECKED || place.is_multiple_of(ONE_IN)
}

/// Whether the service tells tags in an answer of their own, but lists who has a given one.
pub fn can_list_tags(capabilities: &Capabilities) -> bool {
    capabilities.tags_read && !capabilities.find_tells_tags && capabilities.filters.tag && capabilities.tags_defined
}

/// The tags of contacts, learned from lists of who has each tag.
///
/// Contacts with the same tags share them, so that one takes a hash and a number.
#[derive(Debug, Default)]
pub struct TagLists {
    tags: Vec<String>,
    /// Tags that contacts have together, by their places in `tags`.
    sets: Vec<Vec<usize>>,
    number_of: HashMap<Vec<usize>, usize>,
    /// The number of each contact's set.
    contacts: HashMap<Mark, usize>,
}

impl TagLists {
    /// These contacts have the tag.
    pub fn add<'a>(&mut self, tag: &str, contacts: impl IntoIterator<Item = &'a RemoteId>) {
        let tag = self.tags.iter().position(|known| known == tag).unwrap_or_else(|| {
            self.tags.push(tag.to_owned());
            self.tags.len() - 1
        });
        for contact in contacts {
            let mark = Mark::of(contact);
            let mut set = self.contacts.get(&mark).map_or_else(Vec::new, |number| self.sets[*number].clone());
            if set.contains(&tag) {
                continue;
            }
            set.push(tag);
            let number = *self.number_of.entry(set).or_insert_with_key(|set| {
                self.sets.push(set.clone());
                self.sets.len() - 1
            });
            self.contacts.insert(mark, number);
        }
    }

    /// The tags of a contact, in the order in which they were listed.
    pub fn of(&self, contact: &RemoteId) -> Vec<String> {
        let set = self.contacts.get(&Mark::of(contact)).map(|number| &self.sets[*number]);
        set.into_iter().flatten().map(|tag| self.tags[*tag].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contact_has_the_tags_of_the_lists_that_it_was_on() {
        let id = |n: u32| RemoteId(n.to_string());
        let mut lists = TagLists::default();
        lists.add("vip", &[id(1), id(2)]);
        lists.add("trial", &[id(2), id(3)]);
        // Another page of the first list, with somebody who was on it before.
        lists.add("vip", &[id(2), id(4)]);
        let of = |n| lists.of(&id(n));
        assert_eq!(of(1), ["vip"]);
        assert_eq!(of(2), ["vip", "trial"]);
        assert_eq!(of(3), ["trial"]);
        assert_eq!(of(4), ["vip"]);
        assert!(of(5).is_empty());
        assert_eq!(lists.sets.len(), 3, "those alike share a set");
    }
}
