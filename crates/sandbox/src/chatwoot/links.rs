use serde_json::json;

use super::answers::{Refusal, payload};
use super::inbox::{Address, INBOXES, Inbox};
use super::record::{Contact, Link};
use super::request::Request;
use super::routes::number;
use super::state::State;
use super::text::is_blank;
use crate::WireAnswer;

/// A contact's link to an inbox, with the source id given or the one its channel makes.
pub(super) fn make(contact: &Contact, inbox: &Inbox, given: Option<String>) -> Result<Link, Refusal> {
    let filled = |value: &Option<String>| value.clone().filter(|text| !is_blank(text));
    let source_id = match (given.filter(|text| !is_blank(text)), inbox.address) {
        (Some(given), _) => given,
        (None, Address::Random) => random(contact.id, inbox.id),
        (None, Address::Email) => filled(&contact.email).ok_or_else(|| Refusal::missing_parameter("contact email"))?,
        (None, Address::Phone) => filled(&contact.phone_number)
            .ok_or_else(|| Refusal::missing_parameter("contact phone number"))?
            .trim_start_matches('+')
            .to_owned(),
        (None, Address::Foreign) => return Err(Refusal::Broken),
    };
    Ok(Link { inbox_id: inbox.id, source_id })
}

/// Looks like a random identifier, but comes from the ids, so that runs can be compared.
fn random(contact: u64, inbox: u64) -> String {
    let hash = blake3::hash(format!("{contact}/{inbox}").as_bytes()).to_hex();
    format!("{}-{}-4{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

pub(super) fn link(state: &mut State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let mut contact = state.store.get(id).ok_or(Refusal::Missing)?.clone();
    let wanted = request.parameter("inbox_id").unwrap_or_default();
    let inbox = Inbox::find(number(&wanted)).ok_or(Refusal::Missing)?;
    let link = make(&contact, inbox, request.parameter("source_id"))?;
    if state.store.source_taken(&link, id) {
        return Err(Refusal::Broken);
    }
    let answer = WireAnswer::json(200, &link.body(request.flavor));
    if !contact.links.contains(&link) {
        contact.links.push(link);
        state.store.replace(contact);
    }
    Ok(answer)
}

/// The inboxes that could reach the contact.
pub(super) fn reachable(state: &State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let contact = state.store.get(id).ok_or(Refusal::Missing)?;
    let reachable = INBOXES.iter().filter_map(|inbox| {
        let known = contact.links.iter().find(|link| link.inbox_id == inbox.id).cloned();
        let link = known.or_else(|| make(contact, inbox, None).ok())?;
        Some(json!({ "inbox": inbox.body(request.flavor), "source_id": link.source_id }))
    });
    Ok(payload(reachable.collect()))
}

pub(super) fn inboxes(request: &Request) -> WireAnswer {
    payload(INBOXES.iter().map(|inbox| inbox.body(request.flavor)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use serde_json::json;

    #[test]
    fn a_channel_that_needs_an_address_refuses_a_contact_without() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let id = server.create(&json!({ "name": "a" }));
        let path = format!("/contacts/{id}/contact_inboxes");
        let refused = server.post(&path, &json!({ "inbox_id": 2 }));
        assert_eq!(refused.status, 422);
        assert!(refused.value["error"].is_string());
        assert_eq!(server.post(&path, &json!({ "inbox_id": 4 })).status, 500);
        assert_eq!(server.post(&path, &json!({ "inbox_id": 9 })).status, 404);

        server.patch(&format!("/contacts/{id}"), &json!({ "email": "a@b.c" }));
        let linked = server.post(&path, &json!({ "inbox_id": 2 }));
        assert_eq!(linked.status, 200);
        assert_eq!(linked.value["source_id"], "a@b.c");
        assert_eq!(linked.value["inbox"]["id"], 2);
        let read = server.get(&format!("/contacts/{id}")).value;
        assert_eq!(read["payload"]["contact_inboxes"][0]["source_id"], "a@b.c");
    }

    #[test]
    fn a_source_id_belongs_to_one_contact_of_an_inbox() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        server.create(&json!({ "name": "a", "inbox_id": 1, "source_id": "s-1" }));
        let again = server.post("/contacts", &json!({ "name": "b", "inbox_id": 1, "source_id": "s-1" }));
        assert_eq!(again.status, 500);
    }

    #[test]
    fn reachable_inboxes_depend_on_what_the_contact_has() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let id = server.create(&json!({ "phone_number": "+4915112345" }));
        let listed = server.get(&format!("/contacts/{id}/contactable_inboxes")).value;
        let ids: Vec<_> =
            listed["payload"].as_array().unwrap().iter().map(|entry| entry["inbox"]["id"].clone()).collect();
        assert_eq!(ids, [json!(1), json!(3)]);
        assert_eq!(listed["payload"][1]["source_id"], "4915112345");
    }
}
