//! Calls as requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::RespondioV1;
use super::fields::{searchable, wire_value, writable};
use super::limits;
use crate::contact::{Call, CallKind, Cursor, Edit, Field, Filter, Identifier, IdentifierKind, TagMode, Target, Value};
use crate::error::{Error, Result};
use crate::services::http::{Method, Request};
use crate::services::reading::segment;

/// Marks the cursor of the second look-up by phone, the one without a plus.
pub(super) const WITHOUT_PLUS: &str = "without-plus:";

/// Nobody's address, asked for to see whether the token works.
const NOBODY: &str = "nobody@example.invalid";

pub(super) fn request(service: &RespondioV1, call: &Call) -> Result<Request> {
    match call {
        Call::Find { identifiers, cursor } => match identifiers.as_slice() {
            [identifier] => find(identifier, cursor.as_ref()),
            _ => Err(Error::bug(format!("respondio-v1 looks up one identifier a call, not {}", identifiers.len()))),
        },
        Call::Read { target } => Ok(Request::new(Method::Get, contact(service, target)?)),
        Call::Create { identifier, edit } => create(identifier.as_ref(), edit),
        Call::Update { target, edit } => {
            plain(edit)?;
            let fields = custom_fields(edit, None, limits::FIELDS)?;
            Ok(Request::new(Method::Put, contact(service, target)?).json(json!({ "custom_fields": fields })))
        }
        Call::EditTags { target, edit } if edit.mode != TagMode::Replace => {
            if edit.tags.is_empty() || edit.tags.len() > limits::TAGS {
                return Err(Error::bug(format!("respondio-v1 takes 1 to 10 tags a call, not {}", edit.tags.len())));
            }
            let method = if edit.mode == TagMode::Add { Method::Post } else { Method::Delete };
            let path = format!("{}/tags", contact(service, target)?);
            Ok(Request::new(method, path).json(json!({ "tags": edit.tags })))
        }
        Call::List { filter, cursor, page_size: _ } => list(filter, cursor.as_ref()),
        Call::Check => Ok(by_custom_field("email", NOBODY)),
        _ => Err(no_such_call(call.kind())),
    }
}

fn no_such_call(kind: CallKind) -> Error {
    Error::bug(format!("respondio-v1 has no such call: {kind}"))
}

fn find(identifier: &Identifier, cursor: Option<&Cursor>) -> Result<Request> {
    let name = match identifier.kind {
        IdentifierKind::Phone => "phone",
        IdentifierKind::Email => "email",
        other => return Err(Error::bug(format!("respondio-v1 can't look contacts up by {other}"))),
    };
    let (page, without_plus) = page_of(cursor);
    let value = match identifier.value.strip_prefix('+') {
        Some(digits) if without_plus => digits,
        _ => &identifier.value,
    };
    Ok(on_page(by_custom_field(name, value), page))
}

fn list(filter: &Filter, cursor: Option<&Cursor>) -> Result<Request> {
    let Filter { tag: None, updated_since: None, field: Some((field, value)) } = filter else {
        return Err(Error::bug("respondio-v1 lists contacts by the value of one field, and by nothing else"));
    };
    let name = searchable(field).ok_or_else(|| Error::bug(format!("respondio-v1 can't list by the field: {field}")))?;
    Ok(on_page(by_custom_field(name, &wire_value(value)), page_of(cursor).0))
}

fn by_custom_field(name: &str, value: &str) -> Request {
    Request::new(Method::Get, "/contact/by_custom_field").query("name", name).query("value", value)
}

fn on_page(request: Request, page: u64) -> Request {
    if page > 1 { request.query("page", page.to_string()) } else { request }
}

/// The page a cursor stands for, and whether the phone is looked up without its plus.
pub(super) fn page_of(cursor: Option<&Cursor>) -> (u64, bool) {
    let text = cursor.map_or("", |cursor| cursor.0.as_str());
    let (text, without_plus) = match text.strip_prefix(WITHOUT_PLUS) {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    (text.parse().unwrap_or(1), without_plus)
}

/// `POST /contact/`, with the slash: the public clients that worked send it.
fn create(identifier: Option<&Identifier>, edit: &Edit) -> Result<Request> {
    plain(edit)?;
    let fields = custom_fields(edit, identifier, limits::FIELDS)?;
    Ok(Request::new(Method::Post, "/contact/").json(json!({ "custom_fields": fields })))
}

/// Refuses what an edit here can't carry.
fn plain(edit: &Edit) -> Result<()> {
    if edit.tags.is_some() || !edit.lists.is_empty() || edit.custom != crate::contact::CustomEdit::Merge {
        return Err(Error::bug("respondio-v1 writes fields one by one, and tags by calls of their own"));
    }
    Ok(())
}

/// The fields as an array of name and value, the identifier among them.
fn custom_fields(edit: &Edit, identifier: Option<&Identifier>, most: usize) -> Result<Vec<Json>> {
    let stored = |field: &Field, value: &Value| match writable(field) {
        Some(name) => Ok(json!({ "name": name, "value": wire_value(value) })),
        None => Err(Error::bug(format!("respondio-v1 can't write the field: {field}"))),
    };
    let mut array = Vec::with_capacity(edit.fields.len() + 1);
    if let Some(identifier) = identifier {
        let field = Field::new(identifier.kind.name());
        if !edit.fields.iter().any(|(name, _)| *name == field) {
            array.push(stored(&field, &Value::Text(identifier.value.clone()))?);
        }
    }
    for (field, value) in &edit.fields {
        array.push(stored(field, value)?);
    }
    if array.is_empty() || array.len() > most {
        return Err(Error::bug(format!("respondio-v1 takes 1 to {most} fields a call, not {}", array.len())));
    }
    Ok(array)
}

/// The path of one contact. Ids of a Viber channel go in Base64, when the account says so.
fn contact(service: &RespondioV1, target: &Target) -> Result<String> {
    let id = match target {
        Target::Id(id) => &id.0,
        Target::Identifier(Identifier { kind: IdentifierKind::Id, value }) => value,
        Target::Identifier(identifier) => {
            return Err(Error::bug(format!("respondio-v1 addresses contacts by id, not by {}", identifier.kind)));
        }
    };
    let id = if service.encode_ids { segment(&STANDARD.encode(id)) } else { segment(id) };
    Ok(format!("/contact/{id}"))
}
