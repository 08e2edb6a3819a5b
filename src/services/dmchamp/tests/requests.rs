use serde_json::json;

use super::*;
use crate::contact::{CallKind, CustomEdit};
use crate::error::ErrorKind;
use crate::services::ALL;
use crate::services::http::{Body, Method};

fn body(service: &DmChamp, call: &Call) -> serde_json::Value {
    match service.request(call).unwrap().body {
        Body::Json(json) => json,
        other => panic!("no JSON body: {other:?}"),
    }
}

fn is_bug(service: &DmChamp, call: &Call) -> bool {
    service.request(call).is_err_and(|error| error.kind == ErrorKind::Bug)
}

#[test]
fn it_is_listed_and_connects_to_the_sandbox() {
    let entry = ALL.iter().find(|entry| entry.name == "dmchamp").unwrap();
    let service = entry.connect_to_sandbox().unwrap();
    assert_eq!((service.name(), service.credential()), ("dmchamp", Credential::Query("apiKey")));
    assert_eq!(service.capabilities().search_lag.value, Duration::ZERO);
}

#[test]
fn every_call_of_the_capabilities_has_a_request_and_no_other() {
    for service in [account(&[]), open(), account(&[("older", "true")])] {
        for call in calls() {
            assert_eq!(service.request(&call).is_ok(), service.capabilities().has(call.kind()), "{}", call.kind());
        }
        assert!(is_bug(&service, &Call::Delete { target: id() }));
        assert!(is_bug(&service, &Call::Read { target: id() }));
    }
    assert!(!account(&[]).capabilities().has(CallKind::List));
}

#[test]
fn guessed_operations_are_off_until_a_setting_turns_them_on() {
    let remove = Call::RemoveFromList { target: id(), list: "list-1".to_owned() };
    let messages = Call::ReadMessages { target: id() };
    assert!(is_bug(&account(&[]), &remove));
    assert!(is_bug(&account(&[]), &messages));
    let request = open().request(&remove).unwrap();
    assert_eq!((request.method, request.path.as_str()), (Method::Delete, "/contacts/lists"));
    assert_eq!(request.body, Body::Json(json!({"contactId": "abc123", "listId": "list-1"})));
    assert_eq!(open().request(&messages).unwrap().path, "/contacts/messages/abc123");
}

#[test]
fn flags_of_a_contact_are_never_sent_by_themselves() {
    assert_eq!(body(&account(&[]), &create(&[])), json!({"phoneNumber": "+1234567890"}));
    assert_eq!(body(&account(&[]), &update(&[("first_name", text("Ann"))])), json!({"firstName": "Ann"}));
    // A cell that is to be cleared leaves consent as it is.
    let cleared = update(&[("do_not_disturb", Value::Clear), ("bot_active", Value::Clear)]);
    assert_eq!(body(&account(&[]), &cleared), json!({}));
}

#[test]
fn a_create_takes_every_field_of_the_document() {
    let call = create(&[
        ("phone", text("+1234567890")),
        ("last_name", text("Lee")),
        ("email", Value::Clear),
        ("instagram_id", text("ann.i")),
        ("current_campaign", text("c1")),
        ("current_campaign_data", text(r#"{"step":2}"#)),
        ("channel", text("whatsapp")),
        ("chat_window_open", Value::Boolean(false)),
        ("external_id", text("crm-1")),
        ("custom_channel", text("cc")),
        ("chat_widget_id", text("w1")),
        ("bot_active", Value::Boolean(false)),
    ]);
    assert_eq!(
        body(&account(&[]), &call),
        json!({
            "phoneNumber": "+1234567890",
            "lastName": "Lee",
            "instagramId": "ann.i",
            "currentCampaign": "c1",
            "currentCampaignData": {"step": 2},
            "channel": "whatsapp",
            "isChatWindowOpen": false,
            "externalId": "crm-1",
            "customChannel": "cc",
            "chatWidgetId": "w1",
            "is_bot_active": false,
        })
    );
}

#[test]
fn an_update_refuses_what_only_a_create_takes() {
    for field in ["phone", "channel", "external_id", "instagram_id", "created_at", "id", "no_such"] {
        assert!(is_bug(&account(&[]), &update(&[(field, text("x"))])), "{field}");
    }
    assert!(is_bug(&account(&[]), &Call::Create { identifier: None, edit: edit(&[("email", text("a@b.c"))]) }));
}

#[test]
fn custom_fields_are_sent_only_where_the_account_says_so() {
    let call = update(&[("custom.plan", text("gold")), ("custom.seats", Value::Number("3".to_owned()))]);
    assert!(is_bug(&account(&[]), &call));
    assert_eq!(body(&open(), &call), json!({"custom_fields": {"plan": "gold", "seats": 3}}));
    let edit = Edit { custom: CustomEdit::Remove, ..edit(&[("custom.plan", text("gold"))]) };
    assert!(is_bug(&open(), &Call::Update { target: id(), edit }));
}

#[test]
fn an_older_deployment_takes_no_lists_in_a_create() {
    let edit = Edit { lists: vec!["list-1".to_owned()], ..edit(&[("phone", text("+1234567890"))]) };
    let call = Call::Create { identifier: None, edit };
    assert!(account(&[]).request(&call).is_ok());
    assert!(is_bug(&account(&[("older", "true")]), &call));
    assert!(!account(&[("older", "true")]).capabilities().find_tells_fields);
}

#[test]
fn a_tag_goes_alone_and_to_a_phone_or_email() {
    assert!(is_bug(&account(&[]), &add_tags(phone(), &["a", "b"])));
    assert!(is_bug(&account(&[]), &add_tags(id(), &["a"])));
    let email = Target::Identifier(Identifier::new(IdentifierKind::Email, "ann@example.com"));
    assert_eq!(body(&account(&[]), &add_tags(email, &["a"])), json!({"tag": "a", "email": "ann@example.com"}));
}

#[test]
fn an_id_can_not_change_the_path() {
    let read = |id: &str| {
        let target = Target::Id(RemoteId(id.to_owned()));
        account(&[]).request(&Call::ReadTags { target }).map(|request| request.path)
    };
    assert_eq!(read("a/b?c").unwrap(), "/contacts/tags/a%2Fb%3Fc");
    assert!(read("..").is_err());
    assert!(read("").is_err());
}

#[test]
fn every_operation_has_a_call_or_says_why_not() {
    for operation in account(&[]).capabilities().operations {
        assert!(!operation.calls.is_empty() || !operation.note.is_empty(), "{}", operation.title);
        for kind in operation.calls {
            assert!(account(&[]).capabilities().has(*kind), "{} {kind}", operation.title);
        }
    }
}
