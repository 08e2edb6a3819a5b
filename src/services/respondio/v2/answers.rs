//! Good answers as replies. What went wrong is in [`super::failures`].

use serde_json::Value as Json;

use super::failures;
use super::fields::{NamedBy, by_key};
use crate::contact::{Call, Cursor, Field, FieldDefinition, FieldKind, Snapshot, Value};
use crate::services::http::Answer;
use crate::services::reading::{custom, id, moment, names, text, value};
use crate::services::verdict::{Page, Reply, Verdict, by_status};

pub(super) fn verdict(call: &Call, answer: &Answer, named_by: NamedBy) -> Verdict {
    let json = answer.json();
    match json {
        Some(json) if (200..300).contains(&answer.status) && !failures::carries_an_error(&json) => {
            success(call, &json, named_by).map_or_else(|| by_status(answer, ""), Verdict::done)
        }
        json => failures::verdict(call, answer, json.as_ref()),
    }
}

/// The reply of a good answer; `None` if it can't be read.
fn success(call: &Call, json: &Json, named_by: NamedBy) -> Option<Reply> {
    let definition = |json: &Json| definition(json, named_by);
    match call {
        Call::Find { identifiers, cursor } if identifiers.len() > 1 => {
            Some(Reply::Contacts(page(json, cursor.as_ref(), snapshot)?))
        }
        Call::Find { .. } => {
            let items = vec![snapshot(json)?];
            Some(Reply::Contacts(Page { items, next: None, total: None }))
        }
        Call::Read { .. } => Some(Reply::Contact(Box::new(snapshot(json)?))),
        Call::List { cursor, .. } => Some(Reply::Contacts(page(json, cursor.as_ref(), snapshot)?)),
        Call::ListFields { cursor } => Some(Reply::Fields(page(json, cursor.as_ref(), definition)?)),
        Call::Check => page(json, None, definition).map(|_| Reply::Nothing),
        Call::Update { .. } | Call::EditTags { .. } if json.is_object() => {
            Some(json.get("contactId").and_then(id).map_or(Reply::Nothing, Reply::Id))
        }
        _ => json.is_object().then_some(Reply::Nothing),
    }
}

/// One page; `None` if it isn't one, or if an item of it can't be read.
///
/// Of the next page's address only its cursor is taken: the sample lacks `/v2`, and an address
/// from an answer is not to be trusted with a token.
fn page<T>(json: &Json, cursor: Option<&Cursor>, item: impl Fn(&Json) -> Option<T>) -> Option<Page<T>> {
    let items = json.get("items")?.as_array()?.iter().map(&item).collect::<Option<Vec<T>>>()?;
    let next = json
        .pointer("/pagination/next")
        .and_then(cursor_id)
        .filter(|next| !items.is_empty() && cursor.is_none_or(|cursor| cursor.0 != *next))
        .map(Cursor);
    Some(Page { items, next, total: None })
}

/// The `cursorId` in the query of an address.
fn cursor_id(next: &Json) -> Option<String> {
    let query = next.as_str()?.split_once('?')?.1;
    let value = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("cursorId="))?;
    let number = value.strip_prefix('-').unwrap_or(value);
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| value.to_owned())
}

/// What a contact of an answer holds; `None` without an id.
fn snapshot(json: &Json) -> Option<Snapshot> {
    let mut snapshot = Snapshot::new(id(json.get("id")?)?);
    for (key, json) in json.as_object()? {
        match key.as_str() {
            "id" => drop(snapshot.fields.insert(Field::new("id"), Value::Text(snapshot.id.0.clone()))),
            "tags" => snapshot.tags = names(json, "name"),
            "custom_fields" => custom_fields(&mut snapshot, json),
            key => match by_key(key) {
                Some(spec) => {
                    let found = match spec.name {
                        "created_at" => moment(json),
                        "assignee" => json.get("email").and_then(value).or_else(|| value(json)),
                        _ => value(json),
                    };
                    if let Some(found) = found {
                        snapshot.fields.insert(Field::new(spec.name), found);
                    }
                }
                None => drop(snapshot.extra.insert(key.to_owned(), json.clone())),
            },
        }
    }
    Some(snapshot)
}

fn custom_fields(snapshot: &mut Snapshot, json: &Json) {
    for pair in json.as_array().into_iter().flatten() {
        let name = pair.get("name").and_then(text);
        if let (Some(name), Some(found)) = (name, pair.get("value").map(custom)) {
            snapshot.fields.insert(Field::custom(&name), found);
        }
    }
}

/// One custom field of the workspace, called as it goes out; `None` without a name. A field without a
/// slug goes by its name.
fn definition(json: &Json, named_by: NamedBy) -> Option<FieldDefinition> {
    let name = json.get("name").and_then(text)?;
    let kind = match json.get("dataType").and_then(Json::as_str).unwrap_or_default() {
        "list" => choices(json.get("allowedValues")),
        "checkbox" => FieldKind::Boolean,
        "email" => FieldKind::Email,
        "number" => FieldKind::Number,
        "url" => FieldKind::Url,
        "date" => FieldKind::Date,
        "time" => FieldKind::Time,
        _ => FieldKind::Text,
    };
    let slug = json.get("slug").and_then(text).filter(|slug| !slug.is_empty() && *slug != name);
    let (name, alias) = match (named_by, slug) {
        (NamedBy::Slug, Some(slug)) => (slug, Some(name)),
        (_, slug) => (name, slug),
    };
    Some(FieldDefinition { name, alias, kind })
}

/// The allowed values of a list: an array in the vendor's SDK, an object that holds one in its n8n
/// node. Free text where they aren't told.
fn choices(json: Option<&Json>) -> FieldKind {
    let values = json.and_then(|json| names(json.get("listValues").unwrap_or(json), "value")).unwrap_or_default();
    if values.is_empty() { FieldKind::Text } else { FieldKind::Choice(values) }
}
