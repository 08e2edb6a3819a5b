mod answers;
mod requests;
mod transcripts;

use super::*;
use crate::contact::{Edit, Field, Identifier, RemoteId, TagEdit, TagMode, Target, Value};

fn account(settings: &[(&str, &str)]) -> DmChamp {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    DmChamp::new(&Settings(settings)).unwrap()
}

/// With everything that a setting can turn on.
fn open() -> DmChamp {
    account(&[("remove_from_list", "true"), ("messages", "true"), ("custom_fields", "true")])
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), at: Duration::from_secs(1_790_000_000) }
}

fn id() -> Target {
    Target::Id(RemoteId("abc123".to_owned()))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn by_phone() -> Call {
    Call::Find { identifiers: vec![Identifier::new(IdentifierKind::Phone, "+1234567890")], cursor: None }
}

fn by_email() -> Call {
    Call::Find { identifiers: vec![Identifier::new(IdentifierKind::Email, "ann@example.com")], cursor: None }
}

fn edit(fields: &[(&str, Value)]) -> Edit {
    let fields = fields.iter().map(|(name, value)| (Field::new(name), value.clone())).collect();
    Edit { fields, ..Edit::default() }
}

fn create(fields: &[(&str, Value)]) -> Call {
    Call::Create { identifier: Some(Identifier::new(IdentifierKind::Phone, "+1234567890")), edit: edit(fields) }
}

fn update(fields: &[(&str, Value)]) -> Call {
    Call::Update { target: id(), edit: edit(fields) }
}

fn add_tags(target: Target, tags: &[&str]) -> Call {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Call::EditTags { target, edit: TagEdit { mode: TagMode::Add, tags } }
}

fn phone() -> Target {
    Target::Identifier(Identifier::new(IdentifierKind::Phone, "+1234567890"))
}

fn add_to_list(list: &str) -> Call {
    Call::AddToList { target: id(), list: list.to_owned() }
}

/// Every kind of call that the service has.
fn calls() -> Vec<Call> {
    vec![
        by_phone(),
        create(&[]),
        update(&[("first_name", text("Ann"))]),
        add_tags(phone(), &["vip"]),
        Call::ReadTags { target: id() },
        add_to_list("list-1"),
        Call::RemoveFromList { target: id(), list: "list-1".to_owned() },
        Call::ReadMessages { target: id() },
        Call::ListTags { cursor: None },
        Call::Check,
    ]
}
