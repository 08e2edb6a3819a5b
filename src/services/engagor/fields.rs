//! The standard fields of a contact, and the form of values on the wire.

use serde_json::{Value as Json, json};

use crate::contact::{Field, FieldKind, FieldSpec, Source, SpecKind, Value};

const LIST: Source = Source::Docs("/{account_id}/inbox/contacts: required_fields");
const SCREEN: Source = Source::Assumed("a default field on the product's screen; its key is not documented");
const SORT: Source = Source::Assumed("the list sorts by this name; the key in a contact is not documented");

/// Key of the object that holds the account's own fields.
pub(super) const CUSTOM: &str = "customattributes";
/// Key of the array that holds the contact's identities on the platforms.
pub(super) const PROFILES: &str = "socialprofiles";

pub(super) const FIELDS: &[FieldSpec] = &[
    read_only("id", "id", || FieldKind::Text, Source::Seed),
    read_only("service_id", PROFILES, || FieldKind::Text, Source::Seed),
    written("name", "name", || FieldKind::Text, LIST),
    written("email", "email", || FieldKind::Email, LIST),
    written("phone", "phone", || FieldKind::Phone, LIST),
    written("company", "company", || FieldKind::Text, LIST),
    written("city", "city", || FieldKind::Text, SCREEN),
    written("region", "region", || FieldKind::Text, SCREEN),
    written("country", "country", || FieldKind::Text, SCREEN),
    written("language", "language", || FieldKind::Text, SCREEN),
    written("time_zone", "timezone", || FieldKind::Text, SCREEN),
    written("comments", "comments", || FieldKind::Text, SCREEN),
    read_only("created_at", "dateadd", || FieldKind::Timestamp, SORT),
    read_only("updated_at", "lastupdate", || FieldKind::Timestamp, SORT),
];

const fn written(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec { update: true, ..read_only(name, wire, kind, source) }
}

const fn read_only(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec { name, wire, kind, create: false, update: false, read: true, group: None, max_chars: None, source }
}

/// The vendor's key for a standard field, if it may be written.
pub(super) fn writable(field: &Field) -> Option<&'static str> {
    FIELDS.iter().find(|spec| spec.update && spec.name == field.name()).map(|spec| spec.wire)
}

/// The field that a key of a contact stands for.
pub(super) fn by_key(key: &str) -> Option<&'static FieldSpec> {
    FIELDS.iter().find(|spec| spec.wire == key)
}

/// A value as JSON. Booleans keep their type, since the text `false` would be taken for true by a
/// service that only asks whether there is a text; all else is text, the empty one to take away.
pub(super) fn wire_value(value: &Value) -> Json {
    match value {
        Value::Boolean(flag) => json!(flag),
        other => json!(other.as_text()),
    }
}
