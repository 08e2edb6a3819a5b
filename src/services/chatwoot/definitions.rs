//! Custom attributes as an account defines them. Contacts take others too, which people don't see.

use serde_json::{Value as Json, json};

use crate::contact::{FieldDefinition, FieldKind, SpecKind};
use crate::services::reading::{names, text};

/// Behind the path of the account.
pub(super) const PATH: &str = "/custom_attribute_definitions";

/// What an attribute may be defined to hold. An e-mail or a time of day is text there.
pub(super) const CREATED: &[SpecKind] = &[
    || FieldKind::Text,
    || FieldKind::Number,
    || FieldKind::Url,
    || FieldKind::Date,
    || FieldKind::Choice(Vec::new()),
    || FieldKind::Boolean,
];

/// Attributes of contacts, not of conversations.
const OF_CONTACTS: u8 = 1;

/// The body that defines an attribute. Type and model go as numbers and come back as words.
pub(super) fn new_definition(definition: &FieldDefinition) -> Json {
    let display_type = match definition.kind {
        FieldKind::Number => 1,
        FieldKind::Url => 4,
        FieldKind::Date => 5,
        FieldKind::Choice(_) => 6,
        FieldKind::Boolean => 7,
        _ => 0,
    };
    let values = match &definition.kind {
        FieldKind::Choice(values) => values.as_slice(),
        _ => &[],
    };
    json!({
        "attribute_display_name": definition.name,
        "attribute_key": definition.name,
        "attribute_display_type": display_type,
        "attribute_model": OF_CONTACTS,
        "attribute_values": values,
    })
}

/// An attribute of an answer; `None` without a key.
pub(super) fn definition(json: &Json) -> Option<FieldDefinition> {
    let name = json.get("attribute_key").and_then(text)?;
    let kind = match json.get("attribute_display_type").and_then(Json::as_str).unwrap_or_default() {
        "number" | "currency" | "percent" => FieldKind::Number,
        "link" => FieldKind::Url,
        "date" => FieldKind::Date,
        "list" => {
            let values = json.get("attribute_values").and_then(|values| names(values, "value")).unwrap_or_default();
            if values.is_empty() { FieldKind::Text } else { FieldKind::Choice(values) }
        }
        "checkbox" => FieldKind::Boolean,
        _ => FieldKind::Text,
    };
    Some(FieldDefinition { name, alias: None, kind })
}
