use serde_json::{Value as Json, json};

use super::Damaged;
use crate::contact::{Field, Value};
use crate::journal::Change;

/// `{"created": true}`, `{"tag_added": "x"}`, `{"field": "first_name", "before": …, "after": …}`.
pub(in crate::ledger) fn encode_change(change: &Change) -> String {
    let json = match change {
        Change::Created => json!({ "created": true }),
        Change::Field { field, before, after } => {
            json!({ "field": field.name(), "before": encode_value(before), "after": encode_value(after) })
        }
        Change::TagAdded(tag) => json!({ "tag_added": tag }),
        Change::TagRemoved(tag) => json!({ "tag_removed": tag }),
        Change::ListAdded(list) => json!({ "list_added": list }),
        Change::ListRemoved(list) => json!({ "list_removed": list }),
        Change::Unknown(what) => json!({ "unknown": what }),
    };
    json.to_string()
}

/// What [`encode_change`] wrote.
pub(in crate::ledger) fn decode_change(text: &str) -> Result<Change, Damaged> {
    let json = serde_json::from_str(text).ok();
    json.and_then(|json| decode(&json)).ok_or(Damaged("a before-image can't be read"))
}

fn decode(json: &Json) -> Option<Change> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    if let Some(field) = text("field") {
        let before = decode_value(json.get("before")?)?;
        return Some(Change::Field { field: Field::new(&field), before, after: decode_value(json.get("after")?)? });
    }
    if json.get("created").is_some() {
        return Some(Change::Created);
    }
    text("tag_added")
        .map(Change::TagAdded)
        .or_else(|| text("tag_removed").map(Change::TagRemoved))
        .or_else(|| text("list_added").map(Change::ListAdded))
        .or_else(|| text("list_removed").map(Change::ListRemoved))
        .or_else(|| text("unknown").map(Change::Unknown))
}

/// Text, booleans and nothing as themselves, the rest as `{"number": "12.50"}`.
fn encode_value(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Boolean(yes) => json!(yes),
        Value::Clear => Json::Null,
        Value::Number(text) => json!({ "number": text }),
        Value::Date(text) => json!({ "date": text }),
        Value::Timestamp(text) => json!({ "timestamp": text }),
        Value::Json(json) => json!({ "json": json }),
    }
}

fn decode_value(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(yes) => Some(Value::Boolean(*yes)),
        Json::Null => Some(Value::Clear),
        Json::Object(object) => {
            let (name, value) = object.iter().next()?;
            let text = value.as_str().map(str::to_owned);
            match name.as_str() {
                "number" => text.map(Value::Number),
                "date" => text.map(Value::Date),
                "timestamp" => text.map(Value::Timestamp),
                "json" => Some(Value::Json(value.clone())),
                _ => None,
            }
        }
        _ => None,
    }
}
