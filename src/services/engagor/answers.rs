//! Good answers as replies. What went wrong is in [`super::failures`].

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::failures;
use super::fields::{CUSTOM, PROFILES, by_key};
use super::requests::{BOUND_TO_TOPICS, NOT_ADDRESSABLE};
use crate::contact::{Call, Cursor, CustomEdit, Edit, Field, FieldKind, Snapshot, TagEdit, TagMode, Value};
use crate::services::http::Answer;
use crate::services::reading::{custom, id, moment, names, text, value, words};
use crate::services::verdict::{Page, Reply, Verdict, by_status};

pub(super) fn verdict(call: &Call, answer: &Answer) -> Verdict {
    let json = answer.json();
    match json {
        Some(json) if (200..300).contains(&answer.status) && !failures::carries_an_error(&json) => {
            success(call, answer, &json)
        }
        json => failures::verdict(call, answer, json.as_ref()),
    }
}

fn success(call: &Call, answer: &Answer, json: &Json) -> Verdict {
    let mut warnings = warnings(json);
    let Some(response) = json.get("response") else { return by_status(answer, "") };
    let reply = match call {
        Call::Read { .. } => snapshot(response).map(|snapshot| Reply::Contact(Box::new(snapshot))),
        Call::Update { edit, .. } => Some(updated(edit, response, &mut warnings)),
        Call::EditTags { edit, .. } => {
            let edit = Edit { tags: Some(edit.clone()), ..Edit::default() };
            Some(updated(&edit, response, &mut warnings))
        }
        Call::Delete { .. } => match response {
            Json::Bool(true) => Some(Reply::Nothing),
            Json::Bool(false) => return Verdict::refused("service.refused", "the service did not delete the contact"),
            _ => None,
        },
        Call::List { cursor, .. } => page(response, cursor.as_ref()).map(Reply::Contacts),
        Call::ListTags { cursor } => items(response).map(|items| {
            if next_token(response, cursor.as_ref()).is_some() {
                warnings.push("the account has more tags than are shown".to_owned());
            }
            Reply::Tags(names(items, "name").unwrap_or_default())
        }),
        Call::Check => response.is_object().then_some(Reply::Nothing),
        _ => None,
    };
    reply.map_or_else(|| by_status(answer, ""), |reply| Verdict::Done { reply, warnings })
}

/// What the service wants to be known beside a good answer.
fn warnings(json: &Json) -> Vec<String> {
    match json.pointer("/meta/messages") {
        Some(Json::Array(messages)) => {
            let said = |message: &Json| words(message.get("message").unwrap_or(message));
            messages.iter().map(said).filter(|message| !message.is_empty()).collect()
        }
        Some(message) => Some(words(message)).filter(|message| !message.is_empty()).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The reply of an update, which holds the whole contact: what it kept otherwise than asked is a
/// warning. Names alone, no values.
fn updated(edit: &Edit, response: &Json, warnings: &mut Vec<String>) -> Reply {
    let Some(snapshot) = snapshot(response) else { return Reply::Nothing };
    for (field, wanted) in &edit.fields {
        let wanted = match edit.custom {
            CustomEdit::Remove if field.custom_name().is_some() => &Value::Clear,
            _ => wanted,
        };
        if !wanted.same_as(snapshot.fields.get(field).unwrap_or(&Value::Clear)) {
            warnings.push(format!("the service did not take the value as it was sent: {field}"));
        }
    }
    if let (Some(TagEdit { mode, tags }), Some(present)) = (&edit.tags, &snapshot.tags)
        && tags.iter().any(|tag| present.contains(tag) == (*mode == TagMode::Remove))
    {
        warnings.push("the service did not take the tags as they were sent".to_owned());
    }
    Reply::Contact(Box::new(snapshot))
}

/// The items of a paged list.
fn items(response: &Json) -> Option<&Json> {
    response.get("data").or(Some(response)).filter(|items| items.is_array())
}

/// One page of contacts; `None` if it isn't one.
fn page(response: &Json, cursor: Option<&Cursor>) -> Option<Page<Snapshot>> {
    let mut items = items(response)?.as_array()?.iter().map(snapshot).collect::<Option<Vec<_>>>()?;
    for snapshot in &mut items {
        // The list takes no topic ids, so details of these may be missing.
        snapshot.complete = !snapshot.extra.get(PROFILES).is_some_and(is_bound_to_a_topic);
    }
    let next = next_token(response, cursor).filter(|_| !items.is_empty());
    Some(Page { items, next, total: None })
}

/// The token of the next page, wherever it stands; `None` at the end and where it repeats.
fn next_token(response: &Json, cursor: Option<&Cursor>) -> Option<Cursor> {
    let in_url = |path: &str| {
        let url = response.pointer(path)?.as_str()?;
        let query = url.split_once('?')?.1;
        let token = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("page_token="))?;
        Some(percent_decode_str(token).decode_utf8().ok()?.into_owned()).filter(|token| !token.is_empty())
    };
    let plain = |path: &str| response.pointer(path).and_then(text);
    plain("/paging/next_page_token")
        .or_else(|| plain("/next_page_token"))
        .or_else(|| in_url("/paging/next_url"))
        .or_else(|| in_url("/next_url"))
        .filter(|token| cursor.is_none_or(|cursor| cursor.0 != *token))
        .map(Cursor)
}

/// What a contact of an answer holds; `None` without an id.
fn snapshot(json: &Json) -> Option<Snapshot> {
    let mut snapshot = Snapshot::new(id(json.get("id")?)?);
    for (key, json) in json.as_object()? {
        match key.as_str() {
            "id" => drop(snapshot.fields.insert(Field::new("id"), Value::Text(snapshot.id.0.clone()))),
            "tags" => snapshot.tags = names(json, "name"),
            CUSTOM => custom_attributes(&mut snapshot, json),
            PROFILES => {
                if let Some(service_id) = service_id(json) {
                    snapshot.fields.insert(Field::new("service_id"), Value::Text(service_id));
                }
                snapshot.extra.insert(key.clone(), json.clone());
            }
            key => match by_key(key) {
                Some(spec) => {
                    let found = if (spec.kind)() == FieldKind::Timestamp { moment(json) } else { value(json) };
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

/// The first identity by which the contact can be addressed.
fn service_id(profiles: &Json) -> Option<String> {
    profiles.as_array()?.iter().find_map(|profile| {
        let platform = profile.get("type").and_then(text).filter(|platform| platform != NOT_ADDRESSABLE)?;
        Some(format!("{platform}/{}", profile.get("service_id").and_then(text)?))
    })
}

fn is_bound_to_a_topic(profiles: &Json) -> bool {
    let platform = |profile: &Json| profile.get("type").and_then(text);
    profiles.as_array().into_iter().flatten().filter_map(platform).any(|name| BOUND_TO_TOPICS.contains(&name.as_str()))
}

/// Custom fields, as an object or as an array of pairs.
fn custom_attributes(snapshot: &mut Snapshot, json: &Json) {
    let mut keep = |name: &str, json: &Json| {
        snapshot.fields.insert(Field::custom(name), custom(json));
    };
    match json {
        Json::Object(attributes) => attributes.iter().for_each(|(name, json)| keep(name, json)),
        Json::Array(pairs) => {
            for pair in pairs {
                if let (Some(name), Some(json)) = (pair.get("key").and_then(text), pair.get("value")) {
                    keep(&name, json);
                }
            }
        }
        _ => {}
    }
}
