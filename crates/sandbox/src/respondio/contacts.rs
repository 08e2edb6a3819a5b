use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{Changes, STANDARD};
use super::space::Space;
use crate::{ids, saved};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) id: u64,
    standard: Vec<(String, String)>,
    custom: Vec<(String, Value)>,
    pub(super) tags: Vec<String>,
    pub(super) lifecycle: Option<String>,
    pub(super) created_at: u64,
    pub(super) visible_from: Duration,
}

impl Contact {
    /// As a contact is read: every standard field, and every custom field of the workspace.
    pub(super) fn shown(&self, space: &Space) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), self.id.into());
        for name in STANDARD {
            shown.insert((*name).to_owned(), self.value(name).into());
        }
        let custom = |name: &str| self.custom(name).cloned().unwrap_or_default();
        let fields =
            space.fields().iter().map(|field| json!({ "name": space.shown_as(field), "value": custom(&field.name) }));
        shown.insert("custom_fields".to_owned(), fields.collect());
        shown.insert("tags".to_owned(), self.tags.clone().into());
        shown.insert("status".to_owned(), "close".into());
        shown.insert("assignee".to_owned(), Value::Null);
        shown.insert("lifecycle".to_owned(), self.lifecycle.clone().into());
        shown.insert("isBlocked".to_owned(), false.into());
        shown.insert("created_at".to_owned(), self.created_at.into());
        Value::Object(shown)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.standard.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn custom(&self, name: &str) -> Option<&Value> {
        self.custom.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// How a path names a contact.
pub(super) enum Identifier {
    Id(u64),
    Phone(String),
    Email(String),
}

/// Contacts by id; a phone or an e-mail belongs to one of them.
#[derive(Default)]
pub(super) struct Contacts {
    by_id: BTreeMap<u64, Contact>,
    phones: HashMap<String, u64>,
    /// In lower case.
    emails: HashMap<String, u64>,
}

impl Contacts {
    pub(super) fn save(&self) -> Value {
        saved::save(self.by_id.values())
    }

    pub(super) fn load(saved: Value) -> Result<Self, String> {
        let mut contacts = Self::default();
        saved::load(saved)?.into_iter().for_each(|contact| contacts.insert(contact));
        Ok(contacts)
    }

    pub(super) fn seed(&mut self, shown: &Value, now: Duration) -> Result<(), String> {
        let standard = STANDARD.iter().filter_map(|name| Some(((*name).to_owned(), shown[name].as_str()?.to_owned())));
        let custom = shown["custom_fields"].as_array().into_iter().flatten();
        let custom = custom.filter_map(|field| Some((field["name"].as_str()?.to_owned(), field["value"].clone())));
        let mut contact = Contact {
            id: 0,
            standard: standard.collect(),
            custom: custom.filter(|(_, value)| !value.is_null()).collect(),
            tags: saved::texts(&shown["tags"]),
            lifecycle: shown["lifecycle"].as_str().map(str::to_owned),
            created_at: shown["created_at"].as_u64().unwrap_or(now.as_secs()),
            visible_from: Duration::ZERO,
        };
        contact.id =
            shown["id"].as_u64().unwrap_or_else(|| self.free_id(contact.value("phone"), contact.value("email")));
        if self.by_id.contains_key(&contact.id) {
            return Err(format!("a second contact with the id: {}", contact.id));
        }
        self.insert(contact);
        Ok(())
    }

    fn insert(&mut self, contact: Contact) {
        if let Some(phone) = contact.value("phone") {
            self.phones.insert(phone.to_owned(), contact.id);
        }
        if let Some(email) = contact.value("email") {
            self.emails.insert(email.to_lowercase(), contact.id);
        }
        self.by_id.insert(contact.id, contact);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Contact> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Contact> {
        self.by_id.get_mut(&id)
    }

    /// Those whose id is greater, in the order of ids.
    pub(super) fn after(&self, id: u64) -> impl DoubleEndedIterator<Item = &Contact> {
        self.by_id.range((Bound::Excluded(id), Bound::Unbounded)).map(|(_, contact)| contact)
    }

    /// Those whose id is smaller, the nearest first.
    pub(super) fn before(&self, id: u64) -> impl Iterator<Item = &Contact> {
        self.by_id.range(..id).rev().map(|(_, contact)| contact)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Contact> {
        self.by_id.values_mut()
    }

    /// Every contact can be looked up from now on.
    pub(super) fn show_all(&mut self) {
        for contact in self.by_id.values_mut() {
            contact.visible_from = Duration::ZERO;
        }
    }

    /// The contact an identifier means; by phone or e-mail only once it can be looked up.
    pub(super) fn find(&self, identifier: &Identifier, now: Duration) -> Option<u64> {
        let id = match identifier {
            Identifier::Id(id) => return self.by_id.contains_key(id).then_some(*id),
            Identifier::Phone(phone) => self.phones.get(phone),
            Identifier::Email(email) => self.emails.get(&email.to_lowercase()),
        };
        id.copied().filter(|id| self.by_id.get(id).is_some_and(|contact| contact.visible_from <= now))
    }

    /// Whether a contact other than `id` has a phone or an e-mail of these changes.
    pub(super) fn clash(&self, id: Option<u64>, changes: &Changes) -> bool {
        let taken = |owner: Option<&u64>| owner.is_some_and(|owner| Some(*owner) != id);
        changes.value("phone").is_some_and(|phone| taken(self.phones.get(phone)))
            || changes.value("email").is_some_and(|email| taken(self.emails.get(&email.to_lowercase())))
    }

    pub(super) fn create(&mut self, changes: Changes, created_at: u64, visible_from: Duration) -> u64 {
        let id = self.free_id(changes.value("phone"), changes.value("email"));
        self.by_id.insert(id, Contact { id, created_at, visible_from, ..Contact::default() });
        self.update(id, changes);
        id
    }

    pub(super) fn update(&mut self, id: u64, changes: Changes) {
        let Some(contact) = self.by_id.get_mut(&id) else { return };
        for (name, value) in changes.standard {
            let old = contact.standard.iter().position(|(known, _)| known == name);
            let old = old.map(|place| contact.standard.remove(place).1);
            match (name, old) {
                ("phone", Some(old)) => drop(self.phones.remove(&old)),
                ("email", Some(old)) => drop(self.emails.remove(&old.to_lowercase())),
                _ => {}
            }
            let Some(value) = value else { continue };
            match name {
                "phone" => drop(self.phones.insert(value.clone(), id)),
                "email" => drop(self.emails.insert(value.to_lowercase(), id)),
                _ => {}
            }
            contact.standard.push((name.to_owned(), value));
        }
        for (name, value) in changes.custom {
            contact.custom.retain(|(known, _)| *known != name);
            if !value.is_null() && value != "" {
                contact.custom.push((name, value));
            }
        }
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Contact> {
        let contact = self.by_id.remove(&id)?;
        if let Some(phone) = contact.value("phone") {
            self.phones.remove(phone);
        }
        if let Some(email) = contact.value("email") {
            self.emails.remove(&email.to_lowercase());
        }
        Some(contact)
    }

    /// What the first lacks is taken from the second, which is gone then.
    pub(super) fn merge(&mut self, first: u64, second: u64) {
        let Some(gone) = self.remove(second) else { return };
        let Some(mut kept) = self.remove(first) else { return };
        for (name, value) in gone.standard {
            if kept.value(&name).is_none() {
                kept.standard.push((name, value));
            }
        }
        for (name, value) in gone.custom {
            if kept.custom(&name).is_none() {
                kept.custom.push((name, value));
            }
        }
        for tag in gone.tags {
            if !kept.tags.contains(&tag) {
                kept.tags.push(tag);
            }
        }
        self.insert(kept);
    }

    fn free_id(&self, phone: Option<&str>, email: Option<&str>) -> u64 {
        ids::derived(phone.or(email).unwrap_or_default(), |id| self.by_id.contains_key(&id))
    }
}
