use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::saved;

/// The fields that hold text and can be written. The documents name the first four; the others are
/// in the product's screen, under keys that nobody has seen.
pub(super) const TEXT_FIELDS: &[&str] =
    &["name", "email", "company", "phone", "city", "region", "country", "language", "timezone", "comments"];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SocialProfile {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) service_id: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) id: u64,
    pub(super) texts: BTreeMap<String, String>,
    pub(super) tags: Vec<String>,
    pub(super) attributes: Map<String, Value>,
    pub(super) profiles: Vec<SocialProfile>,
    pub(super) added: u64,
    pub(super) updated: u64,
}

impl Contact {
    pub(super) fn shown(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), self.id.to_string().into());
        for name in TEXT_FIELDS {
            shown.insert((*name).to_owned(), self.texts.get(*name).cloned().into());
        }
        shown.insert("tags".to_owned(), json!(self.tags));
        shown.insert("customattributes".to_owned(), Value::Object(self.attributes.clone()));
        shown.insert("socialprofiles".to_owned(), json!(self.profiles));
        shown.insert("dateadd".to_owned(), self.added.into());
        shown.insert("lastupdate".to_owned(), self.updated.into());
        Value::Object(shown)
    }
}

/// What a list is sorted by, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Added,
    Updated,
}

/// Contacts by id, by social profile, and in the two orders of the list.
#[derive(Default)]
pub(super) struct Contacts {
    by_id: BTreeMap<u64, Contact>,
    profiles: HashMap<(String, String), u64>,
    added: BTreeSet<(u64, u64)>,
    updated: BTreeSet<(u64, u64)>,
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

    /// Takes a contact as it is read; what it lacks of id and profile is made up from its number.
    pub(super) fn seed(&mut self, shown: &Value, now: Duration) -> Result<(), String> {
        let given = shown["id"].as_u64().or_else(|| shown["id"].as_str().and_then(|id| id.parse().ok()));
        let next = self.by_id.keys().next_back().map_or(1001, |last| last + 1);
        let id = given.unwrap_or(next);
        if self.by_id.contains_key(&id) {
            return Err(format!("a second contact with the id: {id}"));
        }
        let text = |name: &&str| Some(((*name).to_owned(), shown[*name].as_str()?.to_owned()));
        let profiles: Vec<SocialProfile> =
            serde_json::from_value(shown["socialprofiles"].clone()).unwrap_or_else(|_| {
                vec![SocialProfile { kind: "twitter".to_owned(), service_id: (900_000_000 + id).to_string() }]
            });
        let added = shown["dateadd"].as_u64().unwrap_or(now.as_secs());
        self.insert(Contact {
            id,
            texts: TEXT_FIELDS.iter().filter_map(text).collect(),
            tags: saved::texts(&shown["tags"]),
            attributes: shown["customattributes"].as_object().cloned().unwrap_or_default(),
            profiles,
            added,
            updated: shown["lastupdate"].as_u64().unwrap_or(added),
        });
        Ok(())
    }

    fn insert(&mut self, contact: Contact) {
        for profile in &contact.profiles {
            self.profiles.insert((profile.kind.clone(), profile.service_id.clone()), contact.id);
        }
        self.added.insert((contact.added, contact.id));
        self.updated.insert((contact.updated, contact.id));
        self.by_id.insert(contact.id, contact);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.by_id.values()
    }

    pub(super) fn get(&self, id: u64) -> Option<&Contact> {
        self.by_id.get(&id)
    }

    pub(super) fn by_profile(&self, kind: &str, service_id: &str) -> Option<&Contact> {
        let id = self.profiles.get(&(kind.to_owned(), service_id.to_owned()))?;
        self.by_id.get(id)
    }

    pub(super) fn replace(&mut self, contact: Contact) {
        self.remove(contact.id);
        self.insert(contact);
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let Some(contact) = self.by_id.remove(&id) else { return false };
        for profile in contact.profiles {
            self.profiles.remove(&(profile.kind, profile.service_id));
        }
        self.added.remove(&(contact.added, id));
        self.updated.remove(&(contact.updated, id));
        true
    }

    /// The places of a list in rising order, each the moment sorted by and the id.
    pub(super) fn order(&self, sort: Sort) -> &BTreeSet<(u64, u64)> {
        match sort {
            Sort::Added => &self.added,
            Sort::Updated => &self.updated,
        }
    }
}
