//! Plays the transcripts of the vendor's documents.

use super::*;
use crate::services::transcript::Transcript;

/// Plays a transcript: the call gives its request, its answer gives the verdict.
fn play(call: &Call, text: &str) -> Verdict {
    let transcript = Transcript::parse(text);
    assert_eq!(service().request(call).unwrap(), transcript.request);
    service().verdict(call, &transcript.answer)
}

#[test]
fn transcript_of_a_look_up_by_phone() {
    let call = find(IdentifierKind::Phone, "+60123456789");
    let mut held = Snapshot::new(RemoteId("123".into()));
    held.tags = Some(vec!["vip".into(), "premium".into()]);
    held.fields = [
        (Field::new("id"), text("123")),
        (Field::new("first_name"), text("John")),
        (Field::new("last_name"), text("Doe")),
        (Field::new("phone"), text("+60123456789")),
        (Field::new("email"), text("john@example.com")),
        (Field::new("language"), text("en")),
        (Field::new("avatar_url"), text("https://cdn.example.com/john.jpg")),
        (Field::new("country"), text("MY")),
        (Field::new("status"), text("open")),
        (Field::new("blocked"), Value::Boolean(false)),
        (Field::custom("Company"), text("Acme Inc")),
        (Field::custom("Role"), Value::Json(serde_json::Value::Null)),
        (Field::custom("Seats"), Value::Number("12".into())),
        (Field::custom("Newsletter"), Value::Boolean(true)),
        (Field::new("assignee"), text("jane@example.com")),
        (Field::new("lifecycle"), text("Hot Lead")),
        (Field::new("created_at"), Value::Timestamp("2022-09-15T20:34:41Z".into())),
    ]
    .into_iter()
    .collect();
    let transcript = include_str!("../transcripts/get_by_phone.http");
    assert_eq!(play(&call, transcript), contacts(vec![held.clone()], None));

    // The same answer to a read by the same identifier.
    let by_phone = Target::Identifier(Identifier::new(IdentifierKind::Phone, "+60123456789"));
    assert_eq!(play(&Call::Read { target: by_phone }, transcript), Verdict::done(Reply::Contact(Box::new(held))));

    let hint = service().quota_hint(&Transcript::parse(transcript).answer);
    assert_eq!((hint.limit, hint.remaining, hint.reset_after), (Some(5), Some(4), None));
}

#[test]
fn transcript_of_an_unknown_contact() {
    let transcript = include_str!("../transcripts/get_unknown.http");
    assert_eq!(play(&find(IdentifierKind::Email, "nobody@example.com"), transcript), contacts(vec![], None));
    let target = Target::Identifier(Identifier::new(IdentifierKind::Email, "nobody@example.com"));
    assert_eq!(play(&Call::Read { target }, transcript), Verdict::Missing { message: "Contact not found".into() });
}

#[test]
fn transcript_of_a_create() {
    let call = create(&[
        (Field::new("first_name"), text("John")),
        (Field::custom("Company"), text("Acme Inc")),
        (Field::new("last_name"), text("Doe")),
        (Field::new("email"), text("john@example.com")),
        (Field::custom("Role"), text("Developer")),
    ]);
    assert_eq!(play(&call, include_str!("../transcripts/create.http")), Verdict::done(Reply::Nothing));
}

#[test]
fn transcript_of_an_update() {
    let call = update(&[
        (Field::new("first_name"), text("Jane")),
        (Field::new("last_name"), Value::Clear),
        (Field::custom("Status"), text("Active")),
    ]);
    assert_eq!(
        play(&call, include_str!("../transcripts/update.http")),
        Verdict::done(Reply::Id(RemoteId("123".into())))
    );
}

#[test]
fn transcripts_of_delete_and_tags() {
    let gone = play(&Call::Delete { target: id("123") }, include_str!("../transcripts/delete.http"));
    assert_eq!(gone, Verdict::done(Reply::Nothing));
    let done = Verdict::done(Reply::Id(RemoteId("123".into())));
    assert_eq!(play(&tags(TagMode::Add, &["vip", "premium"]), include_str!("../transcripts/add_tags.http")), done);
    assert_eq!(play(&tags(TagMode::Remove, &["old-tag"]), include_str!("../transcripts/remove_tags.http")), done);
}

#[test]
fn transcript_of_a_full_listing() {
    let held = |id: &str, name: &str, at: &str| {
        let mut held = Snapshot::new(RemoteId(id.into()));
        held.fields = [
            (Field::new("id"), text(id)),
            (Field::new("first_name"), text(name)),
            (Field::new("created_at"), Value::Timestamp(at.into())),
        ]
        .into_iter()
        .collect();
        held
    };
    let items = vec![held("1", "John", "2009-02-13T23:31:30Z"), held("2", "Jane", "2009-02-13T23:31:31Z")];
    assert_eq!(play(&list(None), include_str!("../transcripts/list_all.http")), contacts(items, Some("10")));
}

#[test]
fn transcript_of_a_filtered_listing() {
    let filter =
        Filter { tag: Some("vip".into()), updated_since: None, field: Some((Field::new("country"), text("MY"))) };
    let call = Call::List { filter, cursor: Some(Cursor("100".into())), page_size: Some(50) };
    assert_eq!(play(&call, include_str!("../transcripts/list_filtered.http")), contacts(vec![], None));
}

#[test]
fn transcript_of_the_custom_fields() {
    let Verdict::Done { reply: Reply::Fields(page), .. } =
        play(&Call::ListFields { cursor: None }, include_str!("../transcripts/list_custom_fields.http"))
    else {
        panic!("fields")
    };
    let choice = |values: [&str; 2]| FieldKind::Choice(values.map(str::to_owned).to_vec());
    let expected = [
        ("Company", FieldKind::Text),
        ("Plan", choice(["free", "paid"])),
        ("Size", choice(["S", "M"])),
        ("Newsletter", FieldKind::Boolean),
        ("Work email", FieldKind::Email),
        ("Seats", FieldKind::Number),
        ("Site", FieldKind::Url),
        ("Born", FieldKind::Date),
        ("Call at", FieldKind::Time),
        ("Notes", FieldKind::Text),
    ]
    .map(|(name, kind)| {
        let alias = (name == "Work email").then(|| "work_email".to_owned());
        FieldDefinition { name: name.to_owned(), alias, kind }
    });
    assert_eq!(page.items, expected);
    assert_eq!(page.next, Some(Cursor("10".into())));
}

#[test]
fn transcript_of_an_unknown_custom_field() {
    let call = update(&[(Field::new("first_name"), text("Jane")), (Field::custom("Shoe size"), text("42"))]);
    assert_eq!(
        play(&call, include_str!("../transcripts/unknown_field.http")),
        Verdict::Refused {
            code: "field.unknown".into(),
            message: "Custom field Shoe size not found in the workspace".into(),
            fields: vec!["custom.Shoe size".into()],
        }
    );
}

#[test]
fn transcripts_of_waiting() {
    assert_eq!(
        play(&read(), include_str!("../transcripts/too_many_requests.http")),
        Verdict::Again { wait: Wait::For(Duration::from_secs(2)), message: "Too many requests".into() }
    );
    assert_eq!(
        play(&read(), include_str!("../transcripts/queued.http")),
        Verdict::Again { wait: Wait::For(Duration::from_secs(180)), message: "Request is queued".into() }
    );
    let limited = Transcript::parse(include_str!("../transcripts/too_many_requests.http")).answer;
    assert_eq!(service().quota_hint(&limited).reset_after, Some(Duration::from_secs(2)));
}
