//! The documents' own requests and answers, played on the service.

use serde_json::json;

use super::*;
use crate::contact::Cursor;
use crate::services::transcript::Transcript;
use crate::services::{Reply, Service, Verdict, Wait};

/// Plays a transcript: the call must give its request. The verdict on its answer is returned.
fn play(service: &Chatwoot, call: &Call, transcript: &str) -> Verdict {
    let transcript = Transcript::parse(transcript);
    assert_eq!(service.request(call).unwrap(), transcript.request);
    service.verdict(call, &transcript.answer)
}

fn contact(verdict: Verdict) -> crate::contact::Snapshot {
    match verdict {
        Verdict::Done { reply: Reply::Contact(snapshot), warnings } if warnings.is_empty() => *snapshot,
        other => panic!("no contact: {other:?}"),
    }
}

#[test]
fn a_list_is_read_whole_and_goes_on() {
    let verdict = play(&chatwoot(), &list(), include_str!("../transcripts/list.http"));
    let Verdict::Done { reply: Reply::Contacts(page), .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(page.total, Some(2));
    assert_eq!(page.next, Some(Cursor("2 2 7-8".to_owned())));
    let [ann, other] = page.items.as_slice() else { panic!("two contacts") };
    assert_eq!(ann.id, RemoteId("7".to_owned()));
    // 1765441895 is 11 December 2025, 08:31:35 UTC.
    let expected = [
        ("availability", text("offline")),
        ("blocked", Value::Boolean(false)),
        ("city", text("Haifa")),
        ("country", text("IL")),
        ("created_at", Value::Timestamp("2025-12-11T08:31:35Z".to_owned())),
        ("custom.left", Value::Json(serde_json::Value::Null)),
        ("custom.plan", text("gold")),
        ("custom.seats", Value::Number("12".to_owned())),
        ("custom.vip", Value::Boolean(true)),
        ("email", text("ann@example.com")),
        ("external_id", text("crm-1")),
        ("github", text("ann")),
        ("id", text("7")),
        ("last_activity_at", Value::Timestamp("2025-12-11T08:31:48Z".to_owned())),
        ("name", text("Ann")),
        ("phone", text("+972771234567")),
    ];
    let held: Vec<_> = ann.fields.iter().map(|(field, value)| (field.name(), value.clone())).collect();
    assert_eq!(held, expected);
    assert!(ann.complete);
    assert_eq!(ann.tags, None, "no answer holds labels");
    assert_eq!(
        ann.groups["additional_attributes.social_profiles"],
        json!({"github": "ann", "facebook": "", "threads": "ann.t"})
    );
    assert_eq!(ann.extra["additional_attributes.created_at_ip"], json!("192.0.2.1"));
    assert_eq!(ann.extra["additional_attributes.social_profiles.threads"], json!("ann.t"));
    assert_eq!(other.fields[&Field::new("blocked")], Value::Boolean(true));
    assert_eq!(other.groups["additional_attributes.social_profiles"], json!({}));
    assert_eq!(other.extra["thumbnail"], json!("https://app.example/avatar.png"));
}

#[test]
fn several_keys_are_found_in_one_call() {
    let call = find(&[
        (IdentifierKind::ExternalId, "crm-1"),
        (IdentifierKind::Email, "bo@example.com"),
        (IdentifierKind::Phone, "+4930123456"),
    ]);
    let verdict = play(&chatwoot(), &call, include_str!("../transcripts/filter.http"));
    let Verdict::Done { reply: Reply::Contacts(page), .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(page.items[0].fields[&Field::new("phone")], text("+4930123456"));
    assert_eq!(page.next, None);
}

#[test]
fn a_create_carries_custom_and_nested_fields_and_tells_the_id() {
    let service = account(&upstream::FLAVOR, &[("account_id", "1"), ("inbox_id", "3")]);
    let call = create(&[
        ("name", text("Ann")),
        ("email", text("ann@example.com")),
        ("phone", text("+972771234567")),
        ("custom.plan", text("gold")),
        ("city", text("Haifa")),
        ("github", text("ann")),
    ]);
    let snapshot = contact(play(&service, &call, include_str!("../transcripts/create.http")));
    assert_eq!(snapshot.id, RemoteId("7".to_owned()));
}

#[test]
fn a_taken_value_is_judged_by_attributes_whatever_the_language() {
    let call = create(&[("name", text("Ann")), ("email", text("ann@example.com"))]);
    let verdict = play(&chatwoot(), &call, include_str!("../transcripts/create_taken.http"));
    let message = "E-Mail ist bereits vergeben".to_owned();
    assert_eq!(verdict, Verdict::Exists { message, fields: vec!["email".to_owned()], id: None });
}

#[test]
fn a_contact_is_read_by_id() {
    let verdict = play(&chatwoot(), &Call::Read { target: id("7") }, include_str!("../transcripts/read.http"));
    assert_eq!(contact(verdict).fields[&Field::new("name")], text("Ann"));
}

#[test]
fn an_update_sends_siblings_and_no_empty_identifier() {
    let mut edit = edit(&[("external_id", text("")), ("blocked", Value::Boolean(true)), ("facebook", text("ann.f"))]);
    edit.groups.insert(
        "additional_attributes.social_profiles".to_owned(),
        json!({"facebook": "", "github": "ann", "threads": "ann.t"}),
    );
    let call = Call::Update { target: id("7"), edit };
    let snapshot = contact(play(&chatwoot(), &call, include_str!("../transcripts/update.http")));
    assert_eq!(snapshot.fields[&Field::new("blocked")], Value::Boolean(true));
}

#[test]
fn an_unknown_contact_is_missing() {
    let call = Call::Update { target: id("9"), edit: edit(&[("name", text("Ann"))]) };
    let verdict = play(&chatwoot(), &call, include_str!("../transcripts/update_missing.http"));
    assert_eq!(verdict, Verdict::Missing { message: "Resource could not be found".to_owned() });
}

#[test]
fn custom_attributes_are_taken_away_by_their_own_call() {
    let call = Call::ClearFields { target: id("7"), fields: vec![Field::custom("plan"), Field::custom("seats")] };
    contact(play(&chatwoot(), &call, include_str!("../transcripts/destroy_custom_attributes.http")));
}

#[test]
fn labels_are_read_and_replaced() {
    let read = Call::ReadTags { target: id("7") };
    assert_eq!(
        play(&chatwoot(), &read, include_str!("../transcripts/read_labels.http")),
        Verdict::done(Reply::Tags(vec!["vip".to_owned(), "lead".to_owned()]))
    );
    assert_eq!(
        play(&chatwoot(), &replace_tags(&["vip", "customer"]), include_str!("../transcripts/replace_labels.http")),
        Verdict::done(Reply::Tags(vec!["vip".to_owned(), "customer".to_owned()]))
    );
    assert_eq!(
        play(&chatwoot(), &Call::ListTags { cursor: None }, include_str!("../transcripts/account_labels.http")),
        Verdict::done(Reply::Tags(vec!["vip".to_owned()]))
    );
}

#[test]
fn a_label_with_a_comma_is_sent_as_one() {
    let held = |tags: &[&str]| Verdict::done(Reply::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect()));
    let transcript = include_str!("../transcripts/quoted_labels.http");
    assert_eq!(play(&chatwoot(), &replace_tags(&["one,two", "vip"]), transcript), held(&["one,two", "vip"]));
    let sent = |tag: &str| match chatwoot().request(&replace_tags(&[tag])).unwrap().body {
        crate::services::Body::Json(body) => body["labels"][0].as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(sent("say \"hi\""), "say \"hi\"", "marks inside are the label's own");
    assert_eq!(sent("\"x\""), "'\"x\"'", "marks around it would be taken off");
    assert_eq!(sent("5\" x 7, 8\""), "'5\" x 7, 8\"'");
    assert_eq!(sent("a's, \"b\""), "a's, \"b\"", "with both kinds it is split, and the answer says so");
}

#[test]
fn a_new_label_that_two_writers_bring_at_once_is_sent_again() {
    let transcript = include_str!("../transcripts/label_race.http");
    let verdict = play(&chatwoot(), &replace_tags(&["vip", "customer"]), transcript);
    assert!(matches!(verdict, Verdict::Again { wait: Wait::Backoff, .. }), "{verdict:?}");
}

#[test]
fn a_contact_is_deleted_or_the_key_may_not() {
    let call = Call::Delete { target: id("7") };
    let deleted = play(&chatwoot(), &call, include_str!("../transcripts/delete.http"));
    assert_eq!(deleted, Verdict::done(Reply::Nothing));
    let refused = play(&chatwoot(), &call, include_str!("../transcripts/delete_refused.http"));
    let Verdict::Stop { message } = refused else { panic!("{refused:?}") };
    assert!(message.contains("You are not authorized to do this action"), "{message}");
}

#[test]
fn a_throttle_ends_with_the_minute() {
    let call = Call::Read { target: id("7") };
    let verdict = play(&chatwoot(), &call, include_str!("../transcripts/throttled.http"));
    let wait = Wait::Window(Duration::from_secs(18));
    assert_eq!(verdict, Verdict::Again { wait, message: "too many requests".to_owned() });
}

#[test]
fn the_check_keeps_nothing_of_the_profile() {
    let verdict = play(&chatwoot(), &Call::Check, include_str!("../transcripts/profile.http"));
    assert_eq!(verdict, Verdict::done(Reply::Nothing));
}

#[test]
fn a_lost_header_is_told_with_its_cure() {
    let verdict = play(&chatwoot(), &Call::Check, include_str!("../transcripts/header_lost.http"));
    let Verdict::Stop { message } = verdict else { panic!("{verdict:?}") };
    assert!(message.contains("header = \"Api-Access-Token\""), "{message}");
}

#[test]
fn the_update_of_99digital_answers_nested() {
    let call = update(&[("phone", text("+972771234567"))]);
    let snapshot = contact(play(&digital99(), &call, include_str!("../transcripts/digital99_update.http")));
    assert_eq!(snapshot.id, RemoteId("7".to_owned()));
    assert_eq!(snapshot.fields[&Field::custom("attribute_key")], text("attribute_value"));
    assert_eq!(snapshot.fields[&Field::new("created_at")], Value::Timestamp("1970-01-01T00:00:00Z".to_owned()));
}

#[test]
fn the_search_of_99digital_hands_over_every_hit() {
    let call = find(&[(IdentifierKind::Phone, "+972771234567")]);
    let verdict = play(&digital99(), &call, include_str!("../transcripts/digital99_search.http"));
    let Verdict::Done { reply: Reply::Contacts(page), .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(page.items.iter().map(|item| item.id.0.as_str()).collect::<Vec<_>>(), ["7", "9"]);
    assert_eq!(page.next, None, "both of the two that meta.count tells are here");
    assert_eq!(page.items[0].extra["conversations_count"], json!(0));
}

#[test]
fn livedesk_creates_searches_and_updates_without_an_account_in_the_path() {
    let call = create(&[("name", text("support")), ("phone", text("+123456789"))]);
    let created = contact(play(&engagelab(), &call, include_str!("../transcripts/engagelab_create.http")));
    assert_eq!(created.id, RemoteId("318763".to_owned()));

    let call = find(&[(IdentifierKind::Email, "support@jiguang.cn")]);
    let verdict = play(&engagelab(), &call, include_str!("../transcripts/engagelab_search.http"));
    let Verdict::Done { reply: Reply::Contacts(page), .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(page.items[0].extra["additional_attributes.source_id"], json!("src_001"));

    let fields = edit(&[
        ("first_name", text("support")),
        ("external_id", text("2222")),
        ("phone", Value::Clear),
        ("custom.vip_level", text("platinum")),
    ]);
    let call = Call::Update { target: id("318763"), edit: fields };
    let updated = contact(play(&engagelab(), &call, include_str!("../transcripts/engagelab_update.http")));
    let held: Vec<_> = updated.fields.keys().map(Field::name).collect();
    assert_eq!(
        held,
        ["availability", "blocked", "created_at", "email", "external_id", "id", "last_activity_at", "name"],
        "empty text is no value"
    );
}
