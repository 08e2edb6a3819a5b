//! What each call becomes, and what each answer means.

mod transcripts;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::contact::{
    Cursor, CustomEdit, Edit, Field, Filter, Identifier, RemoteId, Snapshot, TagEdit, TagMode, Target, Value,
};
use crate::error::ErrorKind;
use crate::services::http::{Body, Wait};
use crate::services::verdict::{Page, Reply};

fn connect(settings: &[(&str, &str)]) -> Result<Engagor> {
    let named = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Engagor::new(&Settings([("account_id", "12345")].iter().chain(settings).map(named).collect()))
}

fn service() -> Engagor {
    connect(&[]).unwrap()
}

fn with_topics() -> Engagor {
    connect(&[("topic_ids", "1,2"), ("custom_as_pairs", "true")]).unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), at: Duration::from_secs(1_790_000_000) }
}

fn id(text: &str) -> Target {
    Target::Id(RemoteId(text.to_owned()))
}

fn platform(text: &str) -> Target {
    Target::Identifier(Identifier::new(IdentifierKind::ServiceId, text))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn update(target: Target, custom: CustomEdit, fields: &[(Field, Value)]) -> Call {
    Call::Update { target, edit: Edit { fields: fields.to_vec(), custom, ..Edit::default() } }
}

fn tags(mode: TagMode, tags: &[&str]) -> Call {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Call::EditTags { target: id("4a5b6c"), edit: TagEdit { mode, tags } }
}

fn list(cursor: Option<&str>) -> Call {
    let cursor = cursor.map(|text| Cursor(text.to_owned()));
    Call::List { filter: Filter::default(), cursor, page_size: None }
}

fn read() -> Call {
    Call::Read { target: id("77") }
}

fn rename() -> Call {
    update(id("77"), CustomEdit::Merge, &[(Field::new("name"), text("Jane")), (Field::custom("plan"), text("gold"))])
}

/// Every kind of call that the service has.
fn calls() -> Vec<Call> {
    vec![
        read(),
        rename(),
        tags(TagMode::Add, &["vip"]),
        tags(TagMode::Remove, &["vip"]),
        tags(TagMode::Replace, &["vip"]),
        Call::Delete { target: id("77") },
        list(None),
        Call::ListTags { cursor: None },
        Call::Check,
    ]
}

fn verdict(call: &Call, status: u16, body: &str) -> Verdict {
    service().verdict(call, &answer(status, body))
}

#[test]
fn the_rate_limit_has_two_ids_and_a_status() {
    let again =
        |status, body: &str| matches!(verdict(&read(), status, body), Verdict::Again { wait: Wait::Backoff, .. });
    assert!(again(400, r#"{"code": 400, "error": "rate_limit_reached"}"#));
    assert!(again(403, r#"{"meta": {"code": 403, "error": "limit_exceeded"}}"#));
    assert!(again(200, r#"{"meta": {"code": 400, "error": "rate_limit_reached"}}"#));
    assert!(again(429, ""));
}

#[test]
fn a_reset_that_has_passed_waits_a_second() {
    let mut limited = answer(429, "{}");
    limited.headers.push(("x-ratelimit-reset".into(), "1789999999".into()));
    let Verdict::Again { wait, .. } = service().verdict(&read(), &limited) else { panic!("again") };
    assert_eq!(wait, Wait::For(Duration::from_secs(1)));
    // Without a date of the server's, from when the answer came.
    limited.headers = vec![("x-ratelimit-reset".into(), "1790000060".into())];
    let Verdict::Again { wait, .. } = service().verdict(&read(), &limited) else { panic!("again") };
    assert_eq!(wait, Wait::For(Duration::from_secs(60)));
}

#[test]
fn the_error_id_decides_before_the_status() {
    let of = |id: &str, status| verdict(&rename(), status, &json!({"code": status, "error": id}).to_string());
    for status in [200, 400, 401, 403, 404, 500] {
        assert!(matches!(of("not_found", status), Verdict::Missing { .. }), "{status}");
        assert!(matches!(of("no_permission", status), Verdict::Stop { .. }), "{status}");
        assert!(matches!(of("internal_server_error", status), Verdict::Unclear { .. }), "{status}");
        assert_eq!(of("invalid_parameter", status), Verdict::refused("service.value", "invalid_parameter"));
        assert_eq!(of("unsupported_type", status), Verdict::refused("service.unsupported", "unsupported_type"));
    }
    assert!(matches!(of("something_new", 200), Verdict::Refused { .. }));
    assert!(matches!(of("something_new", 400), Verdict::Refused { .. }));
    assert!(matches!(of("something_new", 401), Verdict::Stop { .. }));
    assert!(matches!(of("something_new", 500), Verdict::Unclear { .. }));
}

#[test]
fn an_error_inside_meta_with_a_good_status_is_an_error() {
    assert_eq!(
        verdict(&rename(), 200, r#"{"meta": {"code": 400, "error_description": "Bad updates"}, "response": null}"#),
        Verdict::refused("service.value", "Bad updates")
    );
    assert!(matches!(verdict(&rename(), 200, r#"{"meta": {"code": 401}}"#), Verdict::Stop { .. }));
}

#[test]
fn an_account_that_is_not_there_stops_the_run() {
    for call in [list(None), Call::ListTags { cursor: None }, Call::Check] {
        assert!(matches!(verdict(&call, 404, r#"{"code": 404, "error": "not_found"}"#), Verdict::Stop { .. }));
    }
    for call in calls() {
        assert!(matches!(verdict(&call, 404, "<html>"), Verdict::Misdirected { .. }), "{call:?}");
    }
}

#[test]
fn what_the_service_kept_otherwise_is_a_warning_without_values() {
    let call = Call::Update {
        target: id("77"),
        edit: Edit {
            fields: vec![
                (Field::new("name"), text("Jane")),
                (Field::new("city"), text("Ghent")),
                (Field::custom("plan"), text("gold")),
            ],
            tags: Some(TagEdit { mode: TagMode::Add, tags: vec!["vip".into()] }),
            ..Edit::default()
        },
    };
    let body = r#"{"meta": {"code": 200}, "response": {"id": 77, "name": "Jane", "customattributes": {"plan": "silver"}, "tags": []}}"#;
    let Verdict::Done { warnings, .. } = verdict(&call, 200, body) else { panic!("done") };
    assert_eq!(
        warnings,
        [
            "the service did not take the value as it was sent: city",
            "the service did not take the value as it was sent: custom.plan",
            "the service did not take the tags as they were sent",
        ]
    );
}

#[test]
fn both_edit_modes_are_always_said() {
    let Body::Form(form) = service().request(&rename()).unwrap().body else { panic!("a form") };
    let options: serde_json::Value = serde_json::from_str(&form[1].1).unwrap();
    assert_eq!(options, json!({"customattributes_edit_mode": "update", "tags_edit_mode": "add"}));
    assert_eq!(form.len(), 2, "no topic ids unless the account has some");
}

#[test]
fn fields_custom_fields_and_tags_go_in_one_update() {
    let edit = Edit {
        fields: vec![
            (Field::new("phone"), Value::Clear),
            (Field::custom("a"), text("1")),
            (Field::custom("b"), Value::Clear),
        ],
        custom: CustomEdit::Replace,
        tags: Some(TagEdit { mode: TagMode::Remove, tags: vec!["x".into()] }),
        ..Edit::default()
    };
    let Body::Form(form) = service().request(&Call::Update { target: id("1"), edit }).unwrap().body else {
        panic!("a form")
    };
    assert_eq!(form[0], ("updates".to_owned(), r#"{"phone":"","customattributes":{"a":"1"},"tags":["x"]}"#.to_owned()));
    assert_eq!(
        form[1],
        ("options".to_owned(), r#"{"customattributes_edit_mode":"overwrite","tags_edit_mode":"delete"}"#.to_owned())
    );
}

#[test]
fn replacing_no_custom_fields_leaves_them_alone() {
    let call = update(id("1"), CustomEdit::Replace, &[(Field::new("name"), text("Jane"))]);
    let Body::Form(form) = service().request(&call).unwrap().body else { panic!("a form") };
    assert_eq!(form[0].1, r#"{"name":"Jane"}"#);
}

#[test]
fn what_a_row_asks_and_the_service_cannot_do_is_a_row_failure() {
    let usage = |service: &Engagor, call: &Call| {
        let error = service.request(call).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage, "{call:?}");
        assert!(error.hint.is_some(), "{call:?}");
        error.message
    };
    let read = |text: &str| Call::Read { target: platform(text) };
    for text in ["instagram/5", "Instagram/5"] {
        assert!(usage(&service(), &read(text)).contains("Instagram"));
    }
    for text in ["twitter", "/5", "twitter/", ""] {
        usage(&service(), &read(text));
    }
    for name in ["wechat", "twilio", "web", "whatsapp", "viber"] {
        let call = read(&format!("{name}/5"));
        assert!(usage(&service(), &call).contains(name));
        assert!(with_topics().request(&call).is_ok(), "{name}");
    }
    usage(&service(), &Call::Delete { target: platform("twitter/5") });
}

#[test]
fn calls_the_service_lacks_are_bugs() {
    let phone = || Identifier::new(IdentifierKind::Phone, "+3212345678");
    let by_field = Filter { field: Some((Field::new("email"), text("a@example.com"))), ..Filter::default() };
    let lacking = [
        Call::Find { identifiers: vec![phone()], cursor: None },
        Call::Create { identifier: Some(phone()), edit: Edit::default() },
        Call::Upsert { identifier: phone(), edit: Edit::default() },
        Call::ReadTags { target: id("1") },
        Call::ListFields { cursor: None },
        Call::Read { target: Target::Identifier(phone()) },
        Call::List { filter: by_field, cursor: None, page_size: None },
        update(id("1"), CustomEdit::Merge, &[]),
        update(id("1"), CustomEdit::Merge, &[(Field::custom("a"), Value::Clear)]),
        update(id("1"), CustomEdit::Merge, &[(Field::new("service_id"), text("twitter/1"))]),
        update(id("1"), CustomEdit::Merge, &[(Field::new("first_name"), text("J"))]),
        tags(TagMode::Add, &[]),
    ];
    for call in lacking {
        assert_eq!(service().request(&call).unwrap_err().kind, ErrorKind::Bug, "{call:?}");
    }
    assert!(service().request(&tags(TagMode::Replace, &[])).is_ok(), "no tags may be all that is left");
}

#[test]
fn platform_ids_cannot_change_the_path() {
    let path = |text: &str| service().request(&Call::Read { target: platform(text) }).unwrap().path;
    assert_eq!(path("Twitter/99/../1"), "/12345/inbox/contact/twitter/99%2F..%2F1");
    assert_eq!(path("facebook/a b?c"), "/12345/inbox/contact/facebook/a%20b%3Fc");
    assert_eq!(service().request(&Call::Read { target: id("a/b") }).unwrap().path, "/12345/inbox/contact/a%2Fb");
}

#[test]
fn the_next_token_is_found_wherever_it_stands() {
    let next = |paging: &str| {
        let body = format!(r#"{{"meta": {{"code": 200}}, "response": {{"data": [{{"id": 1}}], {paging}}}}}"#);
        match verdict(&list(Some("old")), 200, &body) {
            Verdict::Done { reply: Reply::Contacts(page), .. } => page.next.map(|cursor| cursor.0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(next(r#""paging": {"next_page_token": "a"}"#), Some("a".into()));
    assert_eq!(next(r#""next_page_token": 7"#), Some("7".into()));
    assert_eq!(next(r#""paging": {"next_url": "/x?page_token=a%2Bb&limit=1"}"#), Some("a+b".into()));
    assert_eq!(next(r#""next_url": "/x?limit=1&page_token=b""#), Some("b".into()));
    assert_eq!(next(r#""paging": {}"#), None);
    assert_eq!(next(r#""paging": {"next_page_token": "old"}"#), None, "a token that repeats is the end");
    assert_eq!(next(r#""next_url": "/x?limit=1""#), None);
}

#[test]
fn an_unreadable_good_answer_is_unclear() {
    for call in calls() {
        for body in ["", "<xml></xml>", "{\"meta\": ", "[]", "null", "{}", r#"{"meta": {"code": 200}}"#] {
            let verdict = verdict(&call, 200, body);
            assert!(matches!(verdict, Verdict::Unclear { .. }), "{call:?} {body:?}: {verdict:?}");
        }
    }
}

#[test]
fn an_update_that_does_not_show_the_contact_is_applied_all_the_same() {
    assert_eq!(verdict(&rename(), 200, r#"{"meta": {"code": 200}, "response": true}"#), Verdict::done(Reply::Nothing));
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
    let refused = |name: &str, value: &str| connect(&[(name, value)]).err().map(|error| error.kind);
    for (name, value) in [
        ("account_id", ""),
        ("account_id", "1/2"),
        ("topic_ids", "1&x=2"),
        ("site", "http://us.engagor.com"),
        ("site", "http://127.0.0.1:80@evil.example"),
        ("site", "ftp://us.engagor.com"),
        ("custom_as_pairs", "maybe"),
    ] {
        assert_eq!(refused(name, value), Some(ErrorKind::Usage), "{name} {value}");
    }
    assert_eq!(Engagor::new(&Settings::default()).err().unwrap().kind, ErrorKind::Usage);
    for site in ["https://us.engagor.com/", "http://127.0.0.1:8787", "http://[::1]:8787", "http://localhost"] {
        assert!(connect(&[("site", site)]).is_ok(), "{site}");
    }
    assert_eq!(connect(&[("topic_ids", "1, 2")]).unwrap().topic_ids.as_deref(), Some("1,2"));
}

#[test]
fn tokens_are_renewed_at_the_site_of_the_account() {
    let us = connect(&[("site", "https://us.engagor.com/")]).unwrap().refresh().unwrap();
    assert_eq!((us.site.as_str(), us.path), ("https://us.engagor.com", "/oauth/access_token/"));
    assert_eq!(service().refresh().unwrap().site, "https://app.engagor.com");
}

proptest! {
    #[test]
    fn any_answer_gives_a_verdict(
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
        reset in any::<String>(),
    ) {
        for call in calls() {
            let headers = vec![("x-ratelimit-reset".to_owned(), reset.clone()), ("date".to_owned(), reset.clone())];
            let answer = Answer { status, headers, body: body.clone(), at: Duration::MAX };
            service().verdict(&call, &answer);
            service().quota_hint(&answer);
        }
    }

    #[test]
    fn any_json_of_the_right_keys_gives_a_verdict(
        status in prop::sample::select(vec![200_u16, 400, 404, 429, 500]),
        code in prop::sample::select(vec!["200", "\"400\"", "-1", "99999999", "[]"]),
        response in prop::sample::select(vec![
            "null", "true", "[]", "[1]", "{}", "{\"data\": {}}", "{\"data\": [{}]}",
            "{\"id\": 1, \"tags\": 5, \"customattributes\": 7, \"socialprofiles\": \"x\"}",
            "{\"id\": 1, \"customattributes\": [1, {}, {\"key\": []}], \"socialprofiles\": [1, {\"type\": {}}]}",
        ]),
    ) {
        let body = format!(r#"{{"meta": {{"code": {code}, "messages": {response}}}, "response": {response}}}"#);
        for call in calls() {
            service().verdict(&call, &answer(status, &body));
        }
    }
}
