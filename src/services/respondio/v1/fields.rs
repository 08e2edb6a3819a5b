//! The standard fields of a contact, and the form of values on the wire.
//!
//! A read gives `custom_fields` as an object, key to text; a write takes an array of name and
//! value. Standard fields live in `custom_fields` beside the user's own, so `wire` is a key of it,
//! but for `id` and `created_at`, which stand at the top level and can't be written.

use crate::contact::{Field, FieldKind, FieldSpec, Source, SpecKind, Value};

const SAMPLE: Source = Source::Docs("Contacts API: sample contact");
const NOT_WRITABLE: Source = Source::Assumed("in the sample contact, not in the list of fields that may be updated");

pub(super) const FIELDS: &[FieldSpec] = &[
    read_only("id", "id", || FieldKind::Text, SAMPLE),
    written("first_name", "firstName", || FieldKind::Text),
    written("last_name", "lastName", || FieldKind::Text),
    written("phone", "phone", || FieldKind::Phone),
    written("email", "email", || FieldKind::Email),
    written("language", "language", || FieldKind::Text),
    written("avatar_url", "profilePic", || FieldKind::Url),
    read_only("locale", "locale", || FieldKind::Text, NOT_WRITABLE),
    read_only("time_zone", "timezone", || FieldKind::Text, NOT_WRITABLE),
    read_only("gender", "gender", || FieldKind::Text, NOT_WRITABLE),
    read_only("created_at", "created_at", || FieldKind::Timestamp, SAMPLE),
];

const fn written(name: &'static str, wire: &'static str, kind: SpecKind) -> FieldSpec {
    FieldSpec {
        name,
        wire,
        kind,
        create: true,
        update: true,
        read: true,
        group: None,
        max_chars: None,
        source: Source::Seed,
    }
}

const fn read_only(name: &'static str, wire: &'static str, kind: SpecKind, source: Source) -> FieldSpec {
    FieldSpec { name, wire, kind, create: false, update: false, read: true, group: None, max_chars: None, source }
}

/// The key of `field` in `custom_fields`, if it may be written there.
pub(super) fn writable(field: &Field) -> Option<&str> {
    match field.custom_name() {
        Some(name) => Some(name),
        None => FIELDS.iter().find(|spec| spec.update && spec.name == field.name()).map(|spec| spec.wire),
    }
}

/// The key of `field` in `custom_fields`, if contacts can be found by it.
pub(super) fn searchable(field: &Field) -> Option<&str> {
    match field.custom_name() {
        Some(name) => Some(name),
        None => FIELDS.iter().find(|spec| !top_level(spec) && spec.name == field.name()).map(|spec| spec.wire),
    }
}

/// Our name for a key of `custom_fields`.
pub(super) fn by_key(key: &str) -> Field {
    match FIELDS.iter().find(|spec| !top_level(spec) && spec.wire == key) {
        Some(spec) => Field::new(spec.name),
        None => Field::custom(key),
    }
}

fn top_level(spec: &FieldSpec) -> bool {
    matches!(spec.wire, "id" | "created_at")
}

/// Values are text on the wire, booleans too: `true` and `false`. [`Value::Clear`] is empty text:
/// the documents don't say how a field is emptied, and text is all that a value can be.
pub(super) fn wire_value(value: &Value) -> String {
    value.as_text().into_owned()
}
