use serde_json::json;

use super::answers::Refusal;
use super::options::DmchampOptions;
use super::record::Contact;
use super::request::Request;
use super::store::Store;
use crate::WireAnswer;

/// No operation makes lists or names them, so these exist from the start.
const LISTS: [&str; 3] = ["list-1", "list-2", "list-3"];

fn exists(options: &DmchampOptions, list: &str) -> bool {
    LISTS.contains(&list) || options.lists.iter().any(|known| known == list)
}

/// A create documents 404 for a list that does not exist.
pub(super) fn check_on_create(options: &DmchampOptions, list: &str) -> Result<(), Refusal> {
    if exists(options, list) { Ok(()) } else { Err(Refusal::NotFound("List not found")) }
}

pub(super) fn add(store: &mut Store, request: &Request) -> Result<WireAnswer, Refusal> {
    let (mut contact, list) = named(store, request)?;
    if !contact.lists.contains(&list) {
        contact.lists.push(list.clone());
        store.put(contact);
    }
    Ok(done(&format!("Contact added to list {list} successfully")))
}

/// Documented by name only; path and method mirror the addition.
pub(super) fn remove(store: &mut Store, request: &Request) -> Result<WireAnswer, Refusal> {
    let (mut contact, list) = named(store, request)?;
    contact.lists.retain(|known| *known != list);
    store.put(contact);
    Ok(done(&format!("Contact removed from list {list} successfully")))
}

/// Both operations list no 404: what is not there is not permitted.
fn named(store: &Store, request: &Request) -> Result<(Contact, String), Refusal> {
    let text = |key: &str| request.body.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let (Some(id), Some(list)) = (text("contactId"), text("listId")) else {
        return Err(Refusal::Missing("Missing required parameters"));
    };
    let contact = store.get(id).filter(|_| exists(&request.options.dmchamp, list)).ok_or(Refusal::Denied)?;
    Ok((contact.clone(), list.to_owned()))
}

fn done(message: &str) -> WireAnswer {
    WireAnswer::json(200, &json!({ "success": true, "message": message }))
}

#[cfg(test)]
mod tests {
    use super::super::DmchampOptions;
    use super::super::test_client::TestClient;
    use serde_json::json;

    #[test]
    fn a_contact_is_added_to_a_list_and_taken_off_it() {
        let mut server = TestClient::new(DmchampOptions::default());
        let id = server.create(&json!({ "phoneNumber": "+1234567890" }));
        let place = json!({ "contactId": id, "listId": "list-2" });
        for _ in 0..2 {
            let added = server.send("POST", "/contacts/lists", Some(&place));
            assert_eq!((added.status, &added.value["success"]), (200, &json!(true)));
            assert!(added.value["message"].as_str().unwrap().contains("list-2"));
            assert_eq!(server.contacts()[0]["lists"], json!(["list-2"]));
        }
        assert_eq!(server.send("DELETE", "/contacts/lists", Some(&place)).status, 200);
        assert_eq!(server.contacts()[0]["lists"], json!([]));
    }

    #[test]
    fn missing_parameters_are_400_and_what_is_not_there_403() {
        let options = DmchampOptions { lists: vec!["mine".into()], ..DmchampOptions::default() };
        let mut server = TestClient::new(options);
        let id = server.create(&json!({ "phoneNumber": "+1234567890" }));
        let mut add = |body| {
            let answer = server.send("POST", "/contacts/lists", Some(&body));
            (answer.status, answer.value)
        };
        assert_eq!(add(json!({ "contactId": id })), (400, json!("Missing required parameters")));
        assert_eq!(add(json!({ "listId": "mine" })).0, 400);
        assert_eq!(add(json!({ "contactId": id, "listId": "mine" })).0, 200);
        assert_eq!(add(json!({ "contactId": id, "listId": "theirs" })).0, 403);
        assert_eq!(add(json!({ "contactId": "nobody", "listId": "mine" })).0, 403);
    }
}
