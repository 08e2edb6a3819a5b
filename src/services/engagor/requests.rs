//! Calls as requests.

use serde_json::{Map, Value as Json, json};

use super::fields::{CUSTOM, wire_value, writable};
use super::{Engagor, limits};
use crate::contact::{
    Call, CallKind, Cursor, CustomEdit, Edit, Filter, Identifier, IdentifierKind, TagEdit, TagMode, Target, Value,
};
use crate::error::{Error, Result};
use crate::services::http::{Body, Method, Request};
use crate::services::reading::segment;

/// Platforms whose contacts the service finds only with the ids of its topics.
pub(super) const BOUND_TO_TOPICS: &[&str] = &["wechat", "twilio", "web", "whatsapp", "viber"];
/// The platform whose contacts can't be addressed by their id there.
pub(super) const NOT_ADDRESSABLE: &str = "instagram";

pub(super) fn request(service: &Engagor, call: &Call) -> Result<Request> {
    match call {
        Call::Read { target } => {
            let request = Request::new(Method::Get, contact(service, target)?);
            Ok(match &service.topic_ids {
                Some(topics) => request.query("topic_ids", topics.as_str()),
                None => request,
            })
        }
        Call::Update { target, edit } => {
            if edit.fields.is_empty() && edit.tags.is_none() {
                return Err(Error::bug("engagor takes no update that changes nothing"));
            }
            update(service, target, edit)
        }
        Call::EditTags { target, edit } => {
            update(service, target, &Edit { tags: Some(edit.clone()), ..Edit::default() })
        }
        Call::Delete { target: Target::Identifier(identifier) } if identifier.kind != IdentifierKind::Id => {
            Err(Error::usage("engagor deletes contacts by their id alone")
                .hint("map a column to id, or look the contacts up by an export first"))
        }
        Call::Delete { target } => Ok(Request::new(Method::Delete, contact(service, target)?)),
        Call::List { filter, cursor, page_size } => list(service, filter, cursor.as_ref(), *page_size),
        Call::ListTags { cursor } => {
            let request = Request::new(Method::Get, format!("/{}/settings/tags", service.account_id));
            Ok(paged(request, limits::TAG_PAGE, cursor.as_ref()))
        }
        Call::Check => Ok(Request::new(Method::Get, "/me")),
        _ => Err(no_such_call(call.kind())),
    }
}

fn no_such_call(kind: CallKind) -> Error {
    Error::bug(format!("engagor has no such call: {kind}"))
}

fn list(service: &Engagor, filter: &Filter, cursor: Option<&Cursor>, page_size: Option<u32>) -> Result<Request> {
    if filter.field.is_some() {
        return Err(Error::bug("engagor can't list by the value of a field"));
    }
    let size = page_size.unwrap_or(limits::PAGE).clamp(1, limits::PAGE);
    let mut request = Request::new(Method::Get, format!("/{}/inbox/contacts", service.account_id));
    // Contacts that are added or changed meanwhile come last, where the listing still meets them.
    request = match &filter.updated_since {
        Some(since) => request.query("updated_since", since.as_str()).query("sort", "lastupdate:asc"),
        None => request.query("sort", "dateadd:asc"),
    };
    if let Some(tag) = &filter.tag {
        request = request.query("filter", format!("contacttag:{tag}"));
    }
    Ok(paged(request, size, cursor))
}

fn paged(request: Request, size: u32, cursor: Option<&Cursor>) -> Request {
    let request = request.query("limit", size.to_string());
    match cursor {
        Some(Cursor(token)) => request.query("page_token", token.as_str()),
        None => request,
    }
}

/// An update: JSON texts in a form. Both edit modes are always said: the vendor's default for tags
/// replaces them all.
fn update(service: &Engagor, target: &Target, edit: &Edit) -> Result<Request> {
    if !edit.lists.is_empty() {
        return Err(Error::bug("engagor has no lists of contacts"));
    }
    let mut updates = standard_fields(edit)?;
    if let Some(custom) = custom_attributes(service, edit)? {
        updates.insert(CUSTOM.to_owned(), custom);
    }
    if let Some(TagEdit { mode, tags }) = &edit.tags {
        if tags.is_empty() && *mode != TagMode::Replace {
            return Err(Error::bug("engagor takes no tag edit without tags"));
        }
        updates.insert("tags".to_owned(), json!(tags));
    }
    let options = json!({
        "customattributes_edit_mode": match edit.custom {
            CustomEdit::Merge => "update",
            CustomEdit::Replace => "overwrite",
            CustomEdit::Remove => "delete",
        },
        "tags_edit_mode": match edit.tags.as_ref().map(|tags| tags.mode) {
            None | Some(TagMode::Add) => "add",
            Some(TagMode::Replace) => "update",
            Some(TagMode::Remove) => "delete",
        },
    });
    let mut form =
        vec![("updates".to_owned(), Json::Object(updates).to_string()), ("options".to_owned(), options.to_string())];
    if let Some(topics) = &service.topic_ids {
        form.push(("topic_ids".to_owned(), topics.clone()));
    }
    Ok(Request { body: Body::Form(form), ..Request::new(Method::Post, contact(service, target)?) })
}

fn standard_fields(edit: &Edit) -> Result<Map<String, Json>> {
    let mut updates = Map::new();
    for (field, value) in edit.fields.iter().filter(|(field, _)| field.custom_name().is_none()) {
        let wire = writable(field).ok_or_else(|| Error::bug(format!("engagor can't write the field: {field}")))?;
        updates.insert(wire.to_owned(), wire_value(value));
    }
    Ok(updates)
}

/// The custom fields of an edit; `None` if it names none, so that a `Replace` without any doesn't
/// take all of them away.
fn custom_attributes(service: &Engagor, edit: &Edit) -> Result<Option<Json>> {
    let mut attributes = Vec::new();
    let mut named = false;
    for (field, value) in &edit.fields {
        let Some(name) = field.custom_name() else { continue };
        named = true;
        match (edit.custom, value) {
            (CustomEdit::Merge, Value::Clear) => {
                return Err(Error::bug("engagor takes custom fields away by an edit mode, not by an empty value"));
            }
            (CustomEdit::Replace, Value::Clear) => {}
            (CustomEdit::Remove, _) => attributes.push((name, json!(""))),
            (CustomEdit::Merge | CustomEdit::Replace, value) => attributes.push((name, wire_value(value))),
        }
    }
    let attributes = attributes.into_iter();
    Ok(named.then(|| {
        if service.custom_as_pairs {
            attributes.map(|(key, value)| json!({ "key": key, "value": value })).collect()
        } else {
            Json::Object(attributes.map(|(key, value)| (key.to_owned(), value)).collect())
        }
    }))
}

fn contact(service: &Engagor, target: &Target) -> Result<String> {
    let account = &service.account_id;
    match target {
        Target::Id(id) => Ok(format!("/{account}/inbox/contact/{}", segment(&id.0))),
        Target::Identifier(Identifier { kind: IdentifierKind::Id, value }) => {
            Ok(format!("/{account}/inbox/contact/{}", segment(value)))
        }
        Target::Identifier(Identifier { kind: IdentifierKind::ServiceId, value }) => {
            let (platform, id) = platform_and_id(service, value)?;
            Ok(format!("/{account}/inbox/contact/{}/{}", segment(&platform), segment(id)))
        }
        Target::Identifier(identifier) => {
            Err(Error::bug(format!("engagor can't address contacts by {}", identifier.kind)))
        }
    }
}

/// The parts of `service/service_id`, where the service can address such a contact.
fn platform_and_id<'a>(service: &Engagor, value: &'a str) -> Result<(String, &'a str)> {
    let Some((platform, id)) = value.split_once('/').filter(|(platform, id)| !platform.is_empty() && !id.is_empty())
    else {
        return Err(Error::usage("a service_id names the platform and the id there")
            .hint("write it service/service_id, such as twitter/12345"));
    };
    let platform = platform.to_lowercase();
    if platform == NOT_ADDRESSABLE {
        return Err(Error::usage("engagor can't address contacts on Instagram by their service_id")
            .hint("use the contact's id, as an export shows it"));
    }
    if service.topic_ids.is_none() && BOUND_TO_TOPICS.contains(&platform.as_str()) {
        return Err(Error::usage(format!("engagor finds contacts on {platform} only with topic ids"))
            .hint("add `topic_ids = \"1,2\"` to the account"));
    }
    Ok((platform, id))
}
