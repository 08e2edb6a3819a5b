use serde_json::{Value, json};

use super::answers::{Refusal, empty, payload};
use super::flavor::Flavor;
use super::inbox::Inbox;
use super::links;
use super::record::{Contact, Link};
use super::request::Request;
use super::routes::number;
use super::state::State;
use super::text::is_blank;
use super::{fields, validation};
use crate::WireAnswer;

pub(super) fn read(state: &State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let contact = state.store.get(id).ok_or(Refusal::Missing)?;
    Ok(payload(contact.body(request.shown())))
}

/// Answers 200, not 201.
pub(super) fn create(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    let inbox = request.parameter("inbox_id").filter(|text| !is_blank(text));
    if inbox.is_none() && request.flavor.inbox_required() {
        return Err(Refusal::missing_parameter("inbox_id"));
    }
    let mut contact = Contact { name: Some(String::new()), created_at: request.microseconds(), ..Contact::default() };
    fields::apply(request, request.flavor.create_fields(request.options.undocumented), &mut contact)?;
    check(state, &contact)?;
    contact.id = state.store.free_id(&contact);
    if let Some(text) = inbox {
        let inbox = Inbox::find(number(&text)).ok_or(Refusal::Missing)?;
        let link = links::make(&contact, inbox, request.parameter("source_id"))?;
        if state.store.source_taken(&link, contact.id) {
            return Err(Refusal::Broken);
        }
        contact.links.push(link);
    }
    let answer = with_link(&contact, &shown_before_its_avatar(request, &contact, ""), request.flavor);
    state.store.insert(contact);
    Ok(payload(answer))
}

pub(super) fn update(state: &mut State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let before = state.store.get(id).ok_or(Refusal::Missing)?;
    let avatar_before = before.avatar_url.clone();
    let mut contact = before.clone();
    fields::apply(request, request.flavor.update_fields(request.options.undocumented), &mut contact)?;
    check(state, &contact)?;
    let shown = shown_before_its_avatar(request, &contact, &avatar_before);
    let answer = if request.flavor.nested_update() { with_link(&contact, &shown, request.flavor) } else { shown };
    state.store.replace(contact);
    Ok(payload(answer))
}

pub(super) fn delete(state: &mut State, id: u64) -> Result<WireAnswer, Refusal> {
    state.store.get(id).ok_or(Refusal::Missing)?;
    state.store.remove(id);
    state.notes.remove(&id);
    Ok(empty())
}

pub(super) fn remove_attributes(state: &mut State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let mut contact = state.store.get(id).ok_or(Refusal::Missing)?.clone();
    let named = request.body.get("custom_attributes");
    // A text stands for the list of it alone.
    let keys = named.and_then(Value::as_array).map_or(named.map(std::slice::from_ref), |list| Some(list));
    for key in keys.unwrap_or_default().iter().filter_map(Value::as_str) {
        contact.custom_attributes.shift_remove(key);
    }
    check(state, &contact)?;
    let answer = contact.body(request.shown());
    state.store.replace(contact);
    Ok(payload(answer))
}

pub(super) fn remove_avatar(state: &mut State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let mut contact = state.store.get(id).ok_or(Refusal::Missing)?.clone();
    contact.avatar_url.clear();
    let answer = contact.body(request.shown());
    state.store.replace(contact);
    Ok(payload(answer))
}

/// Nobody writes to the sandbox.
pub(super) fn conversations(state: &State, id: u64) -> Result<WireAnswer, Refusal> {
    state.store.get(id).ok_or(Refusal::Missing)?;
    Ok(payload(json!([])))
}

/// The vendor sends a link by e-mail; nobody reads the sandbox's mail.
pub(super) fn export() -> WireAnswer {
    empty()
}

/// What the model refuses, then what the database refuses: an empty identifier may exist once.
pub(super) fn check(state: &State, contact: &Contact) -> Result<(), Refusal> {
    let problems = validation::problems(&state.store, contact);
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems));
    }
    let clash = contact.identifier.as_ref().is_some_and(|text| state.store.identifier_taken(text, contact.id));
    if clash { Err(Refusal::Broken) } else { Ok(()) }
}

/// The picture is fetched by a job after the answer.
fn shown_before_its_avatar(request: &Request, contact: &Contact, avatar: &str) -> Value {
    let mut shown = contact.body(request.shown());
    shown["thumbnail"] = avatar.into();
    shown
}

fn with_link(contact: &Contact, shown: &Value, flavor: Flavor) -> Value {
    let nothing = json!({ "inbox": null, "source_id": null });
    let link = contact.links.first().map_or(nothing, |link: &Link| {
        let inbox = Inbox::find(link.inbox_id).map_or(Value::Null, |inbox| inbox.row(flavor));
        json!({ "inbox": inbox, "source_id": link.source_id })
    });
    json!({ "contact": shown, "contact_inbox": link })
}

#[cfg(test)]
mod tests {
    use super::super::test_client::TestClient;
    use super::super::{ChatwootOptions, Flavor};
    use serde_json::{Value, json};

    fn chatwoot() -> TestClient {
        TestClient::new(Flavor::Chatwoot)
    }

    #[test]
    fn a_create_answers_200_with_contact_and_inbox() {
        let mut server = chatwoot();
        let made = server.post("/contacts", &json!({ "name": "Anna", "phone_number": "+972771234567", "inbox_id": 1 }));
        assert_eq!(made.status, 200);
        let contact = &made.value["payload"]["contact"];
        assert_eq!(contact["name"], "Anna");
        assert_eq!(contact["phone_number"], "+972771234567");
        assert_eq!(contact["email"], Value::Null);
        assert_eq!(contact["availability_status"], "offline");
        assert_eq!(contact["thumbnail"], "");
        assert_eq!(contact["blocked"], false);
        assert_eq!(contact["created_at"], 1_767_225_630);
        assert!(contact.get("last_activity_at").is_none());
        assert!(contact.get("labels").is_none());
        assert!(contact.get("conversations_count").is_none());
        let link = &made.value["payload"]["contact_inbox"];
        assert_eq!(link["inbox"]["id"], 1);
        assert_eq!(link["inbox"]["channel_type"], "Channel::Api");
        assert!(link["source_id"].is_string());
        assert_eq!(contact["contact_inboxes"][0]["source_id"], link["source_id"]);
    }

    #[test]
    fn the_parent_creates_without_an_inbox_and_knows_no_unknown_one() {
        let mut server = chatwoot();
        let made = server.post("/contacts", &json!({ "name": "Anna" }));
        assert_eq!(made.value["payload"]["contact_inbox"], json!({ "inbox": null, "source_id": null }));
        let refused = server.post("/contacts", &json!({ "email": "x@y", "inbox_id": 99 }));
        assert_eq!((refused.status, refused.value), (404, json!({ "error": "Resource could not be found" })));
        assert_eq!(server.get("/contacts").value["meta"]["count"], 0, "the create was rolled back");
    }

    #[test]
    fn the_descendants_need_an_inbox() {
        for flavor in [Flavor::NinetyNineDigital, Flavor::Engagelab] {
            let mut server = TestClient::new(flavor);
            let refused = server.post("/contacts", &json!({ "name": "Anna" }));
            assert_eq!(refused.status, 422);
            assert!(refused.value["error"].is_string());
            assert_eq!(server.post("/contacts", &json!({ "name": "Anna", "inbox_id": "1" })).status, 200);
        }
    }

    #[test]
    fn an_update_is_flat_but_for_99digital() {
        for flavor in [Flavor::Chatwoot, Flavor::NinetyNineDigital, Flavor::Engagelab] {
            let mut server = TestClient::new(flavor);
            let id = server.create(&json!({ "name": "Anna", "inbox_id": 1 }));
            let changed = server.patch(&format!("/contacts/{id}"), &json!({ "name": "Berta" }));
            assert_eq!(changed.status, 200);
            let payload = &changed.value["payload"];
            if flavor == Flavor::NinetyNineDigital {
                assert_eq!(payload["contact"]["name"], "Berta");
                assert_eq!(payload["contact_inbox"]["inbox"]["id"], 1);
            } else {
                assert_eq!(payload["name"], "Berta");
                assert!(payload.get("contact").is_none());
            }
        }
    }

    #[test]
    fn the_update_of_the_engagelab_page_comes_back_as_on_the_page() {
        let mut server = TestClient::new(Flavor::Engagelab);
        let id = server.create(&json!({ "inbox_id": 1, "email": "old@jiguang.cn", "phone_number": "+123456789" }));
        let additional = json!({
            "description": "", "company_name": "", "city": "", "telegram": "", "country": "", "country_code": "",
            "social_profiles": { "facebook": "", "github": "", "instagram": "", "linkedin": "", "twitter": "" }
        });
        let changed = server.patch(
            &format!("/contacts/{id}"),
            &json!({
                "additional_attributes": additional, "availability_status": "offline", "email": "support@jiguang.cn",
                "name": "support", "phone_number": null, "blocked": false, "identifier": "2222", "thumbnail": "",
                "last_activity_at": 1_765_441_908, "custom_attributes": { "vip_level": "platinum" },
                "created_at": 1_765_441_895, "first_name": "support", "last_name": ""
            }),
        );
        assert_eq!(changed.status, 200);
        let payload = &changed.value["payload"];
        assert_eq!(payload["additional_attributes"], additional);
        assert_eq!(payload["email"], "support@jiguang.cn");
        assert_eq!(payload["name"], "support");
        assert_eq!(payload["phone_number"], Value::Null);
        assert_eq!(payload["identifier"], "2222");
        assert_eq!(payload["custom_attributes"], json!({ "vip_level": "platinum" }));
        assert_eq!(payload["created_at"], 1_767_225_630, "the server's own, whatever is sent");
        assert!(payload.get("first_name").is_none());
        assert_eq!(payload["contact_inboxes"][0]["inbox"]["channel_type"], "Channel::Api");
    }

    #[test]
    fn engagelab_drops_what_its_create_does_not_list() {
        let mut server = TestClient::new(Flavor::Engagelab);
        let made = server.post(
            "/contacts",
            &json!({
                "inbox_id": 1, "name": "A", "blocked": true, "custom_attributes": { "a": 1 },
                "additional_attributes": { "city": "Oslo" }
            }),
        );
        let contact = &made.value["payload"]["contact"];
        assert_eq!(contact["custom_attributes"], json!({}));
        assert_eq!(contact["additional_attributes"], json!({}));
        assert_eq!(contact["blocked"], false);
    }

    #[test]
    fn ninety_nine_digital_returns_but_does_not_take_additional_attributes_and_blocked() {
        let mut server = TestClient::new(Flavor::NinetyNineDigital);
        let made = server.post(
            "/contacts",
            &json!({
                "inbox_id": 1, "name": "A", "blocked": true, "custom_attributes": { "attribute_key": "attribute_value" },
                "additional_attributes": { "city": "Oslo" }
            }),
        );
        let contact = &made.value["payload"]["contact"];
        assert_eq!(contact["custom_attributes"], json!({ "attribute_key": "attribute_value" }));
        assert_eq!(contact["additional_attributes"], json!({}));
        assert_eq!(contact["blocked"], false);
    }

    #[test]
    fn taken_values_are_named_but_not_their_owner() {
        let mut server = chatwoot();
        server.create(&json!({ "email": "A@b.c", "phone_number": "+4915112345", "identifier": "X1" }));
        let refused =
            server.post("/contacts", &json!({ "email": "a@B.C", "phone_number": "+4915112345", "identifier": "X1" }));
        assert_eq!(refused.status, 422);
        assert_eq!(
            refused.value,
            json!({
                "message": "Email has already been taken, Identifier has already been taken, \
                            Phone number has already been taken",
                "attributes": ["email", "identifier", "phone_number"]
            })
        );
        server.create(&json!({ "identifier": "x1" }));
        let id = server.create(&json!({ "name": "free" }));
        let refused = server.patch(&format!("/contacts/{id}"), &json!({ "email": "a@b.c" }));
        assert_eq!(refused.value["attributes"], json!(["email"]));
        let same = server.patch(&format!("/contacts/{id}"), &json!({ "email": "" }));
        assert_eq!(same.value["payload"]["email"], Value::Null, "an empty e-mail becomes null");
    }

    #[test]
    fn one_bad_field_refuses_the_whole_write() {
        let mut server = chatwoot();
        let id = server.create(&json!({ "name": "old" }));
        let refused = server.patch(&format!("/contacts/{id}"), &json!({ "name": "new", "phone_number": "0151 123" }));
        assert_eq!((refused.status, &refused.value["attributes"]), (422, &json!(["phone_number"])));
        assert_eq!(server.get(&format!("/contacts/{id}")).value["payload"]["name"], "old");
    }

    #[test]
    fn texts_have_255_characters_at_most() {
        let mut server = chatwoot();
        server.create(&json!({ "name": "ü".repeat(255) }));
        let refused = server.post("/contacts", &json!({ "name": "ü".repeat(256) }));
        assert_eq!((refused.status, &refused.value["attributes"]), (422, &json!(["name"])));
        server.create(
            &json!({ "email": format!("{}@b.c", "a".repeat(251)), "custom_attributes": { "k": "x".repeat(9000) } }),
        );
        let refused = server.post("/contacts", &json!({ "email": format!("{}@b.c", "a".repeat(252)) }));
        assert_eq!(refused.value["attributes"], json!(["email"]));
    }

    #[test]
    fn a_city_or_country_over_255_is_taken_once_and_never_written_again() {
        for (key, column) in [("city", "location"), ("country", "country_code")] {
            let mut server = chatwoot();
            let id = server.create(&json!({ "name": "a", "additional_attributes": { (key): "x".repeat(256) } }));
            let path = format!("/contacts/{id}");
            let shorter = json!({ "additional_attributes": { (key): "x" } });
            for (path, body) in [(&path, &shorter), (&path, &json!({ "name": "b" }))] {
                let refused = server.patch(path, body);
                assert_eq!((refused.status, &refused.value["attributes"]), (422, &json!([column])));
            }
            let labels = server.post(&format!("{path}/labels"), &json!({ "labels": ["vip"] }));
            assert_eq!(labels.status, 422);
        }
    }

    #[test]
    fn custom_attributes_are_merged_and_a_json_text_is_ignored() {
        let mut server = chatwoot();
        let id = server.create(&json!({ "custom_attributes": { "a": { "x": 1 }, "b": 2 } }));
        let path = format!("/contacts/{id}");
        let changed = server.patch(&path, &json!({ "custom_attributes": { "a": { "y": 2 }, "c": null } }));
        let expected = json!({ "a": { "y": 2 }, "b": 2, "c": null });
        assert_eq!(changed.value["payload"]["custom_attributes"], expected);
        let ignored = server.patch(&path, &json!({ "custom_attributes": "{\"b\": 3}" }));
        assert_eq!(ignored.status, 200);
        assert_eq!(ignored.value["payload"]["custom_attributes"], expected);
        let removed =
            server.post(&format!("{path}/destroy_custom_attributes"), &json!({ "custom_attributes": ["a", "z"] }));
        assert_eq!(removed.value["payload"]["custom_attributes"], json!({ "b": 2, "c": null }));
    }

    #[test]
    fn additional_attributes_are_merged_since_4_2_and_replaced_before() {
        for (replaced, expected) in [
            (false, json!({ "city": "Oslo", "social_profiles": { "twitter": "t" }, "country": "NO" })),
            (true, json!({ "social_profiles": { "twitter": "t" }, "country": "NO" })),
        ] {
            let options = ChatwootOptions { additional_replaced: replaced, ..ChatwootOptions::default() };
            let mut server = TestClient::set_up(Flavor::Chatwoot, options);
            let first = json!({ "city": "Oslo", "social_profiles": { "facebook": "f" } });
            let id = server.create(&json!({ "additional_attributes": first }));
            let second = json!({ "social_profiles": { "twitter": "t" }, "country": "NO" });
            let changed = server.patch(&format!("/contacts/{id}"), &json!({ "additional_attributes": second }));
            assert_eq!(changed.value["payload"]["additional_attributes"], expected);
        }
    }

    #[test]
    fn the_second_empty_identifier_and_a_null_blocked_break_the_server() {
        let mut server = chatwoot();
        server.create(&json!({ "name": "a", "identifier": "" }));
        let broken = server.post("/contacts", &json!({ "name": "b", "identifier": "" }));
        let body = json!({ "status": 500, "error": "Internal Server Error" });
        assert_eq!((broken.status, broken.value), (500, body.clone()));
        let broken = server.post("/contacts", &json!({ "name": "c", "blocked": null }));
        assert_eq!((broken.status, broken.value), (500, body));
        server.create(&json!({ "name": "d", "identifier": null }));
        server.create(&json!({ "name": "e", "identifier": null }));
    }

    #[test]
    fn email_is_lower_cased_and_an_empty_phone_stays_empty() {
        let mut server = chatwoot();
        let made =
            server.post("/contacts", &json!({ "email": "Anna.K@Example.COM", "phone_number": "", "labels": ["x"] }));
        assert_eq!(made.value["payload"]["contact"]["email"], "anna.k@example.com");
        assert_eq!(made.value["payload"]["contact"]["phone_number"], "");
        server.create(&json!({ "name": "another", "phone_number": "" }));
    }

    #[test]
    fn a_picture_is_seen_after_the_answer() {
        let mut server = chatwoot();
        let made = server.post("/contacts", &json!({ "name": "a", "avatar_url": "https://example.com/a.png" }));
        let contact = &made.value["payload"]["contact"];
        assert_eq!(contact["thumbnail"], "");
        let path = format!("/contacts/{}", contact["id"]);
        assert_eq!(server.get(&path).value["payload"]["thumbnail"], "https://example.com/a.png");
        assert_eq!(server.send("DELETE", &format!("{path}/avatar"), None).value["payload"]["thumbnail"], "");
    }

    #[test]
    fn a_deleted_contact_is_gone_at_once() {
        let mut server = chatwoot();
        let id = server.create(&json!({ "email": "a@b" }));
        let gone = server.send("DELETE", &format!("/contacts/{id}"), None);
        assert_eq!((gone.status, gone.text.as_str()), (200, ""));
        let missing = server.get(&format!("/contacts/{id}"));
        assert_eq!((missing.status, missing.value), (404, json!({ "error": "Resource could not be found" })));
        assert_eq!(server.patch("/contacts/12345", &json!({ "name": "x" })).status, 404);
        server.create(&json!({ "email": "a@b" }));
    }

    #[test]
    fn text_of_every_script_comes_back_as_it_was() {
        let mut server = chatwoot();
        for name in ["Zoë 👩‍👩‍👧", "שלום עולם", "line\nbreak", "𠮷野家", "O'Brien \"x\" \\"] {
            let id = server.create(&json!({ "name": name, "custom_attributes": { "k": name } }));
            let read = server.get(&format!("/contacts/{id}?include_contact_inboxes=false")).value;
            assert_eq!(read["payload"]["name"], name);
            assert_eq!(read["payload"]["custom_attributes"]["k"], name);
            assert!(read["payload"].get("contact_inboxes").is_none());
        }
    }
}
