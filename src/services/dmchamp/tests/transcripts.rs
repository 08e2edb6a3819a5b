//! The documents' own requests and answers, played on the service.

use serde_json::json;

use super::*;
use crate::contact::Snapshot;
use crate::services::transcript::Transcript;
use crate::services::{Page, Reply};

/// Plays a transcript: the call must give its request. The verdict on its answer is returned.
fn play(service: &DmChamp, call: &Call, transcript: &str) -> Verdict {
    let transcript = Transcript::parse(transcript);
    assert_eq!(service.request(call).unwrap(), transcript.request);
    service.verdict(call, &transcript.answer)
}

fn only(verdict: Verdict) -> Snapshot {
    match verdict {
        Verdict::Done { reply: Reply::Contacts(Page { items, next: None, .. }), .. } if items.len() == 1 => {
            items.into_iter().next().unwrap()
        }
        other => panic!("not one contact: {other:?}"),
    }
}

#[test]
fn a_look_up_tells_the_contact_without_its_placeholders() {
    let found = only(play(&account(&[]), &by_phone(), include_str!("../transcripts/find_by_phone.http")));
    assert_eq!(found.id, RemoteId("abc123".to_owned()));
    let held: Vec<_> = found.fields.iter().map(|(field, value)| (field.name(), value.clone())).collect();
    let expected = [
        ("bot_active", Value::Boolean(true)),
        ("channel", text("whatsapp")),
        ("created_at", Value::Timestamp("2026-01-31T12:00:00Z".to_owned())),
        ("do_not_disturb", Value::Boolean(false)),
        ("first_name", text("Ann")),
        ("id", text("abc123")),
        ("phone", text("+1234567890")),
    ];
    assert_eq!(held, expected);
    assert_eq!(found.tags, Some(vec!["vip".to_owned(), "lead".to_owned()]));
    assert_eq!(found.extra["currentCampaign"], json!({"name": "Spring"}));
    assert!(found.complete);

    let kept = account(&[("keep_placeholders", "true")]);
    let found = only(play(&kept, &by_phone(), include_str!("../transcripts/find_by_phone.http")));
    assert_eq!(found.fields[&Field::new("last_name")], text("Unknown"));
}

#[test]
fn an_older_deployment_tells_the_id_and_what_was_asked() {
    let found = only(play(&account(&[]), &by_email(), include_str!("../transcripts/find_older.http")));
    assert_eq!(found.id, RemoteId("abc123".to_owned()));
    let held: Vec<_> = found.fields.iter().map(|(field, value)| (field.name(), value.clone())).collect();
    assert_eq!(held, [("email", text("ann@example.com")), ("id", text("abc123"))]);
    assert!(!found.complete);
    assert_eq!(found.tags, None);
}

#[test]
fn nobody_is_an_empty_page() {
    let verdict = play(&account(&[]), &by_phone(), include_str!("../transcripts/find_nobody.http"));
    assert_eq!(verdict, Verdict::done(Reply::Contacts(Page { items: vec![], next: None, total: Some(0) })));
}

#[test]
fn a_create_carries_lists_and_only_what_is_mapped() {
    let mut edit = edit(&[("first_name", text("Ann")), ("do_not_disturb", Value::Boolean(true))]);
    edit.lists = vec!["list-1".to_owned(), "list-2".to_owned()];
    let identifier = Some(Identifier::new(IdentifierKind::Phone, "+1234567890"));
    let call = Call::Create { identifier, edit };
    let verdict = play(&account(&[]), &call, include_str!("../transcripts/create.http"));
    assert_eq!(verdict, Verdict::done(Reply::Id(RemoteId("abc123".to_owned()))));
}

#[test]
fn a_200_can_say_that_the_contact_exists() {
    let verdict = play(&account(&[]), &create(&[]), include_str!("../transcripts/create_exists.http"));
    let message = "Contact already exists".to_owned();
    assert_eq!(verdict, Verdict::Exists { message, fields: vec!["phone".to_owned()], id: None });
}

#[test]
fn the_five_fields_of_an_update() {
    let call = update(&[
        ("first_name", text("Ann")),
        ("last_name", Value::Clear),
        ("email", text("ann@example.com")),
        ("bot_active", Value::Boolean(false)),
        ("do_not_disturb", Value::Boolean(true)),
    ]);
    assert_eq!(play(&account(&[]), &call, include_str!("../transcripts/update.http")), Verdict::done(Reply::Nothing));
}

#[test]
fn a_list_takes_the_contact_or_refuses_the_row() {
    let service = account(&[]);
    assert_eq!(
        play(&service, &add_to_list("list-1"), include_str!("../transcripts/add_to_list.http")),
        Verdict::done(Reply::Nothing)
    );
    assert_eq!(
        play(&service, &add_to_list("list-9"), include_str!("../transcripts/add_to_list_denied.http")),
        Verdict::Refused {
            code: "service.refused".into(),
            message: "Permission denied".to_owned(),
            fields: vec!["lists".to_owned()],
        }
    );
}

#[test]
fn tags_are_read_and_added_one_at_a_time() {
    let service = account(&[]);
    assert_eq!(
        play(&service, &Call::ReadTags { target: id() }, include_str!("../transcripts/read_tags.http")),
        Verdict::done(Reply::Tags(vec!["vip".to_owned(), "lead".to_owned()]))
    );
    let call = add_tags(phone(), &["vip"]);
    assert_eq!(play(&service, &call, include_str!("../transcripts/add_tag.http")), Verdict::done(Reply::Nothing));
    let older = account(&[("tags_in_query", "true"), ("tags_without_plus", "true")]);
    let missing = play(&older, &call, include_str!("../transcripts/add_tag_in_query.http"));
    assert!(matches!(missing, Verdict::Missing { message } if message.starts_with("Contact not found")));
}

#[test]
fn a_wrong_key_stops_the_run() {
    let verdict = play(&account(&[]), &Call::Check, include_str!("../transcripts/unauthorized.http"));
    assert_eq!(verdict, Verdict::Stop { message: "Unauthorized".to_owned() });
}
