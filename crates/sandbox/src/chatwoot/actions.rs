use serde_json::{Map, Value};

use super::answers::{Refusal, empty};
use super::contacts;
use super::labels;
use super::record::{Contact, Shown};
use super::request::Request;
use super::routes::number;
use super::state::State;
use crate::WireAnswer;

/// The mergee is destroyed; where both have a value, the base's stays. The answer is the contact, not wrapped.
pub(super) fn merge(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    let find = |name: &str| {
        let id = request.parameter(name).map_or(0, |text| number(&text));
        state.store.get(id).cloned().ok_or(Refusal::Missing)
    };
    let (mut base, mergee) = (find("base_contact_id")?, find("mergee_contact_id")?);
    if base.id != mergee.id {
        // Values that are right in one of the two are right in what is made of them.
        contacts::check(state, &base)?;
        contacts::check(state, &mergee)?;
        let notes = state.notes.remove(&mergee.id).unwrap_or_default();
        state.store.remove(mergee.id);
        absorb(&mut base, mergee);
        let id = base.id;
        state
            .notes
            .entry(id)
            .or_default()
            .extend(notes.into_iter().map(|note| super::note::Note { contact_id: id, ..note }));
        state.store.replace(base.clone());
    }
    let shown = Shown { links: false, ..request.shown() };
    Ok(WireAnswer::json(200, &base.body(shown)))
}

fn absorb(base: &mut Contact, mergee: Contact) {
    let fill = |own: &mut Option<String>, other: Option<String>| {
        if own.as_deref().is_none_or(str::is_empty) {
            *own = other.or_else(|| own.take());
        }
    };
    fill(&mut base.name, mergee.name);
    fill(&mut base.email, mergee.email);
    fill(&mut base.phone_number, mergee.phone_number);
    fill(&mut base.identifier, mergee.identifier);
    base.custom_attributes = deep(mergee.custom_attributes, &base.custom_attributes);
    base.additional_attributes = deep(mergee.additional_attributes, &base.additional_attributes);
    base.links.extend(mergee.links);
}

fn deep(mut under: Map<String, Value>, over: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(outer)) => *inner = deep(std::mem::take(inner), outer),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
    under
}

/// Labels added to or taken from many contacts, or a deletion. The vendor does it later and reports no outcome:
/// ids that do not exist are passed over.
pub(super) fn bulk(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    if request.body.get("type").and_then(Value::as_str) != Some("Contact") {
        return Err(Refusal::Unsuccessful);
    }
    let deleting = request.body.get("action_name").and_then(Value::as_str) == Some("delete");
    if deleting && request.options.agent {
        return Err(Refusal::RoleTooLow);
    }
    let sent = request.body.get("labels");
    let list = |key: &str| labels::texts(sent.and_then(|labels| labels.get(key)));
    let added = labels::tags_of(&list("add"));
    let removed: Vec<String> = list("remove").iter().map(|label| label.to_lowercase()).collect();
    for id in labels::texts(request.body.get("ids")).iter().map(|text| number(text)) {
        let Some(contact) = state.store.get(id) else { continue };
        if deleting {
            state.store.remove(id);
            state.notes.remove(&id);
            continue;
        }
        let mut new = contact.labels.clone();
        new.extend(added.iter().cloned());
        new.retain(|label| !removed.contains(&label.to_lowercase()));
        // A job that fails tells nobody.
        let _ = labels::set(state, id, &new);
    }
    Ok(empty())
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use serde_json::json;

    #[test]
    fn a_merge_keeps_the_values_of_the_base_and_destroys_the_mergee() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let base = server.create(&json!({
            "name": "Base", "email": "base@b.c", "custom_attributes": { "a": 1 },
            "additional_attributes": { "social_profiles": { "twitter": "t" } }
        }));
        let mergee = server.create(&json!({
            "name": "Mergee", "email": "mergee@b.c", "phone_number": "+4915112345", "custom_attributes": { "a": 2, "b": 3 },
            "additional_attributes": { "social_profiles": { "twitter": "x", "facebook": "f" } }
        }));
        let answer =
            server.post("/actions/contact_merge", &json!({ "base_contact_id": base, "mergee_contact_id": mergee }));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.value["id"], base);
        assert_eq!(answer.value["name"], "Base");
        assert_eq!(answer.value["email"], "base@b.c");
        assert_eq!(answer.value["phone_number"], "+4915112345");
        assert_eq!(answer.value["custom_attributes"], json!({ "a": 1, "b": 3 }));
        let profiles = json!({ "social_profiles": { "twitter": "t", "facebook": "f" } });
        assert_eq!(answer.value["additional_attributes"], profiles);
        assert_eq!(server.get(&format!("/contacts/{mergee}")).status, 404);
        let missing =
            server.post("/actions/contact_merge", &json!({ "base_contact_id": base, "mergee_contact_id": mergee }));
        assert_eq!(missing.status, 404);
    }

    #[test]
    fn labels_are_added_to_many_contacts_in_one_request() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let ids = [server.create(&json!({ "email": "a@b" })), server.create(&json!({ "email": "c@d" }))];
        let first = format!("/contacts/{}/labels", ids[0]);
        server.post(&first, &json!({ "labels": ["old"] }));
        let done =
            server.post("/bulk_actions", &json!({ "type": "Contact", "ids": ids, "labels": { "add": ["new"] } }));
        assert_eq!((done.status, done.text.as_str()), (200, ""));
        assert_eq!(server.get(&first).value, json!({ "payload": ["old", "new"] }));
        server.post("/bulk_actions", &json!({ "type": "Contact", "ids": ids, "labels": { "remove": ["old"] } }));
        assert_eq!(server.get(&first).value, json!({ "payload": ["new"] }));
        let refused = server.post("/bulk_actions", &json!({ "type": "Conversations", "ids": ids }));
        assert_eq!((refused.status, refused.value), (422, json!({ "success": false })));
        server.post("/bulk_actions", &json!({ "type": "Contact", "ids": ids, "action_name": "delete" }));
        assert_eq!(server.get("/contacts").value["meta"]["count"], 0);
    }
}
