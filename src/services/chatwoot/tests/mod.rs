mod answers;
mod requests;
mod transcripts;

use std::time::Duration;

use super::Chatwoot;
use super::flavors::{Flavor, digital99, engagelab, upstream};
use crate::contact::{Call, Edit, Field, Identifier, IdentifierKind, RemoteId, TagEdit, TagMode, Target, Value};
use crate::services::{Answer, Settings};

fn account(flavor: &'static Flavor, settings: &[(&str, &str)]) -> Chatwoot {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Chatwoot::new(flavor, &Settings(settings)).unwrap()
}

fn chatwoot() -> Chatwoot {
    account(&upstream::FLAVOR, &[("account_id", "1")])
}

fn digital99() -> Chatwoot {
    account(&digital99::FLAVOR, &[("account_id", "1"), ("inbox_id", "10")])
}

fn engagelab() -> Chatwoot {
    account(&engagelab::FLAVOR, &[("inbox_id", "10")])
}

/// Every flavor, with everything that a setting can turn on.
fn all() -> [Chatwoot; 3] {
    let on = [("filter", "true"), ("labels", "true"), ("delete", "true"), ("destroy_custom_attributes", "true")];
    [
        chatwoot(),
        account(&digital99::FLAVOR, &[&[("account_id", "1"), ("inbox_id", "10")], &on[..]].concat()),
        account(&engagelab::FLAVOR, &[&[("read", "true"), ("inbox_id", "10")], &on[..]].concat()),
    ]
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

fn find(identifiers: &[(IdentifierKind, &str)]) -> Call {
    let identifiers = identifiers.iter().map(|(kind, value)| Identifier::new(*kind, *value)).collect();
    Call::Find { identifiers, cursor: None }
}

fn edit(fields: &[(&str, Value)]) -> Edit {
    let fields = fields.iter().map(|(name, value)| (Field::new(name), value.clone())).collect();
    Edit { fields, ..Edit::default() }
}

fn create(fields: &[(&str, Value)]) -> Call {
    Call::Create { identifier: None, edit: edit(fields) }
}

fn update(fields: &[(&str, Value)]) -> Call {
    Call::Update { target: id("7"), edit: edit(fields) }
}

fn list() -> Call {
    Call::List { filter: crate::contact::Filter::default(), cursor: None, page_size: None }
}

fn replace_tags(tags: &[&str]) -> Call {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Call::EditTags { target: id("7"), edit: TagEdit { mode: TagMode::Replace, tags } }
}

/// Every kind of call that the family has.
fn calls() -> Vec<Call> {
    vec![
        find(&[(IdentifierKind::Email, "ann@example.com")]),
        Call::Read { target: id("7") },
        create(&[("name", text("Ann"))]),
        update(&[("name", text("Ann"))]),
        Call::ClearFields { target: id("7"), fields: vec![Field::custom("plan")] },
        replace_tags(&["vip"]),
        Call::ReadTags { target: id("7") },
        Call::Delete { target: id("7") },
        list(),
        Call::ListTags { cursor: None },
        Call::Check,
    ]
}
