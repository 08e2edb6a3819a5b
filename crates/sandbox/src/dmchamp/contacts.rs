use serde_json::{Value, json};

use super::answers::Refusal;
use super::options::Duplicates;
use super::record::Contact;
use super::request::Request;
use super::store::Store;
use super::{fields, lists};
use crate::WireAnswer;

/// The contact with a phone, or else with an e-mail.
pub(super) fn find(store: &Store, request: &Request) -> Result<WireAnswer, Refusal> {
    let given = |name| request.query_value(name).filter(|text| !text.trim().is_empty());
    let contact = match (given("phoneNumber"), given("email")) {
        (Some(phone), _) => store.with_phone(&fields::phone(phone)?).filter(|contact| visible(contact, request)),
        (None, Some(email)) => store.with_email(email.trim()).find(|contact| visible(contact, request)),
        (None, None) => return Err(Refusal::Missing("Missing phoneNumber or email")),
    };
    let contact = contact.ok_or(Refusal::NotFound("Contact not found"))?;
    let mut body = json!({ "success": true, "contactId": contact.id });
    if !request.options.dmchamp.only_id {
        body["contact"] = contact.body(&request.options.dmchamp);
    }
    Ok(WireAnswer::json(200, &body))
}

/// Whether a lagging index knows the contact yet.
pub(super) fn visible(contact: &Contact, request: &Request) -> bool {
    let lag = i64::try_from(request.options.search_lag.as_millis()).unwrap_or(i64::MAX);
    let now = i64::try_from(request.now.as_millis()).unwrap_or(i64::MAX);
    lag == 0 || contact.created_at.saturating_add(lag) <= now
}

pub(super) fn create(store: &mut Store, request: &Request) -> Result<WireAnswer, Refusal> {
    let body = request.body;
    let phone = match body.get("phoneNumber") {
        None | Some(Value::Null) => return Err(Refusal::Missing("Missing required parameters")),
        Some(Value::String(text)) => fields::phone(text)?,
        Some(_) => return Err(Refusal::Invalid("phoneNumber must be a string".into())),
    };
    let mut contact = Contact::new(phone, request.now);
    fields::apply_common(body, &mut contact)?;
    fields::apply_create(body, &mut contact)?;
    for list in fields::lists(body)? {
        lists::check_on_create(&request.options.dmchamp, &list)?;
        if !contact.lists.contains(&list) {
            contact.lists.push(list);
        }
    }
    if let Some(existing) = store.with_phone(&contact.phone_number) {
        return match request.options.dmchamp.duplicates {
            Duplicates::Refused => Err(Refusal::Exists { in_200: false }),
            Duplicates::RefusedIn200 => Err(Refusal::Exists { in_200: true }),
            Duplicates::Returned => Ok(created(request, "Contact already exists", &existing.id)),
        };
    }
    let answer = created(request, "Contact created successfully", &contact.id);
    store.put(contact);
    Ok(answer)
}

/// Takes a contact that was there before the client came, with its own id, tags and lists.
pub(super) fn put(store: &mut Store, request: &Request, id: &str) -> Result<(), Refusal> {
    let body = request.body;
    let phone = fields::phone(body["phoneNumber"].as_str().unwrap_or_default())?;
    let mut contact = Contact { id: id.to_owned(), ..Contact::new(phone, request.now) };
    fields::apply_common(body, &mut contact)?;
    fields::apply_create(body, &mut contact)?;
    let texts = |key: &str| {
        let texts = body[key].as_array().into_iter().flatten();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    (contact.tags, contact.lists) = (texts("tags"), texts("lists"));
    store.put(contact);
    Ok(())
}

fn created(request: &Request, message: &str, id: &str) -> WireAnswer {
    if request.options.dmchamp.id_beside {
        return WireAnswer::json(200, &json!({ "success": true, "message": message, "contactId": id }));
    }
    WireAnswer::json(200, &json!({ "success": true, "data": { "message": message, "contactId": id } }))
}

/// Five fields can be changed; the phone cannot.
pub(super) fn update(store: &mut Store, request: &Request, id: &str) -> Result<WireAnswer, Refusal> {
    let mut contact = store.get(id).ok_or(Refusal::NotFound("Contact not found"))?.clone();
    if request.body.is_null() {
        return Err(Refusal::Invalid("Invalid request".into()));
    }
    fields::apply_common(request.body, &mut contact)?;
    store.put(contact);
    Ok(WireAnswer::json(200, &json!({ "success": true, "message": "Contact updated successfully" })))
}

/// Nobody writes to the sandbox.
pub(super) fn messages(store: &Store, id: &str) -> Result<WireAnswer, Refusal> {
    store.get(id).ok_or(Refusal::NotFound("Contact not found"))?;
    Ok(WireAnswer::json(200, &json!([])))
}

#[cfg(test)]
mod tests {
    use super::super::test_client::TestClient;
    use super::super::{DmchampOptions, Duplicates};
    use serde_json::{Value, json};

    const PHONE: &str = "+1234567890";

    fn server() -> TestClient {
        TestClient::new(DmchampOptions::default())
    }

    #[test]
    fn what_is_left_out_on_create_is_filled_with_placeholders() {
        let mut server = server();
        let id = server.create(&json!({ "phoneNumber": PHONE }));
        let read = server.send("GET", "/contacts?phoneNumber=+1234567890", None);
        assert_eq!(read.status, 200);
        assert_eq!(read.value["success"], true);
        assert_eq!(read.value["contactId"], id.as_str());
        let contact = &read.value["contact"];
        assert_eq!(contact["id"], id.as_str());
        assert_eq!(contact["firstName"], "Unknown");
        assert_eq!(contact["lastName"], "Unknown");
        assert_eq!(contact["email"], "unknown@unknown.com");
        assert_eq!(contact["phoneNumber"], PHONE);
        assert_eq!(contact["isBotActive"], true);
        assert_eq!(contact["doNotDisturb"], false);
        assert_eq!(contact["tags"], json!([]));
        assert!(contact.get("is_bot_active").is_none());
    }

    #[test]
    fn a_create_answers_with_message_and_id_inside_data() {
        let mut server = server();
        let made = server.send("POST", "/contacts", Some(&json!({ "phoneNumber": PHONE, "firstName": "Ana" })));
        assert_eq!(made.status, 200);
        assert_eq!(made.value["success"], true);
        assert!(made.value["data"]["message"].is_string());
        assert!(made.value["data"]["contactId"].is_string());
    }

    #[test]
    fn every_field_of_the_table_is_kept() {
        let mut server = server();
        server.create(&json!({
            "phoneNumber": PHONE, "firstName": "Ana", "lastName": "Lima", "email": "Ana@example.com",
            "instagramId": "ig", "currentCampaign": "c1", "currentCampaignData": { "step": 1 }, "channel": "whatsapp",
            "isChatWindowOpen": true, "externalId": "e1", "customChannel": "cc", "chatWidgetId": "w1",
            "is_bot_active": false, "do_not_disturb": true, "custom_fields": { "size": "L" }
        }));
        let kept = server.contacts();
        let kept = &kept[0];
        for (key, value) in [
            ("firstName", json!("Ana")),
            ("lastName", json!("Lima")),
            ("email", json!("Ana@example.com")),
            ("instagramId", json!("ig")),
            ("currentCampaignData", json!({ "step": 1 })),
            ("channel", json!("whatsapp")),
            ("isChatWindowOpen", json!(true)),
            ("externalId", json!("e1")),
            ("customChannel", json!("cc")),
            ("chatWidgetId", json!("w1")),
            ("isBotActive", json!(false)),
            ("doNotDisturb", json!(true)),
            ("customFields", json!({ "size": "L" })),
        ] {
            assert_eq!(kept[key], value, "{key}");
        }
        let found = server.send("GET", "/contacts?email=ana@EXAMPLE.com", None);
        assert_eq!(found.value["contact"]["phoneNumber"], PHONE);
    }

    #[test]
    fn a_phone_needs_its_country_code() {
        let mut server = server();
        for phone in [
            json!("0151123456"),
            json!("49151123456"),
            json!("+0151123456"),
            json!("+49 151 123"),
            json!(""),
            json!(49),
        ] {
            let refused = server.send("POST", "/contacts", Some(&json!({ "phoneNumber": phone })));
            assert_eq!(refused.status, 400, "{phone}");
            assert!(refused.value["error"].is_string());
        }
        let refused = server.send("POST", "/contacts", Some(&json!({ "email": "a@b.c" })));
        assert_eq!((refused.status, refused.value.is_string()), (400, true));
        assert_eq!(server.send("GET", "/contacts?phoneNumber=0151123456", None).status, 400);
        let refused = server.send("GET", "/contacts", None);
        assert_eq!((refused.status, refused.value.is_string()), (400, true));
    }

    #[test]
    fn booleans_are_real_booleans() {
        let mut server = server();
        for (key, value) in [
            ("is_bot_active", json!("true")),
            ("do_not_disturb", json!(1)),
            ("isChatWindowOpen", json!("false")),
            ("firstName", Value::Null),
            ("email", json!("no address")),
        ] {
            let refused = server.send("POST", "/contacts", Some(&json!({ "phoneNumber": PHONE, key: value })));
            assert_eq!(refused.status, 400, "{key}");
        }
    }

    #[test]
    fn an_existing_phone_has_three_answers() {
        let create = |duplicates| {
            let mut server = TestClient::new(DmchampOptions { duplicates, ..DmchampOptions::default() });
            let id = server.create(&json!({ "phoneNumber": PHONE, "firstName": "first" }));
            let again = server.send("POST", "/contacts", Some(&json!({ "phoneNumber": PHONE, "firstName": "second" })));
            assert_eq!(server.contacts().as_array().unwrap().len(), 1);
            assert_eq!(server.contacts()[0]["firstName"], "first");
            (id, again)
        };
        let (_, refused) = create(Duplicates::Refused);
        assert_eq!((refused.status, &refused.value), (409, &json!({ "error": "Contact already exists" })));
        let (_, hidden) = create(Duplicates::RefusedIn200);
        assert_eq!((hidden.status, &hidden.value["error_code"]), (200, &json!(409)));
        let (id, returned) = create(Duplicates::Returned);
        assert_eq!((returned.status, &returned.value["data"]["contactId"]), (200, &json!(id)));
    }

    #[test]
    fn one_bad_list_and_nothing_is_created() {
        let mut server = server();
        let refused = server.send(
            "POST",
            "/contacts",
            Some(&json!({ "phoneNumber": PHONE, "listIds": ["list-1", "no-such-list"] })),
        );
        assert_eq!((refused.status, &refused.value["success"]), (404, &json!(false)));
        assert_eq!(server.send("GET", "/contacts?phoneNumber=+1234567890", None).status, 404);
        server.create(&json!({ "phoneNumber": PHONE, "listIds": ["list-1", "list-2"], "listId": "list-3" }));
        assert_eq!(server.contacts()[0]["lists"], json!(["list-1", "list-2"]));
        server.create(&json!({ "phoneNumber": "+1234567891", "listId": "list-3" }));
        assert_eq!(server.contacts()[1]["lists"], json!(["list-3"]));
    }

    #[test]
    fn an_update_changes_five_fields_and_never_the_phone() {
        let mut server = server();
        let id = server.create(&json!({ "phoneNumber": PHONE, "email": "old@b.c" }));
        let change = json!({
            "firstName": "Ana", "lastName": "", "email": "new@b.c", "is_bot_active": false, "do_not_disturb": true,
            "phoneNumber": "+4915112345", "channel": "whatsapp"
        });
        let done = server.send("PUT", &format!("/contacts/{id}"), Some(&change));
        assert_eq!(done.status, 200);
        assert_eq!(done.value["success"], true);
        assert!(done.value["message"].is_string());
        let contact = &server.send("GET", "/contacts?email=new@b.c", None).value["contact"];
        assert_eq!(contact["firstName"], "Ana");
        assert_eq!(contact["lastName"], "");
        assert_eq!(contact["phoneNumber"], PHONE);
        assert_eq!(contact["channel"], Value::Null);
        assert_eq!((&contact["isBotActive"], &contact["doNotDisturb"]), (&json!(false), &json!(true)));
        assert_eq!(server.send("GET", "/contacts?email=old@b.c", None).status, 404);
    }

    #[test]
    fn an_unknown_contact_is_404_with_success_and_message() {
        let mut server = server();
        let missing = json!({ "success": false, "message": "Contact not found" });
        let answer = server.send("PUT", "/contacts/nobody", Some(&json!({ "firstName": "x" })));
        assert_eq!((answer.status, answer.value), (404, missing.clone()));
        let answer = server.send("GET", "/contacts?phoneNumber=+1234567890", None);
        assert_eq!((answer.status, answer.value), (404, missing.clone()));
        let answer = server.send("GET", "/contacts/messages/nobody", None);
        assert_eq!((answer.status, answer.value), (404, missing));
        let answer = server.send("GET", "/contacts/messages", None);
        assert_eq!((answer.status, answer.value), (400, json!("Missing contact ID")));
        let id = server.create(&json!({ "phoneNumber": PHONE }));
        assert_eq!(server.send("GET", &format!("/contacts/messages/{id}"), None).value, json!([]));
    }

    #[test]
    fn an_older_deployment_gives_the_id_alone() {
        let mut server = TestClient::new(DmchampOptions { only_id: true, ..DmchampOptions::default() });
        let id = server.create(&json!({ "phoneNumber": PHONE }));
        let read = server.send("GET", "/contacts?phoneNumber=+1234567890", None);
        assert_eq!(read.value, json!({ "success": true, "contactId": id }));
    }

    #[test]
    fn an_id_depends_on_the_phone_alone() {
        let (mut first, mut second) = (server(), server());
        second.create(&json!({ "phoneNumber": "+4915112345" }));
        let one = first.create(&json!({ "phoneNumber": PHONE, "firstName": "a" }));
        assert_eq!(one, second.create(&json!({ "phoneNumber": PHONE, "firstName": "b" })));
        assert_ne!(one, first.create(&json!({ "phoneNumber": "+4915112345" })));
    }

    #[test]
    fn a_body_that_is_no_object_is_an_invalid_request() {
        let mut server = server();
        for body in [json!([1]), json!("x")] {
            assert_eq!(server.send("POST", "/contacts", Some(&body)).value, json!({ "error": "Invalid request" }));
        }
    }
}
