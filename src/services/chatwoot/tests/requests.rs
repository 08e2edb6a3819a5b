use serde_json::json;

use super::*;
use crate::contact::{CallKind, CustomEdit, Filter};
use crate::error::ErrorKind;
use crate::services::http::{Body, Method};
use crate::services::{ALL, Credential, Service};

fn body(service: &Chatwoot, call: &Call) -> serde_json::Value {
    match service.request(call).unwrap().body {
        Body::Json(json) => json,
        other => panic!("no JSON body: {other:?}"),
    }
}

fn kind_of_error(service: &Chatwoot, call: &Call) -> ErrorKind {
    service.request(call).unwrap_err().kind
}

#[test]
fn the_three_names_are_listed_and_connect_to_the_sandbox() {
    for name in ["chatwoot", "99digital", "engagelab"] {
        let entry = ALL.iter().find(|entry| entry.name == name).unwrap();
        let service = entry.connect_to_sandbox().unwrap();
        assert_eq!(service.name(), name);
    }
}

#[test]
fn every_call_of_the_capabilities_has_a_request_and_no_other() {
    for service in all() {
        for call in calls() {
            assert_eq!(
                service.request(&call).is_ok(),
                service.capabilities().has(call.kind()),
                "{} {}",
                service.name(),
                call.kind()
            );
        }
        let upsert =
            Call::Upsert { identifier: Identifier::new(IdentifierKind::Email, "a@b.c"), edit: Edit::default() };
        assert_eq!(kind_of_error(&service, &upsert), ErrorKind::Bug);
    }
}

#[test]
fn undocumented_operations_are_off_until_a_setting_turns_them_on() {
    let optional =
        [CallKind::ReplaceTags, CallKind::ReadTags, CallKind::ListTags, CallKind::Delete, CallKind::ClearFields];
    let [_, digital99_all, engagelab_all] = all();
    for (off, on) in [(digital99(), digital99_all), (engagelab(), engagelab_all)] {
        for kind in optional {
            assert!(!off.capabilities().has(kind), "{kind}");
            assert!(on.capabilities().has(kind), "{kind}");
        }
        assert_eq!(off.limits().identifiers_per_find.value, 1);
        assert_eq!(on.limits().identifiers_per_find.value, 150);
    }
    assert!(digital99().capabilities().has(CallKind::Read));
    assert!(!engagelab().capabilities().has(CallKind::Read));
}

#[test]
fn a_setting_names_the_header_that_passes_a_proxy() {
    let with = |header| {
        let service = account(&upstream::FLAVOR, &[("account_id", "1"), ("header", header)]);
        service.credential()
    };
    assert_eq!(chatwoot().credential(), Credential::Header("api_access_token"));
    assert_eq!(with("api-access-token"), Credential::Header("Api-Access-Token"));
    assert_eq!(with("Authorization"), Credential::Bearer);
    assert_eq!(engagelab().credential(), Credential::Basic);
}

#[test]
fn wrong_settings_are_refused_by_name() {
    let connect = |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let error = Chatwoot::new(&upstream::FLAVOR, &Settings(settings)).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Usage);
        error.message
    };
    assert_eq!(connect(&[]), "chatwoot needs the setting: account_id");
    assert_eq!(connect(&[("account_id", "shop")]), "the setting account_id is not a number: shop");
    assert_eq!(connect(&[("account_id", "1"), ("header", "x")]), "the setting header can't be: x");
    let missing = Chatwoot::new(&digital99::FLAVOR, &Settings([("account_id".into(), "1".into())].into()));
    assert_eq!(missing.err().unwrap().message, "99digital needs the setting: inbox_id");
}

#[test]
fn nothing_is_sent_that_would_fail_on_the_server() {
    let service = chatwoot();
    // `blocked: null` and a second `identifier: ""` end in a server error.
    assert_eq!(body(&service, &update(&[("blocked", Value::Clear)])), json!({"blocked": false}));
    assert_eq!(body(&service, &update(&[("external_id", Value::Clear)])), json!({"identifier": null}));
    assert_eq!(body(&service, &create(&[("name", text("Ann")), ("external_id", text(""))])), json!({"name": "Ann"}));
    for phone in ["4930123456", "+0123", "+49 30 1", "+", "+1", "+1234567890123456", "abc+4912345"] {
        assert_eq!(kind_of_error(&service, &update(&[("phone", text(phone))])), ErrorKind::Usage, "{phone}");
    }
    assert_eq!(body(&service, &update(&[("phone", text("+12"))])), json!({"phone_number": "+12"}));
}

#[test]
fn custom_values_keep_their_type_and_digits() {
    let call = update(&[
        ("custom.seats", Value::Number("12".to_owned())),
        ("custom.price", Value::Number("-12.50".to_owned())),
        ("custom.card", Value::Number("1234567890.1234567890123456789".to_owned())),
        ("custom.vip", Value::Boolean(false)),
        ("custom.a.b", text("dots are part of the name")),
        ("custom.born", Value::Date("2001-02-03".to_owned())),
    ]);
    assert_eq!(
        body(&chatwoot(), &call),
        json!({"custom_attributes": {
            "seats": 12,
            "price": -12.5,
            "card": "1234567890.1234567890123456789",
            "vip": false,
            "a.b": "dots are part of the name",
            "born": "2001-02-03",
        }})
    );
}

#[test]
fn an_old_server_gets_the_whole_additional_attributes() {
    let service = account(&upstream::FLAVOR, &[("account_id", "1"), ("replace_additional", "true")]);
    let mut edit = edit(&[("city", text("Jaffa")), ("github", text("ann"))]);
    let held = json!({"city": "Haifa", "created_at_ip": "192.0.2.1", "social_profiles": {"facebook": "ann.f"}});
    edit.groups.insert("additional_attributes".to_owned(), held);
    let call = Call::Update { target: id("7"), edit };
    assert_eq!(
        body(&service, &call),
        json!({"additional_attributes": {
            "city": "Jaffa",
            "created_at_ip": "192.0.2.1",
            "social_profiles": {"facebook": "ann.f", "github": "ann"},
        }})
    );
    let seen = service.verdict(&call, &answer(200, r#"{"payload":{"id":7,"additional_attributes":{"x":1}}}"#));
    let crate::services::Verdict::Done { reply: crate::services::Reply::Contact(seen), .. } = seen else { panic!() };
    assert_eq!(seen.groups["additional_attributes"], json!({"x": 1}));
}

#[test]
fn an_untouched_group_is_not_sent() {
    let mut edit = edit(&[("city", text("Jaffa"))]);
    edit.groups.insert("additional_attributes.social_profiles".to_owned(), json!({"facebook": "ann.f"}));
    let call = Call::Update { target: id("7"), edit };
    assert_eq!(body(&chatwoot(), &call), json!({"additional_attributes": {"city": "Jaffa"}}));
}

#[test]
fn the_inbox_of_a_row_wins_over_the_setting() {
    let call = create(&[("name", text("Ann")), ("inbox_id", Value::Number("4".to_owned()))]);
    assert_eq!(body(&digital99(), &call), json!({"name": "Ann", "inbox_id": 4}));
    assert_eq!(body(&digital99(), &create(&[("name", text("A"))])), json!({"name": "A", "inbox_id": 10}));
    assert_eq!(body(&chatwoot(), &create(&[("name", text("A"))])), json!({"name": "A"}));
}

#[test]
fn the_identifier_of_a_create_is_stored_once() {
    let identifier = Some(Identifier::new(IdentifierKind::Email, "ann@example.com"));
    let call = Call::Create { identifier, edit: edit(&[("name", text("Ann"))]) };
    assert_eq!(body(&chatwoot(), &call), json!({"name": "Ann", "email": "ann@example.com"}));
}

#[test]
fn livedesk_takes_few_fields_in_a_create_and_telegram_beside_the_city() {
    let service = engagelab();
    for field in ["blocked", "city", "github", "first_name"] {
        assert_eq!(kind_of_error(&service, &create(&[(field, text("x"))])), ErrorKind::Bug, "{field}");
        assert!(service.request(&update(&[(field, text("x"))])).is_ok(), "{field}");
    }
    assert!(!service.capabilities().create_with_custom_fields);
    assert_eq!(
        body(&service, &update(&[("telegram", text("ann")), ("twitter", Value::Clear)])),
        json!({"additional_attributes": {"telegram": "ann", "social_profiles": {"twitter": ""}}})
    );
    assert_eq!(
        body(&chatwoot(), &update(&[("telegram", text("ann"))])),
        json!({"additional_attributes": {"social_profiles": {"telegram": "ann"}}})
    );
}

#[test]
fn what_99digital_only_returns_is_not_written_until_a_setting_says_so() {
    let call = update(&[("city", text("Haifa"))]);
    assert_eq!(kind_of_error(&digital99(), &call), ErrorKind::Bug);
    let settings = [("account_id", "1"), ("inbox_id", "1"), ("additional_attributes", "true")];
    let open = account(&digital99::FLAVOR, &settings);
    assert_eq!(body(&open, &call), json!({"additional_attributes": {"city": "Haifa"}}));
}

#[test]
fn a_look_up_stays_within_its_limits() {
    let key = (IdentifierKind::Email, "a@b.c");
    assert!(chatwoot().request(&find(&[key; 150])).is_ok());
    assert_eq!(kind_of_error(&chatwoot(), &find(&[key; 151])), ErrorKind::Bug);
    assert_eq!(kind_of_error(&chatwoot(), &find(&[])), ErrorKind::Bug);
    assert!(digital99().request(&find(&[key])).is_ok());
    assert_eq!(kind_of_error(&digital99(), &find(&[key; 2])), ErrorKind::Bug);
    // A blank search answers 200 with an empty list, which would read as "not there".
    assert_eq!(kind_of_error(&digital99(), &find(&[(IdentifierKind::Email, " ")])), ErrorKind::Bug);
    assert_eq!(kind_of_error(&chatwoot(), &find(&[(IdentifierKind::ServiceId, "x/1")])), ErrorKind::Bug);
}

#[test]
fn a_listing_can_be_narrowed_where_the_service_can() {
    let by_tag = Filter { tag: Some("vip".to_owned()), ..Filter::default() };
    let call = Call::List { filter: by_tag, cursor: None, page_size: Some(100) };
    let query = |service: &Chatwoot| service.request(&call).unwrap().query[0].clone();
    assert_eq!(query(&chatwoot()), ("labels[]".to_owned(), "vip".to_owned()));
    assert_eq!(query(&engagelab()), ("labels".to_owned(), "vip".to_owned()));

    let filter =
        Filter { tag: Some("vip".to_owned()), field: Some((Field::new("country"), text("IL"))), ..Filter::default() };
    let call = Call::List { filter, cursor: None, page_size: None };
    let request = chatwoot().request(&call).unwrap();
    assert_eq!((request.method, request.path.as_str()), (Method::Post, "/api/v1/accounts/1/contacts/filter"));
    assert_eq!(
        body(&chatwoot(), &call),
        json!({"payload": [
            {"attribute_key": "country_code", "filter_operator": "equal_to", "values": ["IL"], "query_operator": "AND"},
            {"attribute_key": "labels", "filter_operator": "equal_to", "values": ["vip"], "query_operator": null},
        ]})
    );
    let capitals =
        Filter { tag: Some("VIP".to_owned()), field: Some((Field::new("country"), text("IL"))), ..Filter::default() };
    let call = Call::List { filter: capitals, cursor: None, page_size: None };
    assert_eq!(kind_of_error(&chatwoot(), &call), ErrorKind::Usage, "the server would find nobody");
    let by_github = Filter { field: Some((Field::new("github"), text("ann"))), ..Filter::default() };
    let call = Call::List { filter: by_github, cursor: None, page_size: None };
    assert_eq!(kind_of_error(&chatwoot(), &call), ErrorKind::Usage);
    assert_eq!(kind_of_error(&engagelab(), &call), ErrorKind::Bug);
}

#[test]
fn an_id_can_not_change_the_path() {
    let path = |text: &str| chatwoot().request(&Call::Read { target: id(text) }).unwrap().path;
    assert_eq!(path("7/labels?x=1"), "/api/v1/accounts/1/contacts/7%2Flabels%3Fx%3D1");
    for outside in ["", ".", ".."] {
        assert_eq!(kind_of_error(&chatwoot(), &Call::Delete { target: id(outside) }), ErrorKind::Usage);
    }
    let mapped = Target::Identifier(Identifier::new(IdentifierKind::Id, "7"));
    assert_eq!(chatwoot().request(&Call::Read { target: mapped }).unwrap().path, "/api/v1/accounts/1/contacts/7");
    let target = Target::Identifier(Identifier::new(IdentifierKind::Email, "a@b.c"));
    assert_eq!(kind_of_error(&chatwoot(), &Call::Read { target }), ErrorKind::Bug);
}

#[test]
fn what_the_family_can_not_do_is_a_bug_to_ask() {
    let edit = Edit { custom: CustomEdit::Replace, ..edit(&[("custom.a", text("b"))]) };
    assert_eq!(kind_of_error(&chatwoot(), &Call::Update { target: id("7"), edit }), ErrorKind::Bug);
    let add = Call::EditTags { target: id("7"), edit: TagEdit { mode: TagMode::Add, tags: vec!["a".to_owned()] } };
    assert_eq!(kind_of_error(&chatwoot(), &add), ErrorKind::Bug);
    let since = Filter { updated_since: Some("2026-01-01T00:00:00Z".to_owned()), ..Filter::default() };
    let call = Call::List { filter: since, cursor: None, page_size: None };
    assert_eq!(kind_of_error(&chatwoot(), &call), ErrorKind::Bug);
}

#[test]
fn every_operation_has_a_call_or_says_why_not() {
    for service in all() {
        for operation in service.capabilities().operations {
            assert!(!operation.calls.is_empty() || !operation.note.is_empty(), "{}", operation.title);
            for kind in operation.calls {
                assert!(service.capabilities().has(*kind), "{} {kind}", operation.title);
            }
        }
    }
}
