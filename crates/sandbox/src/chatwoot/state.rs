use std::collections::HashMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::definition::Definition;
use super::label::{AccountLabel, Tags};
use super::note::Note;
use super::order::Orders;
use super::record::Contact;
use super::store::Store;

/// All the account holds.
#[derive(Debug, Default)]
pub(super) struct State {
    pub store: Store,
    pub orders: Orders,
    pub tags: Tags,
    pub labels: Vec<AccountLabel>,
    pub definitions: Vec<Definition>,
    pub notes: HashMap<u64, Vec<Note>>,
    /// The last id given to a label, a definition or a note.
    pub last_id: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Saved {
    contacts: Vec<Contact>,
    retired: Vec<u64>,
    tags: Vec<String>,
    labels: Vec<AccountLabel>,
    definitions: Vec<Definition>,
    notes: Vec<Note>,
    last_id: u64,
}

/// As [`Saved`], of what is held: contacts are written one after the other.
#[derive(Serialize)]
pub(super) struct Saving<'a> {
    contacts: Contacts<'a>,
    retired: Vec<u64>,
    tags: Value,
    labels: &'a [AccountLabel],
    definitions: &'a [Definition],
    notes: Vec<&'a Note>,
    last_id: u64,
}

struct Contacts<'a>(&'a Store);

impl Serialize for Contacts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.contacts())
    }
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn save(&self) -> Value {
        json!(self.saving())
    }

    pub fn saving(&self) -> Saving<'_> {
        let mut notes: Vec<&Note> = self.notes.values().flatten().collect();
        notes.sort_by_key(|note| note.id);
        let mut retired: Vec<u64> = self.store.retired().collect();
        retired.sort_unstable();
        Saving {
            contacts: Contacts(&self.store),
            retired,
            tags: json!(self.tags.in_order()),
            labels: &self.labels,
            definitions: &self.definitions,
            notes,
            last_id: self.last_id,
        }
    }

    pub fn load(saved: Value) -> Result<Self, String> {
        let saved: Saved = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        let mut state = Self {
            labels: saved.labels,
            definitions: saved.definitions,
            last_id: saved.last_id,
            tags: Tags::from_order(&saved.tags),
            ..Self::default()
        };
        for id in saved.retired {
            state.store.retire(id);
        }
        for contact in saved.contacts {
            if contact.id == 0 || state.store.get(contact.id).is_some() {
                return Err(format!("a saved contact has no id of its own: {}", contact.id));
            }
            state.store.restore(contact);
        }
        for note in saved.notes {
            state.notes.entry(note.contact_id).or_default().push(note);
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_client::TestClient;
    use super::super::{Chatwoot, EmulatorOptions, Flavor};
    use crate::Emulator;
    use serde_json::json;

    #[test]
    fn everything_kept_comes_back() {
        let mut first = TestClient::new(Flavor::Chatwoot);
        let made =
            first.post("/contacts", &json!({ "email": "a@b.c", "inbox_id": 1, "custom_attributes": {"k": [1]} }));
        let id = made.value["payload"]["contact"]["id"].as_u64().unwrap();
        first.post(&format!("/contacts/{id}/labels"), &json!({ "labels": ["VIP"] }));
        first.post(&format!("/contacts/{id}/notes"), &json!({ "content": "called" }));
        first.post("/labels", &json!({ "title": "vip" }));

        let mut text = Vec::new();
        first.emulator.write_saved(&mut text).unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&text).unwrap(), first.emulator.save());
        let mut second = Chatwoot::new(Flavor::Chatwoot, EmulatorOptions::default());
        second.load(first.emulator.save()).unwrap();
        assert_eq!(second.save()["state"], first.emulator.save()["state"]);
        let mut second = TestClient::with(second, Flavor::Chatwoot);
        for path in [
            format!("/contacts/{id}"),
            format!("/contacts/{id}/labels"),
            format!("/contacts/{id}/notes"),
            "/labels".into(),
        ] {
            assert_eq!(first.get(&path).value, second.get(&path).value, "{path}");
        }
        let again = second.post("/contacts", &json!({ "email": "A@b.c" }));
        assert_eq!(again.status, 422);
        assert!(Chatwoot::new(Flavor::Chatwoot, EmulatorOptions::default()).load(json!([1])).is_err());
    }
}
