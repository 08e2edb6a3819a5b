use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::contact::Message;
use crate::services::{Page, Reply, Wait};

fn verdict(call: &Call, status: u16, body: &str) -> Verdict {
    open().verdict(call, &answer(status, body))
}

fn found(body: &str) -> crate::contact::Snapshot {
    match verdict(&by_phone(), 200, body) {
        Verdict::Done { reply: Reply::Contacts(page), .. } => page.items.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_three_ways_to_say_that_a_contact_exists() {
    for (status, body, id) in [
        (409, "", None),
        (409, r#"{"error":"duplicate"}"#, None),
        (400, r#""Contact already exists""#, None),
        (400, "Contact already exists", None),
        (200, r#"{"success":false,"error_code":409}"#, None),
        (200, r#"{"error_code":"409","data":{"contactId":"x1"}}"#, Some("x1")),
        (200, r#"{"success":false,"message":"contact already exists"}"#, None),
        (200, r#"{"success":true,"contactId":"x1","message":"Contact already exists"}"#, Some("x1")),
    ] {
        let Verdict::Exists { fields, id: told, .. } = verdict(&create(&[]), status, body) else {
            panic!("{status} {body}")
        };
        assert_eq!((fields, told), (vec!["phone".to_owned()], id.map(|id| RemoteId(id.to_owned()))));
    }
}

#[test]
fn a_create_is_believed_only_with_success_and_an_id() {
    let done = Verdict::done(Reply::Id(RemoteId("x1".to_owned())));
    assert_eq!(verdict(&create(&[]), 200, r#"{"success":true,"data":{"contactId":"x1"}}"#), done);
    assert_eq!(verdict(&create(&[]), 201, r#"{"success":true,"contactId":"x1","error_code":0}"#), done);
    for body in [r#"{"success":true}"#, r#"{"contactId":"x1"}"#, r#"{"success":"yes"}"#, "", "<xml>", "[]"] {
        assert!(matches!(verdict(&create(&[]), 200, body), Verdict::Unclear { .. }), "{body}");
    }
    assert!(matches!(verdict(&update(&[]), 200, r#"{"message":"ok"}"#), Verdict::Unclear { .. }));
}

#[test]
fn a_200_that_carries_a_failure_is_judged_by_its_code() {
    let code = |call: &Call, code: &str| {
        verdict(call, 200, &format!(r#"{{"success":false,"error_code":{code},"message":"why"}}"#))
    };
    assert_eq!(code(&update(&[]), "400"), Verdict::refused("service.refused", "why"));
    assert_eq!(code(&update(&[]), "404"), Verdict::Missing { message: "why".to_owned() });
    assert_eq!(code(&update(&[]), "401"), Verdict::Stop { message: "why".to_owned() });
    assert_eq!(code(&create(&[]), "500"), Verdict::unclear("why"));
    assert_eq!(code(&update(&[]), "1001"), Verdict::refused("service.refused", "why"));
    assert_eq!(code(&update(&[]), "null"), Verdict::refused("service.refused", "why"));
    let again = Verdict::Again { wait: Wait::Backoff, message: "why".to_owned() };
    assert_eq!(code(&update(&[]), "429"), again);
    let nobody = Verdict::done(Reply::Contacts(Page { items: vec![], next: None, total: Some(0) }));
    assert_eq!(code(&by_phone(), "404"), nobody);
    assert_eq!(verdict(&by_phone(), 200, r#"{"success":false,"message":"Contact not found"}"#), nobody);
}

#[test]
fn statuses_mean_what_the_documents_name() {
    assert_eq!(
        verdict(&update(&[]), 400, r#"{"error":"Invalid request"}"#),
        Verdict::refused("service.refused", "Invalid request")
    );
    assert_eq!(verdict(&update(&[]), 403, r#""no""#), Verdict::Stop { message: "no".to_owned() });
    assert!(matches!(verdict(&update(&[]), 500, "oops"), Verdict::Unclear { .. }));
    let wait = Answer { headers: vec![("retry-after".into(), "9".into())], ..answer(429, "") };
    let Verdict::Again { wait, .. } = open().verdict(&update(&[]), &wait) else { panic!("no wait") };
    assert_eq!(wait, Wait::For(Duration::from_secs(9)));
}

#[test]
fn a_list_that_is_not_there_refuses_the_row_and_a_contact_is_missing() {
    let of_lists = |verdict: Verdict| matches!(verdict, Verdict::Refused { fields, .. } if fields == ["lists"]);
    assert!(of_lists(verdict(&create(&[]), 404, r#"{"message":"List not found"}"#)));
    assert!(of_lists(verdict(&add_to_list("x"), 404, r#"{"message":"List not found"}"#)));
    assert!(matches!(verdict(&add_to_list("x"), 404, r#"{"message":"Contact not found"}"#), Verdict::Missing { .. }));
    let there = verdict(&add_to_list("x"), 400, r#"{"error":"Contact already in list"}"#);
    let warnings = vec!["Contact already in list".to_owned()];
    assert_eq!(there, Verdict::Done { reply: Reply::Nothing, warnings });
}

#[test]
fn a_web_page_is_not_taken_for_nobody() {
    for call in [by_phone(), update(&[]), Call::Check] {
        let verdict = verdict(&call, 404, "<!doctype html><h1>Not Found</h1>");
        assert!(matches!(verdict, Verdict::Misdirected { .. }));
    }
}

#[test]
fn moments_and_phones_are_read_in_every_form() {
    // 1765441895 is 11 December 2025, 08:31:35 UTC.
    for moment in ["1765441895", "1765441895000", "{\"_seconds\":1765441895}", "\"2025-12-11T08:31:35Z\""] {
        let held = found(&format!(r#"{{"contactId":"x1","contact":{{"lastActivityAt":{moment}}}}}"#));
        let expected = Value::Timestamp("2025-12-11T08:31:35Z".to_owned());
        assert_eq!(held.fields[&Field::new("last_activity_at")], expected, "{moment}");
    }
    let held = found(r#"{"contact":{"id":"x1","phoneNumber":"1234567890","isBotActive":"true"}}"#);
    assert_eq!(held.id, RemoteId("x1".to_owned()));
    assert_eq!(held.fields[&Field::new("phone")], text("+1234567890"));
    assert_eq!(held.fields[&Field::new("bot_active")], Value::Boolean(true));
    assert!(!held.complete, "custom fields are never told");
}

#[test]
fn messages_are_read_in_several_forms() {
    let call = Call::ReadMessages { target: id() };
    let body = json!({"messages": [
        {"createdAt": "2025-12-11T08:31:35Z", "role": "user", "text": "hi"},
        {"body": "hello"},
        "bye",
    ]});
    let message = |at: Option<&str>, from: Option<&str>, text: &str| Message {
        at: at.map(str::to_owned),
        from: from.map(str::to_owned),
        text: text.to_owned(),
    };
    assert_eq!(
        verdict(&call, 200, &body.to_string()),
        Verdict::done(Reply::Messages(vec![
            message(Some("2025-12-11T08:31:35Z"), Some("user"), "hi"),
            message(None, None, "hello"),
            message(None, None, "bye"),
        ]))
    );
    assert!(matches!(verdict(&call, 200, "{}"), Verdict::Unclear { .. }));
}

#[test]
fn a_boolean_that_can_not_be_emptied_is_warned_of() {
    let Verdict::Done { warnings, .. } =
        verdict(&update(&[("do_not_disturb", Value::Clear)]), 200, r#"{"success":true}"#)
    else {
        panic!("not done")
    };
    assert_eq!(warnings, ["do_not_disturb was left as it is: it is true or false and can't be emptied"]);
}

proptest! {
    #[test]
    fn no_answer_makes_a_verdict_panic(
        status in 0u16..1000,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            r#"\{"(success|error_code|contact|contactId|data|message|error|tags)":(true|false|null|"[a-z]{0,9}"|-?[0-9]{1,25}|\{"(createdAt|contactId|seconds)":[0-9]{1,20}\}|\[[0-9]\])\}"#
                .prop_map(String::into_bytes),
        ],
    ) {
        let answer = Answer { body, ..answer(status, "") };
        for call in calls() {
            let verdict = open().verdict(&call, &answer);
            if matches!(call, Call::Create { .. } | Call::Update { .. }) && !(200..300).contains(&status) {
                let done = matches!(verdict, Verdict::Done { .. });
                prop_assert!(!done);
            }
        }
    }
}
