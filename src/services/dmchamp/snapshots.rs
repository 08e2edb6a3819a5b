//! What a look-up tells of a contact, in our words.

use serde_json::Value as Json;

use super::{DmChamp, fields};
use crate::contact::{Field, FieldKind, FieldSpec, Identifier, IdentifierKind, Message, Snapshot, Value};
use crate::services::reading;

/// What a create stores where the caller gave nothing (the seed; the e-mail as a dashboard saw it).
const PLACEHOLDERS: [(&str, &str); 3] =
    [("first_name", "Unknown"), ("last_name", "Unknown"), ("email", "unknown@unknown.com")];

impl DmChamp {
    /// The contact of a look-up by `looked_up`. Older deployments tell the id alone.
    pub(super) fn snapshot(&self, body: &Json, looked_up: Option<&Identifier>) -> Option<Snapshot> {
        let contact = body.get("contact").filter(|contact| contact.is_object());
        let id = contact_id(body).or_else(|| reading::id(contact?.get("id")?))?;
        let mut snapshot = Snapshot::new(id.clone());
        snapshot.fields.insert(Field::new("id"), Value::Text(id.0));
        // Custom fields are never told.
        snapshot.complete = contact.is_some() && !self.capabilities.custom_fields;
        if let Some(Json::Object(contact)) = contact {
            for (key, json) in contact {
                match fields::FIELDS.iter().find(|spec| spec.read && fields::read_key(spec) == key) {
                    Some(spec) => {
                        if let Some(value) = self.field(spec, json) {
                            snapshot.fields.insert(Field::new(spec.name), value);
                        }
                    }
                    None if key == "tags" => snapshot.tags = reading::names(json, "name"),
                    None if json.is_null() => {}
                    None => drop(snapshot.extra.insert(key.clone(), json.clone())),
                }
            }
        }
        if let Some(looked_up) = looked_up {
            // The service holds what it was looked up by, even where it doesn't repeat it.
            snapshot
                .fields
                .entry(Field::new(looked_up.kind.name()))
                .or_insert_with(|| Value::Text(looked_up.value.clone()));
        }
        Some(snapshot)
    }

    fn field(&self, spec: &FieldSpec, json: &Json) -> Option<Value> {
        let value = match (spec.kind)() {
            FieldKind::Timestamp => moment(json)?,
            FieldKind::Boolean => match reading::value(json)? {
                Value::Text(text) if text == "true" || text == "false" => Value::Boolean(text == "true"),
                other => other,
            },
            FieldKind::Phone => Value::Text(with_plus(reading::text(json)?)),
            _ => Value::Text(reading::text(json)?),
        };
        let placeholder =
            PLACEHOLDERS.iter().any(|(name, text)| *name == spec.name && value.as_text().eq_ignore_ascii_case(text));
        (self.keep_placeholders || !placeholder).then_some(value)
    }
}

/// The id of an answer: beside `success`, or inside `data`.
pub(super) fn contact_id(body: &Json) -> Option<crate::contact::RemoteId> {
    let data = body.get("data");
    body.get("contactId").and_then(reading::id).or_else(|| reading::id(data?.get("contactId")?))
}

/// The messages of an answer; no copy of the documents shows their form, so several are taken.
pub(super) fn messages(body: &Json) -> Option<Vec<Message>> {
    let items =
        body.as_array().or_else(|| body.get("messages")?.as_array()).or_else(|| body.get("data")?.as_array())?;
    let first = |item: &Json, keys: &[&str]| keys.iter().find_map(|key| reading::text(item.get(*key)?));
    let message = |item: &Json| Message {
        at: ["createdAt", "timestamp", "date"].iter().find_map(|key| match moment(item.get(*key)?)? {
            Value::Timestamp(at) => Some(at),
            _ => None,
        }),
        from: first(item, &["from", "sender", "role", "direction"]),
        text: first(item, &["text", "message", "body", "content"])
            .or_else(|| item.as_str().map(str::to_owned))
            .unwrap_or_default(),
    };
    Some(items.iter().map(message).collect())
}

/// A moment: RFC 3339, seconds, milliseconds, or an object that holds seconds.
fn moment(json: &Json) -> Option<Value> {
    /// Seconds of the year 5138: a greater number counts milliseconds.
    const SECONDS: i64 = 100_000_000_000;
    if let Some(inner) = json.get("_seconds").or_else(|| json.get("seconds")) {
        return reading::moment(inner);
    }
    match json.as_i64() {
        Some(milliseconds) if milliseconds >= SECONDS => reading::moment(&Json::from(milliseconds / 1000)),
        _ => reading::moment(json),
    }
}

/// A phone of digits alone is the international number without its plus.
fn with_plus(phone: String) -> String {
    if phone.bytes().all(|byte| byte.is_ascii_digit()) { format!("+{phone}") } else { phone }
}

/// The identifier of a look-up.
pub(super) fn looked_up(identifiers: &[Identifier]) -> Option<&Identifier> {
    identifiers.iter().find(|identifier| matches!(identifier.kind, IdentifierKind::Phone | IdentifierKind::Email))
}
