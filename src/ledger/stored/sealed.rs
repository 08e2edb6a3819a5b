//! Values of a contact as they were last seen or sent, sealed: for each of its fields, in their order, the length of
//! the text times eight plus the type, 0 for none, and the text; then values of other fields, each with its name;
//! tags (count plus one, 0 for "not known"); lists.

use super::super::vault::Vault;
use super::bytes::{Reader, put_bytes, put_number};
use crate::contact::{Field, Value};
use crate::journal::LastKnown;

/// Types of values, by the three bits that tell them; 0 is no value.
const CLEAR: u64 = 1;
const TEXT: u64 = 2;
const BOOLEAN: u64 = 3;
const NUMBER: u64 = 4;
const DATE: u64 = 5;
const TIMESTAMP: u64 = 6;
const JSON: u64 = 7;

pub(super) fn seal(vault: &Vault, values: &LastKnown, fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for field in fields {
        match values.fields.get(field) {
            None => put_number(&mut bytes, 0),
            Some(value) => put_value(&mut bytes, value),
        }
    }
    let others: Vec<_> = values.fields.iter().filter(|(field, _)| !fields.contains(field)).collect();
    put_number(&mut bytes, others.len() as u64);
    for (field, value) in others {
        put_bytes(&mut bytes, field.name().as_bytes());
        put_value(&mut bytes, value);
    }
    match &values.tags {
        None => put_number(&mut bytes, 0),
        Some(tags) => {
            put_number(&mut bytes, tags.len() as u64 + 1);
            for tag in tags {
                put_bytes(&mut bytes, tag.as_bytes());
            }
        }
    }
    put_number(&mut bytes, values.lists.len() as u64);
    for list in &values.lists {
        put_bytes(&mut bytes, list.as_bytes());
    }
    vault.hide(&bytes)
}

/// What [`seal`] sealed for a contact of the same fields.
pub(super) fn unseal(vault: &Vault, sealed: &[u8], fields: &[Field]) -> Option<LastKnown> {
    let bytes = vault.unhide(sealed)?;
    let mut reader = Reader(&bytes);
    let mut values = LastKnown::default();
    for field in fields {
        let head = reader.number()?;
        if head > 0 {
            values.fields.insert(field.clone(), value_of(head, &mut reader)?);
        }
    }
    for _ in 0..reader.number()? {
        let field = Field::new(&reader.text()?);
        let head = reader.number()?;
        values.fields.insert(field, value_of(head, &mut reader)?);
    }
    values.tags = match reader.number()? {
        0 => None,
        count => Some((1..count).map(|_| reader.text()).collect::<Option<_>>()?),
    };
    values.lists = (0..reader.number()?).map(|_| reader.text()).collect::<Option<_>>()?;
    reader.is_empty().then_some(values)
}

fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    let json;
    let (kind, text) = match value {
        Value::Clear => (CLEAR, ""),
        Value::Text(text) => (TEXT, text.as_str()),
        Value::Boolean(yes) => (BOOLEAN, if *yes { "1" } else { "" }),
        Value::Number(text) => (NUMBER, text.as_str()),
        Value::Date(text) => (DATE, text.as_str()),
        Value::Timestamp(text) => (TIMESTAMP, text.as_str()),
        Value::Json(value) => {
            json = value.to_string();
            (JSON, json.as_str())
        }
    };
    put_number(bytes, ((text.len() as u64) << 3) | kind);
    bytes.extend_from_slice(text.as_bytes());
}

/// The value that begins with this number.
fn value_of(head: u64, reader: &mut Reader<'_>) -> Option<Value> {
    let text = String::from_utf8(reader.bytes(head >> 3)?.to_vec()).ok()?;
    Some(match head & 7 {
        CLEAR => Value::Clear,
        TEXT => Value::Text(text),
        BOOLEAN => Value::Boolean(!text.is_empty()),
        NUMBER => Value::Number(text),
        DATE => Value::Date(text),
        TIMESTAMP => Value::Timestamp(text),
        JSON => Value::Json(serde_json::from_str(&text).ok()?),
        _ => return None,
    })
}
