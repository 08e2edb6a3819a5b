//! The standard fields of a contact, and the form of values on the wire.
//!
//! Standard fields stand at the top level; the user's own are an array of name and value, in the
//! same shape for reading and writing.

use serde_json::{Value as Json, json};

use crate::contact::{Field, FieldKind, FieldSpec, Source, SpecKind, Value};

const SDK: Source = Source::Docs("official TypeScript SDK, types of a contact");
const N8N: Source = Source::Docs("official n8n node, types of a contact");

/// By which of its names a custom field of the workspace goes out.
///
/// The documents disagree: the vendor's SDK writes the name that is shown, the vendor's n8n node the slug, and
/// v1 took the slug alone. Either is refused with 400 where the workspace wants the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Name,
    Slug,
}

pub(super) const FIELDS: &[FieldSpec] = &[
    read_only("id", "id", || FieldKind::Text, SDK),
    written("first_name", "firstName", || FieldKind::Text),
    written("last_name", "lastName", || FieldKind::Text),
    written("phone", "phone", || FieldKind::Phone),
    written("email", "email", || FieldKind::Email),
    written("language", "language", || FieldKind::Language),
    written("country", "countryCode", || FieldKind::Country),
    written("avatar_url", "profilePic", || FieldKind::Url),
    read_only("locale", "locale", || FieldKind::Text, N8N),
    read_only("status", "status", || FieldKind::Text, SDK),
    read_only("assignee", "assignee.email", || FieldKind::Text, SDK),
    read_only("lifecycle", "lifecycle", || FieldKind::Text, SDK),
    read_only("blocked", "isBlocked", || FieldKind::Boolean, N8N),
    read_only("created_at", "created_at", || FieldKind::Timestamp, SDK),
];

/// What the workspace's own fields may hold, of the vendor's data types.
pub(super) const CREATED: &[SpecKind] = &[
    || FieldKind::Text,
    || FieldKind::Choice(Vec::new()),
    || FieldKind::Boolean,
    || FieldKind::Email,
    || FieldKind::Number,
    || FieldKind::Url,
    || FieldKind::Date,
    || FieldKind::Time,
];

/// The vendor's data type of a field of the workspace.
pub(super) const fn data_type(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Choice(_) => "list",
        FieldKind::Boolean => "checkbox",
        FieldKind::Email => "email",
        FieldKind::Number => "number",
        FieldKind::Url => "url",
        FieldKind::Date => "date",
        FieldKind::Time => "time",
        _ => "text",
    }
}

const fn written(name: &'static str, wire: &'static str, kind: SpecKind) -> FieldSpec {
    FieldSpec { create: true, update: true, ..read_only(name, wire, kind, SDK) }
}

const fn read_only(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec { name, wire, kind, create: false, update: false, read: true, group: None, max_chars: None, source }
}

/// The vendor's key for a standard field, if it may be written.
pub(super) fn writable(field: &Field) -> Option<&'static str> {
    FIELDS.iter().find(|spec| spec.update && spec.name == field.name()).map(|spec| spec.wire)
}

/// The field that a filter names: a standard one that may be written, or a custom one.
pub(super) fn filterable(field: &Field) -> Option<&str> {
    field.custom_name().or_else(|| writable(field))
}

/// Our name for a key of a contact.
pub(super) fn by_key(key: &str) -> Option<&'static FieldSpec> {
    FIELDS.iter().find(|spec| spec.wire == key || (key == "assignee" && spec.name == "assignee"))
}

/// A value as JSON: booleans and numbers in their own types, `null` to take a value away.
pub(super) fn wire_value(value: &Value) -> Json {
    match value {
        Value::Clear | Value::Json(Json::Null) => Json::Null,
        Value::Boolean(flag) => json!(flag),
        Value::Number(text) => number(text).unwrap_or_else(|| json!(text)),
        other => json!(other.as_text()),
    }
}

/// `text` as a JSON number that stands for exactly the same; `None` if there is none.
fn number(text: &str) -> Option<Json> {
    /// Decimal digits that a JSON number keeps exactly.
    const EXACT_DIGITS: usize = 15;
    if let Ok(whole) = text.parse::<i64>() {
        return Some(json!(whole));
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if !plain || digits > EXACT_DIGITS {
        return None;
    }
    text.parse::<f64>().ok().map(|float| json!(float))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_as_numbers_only_where_they_stay_exact() {
        let wire = |text: &str| wire_value(&Value::Number(text.into()));
        assert_eq!(wire("12"), json!(12));
        assert_eq!(wire("-12.50"), json!(-12.5));
        assert_eq!(wire("123456789012345678901234"), json!("123456789012345678901234"));
        assert_eq!(wire("0.1234567890123456789"), json!("0.1234567890123456789"));
        assert_eq!(wire("1e5"), json!("1e5"));
    }
}
