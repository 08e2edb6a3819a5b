use std::collections::{HashMap, HashSet};

use super::index::{Keys, Trigrams};
use super::record::{Contact, Link};
use crate::ids;

/// The contacts of the account, with an index for each way of finding them.
#[derive(Debug, Default)]
pub(super) struct Store {
    slots: Vec<Option<Contact>>,
    by_id: HashMap<u64, u32>,
    emails: Keys,
    phones: Keys,
    /// By lower case; several may differ in case alone.
    identifiers: Keys,
    /// By lower case.
    labels: Keys,
    text: Trigrams,
    sources: HashMap<(u64, String), u64>,
    /// Ids are never given twice, even after a deletion.
    retired: HashSet<u64>,
    /// Goes up with every change: sorted copies know when they are stale, and each contact when it was
    /// last written.
    generation: u64,
}

impl Store {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn get(&self, id: u64) -> Option<&Contact> {
        self.slot(*self.by_id.get(&id)?)
    }

    pub fn slot(&self, slot: u32) -> Option<&Contact> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Every slot that holds a contact.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.slots).filter(|(_, contact)| contact.is_some()).map(|(slot, _)| slot)
    }

    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.slots.iter().flatten()
    }

    pub fn retired(&self) -> impl Iterator<Item = u64> {
        self.retired.iter().copied()
    }

    pub fn with_email(&self, lower: &str) -> &[u32] {
        self.emails.at(lower)
    }

    pub fn with_phone(&self, phone: &str) -> &[u32] {
        self.phones.at(phone)
    }

    pub fn with_identifier(&self, lower: &str) -> &[u32] {
        self.identifiers.at(lower)
    }

    pub fn with_label(&self, lower: &str) -> &[u32] {
        self.labels.at(lower)
    }

    pub fn candidates<'a>(&self, pieces: impl Iterator<Item = &'a str>) -> Option<&[u32]> {
        self.text.candidates(pieces)
    }

    pub fn email_taken(&self, email: &str, by_other_than: u64) -> bool {
        self.any_other(self.emails.at(&email.to_lowercase()), by_other_than, |_| true)
    }

    pub fn phone_taken(&self, phone: &str, by_other_than: u64) -> bool {
        self.any_other(self.phones.at(phone), by_other_than, |_| true)
    }

    /// Case matters.
    pub fn identifier_taken(&self, identifier: &str, by_other_than: u64) -> bool {
        self.any_other(self.identifiers.at(&identifier.to_lowercase()), by_other_than, |contact| {
            contact.identifier.as_deref() == Some(identifier)
        })
    }

    pub fn source_taken(&self, link: &Link, by_other_than: u64) -> bool {
        self.sources.get(&(link.inbox_id, link.source_id.clone())).is_some_and(|id| *id != by_other_than)
    }

    fn any_other(&self, slots: &[u32], id: u64, holds: impl Fn(&Contact) -> bool) -> bool {
        slots.iter().filter_map(|slot| self.slot(*slot)).any(|contact| contact.id != id && holds(contact))
    }

    /// The id this contact would get: drawn from its content, the next free one after that.
    pub fn free_id(&self, contact: &Contact) -> u64 {
        ids::derived(&contact.seed(), |id| self.by_id.contains_key(&id) || self.retired.contains(&id))
    }

    /// Adds a contact that has its id.
    pub fn insert(&mut self, mut contact: Contact) {
        contact.written = self.generation + 1;
        self.restore(contact);
    }

    /// Adds a contact that was written before.
    pub fn restore(&mut self, contact: Contact) {
        self.generation = contact.written.max(self.generation + 1);
        let slot = u32::try_from(self.slots.len()).expect("memory ends long before four billion contacts");
        self.by_id.insert(contact.id, slot);
        self.enter(&contact, slot);
        self.text.replace(slot, std::iter::empty(), contact.searched());
        self.slots.push(Some(contact));
    }

    /// Puts a changed contact in the place of the one with its id.
    pub fn replace(&mut self, mut contact: Contact) {
        let Some(slot) = self.by_id.get(&contact.id).copied() else { return };
        self.generation += 1;
        contact.written = self.generation;
        if let Some(old) = self.slots[slot as usize].take() {
            self.leave(&old, slot);
            self.text.replace(slot, old.searched(), contact.searched());
        }
        self.enter(&contact, slot);
        self.slots[slot as usize] = Some(contact);
    }

    pub fn remove(&mut self, id: u64) {
        let Some(slot) = self.by_id.remove(&id) else { return };
        self.generation += 1;
        self.retired.insert(id);
        if let Some(old) = self.slots[slot as usize].take() {
            self.leave(&old, slot);
            self.text.replace(slot, old.searched(), std::iter::empty());
        }
    }

    pub fn retire(&mut self, id: u64) {
        self.retired.insert(id);
    }

    /// Enters the keys of a contact; its text is entered apart.
    fn enter(&mut self, contact: &Contact, slot: u32) {
        if let Some(email) = &contact.email {
            self.emails.add(email.to_lowercase(), slot);
        }
        if let Some(phone) = &contact.phone_number {
            self.phones.add(phone.clone(), slot);
        }
        if let Some(identifier) = &contact.identifier {
            self.identifiers.add(identifier.to_lowercase(), slot);
        }
        for label in &contact.labels {
            self.labels.add(label.to_lowercase(), slot);
        }
        for link in &contact.links {
            self.sources.insert((link.inbox_id, link.source_id.clone()), contact.id);
        }
    }

    fn leave(&mut self, contact: &Contact, slot: u32) {
        if let Some(email) = &contact.email {
            self.emails.remove(&email.to_lowercase(), slot);
        }
        if let Some(phone) = &contact.phone_number {
            self.phones.remove(phone, slot);
        }
        if let Some(identifier) = &contact.identifier {
            self.identifiers.remove(&identifier.to_lowercase(), slot);
        }
        for label in &contact.labels {
            self.labels.remove(&label.to_lowercase(), slot);
        }
        for link in &contact.links {
            self.sources.remove(&(link.inbox_id, link.source_id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(id: u64, identifier: &str) -> Contact {
        Contact { id, identifier: Some(identifier.into()), ..Contact::default() }
    }

    #[test]
    fn an_id_depends_on_the_content_and_not_on_the_order() {
        let mut first = Store::default();
        let mut second = Store::default();
        for (store, names) in [(&mut first, ["a", "b"]), (&mut second, ["b", "a"])] {
            for name in names {
                let mut new = contact(0, name);
                new.id = store.free_id(&new);
                store.insert(new);
            }
        }
        let ids = |store: &Store| {
            let mut ids: Vec<_> = store.contacts().map(|contact| (contact.identifier.clone(), contact.id)).collect();
            ids.sort();
            ids
        };
        assert_eq!(ids(&first), ids(&second));
    }

    #[test]
    fn a_deleted_contact_comes_back_with_another_id() {
        let mut store = Store::default();
        let id = store.free_id(&contact(0, "a"));
        store.insert(contact(id, "a"));
        store.remove(id);
        assert_ne!(store.free_id(&contact(0, "a")), id);
        assert!(store.with_identifier("a").is_empty());
    }
}
