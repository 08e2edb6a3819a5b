//! The body that describes a contact, and what is right in it.

use serde_json::Value;

use super::failure::failure;
use super::space::Space;
use super::values::{is_email, is_phone};
use crate::WireAnswer;

/// The writable standard fields.
pub(super) const STANDARD: &[&str] =
    &["firstName", "lastName", "phone", "email", "language", "profilePic", "countryCode"];

/// What a body asks to be set; nothing clears.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) standard: Vec<(&'static str, Option<String>)>,
    pub(super) custom: Vec<(String, Value)>,
}

impl Changes {
    /// Reads a body of contact fields; `extra` names keys that may stand beside them.
    pub(super) fn read(body: &Value, extra: &[&str], space: &Space) -> Result<Self, WireAnswer> {
        let Some(body) = body.as_object() else { return Err(failure(400, "the body must be an object")) };
        let mut changes = Self::default();
        for (key, value) in body {
            if key == "custom_fields" {
                changes.custom = custom(value, space)?;
            } else if let Some(name) = STANDARD.iter().find(|name| *name == key) {
                changes.standard.push((name, standard(name, value)?));
            } else if !extra.contains(&key.as_str()) {
                return Err(failure(400, &format!("property {key} should not exist")));
            }
        }
        Ok(changes)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.standard.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_deref())
    }
}

fn standard(name: &str, value: &Value) -> Result<Option<String>, WireAnswer> {
    let text = match value {
        Value::Null if name != "firstName" => return Ok(None),
        Value::String(text) => text,
        _ => return Err(failure(400, &format!("{name} must be a string"))),
    };
    let fits = match name {
        "firstName" => !text.is_empty(),
        "phone" => is_phone(text),
        "email" => is_email(text),
        "language" => text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        "countryCode" => text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
        _ => true,
    };
    if fits {
        Ok(Some(text.clone()).filter(|text| !text.is_empty()))
    } else {
        Err(failure(400, &format!("{name} is invalid")))
    }
}

fn custom(value: &Value, space: &Space) -> Result<Vec<(String, Value)>, WireAnswer> {
    let Some(list) = value.as_array() else { return Err(failure(400, "custom_fields must be an array")) };
    let mut fields = Vec::with_capacity(list.len());
    for entry in list {
        let (Some(name), Some(value)) = (entry["name"].as_str(), entry.get("value")) else {
            return Err(failure(400, "custom_fields must hold objects with name and value"));
        };
        let Some(field) = space.field(name) else {
            return Err(failure(400, &format!("Custom field {name} not found in the workspace")));
        };
        if !value.is_null() && !field.takes(value) {
            return Err(failure(400, &format!("{name} must be a valid {}", field.data_type)));
        }
        fields.push((field.name.clone(), value.clone()));
    }
    Ok(fields)
}
