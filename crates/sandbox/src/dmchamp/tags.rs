use serde_json::{Value, json};

use super::answers::Refusal;
use super::request::Request;
use super::state::{State, Tag};
use super::{contacts, fields};
use crate::WireAnswer;

/// A bare array.
pub(super) fn all(state: &State) -> WireAnswer {
    WireAnswer::json(200, &json!(state.tags))
}

pub(super) fn of_contact(state: &State, id: &str) -> Result<WireAnswer, Refusal> {
    let contact = state.store.get(id).ok_or(Refusal::NotFound("Contact not found"))?;
    let described = |name: &String| state.tags.iter().find(|tag| tag.name == *name).map(|tag| json!(tag));
    let tags: Vec<Value> = contact.tags.iter().filter_map(described).collect();
    Ok(WireAnswer::json(200, &json!(tags)))
}

/// Makes the tag if there is none of the name, and gives it to the contact. The body is documented now, the query was.
pub(super) fn add(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    let name = request.parameter("tag").ok_or(Refusal::Missing("Missing required parameters"))?;
    let contact = match (request.parameter("phoneNumber"), request.parameter("email")) {
        (Some(phone), _) => {
            let bare = !phone.starts_with('+');
            let phone = fields::phone(&format!("+{}", phone.trim_start_matches('+')))?;
            let found = state.store.with_phone(&phone).filter(|contact| contacts::visible(contact, request));
            found.filter(|_| bare || !request.options.dmchamp.tags_without_plus)
        }
        (None, Some(email)) => state.store.with_email(email).find(|contact| contacts::visible(contact, request)),
        (None, None) => return Err(Refusal::Missing("Missing required parameters")),
    };
    let mut contact = contact.ok_or(Refusal::NotFound("Contact not found"))?.clone();
    if !state.tags.iter().any(|tag| tag.name == name) {
        state.tags.push(Tag { name: name.to_owned(), description: String::new() });
    }
    if !contact.tags.iter().any(|tag| tag == name) {
        contact.tags.push(name.to_owned());
        state.store.put(contact);
    }
    Ok(WireAnswer::json(200, &json!({ "success": true, "message": "Tag added successfully" })))
}

#[cfg(test)]
mod tests {
    use super::super::DmchampOptions;
    use super::super::test_client::TestClient;
    use serde_json::json;

    #[test]
    fn a_tag_is_made_when_missing_and_given_to_the_contact_by_body_or_by_query() {
        let mut server = TestClient::new(DmchampOptions::default());
        let id = server.create(&json!({ "phoneNumber": "+1234567890", "email": "a@b.c" }));
        assert_eq!(server.send("GET", "/tags", None).value, json!([]));
        server.send("POST", "/tags", Some(&json!({ "tag": "vip", "phoneNumber": "+1234567890" })));
        server.send("POST", "/tags?tag=lead&phoneNumber=1234567890", None);
        server.send("POST", "/tags?tag=vip&email=a@b.c", None);
        let named = json!([{ "name": "vip", "description": "" }, { "name": "lead", "description": "" }]);
        assert_eq!(server.send("GET", &format!("/contacts/tags/{id}"), None).value, named);
        assert_eq!(server.send("GET", "/tags", None).value, named);
        let read = server.send("GET", "/contacts?email=a@b.c", None);
        assert_eq!(read.value["contact"]["tags"], json!(["vip", "lead"]));
    }

    #[test]
    fn tags_of_a_contact_may_be_objects() {
        let mut server = TestClient::new(DmchampOptions { tag_objects: true, ..DmchampOptions::default() });
        server.create(&json!({ "phoneNumber": "+1234567890" }));
        server.send("POST", "/tags", Some(&json!({ "tag": "vip", "phoneNumber": "+1234567890" })));
        let read = server.send("GET", "/contacts?phoneNumber=+1234567890", None);
        assert_eq!(read.value["contact"]["tags"], json!([{ "name": "vip" }]));
    }

    #[test]
    fn a_tag_needs_a_name_and_a_contact() {
        let mut server = TestClient::new(DmchampOptions::default());
        assert_eq!(server.send("POST", "/tags", Some(&json!({ "tag": "vip" }))).status, 400);
        assert_eq!(server.send("POST", "/tags", Some(&json!({ "phoneNumber": "+1234567890" }))).status, 400);
        let missing = server.send("POST", "/tags", Some(&json!({ "tag": "vip", "phoneNumber": "+1234567890" })));
        assert_eq!(missing.status, 404);
        assert_eq!(server.send("GET", "/tags", None).value, json!([]), "no tag without a contact");
        assert_eq!(server.send("GET", "/contacts/tags/nobody", None).status, 404);
        assert_eq!(server.send("GET", "/contacts/tags", None).value, json!("Missing contact ID"));
    }

    #[test]
    fn an_older_deployment_finds_a_phone_without_its_plus_only() {
        let mut server = TestClient::new(DmchampOptions { tags_without_plus: true, ..DmchampOptions::default() });
        server.create(&json!({ "phoneNumber": "+1234567890" }));
        assert_eq!(server.send("POST", "/tags?tag=vip&phoneNumber=+1234567890", None).status, 404);
        assert_eq!(server.send("POST", "/tags?tag=vip&phoneNumber=1234567890", None).status, 200);
    }
}
