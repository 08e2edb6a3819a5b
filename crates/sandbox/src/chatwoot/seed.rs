use std::time::Duration;

use serde_json::{Value, json};

use super::definitions;
use super::flavor::Flavor;
use super::labels;
use super::record::{Contact, Shown};
use super::state::State;
use crate::faults::Change;

/// Every contact as an answer shows it, with its labels, in the order of creation.
pub(super) fn shown(state: &State, flavor: Flavor) -> Value {
    let shown = Shown { flavor, links: true, conversations: false };
    let with_labels = |contact: &Contact| {
        let mut body = contact.body(shown);
        body["labels"] = json!(contact.labels);
        body
    };
    state.store.contacts().map(with_labels).collect()
}

/// Takes contacts in the form they are kept in; or an object of `contacts` and `definitions`, the latter as
/// they are shown. Nothing is checked but the id: a file import of the vendor leaves contacts that its own
/// model refuses, and those should be possible here. A definition that is there already stays as it is.
pub(super) fn add(state: &mut State, seed: Value, now: Duration) -> Result<(), String> {
    let (contacts, definitions) = match seed {
        Value::Object(mut both) => {
            let mut list = |name| serde_json::from_value(both.remove(name).unwrap_or_else(|| json!([])));
            (list("contacts"), list("definitions"))
        }
        contacts => (serde_json::from_value::<Vec<Value>>(contacts), Ok(Vec::new())),
    };
    let contacts = contacts.map_err(|_| "contacts come as an array".to_owned())?;
    for definition in definitions.map_err(|_| "definitions come as an array".to_owned())? {
        definitions::add(state, &definition, now)?;
    }
    for mut value in contacts {
        let fields = value.as_object_mut().ok_or("a contact comes as an object")?;
        let seconds = fields.get("created_at").and_then(Value::as_u64).unwrap_or(now.as_secs());
        fields.insert("created_at".into(), seconds.saturating_mul(1_000_000).into());
        let mut contact: Contact = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if contact.id == 0 {
            contact.id = state.store.free_id(&contact);
        }
        if state.store.get(contact.id).is_some() {
            return Err(format!("two contacts have the id: {}", contact.id));
        }
        contact.labels = state.tags.spelled(&labels::tags_of(&contact.labels));
        state.store.insert(contact);
    }
    Ok(())
}

/// Deletes the contact that was created first, or creates one.
pub(super) fn change(state: &mut State, change: Change, now: Duration) {
    match change {
        Change::Deleted => {
            let listed = state.store.contacts().filter(|contact| contact.has_identifier());
            let first = listed.min_by_key(|contact| (contact.created_at, contact.written, contact.id));
            if let Some(id) = first.map(|contact| contact.id) {
                state.store.remove(id);
                state.notes.remove(&id);
            }
        }
        Change::Created => {
            let free = |number: &usize| !state.store.email_taken(&meanwhile(*number), 0);
            let Some(number) = (1..=usize::MAX).find(free) else { return };
            let mut contact = Contact {
                name: Some("Made Meanwhile".to_owned()),
                email: Some(meanwhile(number)),
                created_at: u64::try_from(now.as_micros()).unwrap_or(u64::MAX),
                ..Contact::default()
            };
            contact.id = state.store.free_id(&contact);
            state.store.insert(contact);
        }
    }
}

fn meanwhile(number: usize) -> String {
    format!("{number}@meanwhile.example")
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use crate::Emulator;
    use serde_json::json;

    #[test]
    fn a_contact_with_a_duplicate_phone_cannot_be_updated_in_any_field() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let contacts = json!([
            { "id": 5, "name": "a", "phone_number": "+4915112345", "labels": ["vip"] },
            { "id": 6, "name": "b", "phone_number": "+4915112345" }
        ]);
        let now = server.now;
        server.emulator.seed(contacts, now).unwrap();
        let refused = server.patch("/contacts/5", &json!({ "name": "new" }));
        assert_eq!((refused.status, &refused.value["attributes"]), (422, &json!(["phone_number"])));
        assert_eq!(server.get("/contacts/5/labels").value, json!({ "payload": ["vip"] }));
        assert_eq!(server.emulator.contacts()[1]["name"], "b");
    }

    #[test]
    fn the_contact_of_the_engagelab_page_is_shown_as_on_the_page() {
        let mut server = TestClient::new(Flavor::Engagelab);
        let contact = json!([{
            "id": 318_763, "name": "support", "email": "support@jiguang.cn", "identifier": "2222",
            "links": [{ "inbox_id": 1, "source_id": "src_001" }],
            "created_at": 1_765_441_895, "last_activity_at": 1_765_441_908
        }]);
        let now = server.now;
        server.emulator.seed(contact, now).unwrap();
        let changed = server.patch("/contacts/318763", &json!({ "blocked": false })).value;
        assert_eq!(
            changed["payload"],
            json!({
                "additional_attributes": {}, "availability_status": "offline", "email": "support@jiguang.cn",
                "id": 318_763, "name": "support", "phone_number": null, "blocked": false, "identifier": "2222",
                "thumbnail": "", "custom_attributes": {}, "last_activity_at": 1_765_441_908,
                "created_at": 1_765_441_895,
                "contact_inboxes": [{
                    "source_id": "src_001",
                    "inbox": { "id": 1, "name": "Sandbox API", "channel_type": "Channel::Api" }
                }]
            })
        );
    }
}
