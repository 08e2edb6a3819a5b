use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::contact::{Cursor, Filter};
use crate::services::{Page, Reply, Service, Verdict, Wait};

fn verdict(call: &Call, status: u16, body: &str) -> Verdict {
    chatwoot().verdict(call, &answer(status, body))
}

fn page(verdict: Verdict) -> Page<crate::contact::Snapshot> {
    match verdict {
        Verdict::Done { reply: Reply::Contacts(page), .. } => page,
        other => panic!("no page: {other:?}"),
    }
}

fn contacts(ids: impl Iterator<Item = u32>) -> serde_json::Value {
    ids.map(|id| json!({"id": id})).collect()
}

#[test]
fn a_flat_and_a_nested_answer_are_both_read() {
    for service in all() {
        for body in [r#"{"payload":{"id":"7"}}"#, r#"{"payload":{"contact":{"id":7},"contact_inbox":null}}"#] {
            for call in [create(&[]), update(&[]), Call::Read { target: id("7") }] {
                let Verdict::Done { reply: Reply::Contact(snapshot), .. } = service.verdict(&call, &answer(200, body))
                else {
                    panic!("{body}")
                };
                assert_eq!(snapshot.id, RemoteId("7".to_owned()));
            }
        }
    }
}

#[test]
fn an_empty_answer_to_an_update_is_good_and_to_a_create_is_not() {
    assert_eq!(verdict(&update(&[]), 204, ""), Verdict::done(Reply::Nothing));
    assert!(matches!(verdict(&create(&[]), 204, ""), Verdict::Unclear { .. }));
}

#[test]
fn an_answer_without_what_was_asked_for_is_unclear() {
    for body in ["{}", "[]", "null", "<xml></xml>", r#"{"payload":{}}"#, r#"{"payload":[{"name":"no id"}]}"#] {
        for call in [create(&[]), update(&[]), list(), find(&[(IdentifierKind::Email, "a@b.c")]), Call::Check] {
            assert!(matches!(verdict(&call, 200, body), Verdict::Unclear { .. }), "{} {body}", call.kind());
        }
    }
    let page = verdict(&update(&[]), 200, "<html></html>");
    assert!(matches!(page, Verdict::Misdirected { .. }), "{page:?}");
    let gateway = verdict(&update(&[]), 200, r#"{"code":21001,"message":"project is closed"}"#);
    assert_eq!(gateway, Verdict::unclear("project is closed"));
}

#[test]
fn only_values_that_must_be_unique_can_exist() {
    let taken = r#"{"message":"x","attributes":["email","phone_number","identifier"]}"#;
    let all: Vec<_> = ["email", "phone", "external_id"].map(str::to_owned).into();
    for call in [create(&[]), update(&[])] {
        assert_eq!(
            verdict(&call, 422, taken),
            Verdict::Exists { message: "x".to_owned(), fields: all.clone(), id: None }
        );
        let fields = vec!["email".to_owned(), "name".to_owned()];
        assert_eq!(
            verdict(&call, 422, r#"{"message":"x","attributes":["email","name"]}"#),
            Verdict::Refused { code: "service.value".into(), message: "x".to_owned(), fields }
        );
    }
    let online = verdict(&Call::Delete { target: id("7") }, 422, r#"{"message":"contact is online"}"#);
    assert_eq!(online, Verdict::refused("service.refused", "contact is online"));
    let parameter = verdict(&create(&[]), 422, r#"{"error":"param is missing"}"#);
    assert_eq!(parameter, Verdict::refused("service.refused", "param is missing"));
}

#[test]
fn a_missing_inbox_stops_the_run_unless_the_row_named_it() {
    let body = r#"{"error":"Resource could not be found"}"#;
    let own = create(&[("inbox_id", Value::Number("4".to_owned()))]);
    assert!(
        matches!(digital99().verdict(&own, &answer(404, body)), Verdict::Refused { fields, .. } if fields == ["inbox_id"])
    );
    assert!(matches!(digital99().verdict(&create(&[]), &answer(404, body)), Verdict::Stop { .. }));
    assert!(matches!(verdict(&list(), 404, body), Verdict::Stop { .. }));
    assert!(matches!(verdict(&Call::Delete { target: id("7") }, 404, body), Verdict::Missing { .. }));
}

#[test]
fn a_web_page_is_not_taken_for_a_missing_contact() {
    let verdict = verdict(&update(&[]), 404, "<!doctype html><title>nginx</title>");
    assert!(matches!(verdict, Verdict::Misdirected { .. }));
}

#[test]
fn a_throttle_waits_as_told_or_to_the_end_of_the_minute() {
    let told = Answer { headers: vec![("retry-after".into(), "7".into())], ..answer(429, "Retry later\n") };
    let wait = |service: &Chatwoot, answer: &Answer| match service.verdict(&list(), answer) {
        Verdict::Again { wait, .. } => wait,
        other => panic!("{other:?}"),
    };
    assert_eq!(wait(&chatwoot(), &told), Wait::For(Duration::from_secs(7)));
    // 1,790,000,000 is 20 seconds after a whole minute.
    assert_eq!(wait(&chatwoot(), &answer(429, "Retry later\n")), Wait::Window(Duration::from_secs(40)));
    assert_eq!(wait(&engagelab(), &answer(429, "slow down")), Wait::Backoff);
}

#[test]
fn a_server_error_is_unclear() {
    for status in [500, 502, 503, 504] {
        assert!(matches!(verdict(&create(&[]), status, r#"{"status":500,"error":"x"}"#), Verdict::Unclear { .. }));
    }
    assert!(matches!(verdict(&create(&[]), 301, ""), Verdict::Misdirected { .. }));
}

#[test]
fn a_key_of_another_account_stops_the_run() {
    let body = r#"{"id":5,"access_token":"canary","accounts":[{"id":2,"role":"agent"}]}"#;
    assert_eq!(
        verdict(&Call::Check, 200, body),
        Verdict::Stop { message: "the key's user is not in the account: 1".to_owned() }
    );
    let agent = verdict(&Call::Check, 200, &body.replace("\"id\":2", "\"id\":1"));
    let Verdict::Done { reply: Reply::Nothing, warnings } = agent else { panic!("{agent:?}") };
    assert!(warnings[0].contains("agent"));
    let odd = verdict(&Call::Check, 200, r#"{"access_token":"canary"}"#);
    assert!(!format!("{odd:?}").contains("canary"));
    let page = answer(200, r#"{"meta":{"count":0},"payload":[]}"#);
    assert_eq!(engagelab().verdict(&Call::Check, &page), Verdict::done(Reply::Nothing));
}

#[test]
fn a_listing_ends_at_an_empty_page_or_when_a_page_repeats() {
    let first = json!({"meta": {"count": "31", "current_page": 1}, "payload": contacts(1..16)}).to_string();
    let page_one = page(verdict(&list(), 200, &first));
    assert_eq!(page_one.total, Some(31));
    let next = Call::List { filter: Filter::default(), cursor: page_one.next.clone(), page_size: None };
    let request = chatwoot().request(&next).unwrap();
    assert!(request.query.contains(&("page".to_owned(), "2".to_owned())));
    assert_eq!(page(verdict(&next, 200, &first)).next, None, "the server did not turn the page");
    assert_eq!(page(verdict(&next, 200, r#"{"payload":[]}"#)).next, None);
    assert!(page(verdict(&next, 200, r#"{"payload":[{"id":16}]}"#)).next.is_some(), "no page length is relied on");
}

#[test]
fn a_look_up_goes_on_only_while_there_may_be_more() {
    let call = find(&[(IdentifierKind::Email, "a@b.c")]);
    let more = |service: &Chatwoot, meta: serde_json::Value, count: u32| {
        let body = json!({"meta": meta, "payload": contacts(1..=count)}).to_string();
        page(service.verdict(&call, &answer(200, &body))).next.is_some()
    };
    assert!(!more(&chatwoot(), json!({"count": 15}), 15), "the count of a filter is exact");
    assert!(more(&chatwoot(), json!({"count": 16}), 15));
    assert!(!more(&digital99(), json!({"count": 3}), 3));
    assert!(more(&digital99(), json!({"count": 15}), 15), "the count of a search may be that of the page");
    assert!(!more(&digital99(), json!({"count": 15, "has_more": false}), 15));
    assert!(more(&digital99(), json!({"count": 3, "has_more": true}), 3));
    assert!(!more(&engagelab(), json!({"count": null}), 0));
}

#[test]
fn a_label_in_another_form_and_a_kept_picture_are_warned_of() {
    let split = verdict(&replace_tags(&["VIP", "a, b"]), 200, r#"{"payload":["vip","a","b"]}"#);
    let Verdict::Done { warnings, .. } = split else { panic!("{split:?}") };
    assert_eq!(warnings, ["the label was stored in another form: a, b"]);
    let kept = verdict(&update(&[("avatar_url", Value::Clear)]), 200, r#"{"payload":{"id":7}}"#);
    let Verdict::Done { warnings, .. } = kept else { panic!("{kept:?}") };
    assert_eq!(warnings.len(), 1);
}

#[test]
fn a_cursor_of_another_service_is_no_place() {
    let call = Call::List { filter: Filter::default(), cursor: Some(Cursor("abc".to_owned())), page_size: None };
    assert!(chatwoot().request(&call).is_err());
    assert!(matches!(verdict(&call, 200, r#"{"payload":[]}"#), Verdict::Unclear { .. }));
}

proptest! {
    #[test]
    fn no_answer_makes_a_verdict_panic(
        status in 0u16..1000,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            r#"\{"(payload|error|errors|message|attributes|meta)":(\[|\{)?("[a-z]*"|null|-?[0-9]{1,25}|\{"id":[0-9e]{1,9}\})(\]|\})?\}"#
                .prop_map(String::into_bytes),
        ],
        date in "[A-Za-z0-9:, ]{0,30}",
    ) {
        let answer = Answer { status, headers: vec![("date".into(), date)], body, at: Duration::from_secs(1) };
        for service in all() {
            for call in calls() {
                let verdict = service.verdict(&call, &answer);
                if !(200..300).contains(&status) {
                    let done = matches!(verdict, Verdict::Done { .. });
                    prop_assert!(!done);
                }
            }
        }
    }
}
