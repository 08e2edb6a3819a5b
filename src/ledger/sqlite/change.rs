use rusqlite::{Connection, params};
use serde_json::{Value as Json, json};

use super::names::Names;
use super::stored::{back, damaged, int};
use crate::contact::{Field, RemoteId, Value};
use crate::journal::{BeforeImage, Change, RunId};

pub(super) fn write(db: &Connection, names: &mut Names, run: i64, image: &BeforeImage) -> rusqlite::Result<()> {
    let account = names.account(db, &image.account)?;
    db.prepare_cached(
        "INSERT INTO before_image (run_id, number, row, account_id, contact_id, change)
         VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM before_image WHERE run_id = ?1), ?2, ?3, ?4, ?5)",
    )?
    .execute(params![run, int(image.row), account, image.contact_id.0, encode(&image.change).to_string()])
    .map(drop)
}

pub(super) fn before_images(
    db: &Connection,
    run: &RunId,
    after: usize,
    at_most: usize,
) -> rusqlite::Result<Vec<BeforeImage>> {
    db.prepare_cached(
        "SELECT row, account.name, contact_id, change FROM before_image JOIN account ON account.id = account_id
         WHERE run_id = (SELECT id FROM run WHERE name = ?1) ORDER BY number DESC LIMIT ?3 OFFSET ?2",
    )?
    .query_map(params![run.0, int(after as u64), int(at_most as u64)], |row| {
        let change: String = row.get(3)?;
        let change = serde_json::from_str(&change).ok().and_then(|json| decode(&json));
        Ok(BeforeImage {
            row: back(row.get(0)?),
            account: row.get(1)?,
            contact_id: RemoteId(row.get(2)?),
            change: change.ok_or_else(|| damaged("a before-image can't be read"))?,
        })
    })?
    .collect()
}

/// `{"created": true}`, `{"tag_added": "x"}`, `{"field": "first_name", "before": …, "after": …}`.
fn encode(change: &Change) -> Json {
    match change {
        Change::Created => json!({ "created": true }),
        Change::Field { field, before, after } => {
            json!({ "field": field.name(), "before": encode_value(before), "after": encode_value(after) })
        }
        Change::TagAdded(tag) => json!({ "tag_added": tag }),
        Change::TagRemoved(tag) => json!({ "tag_removed": tag }),
        Change::ListAdded(list) => json!({ "list_added": list }),
        Change::ListRemoved(list) => json!({ "list_removed": list }),
        Change::Unknown(what) => json!({ "unknown": what }),
    }
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
