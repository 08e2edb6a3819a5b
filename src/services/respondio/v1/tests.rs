//! What each call becomes, and what each answer means.

mod transcripts;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::contact::{Cursor, Edit, Field, Filter, Identifier, RemoteId, Snapshot, TagEdit, TagMode, Target, Value};
use crate::error::ErrorKind;
use crate::services::http::{Body, Method, Wait};
use crate::services::verdict::{Page, Reply};

fn service(settings: &[(&str, &str)]) -> RespondioV1 {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RespondioV1::new(&Settings(settings)).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), at: Duration::from_secs(1_790_000_000) }
}

fn id(text: &str) -> Target {
    Target::Id(RemoteId(text.to_owned()))
}

fn find(kind: IdentifierKind, value: &str) -> Call {
    Call::Find { identifiers: vec![Identifier::new(kind, value)], cursor: None }
}

fn list(cursor: Option<&str>) -> Call {
    Call::List {
        filter: Filter { field: Some((Field::custom("active"), Value::Boolean(true))), ..Filter::default() },
        cursor: cursor.map(|text| Cursor(text.to_owned())),
        page_size: None,
    }
}

fn edit(fields: &[(Field, &str)]) -> Edit {
    let fields = fields.iter().map(|(field, text)| (field.clone(), Value::Text((*text).to_owned()))).collect();
    Edit { fields, ..Edit::default() }
}

fn update(fields: &[(Field, &str)]) -> Call {
    Call::Update { target: id("7"), edit: edit(fields) }
}

fn tags(mode: TagMode, tags: &[&str]) -> Call {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Call::EditTags { target: id("4290180204421871"), edit: TagEdit { mode, tags } }
}

fn create(fields: &[(Field, &str)]) -> Call {
    Call::Create { identifier: Some(Identifier::new(IdentifierKind::Phone, "+60123456789")), edit: edit(fields) }
}

/// Every kind of call that the service has.
fn calls() -> Vec<Call> {
    vec![
        find(IdentifierKind::Phone, "+60123456789"),
        Call::Read { target: id("7") },
        create(&[]),
        update(&[(Field::new("email"), "a@example.com")]),
        tags(TagMode::Add, &["sales"]),
        tags(TagMode::Remove, &["sales"]),
        list(None),
        Call::Check,
    ]
}

fn id_reply(text: &str) -> Verdict {
    Verdict::done(Reply::Id(RemoteId(text.to_owned())))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn an_identifier_among_the_fields_is_sent_once() {
    let request = service(&[]).request(&create(&[(Field::new("phone"), "+60123456789")])).unwrap();
    assert_eq!(request.body, Body::Json(json!({"custom_fields": [{"name": "phone", "value": "+60123456789"}]})));
}

#[test]
fn clearing_a_field_sends_empty_text() {
    let edit = Edit { fields: vec![(Field::new("last_name"), Value::Clear)], ..Edit::default() };
    let request = service(&[]).request(&Call::Update { target: id("7"), edit }).unwrap();
    assert_eq!(request.body, Body::Json(json!({"custom_fields": [{"name": "lastName", "value": ""}]})));
}

#[test]
fn thirty_fields_go_in_one_call_and_thirty_one_do_not() {
    let names: Vec<Field> = (0..31).map(|n| Field::custom(&format!("c{n}"))).collect();
    let fields: Vec<(Field, &str)> = names.into_iter().map(|name| (name, "x")).collect();
    assert!(service(&[]).request(&update(&fields[..30])).is_ok());
    assert_eq!(service(&[]).request(&update(&fields)).unwrap_err().kind, ErrorKind::Bug);
    // The identifier is a field as well.
    assert!(service(&[]).request(&create(&fields[..29])).is_ok());
    assert_eq!(service(&[]).request(&create(&fields[..30])).unwrap_err().kind, ErrorKind::Bug);
    assert_eq!(service(&[]).request(&update(&[])).unwrap_err().kind, ErrorKind::Bug);
}

#[test]
fn ten_tags_go_in_one_call_and_eleven_do_not() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    for mode in [TagMode::Add, TagMode::Remove] {
        assert!(service(&[]).request(&tags(mode, &names[..10])).is_ok());
        assert_eq!(service(&[]).request(&tags(mode, &names)).unwrap_err().kind, ErrorKind::Bug);
    }
}

#[test]
fn calls_the_service_lacks_are_bugs() {
    let target = || id("7");
    let lacking = [
        Call::Delete { target: target() },
        Call::ReadTags { target: target() },
        Call::ListFields { cursor: None },
        Call::ListTags { cursor: None },
        tags(TagMode::Replace, &["a"]),
        find(IdentifierKind::ServiceId, "viber/1"),
        Call::List { filter: Filter::default(), cursor: None, page_size: None },
        Call::Read { target: Target::Identifier(Identifier::new(IdentifierKind::Phone, "+60123456789")) },
        update(&[(Field::new("locale"), "en_US")]),
        update(&[(Field::new("company"), "Acme")]),
        Call::Find { identifiers: vec![], cursor: None },
    ];
    for call in lacking {
        assert_eq!(service(&[]).request(&call).unwrap_err().kind, ErrorKind::Bug, "{call:?}");
    }
}

#[test]
fn ids_cannot_change_the_path() {
    let path = |text: &str| service(&[]).request(&Call::Read { target: id(text) }).unwrap().path;
    assert_eq!(path("a/../b?c"), "/contact/a%2F..%2Fb%3Fc");
    assert_eq!(path("cus_9+1"), "/contact/cus_9%2B1");
}

#[test]
fn base64_ids_are_percent_encoded_in_every_call_by_id() {
    let viber = service(&[("encode_ids", "true")]);
    // The bytes 3f 3e 3e 7e are `Pz4+fg==` in the standard alphabet.
    let call = Call::Read { target: id("\u{3f}\u{3e}>~") };
    assert_eq!(viber.request(&call).unwrap().path, "/contact/Pz4%2Bfg%3D%3D");
    let request = viber.request(&tags(TagMode::Remove, &["a"])).unwrap();
    assert_eq!((request.method, request.path.as_str()), (Method::Delete, "/contact/NDI5MDE4MDIwNDQyMTg3MQ%3D%3D/tags"));
}

#[test]
fn a_phone_is_looked_up_without_plus_only_when_asked() {
    let nothing = r#"{"data": [], "links": {"next": null}, "meta": {"last_page": 1, "total": 0}}"#;
    let call = find(IdentifierKind::Phone, "+60123456789");
    let next = |service: &RespondioV1, call: &Call| match service.verdict(call, &answer(200, nothing)) {
        Verdict::Done { reply: Reply::Contacts(page), .. } => page.next,
        other => panic!("{other:?}"),
    };
    assert_eq!(next(&service(&[]), &call), None);

    let asked = service(&[("phone_without_plus", "true")]);
    let cursor = next(&asked, &call).expect("a second look");
    let second =
        Call::Find { identifiers: vec![Identifier::new(IdentifierKind::Phone, "+60123456789")], cursor: Some(cursor) };
    let query = asked.request(&second).unwrap().query;
    assert_eq!(query, [("name".to_owned(), "phone".to_owned()), ("value".to_owned(), "60123456789".to_owned())]);
    assert_eq!(next(&asked, &second), None, "there is no third look");
    assert_eq!(next(&asked, &find(IdentifierKind::Email, "+a@example.com")), None);

    let held = r#"{"data": [{"id": "1", "custom_fields": {"phone": "60123456789"}}], "meta": {"last_page": 1}}"#;
    let Verdict::Done { reply: Reply::Contacts(page), .. } = asked.verdict(&second, &answer(200, held)) else {
        panic!("contacts")
    };
    assert_eq!(page.items[0].fields[&Field::new("phone")], text("+60123456789"));
}

#[test]
fn numeric_ids_are_kept_as_text() {
    let numeric = r#"{"data": {"id": 4290180204421871}}"#;
    assert_eq!(service(&[]).verdict(&create(&[]), &answer(200, numeric)), id_reply("4290180204421871"));
}

#[test]
fn a_create_without_an_id_is_unclear_and_an_update_is_applied() {
    for body in ["{}", r#"{"data": null}"#, r#"{"data": 5}"#, r#"{"data": {}}"#] {
        assert!(matches!(service(&[]).verdict(&create(&[]), &answer(200, body)), Verdict::Unclear { .. }), "{body}");
    }
    let update = update(&[(Field::new("email"), "a@example.com")]);
    assert_eq!(service(&[]).verdict(&update, &answer(200, r#"{"data": {}}"#)), Verdict::done(Reply::Nothing));
    assert!(matches!(service(&[]).verdict(&update, &answer(200, "{}")), Verdict::Unclear { .. }));
}

#[test]
fn unknown_keys_are_kept_aside() {
    let body = r#"{"data": {"id": "1", "custom_fields": [], "channel": {"source": "viber"}}}"#;
    let Verdict::Done { reply: Reply::Contact(held), .. } =
        service(&[]).verdict(&Call::Read { target: id("1") }, &answer(200, body))
    else {
        panic!("a contact")
    };
    assert_eq!(held.extra["channel"], json!({"source": "viber"}));
    assert_eq!(held.tags, None);
}

#[test]
fn paging_ends_where_the_documents_say() {
    let next = |meta: &str, links: &str| {
        let body = format!(r#"{{"data": [{{"id": "1"}}], "meta": {meta}, "links": {links}}}"#);
        match service(&[]).verdict(&list(Some("3")), &answer(200, &body)) {
            Verdict::Done { reply: Reply::Contacts(page), .. } => page.next.map(|cursor| cursor.0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(next(r#"{"last_page": 3}"#, r#"{"next": "http://x?page=4"}"#), None);
    assert_eq!(next(r#"{"last_page": 4}"#, "{}"), Some("4".into()));
    assert_eq!(next("{}", r#"{"next": null}"#), None);
    assert_eq!(next("{}", r#"{"next": "http://x?page=9"}"#), Some("4".into()));
}

#[test]
fn statuses_of_the_documents() {
    let read = Call::Read { target: id("7") };
    let verdict = |call: &Call, status, body: &str| service(&[]).verdict(call, &answer(status, body));
    assert!(matches!(verdict(&read, 401, "{}"), Verdict::Stop { .. }));
    assert_eq!(
        verdict(&read, 403, r#"{"status": "error", "message": "Something is wrong"}"#),
        Verdict::refused("service.refused", "Something is wrong")
    );
    assert!(matches!(verdict(&read, 404, "{}"), Verdict::Missing { .. }));
    assert!(matches!(verdict(&read, 405, "{}"), Verdict::Refused { .. }));
    assert_eq!(
        verdict(&read, 422, r#"{"status": "error", "message": ["The email is invalid.", "The phone is invalid."]}"#),
        Verdict::refused("service.value", "The email is invalid.; The phone is invalid.")
    );
    for status in [500, 502, 503, 504] {
        assert!(matches!(verdict(&read, status, "<html>"), Verdict::Unclear { .. }), "{status}");
    }
    assert!(matches!(
        verdict(&create(&[]), 403, r#"{"status": "error", "message": "Contact already exists"}"#),
        Verdict::Exists { .. }
    ));
    assert_eq!(
        verdict(&find(IdentifierKind::Email, "a@example.com"), 403, r#"{"message": "no such contact"}"#),
        Verdict::done(Reply::Contacts(Page { items: vec![], next: None, total: None }))
    );
    assert!(matches!(verdict(&read, 301, "<html>"), Verdict::Misdirected { .. }));
    assert!(matches!(verdict(&read, 403, "<html>Blocked"), Verdict::Stop { .. }), "a firewall's page");
    // A path that has no target can't miss a contact: the address is wrong.
    for call in [find(IdentifierKind::Email, "a@example.com"), list(None), create(&[]), Call::Check] {
        assert!(matches!(verdict(&call, 404, "<html>"), Verdict::Misdirected { .. }), "{call:?}");
    }
}

#[test]
fn an_error_with_a_good_status_is_refused() {
    let body = r#"{"status": "error", "message": "no"}"#;
    assert_eq!(
        service(&[]).verdict(&update(&[(Field::new("email"), "x")]), &answer(200, body)),
        Verdict::refused("service.refused", "no")
    );
}

#[test]
fn retry_after_is_obeyed() {
    let mut limited = answer(429, "{}");
    limited.headers.push(("retry-after".into(), "17".into()));
    let Verdict::Again { wait, .. } = service(&[]).verdict(&create(&[]), &limited) else { panic!("again") };
    assert_eq!(wait, Wait::For(Duration::from_secs(17)));
}

#[test]
fn an_unreadable_good_answer_is_unclear() {
    for call in calls() {
        for body in ["", "<xml></xml>", "{\"data\": ", "\u{feff}nonsense"] {
            let verdict = service(&[]).verdict(&call, &answer(200, body));
            assert!(matches!(verdict, Verdict::Unclear { .. }), "{call:?} {body:?}: {verdict:?}");
        }
    }
}

#[test]
fn every_call_of_the_capabilities_is_in_an_operation() {
    for call in calls() {
        let kind = call.kind();
        assert!(CAPABILITIES.has(kind), "{kind}");
        assert!(CAPABILITIES.operations.iter().any(|operation| operation.calls.contains(&kind)), "{kind}");
        assert!(service(&[]).request(&call).is_ok(), "{kind}");
    }
}

#[test]
fn settings_are_checked() {
    let with = |name: &str, value: &str| RespondioV1::new(&Settings([(name.into(), value.into())].into()));
    assert_eq!(with("encode_ids", "yes").err().unwrap().kind, ErrorKind::Usage);
    assert_eq!(with("search_lag", "soon").err().unwrap().kind, ErrorKind::Usage);
    assert_eq!(with("colour", "red").err().unwrap().kind, ErrorKind::Usage);
    assert_eq!(with("search_lag", "5").unwrap().capabilities.search_lag.value, Duration::from_secs(5));
}

proptest! {
    #[test]
    fn any_answer_gives_a_verdict(status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        for call in calls() {
            let answer = Answer { status, headers: Vec::new(), body: body.clone(), at: Duration::ZERO };
            service(&[]).verdict(&call, &answer);
        }
    }

    #[test]
    fn any_json_of_the_right_keys_gives_a_verdict(
        status in prop::sample::select(vec![200_u16, 400, 403, 404, 422, 429, 500]),
        data in prop::sample::select(vec!["null", "[]", "{}", "[1]", "[{}]", "{\"id\": []}", "[{\"id\": 1, \"tags\": {}}]", "\"x\""]),
        meta in prop::sample::select(vec!["null", "1", "{\"last_page\": \"x\"}", "{\"last_page\": 18446744073709551615}"]),
        cursor in prop::sample::select(vec!["18446744073709551615", "without-plus:", "junk", "-1"]),
    ) {
        let body = format!(r#"{{"status": "ok", "message": {data}, "data": {data}, "meta": {meta}, "links": {meta}}}"#);
        for call in calls().into_iter().chain([list(Some(cursor))]) {
            service(&[]).verdict(&call, &answer(status, &body));
        }
    }
}
