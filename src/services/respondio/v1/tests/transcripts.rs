//! Plays the transcripts of the vendor's documents.

use super::*;
use crate::services::transcript::Transcript;

/// Plays a transcript: the call gives its request, its answer gives the verdict.
fn play(service: &RespondioV1, call: &Call, text: &str) -> Verdict {
    let transcript = Transcript::parse(text);
    assert_eq!(service.request(call).unwrap(), transcript.request);
    service.verdict(call, &transcript.answer)
}

fn plain(call: &Call, text: &str) -> Verdict {
    play(&service(&[]), call, text)
}

#[test]
fn transcript_of_a_look_up_by_phone() {
    let call = find(IdentifierKind::Phone, "+60123456789");
    let mut held = Snapshot::new(RemoteId("4290180204421871".into()));
    held.tags = Some(vec!["sales".into(), "malaysia".into()]);
    held.fields = [
        (Field::new("id"), text("4290180204421871")),
        (Field::new("first_name"), text("John")),
        (Field::new("last_name"), text("Doe")),
        (Field::new("phone"), text("+60123456789")),
        (Field::new("email"), text("john@example.com")),
        (Field::new("language"), text("en")),
        (Field::new("avatar_url"), text("https://cdn.example.com/john.jpg")),
        (Field::new("locale"), text("en_US")),
        (Field::new("time_zone"), text("8")),
        (Field::new("gender"), text("male")),
        (Field::custom("vip"), text("true")),
        (Field::custom("company_size"), text("12")),
        (Field::new("created_at"), Value::Timestamp("2022-09-15T20:34:41Z".into())),
    ]
    .into_iter()
    .collect();
    let page = Page { items: vec![held], next: Some(Cursor("2".into())), total: Some(11) };
    assert_eq!(
        plain(&call, include_str!("../transcripts/get_by_custom_field.http")),
        Verdict::done(Reply::Contacts(page))
    );
}

#[test]
fn transcript_of_a_listing_by_a_boolean_field() {
    assert_eq!(
        plain(&list(Some("2")), include_str!("../transcripts/list_by_boolean_field.http")),
        Verdict::done(Reply::Contacts(Page { items: vec![], next: None, total: Some(0) }))
    );
}

#[test]
fn transcript_of_a_read() {
    let mut held = Snapshot::new(RemoteId("4290180204421871".into()));
    held.tags = Some(vec![]);
    held.fields = [
        (Field::new("id"), text("4290180204421871")),
        (Field::new("first_name"), text("John")),
        (Field::new("phone"), text("+60123456789")),
        (Field::new("created_at"), Value::Timestamp("2022-09-15T20:34:41Z".into())),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        plain(&Call::Read { target: id("4290180204421871") }, include_str!("../transcripts/get_by_id.http")),
        Verdict::done(Reply::Contact(Box::new(held)))
    );
}

#[test]
fn transcript_of_an_update() {
    let mut edit = edit(&[(Field::new("first_name"), "John")]);
    edit.fields.push((Field::custom("vip"), Value::Boolean(true)));
    let call = Call::Update { target: id("4290180204421871"), edit };
    assert_eq!(plain(&call, include_str!("../transcripts/update_by_id.http")), id_reply("4290180204421871"));
}

#[test]
fn transcript_of_an_update_on_a_viber_channel() {
    let edit = edit(&[(Field::new("email"), "john@example.com")]);
    let call = Call::Update { target: id("0123456789abc"), edit };
    let viber = service(&[("encode_ids", "true")]);
    assert_eq!(play(&viber, &call, include_str!("../transcripts/update_viber_id.http")), id_reply("0123456789abc"));
}

#[test]
fn transcripts_of_tags() {
    let add = plain(&tags(TagMode::Add, &["sales", "malaysia"]), include_str!("../transcripts/add_tags.http"));
    let remove = plain(&tags(TagMode::Remove, &["sales"]), include_str!("../transcripts/remove_tags.http"));
    assert_eq!((add, remove), (Verdict::done(Reply::Nothing), Verdict::done(Reply::Nothing)));
}

#[test]
fn transcript_of_a_create_stores_the_identifier_too() {
    let call = create(&[(Field::new("first_name"), "John")]);
    assert_eq!(plain(&call, include_str!("../transcripts/create.http")), id_reply("60123456789"));
}

#[test]
fn transcript_of_an_unknown_contact() {
    assert_eq!(
        plain(&Call::Read { target: id("1") }, include_str!("../transcripts/no_such_contact.http")),
        Verdict::Missing { message: "There is no such contact.".into() }
    );
}

#[test]
fn transcript_of_too_many_requests() {
    assert_eq!(
        plain(&Call::Read { target: id("1") }, include_str!("../transcripts/too_many_requests.http")),
        Verdict::Again { wait: Wait::Backoff, message: "Too Many Attempts.".into() }
    );
}
