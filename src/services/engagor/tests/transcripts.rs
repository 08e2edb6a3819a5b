//! Plays the transcripts of the vendor's documents.

use super::*;
use crate::services::transcript::Transcript;

/// Plays a transcript: the call gives its request, its answer gives the verdict.
fn play(service: &Engagor, call: &Call, text: &str) -> Verdict {
    let transcript = Transcript::parse(text);
    assert_eq!(service.request(call).unwrap(), transcript.request);
    service.verdict(call, &transcript.answer)
}

/// What the verdict says the contact holds, without warnings.
fn held(verdict: Verdict) -> Snapshot {
    match verdict {
        Verdict::Done { reply: Reply::Contact(held), warnings } if warnings.is_empty() => *held,
        other => panic!("{other:?}"),
    }
}

#[test]
fn transcript_of_a_read_by_platform() {
    let held = held(play(
        &service(),
        &Call::Read { target: platform("twitter/998877") },
        include_str!("../transcripts/get_by_service_id.http"),
    ));
    let expected = [
        (Field::new("id"), text("4a5b6c")),
        (Field::new("name"), text("John Doe")),
        (Field::new("email"), text("john@example.com")),
        (Field::new("company"), text("Acme Inc")),
        (Field::new("phone"), text("+3212345678")),
        (Field::custom("note"), text("")),
        (Field::custom("plan"), text("gold")),
        (Field::custom("seats"), Value::Number("12".into())),
        (Field::custom("newsletter"), Value::Boolean(true)),
        // The Instagram profile comes first and can't be addressed.
        (Field::new("service_id"), text("twitter/998877")),
    ];
    assert_eq!(held.fields, expected.into_iter().collect());
    assert_eq!(held.tags, Some(vec!["FR".into(), "vip".into()]));
    assert_eq!(held.extra["socialprofiles"][1]["name"], "johndoe");
    assert!(held.complete);
}

#[test]
fn transcript_of_a_read_with_topics() {
    let held = held(play(
        &with_topics(),
        &Call::Read { target: id("77") },
        include_str!("../transcripts/get_by_id_with_topics.http"),
    ));
    assert_eq!(held.id, RemoteId("77".into()));
    assert_eq!(held.fields[&Field::custom("plan")], text("gold"));
    assert_eq!(held.fields[&Field::new("service_id")], text("whatsapp/3212345678"));
}

#[test]
fn transcript_of_an_update_of_standard_fields() {
    let call = update(
        platform("twitter/998877"),
        CustomEdit::Merge,
        &[(Field::new("name"), text("John & Jane")), (Field::new("company"), text("Acme"))],
    );
    let Verdict::Done { reply: Reply::Contact(held), warnings } =
        play(&service(), &call, include_str!("../transcripts/update_standard_fields.http"))
    else {
        panic!("a contact")
    };
    assert_eq!(held.fields[&Field::new("name")], text("John & Jane"));
    assert_eq!(warnings, ["The phone number was not checked."]);
}

#[test]
fn transcripts_of_tags() {
    let add = play(&service(), &tags(TagMode::Add, &["vip"]), include_str!("../transcripts/add_a_tag.http"));
    assert_eq!(held(add).tags, Some(vec!["FR".into(), "vip".into()]));
    let replace =
        play(&service(), &tags(TagMode::Replace, &["FR"]), include_str!("../transcripts/update_the_tags.http"));
    assert_eq!(held(replace).tags, Some(vec!["FR".into()]));
    let remove = play(&service(), &tags(TagMode::Remove, &["FR"]), include_str!("../transcripts/delete_a_tag.http"));
    assert_eq!(held(remove).tags, Some(vec![]));
}

#[test]
fn transcripts_of_custom_attributes() {
    let plan = || (Field::custom("plan"), text("gold"));
    let merge =
        update(id("4a5b6c"), CustomEdit::Merge, &[plan(), (Field::custom("newsletter"), Value::Boolean(false))]);
    let merged = held(play(&service(), &merge, include_str!("../transcripts/update_a_custom_attribute.http")));
    assert_eq!(merged.fields[&Field::custom("newsletter")], Value::Boolean(false));

    let replace = update(platform("whatsapp/3212345678"), CustomEdit::Replace, &[plan()]);
    held(play(&with_topics(), &replace, include_str!("../transcripts/overwrite_custom_attributes.http")));

    let remove = update(id("4a5b6c"), CustomEdit::Remove, &[plan()]);
    let removed = held(play(&service(), &remove, include_str!("../transcripts/delete_a_custom_attribute.http")));
    assert!(!removed.fields.contains_key(&Field::custom("plan")));
}

#[test]
fn transcript_of_a_delete() {
    let call = Call::Delete { target: id("4a5b6c") };
    assert_eq!(play(&service(), &call, include_str!("../transcripts/delete.http")), Verdict::done(Reply::Nothing));
    assert!(matches!(verdict(&call, 200, r#"{"meta": {"code": 200}, "response": false}"#), Verdict::Refused { .. }));
}

#[test]
fn transcript_of_a_listing() {
    let Verdict::Done { reply: Reply::Contacts(page), .. } =
        play(&service(), &list(None), include_str!("../transcripts/list.http"))
    else {
        panic!("contacts")
    };
    let ids: Vec<_> = page.items.iter().map(|held| (held.id.0.as_str(), held.complete)).collect();
    // A Viber contact is bound to a topic, and a listing takes none.
    assert_eq!(ids, [("1", true), ("2", false)]);
    assert_eq!(page.items[1].fields[&Field::new("service_id")], text("viber/a+b=="));
    assert_eq!(page.next, Some(Cursor("abc==".into())));
}

#[test]
fn transcript_of_a_filtered_listing() {
    let filter = Filter { tag: Some("vip".into()), updated_since: Some("2026-01-31T12:00:00Z".into()), field: None };
    let call = Call::List { filter, cursor: Some(Cursor("abc==".into())), page_size: Some(20) };
    assert_eq!(
        play(&service(), &call, include_str!("../transcripts/list_changed_with_tag.http")),
        Verdict::done(Reply::Contacts(Page { items: vec![], next: None, total: None }))
    );
}

#[test]
fn transcripts_of_tags_of_the_account_and_of_a_check() {
    assert_eq!(
        play(&service(), &Call::ListTags { cursor: None }, include_str!("../transcripts/list_tags.http")),
        Verdict::done(Reply::Tags(vec!["FR".into(), "vip".into()]))
    );
    assert_eq!(play(&service(), &Call::Check, include_str!("../transcripts/me.http")), Verdict::done(Reply::Nothing));
}

#[test]
fn transcript_of_the_rate_limit() {
    // 15 minutes from the answer's own date to the moment of the reset.
    let transcript = include_str!("../transcripts/rate_limit_reached.http");
    assert_eq!(
        play(&service(), &read(), transcript),
        Verdict::Again { wait: Wait::For(Duration::from_secs(900)), message: "You reached the rate limit.".into() }
    );
    let hint = service().quota_hint(&Transcript::parse(transcript).answer);
    assert_eq!(
        hint,
        QuotaHint {
            limit: Some(350),
            window: Some(Duration::from_secs(3600)),
            remaining: Some(0),
            reset_after: Some(Duration::from_secs(900)),
        }
    );
}

#[test]
fn transcript_of_an_unknown_contact() {
    assert_eq!(
        play(&service(), &read(), include_str!("../transcripts/not_found.http")),
        Verdict::Missing { message: "Contact not found: 77".into() }
    );
}
