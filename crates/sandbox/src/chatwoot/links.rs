use serde_json::{Value, json};

use super::answers::{Refusal, payload};
use super::fields;
use super::flavor::Flavor;
use super::record::{Contact, Link};
use super::routes::number;
use super::state::{Asked, State};
use super::validation::is_blank;
use crate::WireAnswer;

/// An inbox of the account.
#[derive(Debug)]
pub(super) struct Inbox {
    pub id: u64,
    name: &'static str,
    channel_type: &'static str,
    address: Address,
}

/// Where a channel takes a contact's source id from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    Random,
    Email,
    Phone,
    /// Only the channel itself can make one.
    Foreign,
}

const INBOXES: [Inbox; 4] = [
    Inbox { id: 1, name: "Sandbox API", channel_type: "Channel::Api", address: Address::Random },
    Inbox { id: 2, name: "Sandbox e-mail", channel_type: "Channel::Email", address: Address::Email },
    Inbox { id: 3, name: "Sandbox WhatsApp", channel_type: "Channel::Whatsapp", address: Address::Phone },
    Inbox { id: 4, name: "Sandbox page", channel_type: "Channel::FacebookPage", address: Address::Foreign },
];

impl Inbox {
    pub fn find(id: u64) -> Option<&'static Self> {
        INBOXES.iter().find(|inbox| inbox.id == id)
    }

    pub fn body(&self, flavor: Flavor) -> Value {
        if flavor == Flavor::Engagelab {
            return json!({ "id": self.id, "name": self.name, "channel_type": self.channel_type });
        }
        json!({
            "id": self.id,
            "avatar_url": "",
            "channel_id": self.id,
            "name": self.name,
            "channel_type": self.channel_type,
            "provider": null,
        })
    }
}

impl Inbox {
    /// All columns of the inbox, as a create shows it beside the contact.
    pub fn row(&self, flavor: Flavor) -> Value {
        if flavor != Flavor::Chatwoot {
            return self.body(flavor);
        }
        let made = "2026-01-01T00:00:00.000Z";
        json!({
            "id": self.id, "channel_id": self.id, "account_id": 1, "name": self.name,
            "created_at": made, "updated_at": made, "channel_type": self.channel_type,
            "enable_auto_assignment": true, "greeting_enabled": false, "greeting_message": null,
            "email_address": null, "working_hours_enabled": false, "out_of_office_message": null,
            "timezone": "UTC", "enable_email_collect": true, "csat_survey_enabled": false,
            "allow_messages_after_resolved": true, "auto_assignment_config": {},
            "lock_to_single_conversation": false, "portal_id": null, "sender_name_type": "friendly",
            "business_name": null, "csat_config": {},
        })
    }
}

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

pub(super) fn link(state: &mut State, asked: &Asked, id: u64) -> Result<WireAnswer, Refusal> {
    let mut contact = state.store.get(id).ok_or(Refusal::Missing)?.clone();
    let wanted = fields::parameter(asked, "inbox_id").unwrap_or_default();
    let inbox = Inbox::find(number(&wanted)).ok_or(Refusal::Missing)?;
    let link = make(&contact, inbox, fields::parameter(asked, "source_id"))?;
    if state.store.source_taken(&link, id) {
        return Err(Refusal::Broken);
    }
    let answer = WireAnswer::json(200, &link.body(asked.flavor));
    if !contact.links.contains(&link) {
        contact.links.push(link);
        state.store.replace(contact);
    }
    Ok(answer)
}

/// The inboxes that could reach the contact.
pub(super) fn reachable(state: &State, asked: &Asked, id: u64) -> Result<WireAnswer, Refusal> {
    let contact = state.store.get(id).ok_or(Refusal::Missing)?;
    let reachable = INBOXES.iter().filter_map(|inbox| {
        let known = contact.links.iter().find(|link| link.inbox_id == inbox.id).cloned();
        let link = known.or_else(|| make(contact, inbox, None).ok())?;
        Some(json!({ "inbox": inbox.body(asked.flavor), "source_id": link.source_id }))
    });
    Ok(payload(reachable.collect()))
}

pub(super) fn inboxes(asked: &Asked) -> WireAnswer {
    payload(INBOXES.iter().map(|inbox| inbox.body(asked.flavor)).collect())
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
