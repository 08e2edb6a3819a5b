use std::collections::{BTreeSet, HashMap};

use super::record::Contact;

/// Contacts in the order of their creation, with an index for each way of finding them.
#[derive(Debug, Default)]
pub(super) struct Store {
    contacts: Vec<Contact>,
    by_id: HashMap<String, usize>,
    by_phone: HashMap<String, usize>,
    /// By lower case; e-mails are not unique.
    by_email: HashMap<String, BTreeSet<String>>,
}

impl Store {
    pub fn all(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter()
    }

    pub fn get(&self, id: &str) -> Option<&Contact> {
        self.by_id.get(id).map(|position| &self.contacts[*position])
    }

    pub fn with_phone(&self, phone: &str) -> Option<&Contact> {
        self.by_phone.get(phone).map(|position| &self.contacts[*position])
    }

    pub fn with_email<'a>(&'a self, email: &str) -> impl Iterator<Item = &'a Contact> {
        let ids = self.by_email.get(&email.to_lowercase());
        ids.into_iter().flatten().filter_map(|id| self.get(id))
    }

    /// Adds a contact, or puts it in the place of the one with its id; its phone must be the same then.
    pub fn put(&mut self, contact: Contact) {
        let email = contact.email.to_lowercase();
        if let Some(position) = self.by_id.get(&contact.id).copied() {
            let before = self.contacts[position].email.to_lowercase();
            if before != email {
                if let Some(ids) = self.by_email.get_mut(&before) {
                    ids.remove(&contact.id);
                }
                self.by_email.entry(email).or_default().insert(contact.id.clone());
            }
            self.contacts[position] = contact;
            return;
        }
        let position = self.contacts.len();
        self.by_id.insert(contact.id.clone(), position);
        self.by_phone.insert(contact.phone_number.clone(), position);
        self.by_email.entry(email).or_default().insert(contact.id.clone());
        self.contacts.push(contact);
    }
}
