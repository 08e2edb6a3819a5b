//! A contact of an answer, in our words.

use serde_json::{Map, Value as Json};

use super::Chatwoot;
use super::fields::is_prefix;
use crate::contact::{Field, FieldKind, RemoteId, Snapshot, Value};

impl Chatwoot {
    /// The contact that an object describes; `None` if it has no id.
    pub(super) fn snapshot(&self, contact: &Json) -> Option<Snapshot> {
        let object = contact.as_object()?;
        let mut snapshot = Snapshot::new(id_of(object)?);
        for spec in self.fields.iter().filter(|spec| spec.name != "id") {
            if let Some(value) = at(contact, spec.wire).and_then(|json| standard((spec.kind)(), json)) {
                snapshot.fields.insert(Field::new(spec.name), value);
            }
            if let Some(group) = spec.group.filter(|group| !snapshot.groups.contains_key(*group)) {
                let held = at(contact, group).filter(|json| json.is_object()).cloned();
                snapshot.groups.insert(group.to_owned(), held.unwrap_or_else(|| Json::Object(Map::new())));
            }
        }
        if let Some(Json::Object(custom)) = object.get("custom_attributes") {
            for (name, json) in custom {
                if let Some(value) = value_of(json) {
                    snapshot.fields.insert(Field::custom(name), value);
                }
            }
        }
        self.keep_extra(object, "", &mut snapshot);
        Some(snapshot)
    }

    /// Keeps what no field stands for, under its whole path.
    fn keep_extra(&self, object: &Map<String, Json>, prefix: &str, snapshot: &mut Snapshot) {
        for (key, json) in object {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            let known = path == "custom_attributes" && json.is_object()
                || self.fields.iter().any(|spec| spec.wire == path && (spec.read || json.is_null()));
            match json {
                _ if known => {}
                Json::Null => {}
                Json::Object(inner) if is_prefix(self.fields, &path) => self.keep_extra(inner, &path, snapshot),
                _ => drop(snapshot.extra.insert(path, json.clone())),
            }
        }
    }
}

/// The id of a contact: a number, or text where a document says so.
fn id_of(object: &Map<String, Json>) -> Option<RemoteId> {
    match object.get("id")? {
        Json::Number(number) => number.as_u64().map(|id| RemoteId(id.to_string())),
        Json::String(text) if !text.is_empty() => Some(RemoteId(text.clone())),
        _ => None,
    }
}

fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, key| json.get(key))
}

/// A standard field; empty text and null are no value.
fn standard(kind: FieldKind, json: &Json) -> Option<Value> {
    let value = value_of(json).filter(|value| !value.is_empty())?;
    Some(match (kind, &value) {
        (FieldKind::Timestamp, _) => timestamp(&value).map_or(value, Value::Timestamp),
        (FieldKind::Boolean, Value::Text(text)) if text == "true" || text == "false" => Value::Boolean(text == "true"),
        (FieldKind::Text | FieldKind::Phone | FieldKind::Email, Value::Number(text)) => Value::Text(text.clone()),
        _ => value,
    })
}

/// Unix seconds, as a number or as text, in RFC 3339.
fn timestamp(value: &Value) -> Option<String> {
    let seconds = value.as_text().parse().ok()?;
    jiff::Timestamp::from_second(seconds).ok().map(|moment| moment.to_string())
}

/// Any JSON as a value; null is none.
fn value_of(json: &Json) -> Option<Value> {
    match json {
        Json::Null => None,
        Json::Bool(truth) => Some(Value::Boolean(*truth)),
        Json::Number(number) => Some(Value::Number(plain(number))),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Array(_) | Json::Object(_) => Some(Value::Json(json.clone())),
    }
}

/// A number without an exponent.
fn plain(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(decimal) if number.is_f64() => decimal.to_string(),
        _ => number.to_string(),
    }
}
