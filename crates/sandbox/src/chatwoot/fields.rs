use serde_json::{Map, Value};

use super::answers::Refusal;
use super::record::Contact;
use super::request::Request;
use super::text::{Text, is_blank, text};
use crate::WireRequest;
use crate::wire::form_pairs;

/// The body as the framework reads it: JSON or a form by its content type, else nothing.
pub(super) fn read(request: &WireRequest) -> Result<Value, Refusal> {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(form(&request.body));
    }
    if !kind.contains("json") || request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    match json(&request.body) {
        Some(Value::Object(body)) => Ok(Value::Object(body)),
        Some(_) => Ok(Value::Object(Map::new())),
        None => Err(Refusal::Unreadable),
    }
}

/// A number too large for a double is null to the server, where our parser refuses the whole text.
fn json(body: &[u8]) -> Option<Value> {
    let mut text = std::str::from_utf8(body).ok()?.to_owned();
    loop {
        let error = match serde_json::from_str(&text) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if !error.to_string().starts_with("number out of range") {
            return None;
        }
        let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let inside = text.get(..line + error.column())?;
        let part_of_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let begin = inside.trim_end_matches(part_of_number).len();
        let end = begin + text[begin..].find(|c| !part_of_number(c)).unwrap_or(text.len() - begin);
        if begin == end {
            return None;
        }
        text.replace_range(begin..end, "null");
    }
}

/// `a=1`, `a[b]=1` and `a[]=1`, each value a text.
fn form(body: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, value) in form_pairs(&String::from_utf8_lossy(body)) {
        let (name, inner) = match name.split_once('[') {
            Some((name, rest)) => (name.to_owned(), Some(rest.trim_end_matches(']').to_owned())),
            None => (name, None),
        };
        match inner.as_deref() {
            None => drop(fields.insert(name, value.into())),
            Some("") => match fields.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.push(value.into()),
                other => *other = Value::Array(vec![value.into()]),
            },
            Some(key) => match fields.entry(name).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(map) => drop(map.insert(key.to_owned(), value.into())),
                other => *other = Value::Object(Map::from_iter([(key.to_owned(), value.into())])),
            },
        }
    }
    Value::Object(fields)
}

/// Writes the permitted keys of the body into the contact. Nothing is stored yet, nothing is judged by the model.
pub(super) fn apply(request: &Request, permitted: &[&str], contact: &mut Contact) -> Result<(), Refusal> {
    let sent = |key: &str| request.body.get(key).filter(|_| permitted.contains(&key));
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
    if let Text::Some(address) = text(sent("avatar_url").filter(|_| !request.options.no_pictures))
        && (address.starts_with("https://") || address.starts_with("http://"))
    {
        contact.avatar_url = address;
    }
    // A JSON text in place of an object is dropped without a word.
    if let Some(Value::Object(custom)) = sent("custom_attributes") {
        refuse_nul(custom)?;
        merge(&mut contact.custom_attributes, custom);
    }
    if let Some(Value::Object(additional)) = sent("additional_attributes") {
        refuse_nul(additional)?;
        if request.options.additional_replaced {
            contact.additional_attributes.clear();
        }
        merge(&mut contact.additional_attributes, additional);
    }
    Ok(())
}

/// The database takes no NUL inside JSON either.
fn refuse_nul(map: &Map<String, Value>) -> Result<(), Refusal> {
    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(list) => list.iter().any(has_nul),
            Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
            _ => false,
        }
    }
    if map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)) { Err(Refusal::Broken) } else { Ok(()) }
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
