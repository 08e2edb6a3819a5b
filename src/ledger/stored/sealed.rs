//! Values of a contact as they were last seen or sent, sealed: for each of its fields, in their order, the length of
//! the text times eight plus the type, 0 for none, and the text; the id of the contact and moments in fewer bytes;
//! then values of other fields, each with its name; tags (count plus one, 0 for "not known"); lists.

use super::super::vault::Vault;
use super::bytes::{Reader, put_bytes, put_number};
use crate::contact::{Field, Value};
use crate::journal::LastKnown;

/// Types of values, by the three bits that tell them; 0 is no value. A value that is cleared has no text: where it
/// has a length, that tells what takes less than its text.
const CLEAR: u64 = 1;
/// The text is the contact's id.
const ID: u64 = (1 << 3) | CLEAR;
/// A moment, as seconds from the Unix epoch.
const MOMENT: u64 = (2 << 3) | CLEAR;
const TEXT: u64 = 2;
const BOOLEAN: u64 = 3;
const NUMBER: u64 = 4;
const DATE: u64 = 5;
const TIMESTAMP: u64 = 6;
const JSON: u64 = 7;

pub(super) fn seal(vault: &Vault, id: &str, values: &LastKnown, fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for field in fields {
        match values.fields.get(field) {
            None => put_number(&mut bytes, 0),
            Some(value) => put_value(&mut bytes, id, value),
        }
    }
    let others: Vec<_> = values.fields.iter().filter(|(field, _)| !fields.contains(field)).collect();
    put_number(&mut bytes, others.len() as u64);
    for (field, value) in others {
        put_bytes(&mut bytes, field.name().as_bytes());
        put_value(&mut bytes, id, value);
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

/// What [`seal`] sealed for the contact with this id, of the same fields.
pub(super) fn unseal(vault: &Vault, id: &str, sealed: &[u8], fields: &[Field]) -> Option<LastKnown> {
    let bytes = vault.unhide(sealed)?;
    let mut reader = Reader(&bytes);
    let mut values = LastKnown::default();
    for field in fields {
        let head = reader.number()?;
        if head > 0 {
            values.fields.insert(field.clone(), value_of(head, &mut reader, id)?);
        }
    }
    for _ in 0..reader.number()? {
        let field = Field::new(&reader.text()?);
        let head = reader.number()?;
        values.fields.insert(field, value_of(head, &mut reader, id)?);
    }
    values.tags = match reader.number()? {
        0 => None,
        count => Some((1..count).map(|_| reader.text()).collect::<Option<_>>()?),
    };
    values.lists = (0..reader.number()?).map(|_| reader.text()).collect::<Option<_>>()?;
    reader.is_empty().then_some(values)
}

fn put_value(bytes: &mut Vec<u8>, id: &str, value: &Value) {
    match value {
        Value::Text(text) if text == id => return put_number(bytes, ID),
        Value::Timestamp(text) => {
            if let Some(seconds) = seconds(text) {
                put_number(bytes, MOMENT);
                return put_number(bytes, seconds);
            }
        }
        _ => {}
    }
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
fn value_of(head: u64, reader: &mut Reader<'_>, id: &str) -> Option<Value> {
    match head {
        ID => return Some(Value::Text(id.to_owned())),
        MOMENT => return Some(Value::Timestamp(moment(reader.number()?)?)),
        _ => {}
    }
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

/// The seconds of a moment that is written as [`moment`] writes it.
fn seconds(text: &str) -> Option<u64> {
    let seconds = u64::try_from(text.parse::<jiff::Timestamp>().ok()?.as_second()).ok()?;
    (moment(seconds)? == text).then_some(seconds)
}

fn moment(seconds: u64) -> Option<String> {
    let moment = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_less_than_its_text_comes_back_as_it_was() {
        let text = |text: &str| Value::Text(text.to_owned());
        let time = |text: &str| Value::Timestamp(text.to_owned());
        let values = [
            (text("815"), 1),
            (text("8155"), 5),
            (time("2026-01-31T12:00:00Z"), 7),
            (time("2026-01-31T12:00:00.5Z"), 24),
            (time("1969-12-31T23:59:59Z"), 22),
            (time("soon"), 5),
            (Value::Clear, 1),
        ];
        for (value, length) in values {
            let mut bytes = Vec::new();
            put_value(&mut bytes, "815", &value);
            assert!(bytes.len() <= length, "{value:?}: {}", bytes.len());
            let mut reader = Reader(&bytes);
            let head = reader.number().unwrap();
            assert_eq!(value_of(head, &mut reader, "815"), Some(value));
        }
    }
}
