use serde_json::{Map, Value};

use super::answers::Refusal;
use super::record::Contact;
use super::state::Asked;
use super::validation::is_blank;
use crate::sandbox::WireRequest;

/// The body as the framework reads it: JSON by its content type, else nothing.
pub(super) fn read(request: &WireRequest) -> Result<Value, Refusal> {
    let json = request.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    if !json || request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Ok(Value::Object(body)),
        Ok(_) => Ok(Value::Object(Map::new())),
        Err(_) => Err(Refusal::Unreadable),
    }
}

/// A body key that a text column takes: other scalars become text, objects and arrays are dropped.
enum Text {
    Unsent,
    Null,
    Some(String),
}

fn text(value: Option<&Value>) -> Text {
    match value {
        Some(Value::Null) => Text::Null,
        Some(Value::String(text)) => Text::Some(text.clone()),
        Some(Value::Number(number)) => Text::Some(number.to_string()),
        Some(Value::Bool(yes)) => Text::Some(if *yes { "t" } else { "f" }.to_owned()),
        None | Some(Value::Array(_) | Value::Object(_)) => Text::Unsent,
    }
}

/// A parameter as text, wherever it stands; a body comes before the query.
pub(super) fn parameter(asked: &Asked, name: &str) -> Option<String> {
    match text(asked.body.get(name)) {
        Text::Some(value) => Some(value),
        Text::Null => None,
        Text::Unsent => asked.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
    }
}

/// Writes the permitted keys of the body into the contact. Nothing is stored yet, nothing is judged by the model.
pub(super) fn apply(asked: &Asked, permitted: &[&str], contact: &mut Contact) -> Result<(), Refusal> {
    let sent = |key: &str| asked.body.get(key).filter(|_| permitted.contains(&key));
    let targets = [
        ("name", &mut contact.name),
        ("email", &mut contact.email),
        ("phone_number", &mut contact.phone_number),
        ("identifier", &mut contact.identifier),
    ];
    for (key, target) in targets {
        match text(sent(key)) {
            Text::Unsent => {}
            Text::Null => *target = None,
            // The database takes no NUL in a text.
            Text::Some(value) if value.contains('\0') => return Err(Refusal::Broken),
            Text::Some(value) => *target = Some(value),
        }
    }
    contact.email = contact.email.take().filter(|email| !is_blank(email)).map(|email| email.to_lowercase());
    if let Some(value) = sent("blocked") {
        contact.blocked = flag(value, contact.blocked)?;
    }
    if let Text::Some(address) = text(sent("avatar_url"))
        && (address.starts_with("https://") || address.starts_with("http://"))
    {
        contact.avatar_url = address;
    }
    // A JSON text in place of an object is dropped without a word.
    if let Some(Value::Object(custom)) = sent("custom_attributes") {
        merge(&mut contact.custom_attributes, custom);
    }
    if let Some(Value::Object(additional)) = sent("additional_attributes") {
        if asked.options.additional_replaced {
            contact.additional_attributes.clear();
        }
        merge(&mut contact.additional_attributes, additional);
    }
    Ok(())
}

/// Key by key, one level deep: an object in a value replaces the object before it.
fn merge(target: &mut Map<String, Value>, new: &Map<String, Value>) {
    for (key, value) in new {
        target.insert(key.clone(), value.clone());
    }
}

/// The column must not be null.
fn flag(value: &Value, before: bool) -> Result<bool, Refusal> {
    match value {
        Value::Null => Err(Refusal::Broken),
        Value::Bool(yes) => Ok(*yes),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.as_str() {
            "" => Err(Refusal::Broken),
            "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF" => Ok(false),
            _ => Ok(true),
        },
        Value::Array(_) | Value::Object(_) => Ok(before),
    }
}
