//! Calls as requests.

use serde_json::{Map, Value as Json, json};

use super::fields::{NamedBy, data_type, filterable, wire_value, writable};
use super::limits;
use crate::contact::{
    Call, CallKind, Cursor, CustomEdit, Edit, FieldDefinition, FieldKind, Filter, Identifier, IdentifierKind, TagEdit,
    TagMode, Target, Value,
};
use crate::error::{Error, Result};
use crate::services::http::{Method, Request};
use crate::services::reading::segment;

pub(super) fn request(call: &Call, named_by: NamedBy) -> Result<Request> {
    match call {
        Call::Find { identifiers, cursor } => find(identifiers, cursor.as_ref()),
        Call::Read { target } => Ok(Request::new(Method::Get, contact(target)?)),
        Call::Create { identifier, edit } => create(identifier.as_ref(), edit),
        Call::Update { target, edit } => Ok(Request::new(Method::Put, contact(target)?).json(fields(edit)?)),
        Call::Delete { target } => Ok(Request::new(Method::Delete, contact(target)?)),
        Call::EditTags { target, edit } => tags(target, edit),
        Call::List { filter, cursor, page_size } => {
            let body = json!({ "search": "", "timezone": "UTC", "filter": { "$and": conditions(filter)? } });
            let size = page_size.unwrap_or(limits::PAGE).clamp(1, limits::PAGE);
            Ok(paged(Request::new(Method::Post, "/contact/list"), size, cursor.as_ref()).json(body))
        }
        Call::ListFields { cursor } => {
            Ok(paged(Request::new(Method::Get, "/space/custom_field"), limits::PAGE, cursor.as_ref()))
        }
        Call::CreateField { definition } => {
            Ok(Request::new(Method::Post, "/space/custom_field").json(new_field(definition, named_by)))
        }
        Call::Check => Ok(paged(Request::new(Method::Get, "/space/custom_field"), 1, None)),
        _ => Err(no_such_call(call.kind())),
    }
}

/// One contact by its path, or several by a listing of those of whom one condition holds.
fn find(identifiers: &[Identifier], cursor: Option<&Cursor>) -> Result<Request> {
    match (identifiers, cursor) {
        ([identifier], None) => Ok(Request::new(Method::Get, by_identifier(identifier)?)),
        ([], _) => Err(Error::bug("respondio looks up nobody")),
        (several, _) if several.len() > limits::FILTER => {
            Err(Error::bug(format!("respondio looks up at most {} identifiers, not {}", limits::FILTER, several.len())))
        }
        (several, cursor) => {
            let conditions = several.iter().map(has_identifier).collect::<Result<Vec<_>>>()?;
            let body = json!({ "search": "", "timezone": "UTC", "filter": { "$or": conditions } });
            Ok(paged(Request::new(Method::Post, "/contact/list"), limits::PAGE, cursor).json(body))
        }
    }
}

fn has_identifier(identifier: &Identifier) -> Result<Json> {
    let field = match identifier.kind {
        IdentifierKind::Phone => "phone",
        IdentifierKind::Email => "email",
        other => return Err(Error::bug(format!("respondio finds no contacts by {other}"))),
    };
    Ok(json!({ "category": "contactField", "field": field, "operator": "isEqualTo", "value": identifier.value }))
}

/// A field of the workspace; the service makes its slug, unless fields go by that.
fn new_field(definition: &FieldDefinition, named_by: NamedBy) -> Json {
    let mut body = json!({ "name": definition.name, "dataType": data_type(&definition.kind) });
    if named_by == NamedBy::Slug {
        body["slug"] = json!(definition.name);
    }
    if let FieldKind::Choice(values) = &definition.kind {
        body["allowedValues"] = json!(values);
    }
    body
}

fn no_such_call(kind: CallKind) -> Error {
    Error::bug(format!("respondio has no such call: {kind}"))
}

/// `POST /contact/{identifier}`; the answer has no id.
fn create(identifier: Option<&Identifier>, edit: &Edit) -> Result<Request> {
    let identifier = match identifier {
        Some(identifier) if identifier.kind != IdentifierKind::Id => identifier,
        _ => return Err(Error::bug("respondio creates contacts by phone or email")),
    };
    let body = fields(edit)?;
    if body.get("firstName").is_none() {
        return Err(Error::usage("respondio creates no contact without the field: first_name")
            .hint("map a column to first_name, or give it a constant"));
    }
    Ok(Request::new(Method::Post, by_identifier(identifier)?).json(body))
}

/// The fields of an edit as the body of a create or update.
fn fields(edit: &Edit) -> Result<Json> {
    if edit.tags.is_some() || !edit.lists.is_empty() || edit.custom != CustomEdit::Merge || edit.fields.is_empty() {
        return Err(Error::bug("respondio writes fields one by one, and tags by calls of their own"));
    }
    let mut body = Map::new();
    let mut custom = Vec::new();
    for (field, value) in &edit.fields {
        if let Some(name) = field.custom_name() {
            custom.push(json!({ "name": name, "value": wire_value(value) }));
            continue;
        }
        match writable(field) {
            // The one standard field that is text and never null.
            Some("firstName") if *value == Value::Clear => {
                return Err(Error::usage("respondio can't empty the field: first_name")
                    .hint("leave first_name as it is, or give it a value"));
            }
            Some(wire) => drop(body.insert(wire.to_owned(), wire_value(value))),
            None => return Err(Error::bug(format!("respondio can't write the field: {field}"))),
        }
    }
    if !custom.is_empty() {
        body.insert("custom_fields".to_owned(), Json::Array(custom));
    }
    Ok(Json::Object(body))
}

/// Tags go as a bare array, added or removed.
fn tags(target: &Target, edit: &TagEdit) -> Result<Request> {
    let method = match edit.mode {
        TagMode::Add => Method::Post,
        TagMode::Remove => Method::Delete,
        TagMode::Replace => return Err(no_such_call(CallKind::ReplaceTags)),
    };
    if edit.tags.is_empty() || edit.tags.len() > limits::TAGS {
        return Err(Error::bug(format!("respondio takes 1 to 10 tags a call, not {}", edit.tags.len())));
    }
    Ok(Request::new(method, format!("{}/tag", contact(target)?)).json(json!(edit.tags)))
}

fn conditions(filter: &Filter) -> Result<Vec<Json>> {
    if filter.updated_since.is_some() {
        return Err(Error::bug("respondio can't list by the moment of a change"));
    }
    let mut conditions = Vec::new();
    if let Some(tag) = &filter.tag {
        conditions.push(json!({ "category": "contactTag", "field": null, "operator": "hasAnyOf", "value": [tag] }));
    }
    if let Some((field, value)) = &filter.field {
        let name =
            filterable(field).ok_or_else(|| Error::bug(format!("respondio can't list by the field: {field}")))?;
        conditions.push(if value.is_empty() {
            json!({ "category": "contactField", "field": name, "operator": "doesNotExist", "value": null })
        } else {
            let value = value.as_text();
            json!({ "category": "contactField", "field": name, "operator": "isEqualTo", "value": value })
        });
    }
    Ok(conditions)
}

fn paged(request: Request, size: u32, cursor: Option<&Cursor>) -> Request {
    let request = request.query("limit", size.to_string());
    match cursor {
        Some(Cursor(cursor)) => request.query("cursorId", cursor.as_str()),
        None => request,
    }
}

fn contact(target: &Target) -> Result<String> {
    match target {
        Target::Id(id) => Ok(format!("/contact/id:{}", segment(&id.0))),
        Target::Identifier(identifier) => by_identifier(identifier),
    }
}

/// One identifier as a path segment: the kind, a colon, the value percent-encoded.
fn by_identifier(identifier: &Identifier) -> Result<String> {
    let kind = match identifier.kind {
        IdentifierKind::Id => "id",
        IdentifierKind::Phone => "phone",
        IdentifierKind::Email => "email",
        other => return Err(Error::bug(format!("respondio can't address contacts by {other}"))),
    };
    Ok(format!("/contact/{kind}:{}", segment(&identifier.value)))
}
