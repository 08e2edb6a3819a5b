//! What each call becomes, and what each answer means.

mod transcripts;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::contact::{
    Cursor, Edit, Field, FieldDefinition, FieldKind, Filter, Identifier, RemoteId, Snapshot, TagEdit, TagMode, Target,
    Value,
};
use crate::error::ErrorKind;
use crate::services::http::{Body, Wait};
use crate::services::verdict::{Page, Reply};

fn service() -> Respondio {
    Respondio::new(&Settings::default()).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), at: Duration::from_secs(1_790_000_000) }
}

fn id(text: &str) -> Target {
    Target::Id(RemoteId(text.to_owned()))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn find(kind: IdentifierKind, value: &str) -> Call {
    Call::Find { identifiers: vec![Identifier::new(kind, value)], cursor: None }
}

fn update(fields: &[(Field, Value)]) -> Call {
    Call::Update { target: id("123"), edit: Edit { fields: fields.to_vec(), ..Edit::default() } }
}

fn create(fields: &[(Field, Value)]) -> Call {
    let identifier = Some(Identifier::new(IdentifierKind::Email, "john@example.com"));
    Call::Create { identifier, edit: Edit { fields: fields.to_vec(), ..Edit::default() } }
}

fn john() -> Call {
    create(&[(Field::new("first_name"), text("John"))])
}

fn tags(mode: TagMode, tags: &[&str]) -> Call {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Call::EditTags { target: id("123"), edit: TagEdit { mode, tags } }
}

fn list(cursor: Option<&str>) -> Call {
    let cursor = cursor.map(|text| Cursor(text.to_owned()));
    Call::List { filter: Filter::default(), cursor, page_size: Some(10) }
}

fn read() -> Call {
    Call::Read { target: id("123") }
}

/// Every kind of call that the service has.
fn calls() -> Vec<Call> {
    vec![
        find(IdentifierKind::Phone, "+60123456789"),
        read(),
        john(),
        update(&[(Field::new("email"), text("a@example.com")), (Field::custom("Company"), text("Acme"))]),
        Call::Delete { target: id("123") },
        tags(TagMode::Add, &["vip"]),
        tags(TagMode::Remove, &["vip"]),
        list(None),
        Call::ListFields { cursor: None },
        Call::Check,
    ]
}

fn verdict(call: &Call, status: u16, body: &str) -> Verdict {
    service().verdict(call, &answer(status, body))
}

fn contacts(items: Vec<Snapshot>, next: Option<&str>) -> Verdict {
    Verdict::done(Reply::Contacts(Page { items, next: next.map(|text| Cursor(text.to_owned())), total: None }))
}

#[test]
fn a_queued_create_may_still_happen() {
    assert!(matches!(verdict(&john(), 449, "{}"), Verdict::Unclear { .. }));
    let mut queued = answer(449, "{}");
    queued.headers.push(("retry-after".into(), "30".into()));
    let Verdict::Again { wait, .. } = service().verdict(&read(), &queued) else { panic!("again") };
    assert_eq!(wait, Wait::For(Duration::from_secs(30)));
}

#[test]
fn identifiers_are_percent_encoded_and_their_kind_is_not() {
    let path = |kind, value: &str| service().request(&find(kind, value)).unwrap().path;
    assert_eq!(path(IdentifierKind::Email, "a/b+c@example.com"), "/contact/email:a%2Fb%2Bc%40example.com");
    assert_eq!(path(IdentifierKind::Id, "5"), "/contact/id:5");
    let target = Target::Identifier(Identifier::new(IdentifierKind::Phone, "+60123456789"));
    assert_eq!(service().request(&Call::Delete { target }).unwrap().path, "/contact/phone:%2B60123456789");
}

#[test]
fn values_keep_their_types() {
    let call = update(&[
        (Field::custom("Seats"), Value::Number("12".into())),
        (Field::custom("Newsletter"), Value::Boolean(false)),
        (Field::custom("Born"), Value::Date("1990-01-31".into())),
        (Field::custom("Role"), Value::Clear),
    ]);
    let expected = json!({ "custom_fields": [
        {"name": "Seats", "value": 12},
        {"name": "Newsletter", "value": false},
        {"name": "Born", "value": "1990-01-31"},
        {"name": "Role", "value": null},
    ]});
    assert_eq!(service().request(&call).unwrap().body, Body::Json(expected));
}

#[test]
fn first_name_is_needed_to_create_and_cannot_be_emptied() {
    let nameless = create(&[(Field::new("email"), text("john@example.com"))]);
    assert_eq!(service().request(&nameless).unwrap_err().kind, ErrorKind::Usage);
    let emptied = update(&[(Field::new("first_name"), Value::Clear)]);
    assert_eq!(service().request(&emptied).unwrap_err().kind, ErrorKind::Usage);
}

#[test]
fn ten_tags_go_in_one_call_and_eleven_do_not() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    for mode in [TagMode::Add, TagMode::Remove] {
        assert!(service().request(&tags(mode, &names[..10])).is_ok());
        assert_eq!(service().request(&tags(mode, &names)).unwrap_err().kind, ErrorKind::Bug);
        assert_eq!(service().request(&tags(mode, &[])).unwrap_err().kind, ErrorKind::Bug);
    }
}

#[test]
fn calls_the_service_lacks_are_bugs() {
    let since = Filter { updated_since: Some("2026-01-01T00:00:00Z".into()), ..Filter::default() };
    let lacking = [
        Call::Upsert { identifier: Identifier::new(IdentifierKind::Phone, "+60123456789"), edit: Edit::default() },
        Call::ReadTags { target: id("1") },
        Call::ListTags { cursor: None },
        Call::ReadMessages { target: id("1") },
        tags(TagMode::Replace, &["a"]),
        find(IdentifierKind::ExternalId, "x"),
        update(&[]),
        update(&[(Field::new("lifecycle"), text("Hot Lead"))]),
        update(&[(Field::new("company"), text("Acme"))]),
        Call::Create { identifier: None, edit: Edit::default() },
        Call::List { filter: since, cursor: None, page_size: None },
    ];
    for call in lacking {
        assert_eq!(service().request(&call).unwrap_err().kind, ErrorKind::Bug, "{call:?}");
    }
}

#[test]
fn page_sizes_stay_within_the_documents() {
    let limit = |page_size| {
        let call = Call::List { filter: Filter::default(), cursor: None, page_size };
        service().request(&call).unwrap().query[0].1.clone()
    };
    assert_eq!([limit(None), limit(Some(0)), limit(Some(100)), limit(Some(101))], ["100", "1", "100", "100"]);
}

#[test]
fn a_listing_by_an_empty_value_asks_for_contacts_without_one() {
    let filter = Filter { field: Some((Field::custom("Role"), Value::Clear)), ..Filter::default() };
    let request = service().request(&Call::List { filter, cursor: None, page_size: None }).unwrap();
    let Body::Json(body) = request.body else { panic!("json") };
    assert_eq!(
        body["filter"]["$and"],
        json!([{"category": "contactField", "field": "Role", "operator": "doesNotExist", "value": null}])
    );
}

#[test]
fn only_the_cursor_of_the_next_address_is_taken() {
    let next = |call: &Call, next: &str| {
        let body = format!(r#"{{"items": [{{"id": 1}}], "pagination": {{"next": {next}}}}}"#);
        match verdict(call, 200, &body) {
            Verdict::Done { reply: Reply::Contacts(page), .. } => page.next.map(|cursor| cursor.0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(next(&list(None), r#""https://evil.example/?cursorId=7""#), Some("7".into()));
    assert_eq!(next(&list(None), r#""/contact/list?cursorId=-7&limit=10""#), Some("-7".into()));
    for end in [
        "null",
        r#""""#,
        r#""https://x/list?limit=10""#,
        r#""https://x/list?cursorId=""#,
        r#""https://x?cursorId=a%26b""#,
    ] {
        assert_eq!(next(&list(None), end), None, "{end}");
    }
    assert_eq!(next(&list(Some("7")), r#""https://x?cursorId=7""#), None, "a cursor that repeats is the end");
}

#[test]
fn a_taken_identifier_is_a_contact_that_exists() {
    let exists = |fields: &[&str], message: &str| Verdict::Exists {
        message: message.into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        id: None,
    };
    assert_eq!(verdict(&john(), 409, r#"{"code": 409, "message": "Conflict"}"#), exists(&[], "Conflict"));
    let with_email = create(&[(Field::new("first_name"), text("J")), (Field::new("email"), text("j@example.com"))]);
    let message = "Contact with this email already exists";
    assert_eq!(
        verdict(&with_email, 400, &json!({"code": 400, "message": message}).to_string()),
        exists(&["email"], message)
    );
}

#[test]
fn statuses_of_the_documents() {
    assert!(matches!(verdict(&read(), 401, "{}"), Verdict::Stop { .. }));
    assert_eq!(
        verdict(&update(&[(Field::new("phone"), text("1"))]), 400, r#"{"code": 400, "message": "phone is not valid"}"#),
        Verdict::Refused {
            code: "service.value".into(),
            message: "phone is not valid".into(),
            fields: vec!["phone".into()]
        }
    );
    for status in [500, 502, 503] {
        assert!(matches!(verdict(&john(), status, "<html>"), Verdict::Unclear { .. }), "{status}");
    }
    // A page that isn't the API's own says that the API isn't there, not that the contact isn't.
    for call in calls() {
        assert!(matches!(verdict(&call, 404, "<html>"), Verdict::Misdirected { .. }), "{call:?}");
        assert!(matches!(verdict(&call, 200, "<html>"), Verdict::Misdirected { .. }), "{call:?}");
        assert!(matches!(verdict(&call, 302, "<html>"), Verdict::Misdirected { .. }), "{call:?}");
    }
}

#[test]
fn an_error_with_a_good_status_is_an_error() {
    let body = r#"{"code": "400", "message": "Custom field X not found in the workspace"}"#;
    assert!(matches!(verdict(&john(), 200, body), Verdict::Refused { code, .. } if code == "field.unknown"));
    assert!(matches!(verdict(&read(), 200, r#"{"code": 401}"#), Verdict::Stop { .. }));
}

#[test]
fn an_unreadable_good_answer_is_unclear() {
    for call in calls() {
        for body in ["", "<xml></xml>", "{\"id\": ", "[]", "null"] {
            let verdict = verdict(&call, 200, body);
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
        assert!(service().request(&call).is_ok(), "{kind}");
    }
    for operation in CAPABILITIES.operations {
        assert!(!operation.calls.is_empty() || !operation.note.is_empty(), "{}", operation.title);
    }
}

#[test]
fn settings_are_checked() {
    let with = |name: &str, value: &str| Respondio::new(&Settings([(name.into(), value.into())].into()));
    assert_eq!(with("custom_fields_by", "id").err().unwrap().kind, ErrorKind::Usage);
    assert_eq!(with("fields_per_call", "0").err().unwrap().kind, ErrorKind::Usage);
    let limits = with("fields_per_call", "30").unwrap().limits;
    assert_eq!(limits.fields_per_create, Some(Sourced::new(30, Source::Account)));
    assert_eq!(limits.fields_per_update, Some(Sourced::new(30, Source::Account)));
}

#[test]
fn custom_fields_go_by_the_name_or_the_slug_of_the_list_as_the_account_says() {
    let by = |named_by: &str| {
        let settings = [("custom_fields_by".into(), named_by.into())];
        let listed = r#"{"items": [
            {"id": 1, "name": "Work email", "slug": "work_email", "dataType": "email"},
            {"id": 2, "name": "plan", "slug": "plan", "dataType": "text"},
            {"id": 3, "name": "No slug", "slug": null, "dataType": "text"}
        ]}"#;
        let service = Respondio::new(&Settings(settings.into())).unwrap();
        match service.verdict(&Call::ListFields { cursor: None }, &answer(200, listed)) {
            Verdict::Done { reply: Reply::Fields(page), .. } => {
                page.items.into_iter().map(|field| (field.name, field.alias)).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let named = |name: &str, alias: Option<&str>| (name.to_owned(), alias.map(str::to_owned));
    assert_eq!(by("name"), [named("Work email", Some("work_email")), named("plan", None), named("No slug", None)]);
    assert_eq!(by("slug"), [named("work_email", Some("Work email")), named("plan", None), named("No slug", None)]);
    let settings = Settings([("custom_fields_by".into(), "slug".into())].into());
    let definition = FieldDefinition { name: "shoe_size".into(), alias: None, kind: FieldKind::Number };
    let request = Respondio::new(&settings).unwrap().request(&Call::CreateField { definition }).unwrap();
    let expected = json!({"name": "shoe_size", "slug": "shoe_size", "dataType": "number"});
    assert_eq!(request.body, Body::Json(expected), "so that it can be written to by that slug");
}

proptest! {
    #[test]
    fn any_answer_gives_a_verdict(status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        for call in calls() {
            let answer = Answer { status, headers: Vec::new(), body: body.clone(), at: Duration::ZERO };
            service().verdict(&call, &answer);
            service().quota_hint(&answer);
        }
    }

    #[test]
    fn any_message_gives_a_verdict(status in prop::sample::select(vec![200_u16, 400, 404, 409, 429, 449]), code in any::<i64>(), message in any::<String>()) {
        let body = json!({"code": code, "message": message, "items": [message], "pagination": {"next": message}});
        for call in calls() {
            service().verdict(&call, &answer(status, &body.to_string()));
        }
    }
}
