use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ids, saved};

/// The standard fields, each shown even when it has no value.
const STANDARD_FIELDS: &[&str] =
    &["firstName", "lastName", "profilePic", "locale", "timezone", "gender", "language", "phone", "email"];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Contact {
    id: u64,
    fields: Vec<(String, String)>,
    tags: Vec<String>,
    created_at: u64,
    visible_from: Duration,
}

impl Contact {
    /// As the documents show a contact: the fields are an object here, though they are written as an array.
    pub(super) fn shown(&self) -> Value {
        let mut fields = Map::new();
        for name in STANDARD_FIELDS {
            fields.insert((*name).to_owned(), Value::Null);
        }
        for (name, value) in &self.fields {
            fields.insert(name.clone(), Value::String(value.clone()));
        }
        serde_json::json!({
            "id": self.id.to_string(),
            "custom_fields": fields,
            "tags": self.tags,
            "created_at": self.created_at,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Contacts by id, with an index for each field that was ever searched by.
#[derive(Default)]
pub(super) struct Contacts {
    by_id: BTreeMap<u64, Contact>,
    /// Field name, then value, then ids in rising order.
    indexes: HashMap<String, HashMap<String, Vec<u64>>>,
    /// When the last of them can be looked up.
    all_visible_from: Duration,
}

impl Contacts {
    pub(super) fn save(&self) -> Value {
        saved::save(self.by_id.values())
    }

    pub(super) fn load(saved: Value) -> Result<Self, String> {
        let contacts: Vec<Contact> = saved::load(saved)?;
        let all_visible_from = contacts.iter().map(|contact| contact.visible_from).max().unwrap_or_default();
        let by_id = contacts.into_iter().map(|contact| (contact.id, contact)).collect();
        Ok(Self { by_id, indexes: HashMap::new(), all_visible_from })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.by_id.values()
    }

    pub(super) fn get(&self, id: u64) -> Option<&Contact> {
        self.by_id.get(&id)
    }

    /// The ids of the contacts whose field has this value.
    pub(super) fn all(&mut self, name: &str, value: &str) -> &[u64] {
        if !self.indexes.contains_key(name) {
            let mut index = HashMap::<String, Vec<u64>>::new();
            for contact in self.by_id.values() {
                if let Some(value) = contact.value(name) {
                    index.entry(value.to_owned()).or_default().push(contact.id);
                }
            }
            self.indexes.insert(name.to_owned(), index);
        }
        self.indexes.get(name).and_then(|index| index.get(value)).map_or(&[], Vec::as_slice)
    }

    /// Every contact can be looked up from now on.
    pub(super) fn show_all(&mut self) {
        self.all_visible_from = Duration::ZERO;
        for contact in self.by_id.values_mut() {
            contact.visible_from = Duration::ZERO;
        }
    }

    /// Those of them that can be looked up already.
    pub(super) fn visible(&mut self, name: &str, value: &str, now: Duration) -> Cow<'_, [u64]> {
        if self.all_visible_from <= now {
            return Cow::Borrowed(self.all(name, value));
        }
        let all = self.all(name, value).to_vec();
        let visible = |id: &u64| self.by_id.get(id).is_some_and(|contact| contact.visible_from <= now);
        Cow::Owned(all.into_iter().filter(visible).collect())
    }

    /// A new contact; its id comes from its phone, else its e-mail, else all of its fields.
    pub(super) fn create(
        &mut self,
        id: Option<u64>,
        fields: Vec<(String, String)>,
        created_at: u64,
        visible_from: Duration,
    ) -> u64 {
        let value = |name| fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let identifier = value("phone").or_else(|| value("email")).unwrap_or_else(|| format!("{fields:?}"));
        let id = id.unwrap_or_else(|| ids::derived(&identifier, |id| self.by_id.contains_key(&id)));
        let contact = Contact { id, fields: Vec::new(), tags: Vec::new(), created_at, visible_from };
        self.by_id.insert(id, contact);
        self.all_visible_from = self.all_visible_from.max(visible_from);
        self.update(id, fields);
        id
    }

    /// Sets fields; of a field that is named twice the last value stays, and an empty value clears it.
    pub(super) fn update(&mut self, id: u64, fields: Vec<(String, String)>) {
        let Some(contact) = self.by_id.get_mut(&id) else { return };
        for (name, value) in fields {
            let place = contact.fields.iter().position(|(known, _)| *known == name);
            let old = place.map(|place| contact.fields[place].1.clone());
            if let Some(index) = self.indexes.get_mut(&name) {
                if let Some(ids) = old.as_ref().and_then(|old| index.get_mut(old)) {
                    ids.retain(|known| *known != id);
                }
                if !value.is_empty() {
                    let ids = index.entry(value.clone()).or_default();
                    let place = ids.binary_search(&id).unwrap_or_else(|place| place);
                    ids.insert(place, id);
                }
            }
            match (place, value.is_empty()) {
                (Some(place), true) => {
                    contact.fields.remove(place);
                }
                (Some(place), false) => contact.fields[place].1 = value,
                (None, true) => {}
                (None, false) => contact.fields.push((name, value)),
            }
        }
    }

    /// The one of the least id.
    pub(super) fn remove_first(&mut self) {
        self.by_id.pop_first();
        self.indexes.clear();
    }

    pub(super) fn add_tags(&mut self, id: u64, tags: Vec<String>) {
        let Some(contact) = self.by_id.get_mut(&id) else { return };
        for tag in tags {
            if !contact.tags.contains(&tag) {
                contact.tags.push(tag);
            }
        }
    }

    pub(super) fn remove_tags(&mut self, id: u64, tags: &[String]) {
        if let Some(contact) = self.by_id.get_mut(&id) {
            contact.tags.retain(|tag| !tags.contains(tag));
        }
    }
}
