//! A contact of an answer, in our words.

use serde_json::{Map, Value as Json};

use super::Chatwoot;
use super::fields::is_prefix;
use crate::contact::{Field, FieldKind, Snapshot, Value};
use crate::services::reading;

impl Chatwoot {
    /// The contact that an object describes; `None` if it has no id.
    pub(super) fn snapshot(&self, contact: &Json) -> Option<Snapshot> {
        let object = contact.as_object()?;
        let mut snapshot = Snapshot::new(reading::id(object.get("id")?)?);
        for spec in self.fields {
            if let Some(value) = at(contact, spec.wire).and_then(|json| standard(&(spec.kind)(), json)) {
                snapshot.fields.insert(Field::new(spec.name), value);
            }
            if let Some(group) = spec.group.filter(|group| !snapshot.groups.contains_key(*group)) {
                let held = at(contact, group).filter(|json| json.is_object()).cloned();
                snapshot.groups.insert(group.to_owned(), held.unwrap_or_else(|| Json::Object(Map::new())));
            }
        }
        if let Some(Json::Object(custom)) = object.get("custom_attributes") {
            for (name, json) in custom {
                snapshot.fields.insert(Field::custom(name), reading::custom(json));
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

fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, key| json.get(key))
}

/// A standard field; empty text and null are no value.
fn standard(kind: &FieldKind, json: &Json) -> Option<Value> {
    match kind {
        FieldKind::Timestamp => reading::moment(json),
        FieldKind::Text | FieldKind::Phone | FieldKind::Email => reading::text(json).map(Value::Text),
        FieldKind::Boolean => match reading::value(json)? {
            Value::Text(text) if text == "true" || text == "false" => Some(Value::Boolean(text == "true")),
            other => Some(other),
        },
        _ => reading::value(json),
    }
}
