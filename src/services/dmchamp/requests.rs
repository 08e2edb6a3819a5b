use serde_json::{Map, Value as Json, json};

use super::{DmChamp, NAME, fields};
use crate::contact::{
    Call, CustomEdit, Edit, FieldKind, FieldSpec, Identifier, IdentifierKind, TagMode, Target, Value,
};
use crate::error::{Error, Result};
use crate::services::reading::segment;
use crate::services::{Method, Request, writing};

impl DmChamp {
    /// The request of a call that the capabilities have.
    pub(super) fn build(&self, call: &Call) -> Result<Request> {
        match call {
            Call::Find { identifiers, .. } => match identifiers.as_slice() {
                [identifier] if !identifier.value.trim().is_empty() => {
                    Ok(Request::new(Method::Get, "/contacts").query(key(identifier)?, identifier.value.as_str()))
                }
                _ => Err(Error::bug(format!("{NAME} looks up by one identifier at a time"))),
            },
            Call::Create { identifier, edit } => self.create(identifier.as_ref(), edit),
            Call::Update { target, edit } => {
                let path = format!("/contacts/{}", segment(id(target)?));
                Ok(Request::new(Method::Put, path).json(Json::Object(self.update_body(edit)?)))
            }
            Call::AddToList { target, list } => {
                Ok(Request::new(Method::Post, "/contacts/lists")
                    .json(json!({ "contactId": id(target)?, "listId": list })))
            }
            Call::RemoveFromList { target, list } => Ok(Request::new(Method::Delete, "/contacts/lists")
                .json(json!({ "contactId": id(target)?, "listId": list }))),
            Call::EditTags { target, edit } if edit.mode == TagMode::Add => self.add_tag(target, &edit.tags),
            Call::ReadTags { target } => {
                Ok(Request::new(Method::Get, format!("/contacts/tags/{}", segment(id(target)?))))
            }
            Call::ReadMessages { target } => {
                Ok(Request::new(Method::Get, format!("/contacts/messages/{}", segment(id(target)?))))
            }
            Call::ListTags { .. } | Call::Check => Ok(Request::new(Method::Get, "/tags")),
            _ => Err(Error::bug(format!("{NAME} has no call: {}", call.kind()))),
        }
    }

    fn create(&self, identifier: Option<&Identifier>, edit: &Edit) -> Result<Request> {
        let mut body = self.body(edit, |spec| spec.create)?;
        if let Some(identifier) = identifier {
            let key = key(identifier)?;
            if !body.contains_key(key) {
                body.insert(key.to_owned(), json!(identifier.value));
            }
        }
        if !body.contains_key("phoneNumber") {
            return Err(Error::bug(format!("{NAME} creates no contact without a phone")));
        }
        if !edit.lists.is_empty() {
            if !self.capabilities.lists_in_create {
                return Err(Error::bug(format!("{NAME} takes no lists in a create of an older deployment")));
            }
            body.insert("listIds".to_owned(), json!(edit.lists));
        }
        Ok(Request::new(Method::Post, "/contacts").json(Json::Object(body)))
    }

    fn update_body(&self, edit: &Edit) -> Result<Map<String, Json>> {
        if !edit.lists.is_empty() {
            return Err(Error::bug(format!("{NAME} takes no lists in an update")));
        }
        let mut body = self.body(edit, |spec| spec.update)?;
        for (field, value) in &edit.fields {
            // A text is emptied by an empty text: the documents know no null here. A boolean has no
            // empty state, and consent is not to be guessed: it is left out, and warned of.
            let text = fields::spec(field.name()).filter(|spec| (spec.kind)() != FieldKind::Boolean);
            if let (Some(spec), true) = (text, value.is_empty()) {
                body.insert(spec.wire.to_owned(), json!(""));
            }
        }
        Ok(body)
    }

    /// The values of an edit that are there; those to be cleared are left out.
    fn body(&self, edit: &Edit, accepted: fn(&FieldSpec) -> bool) -> Result<Map<String, Json>> {
        if edit.custom != CustomEdit::Merge || edit.tags.is_some() {
            return Err(Error::bug(format!("{NAME} takes fields alone in a create or update")));
        }
        let mut body = Map::new();
        let mut custom = Map::new();
        for (field, value) in &edit.fields {
            if let Some(name) = field.custom_name() {
                if !self.capabilities.custom_fields || value.is_empty() {
                    return Err(Error::bug(format!("{NAME} does not send this custom field: {field}")));
                }
                custom.insert(name.to_owned(), writing::json(value));
                continue;
            }
            let spec = fields::spec(field.name())
                .filter(|spec| accepted(spec))
                .ok_or_else(|| Error::bug(format!("{NAME} does not take this field in this call: {field}")))?;
            if !value.is_empty() {
                body.insert(spec.wire.to_owned(), standard(spec, value));
            }
        }
        if !custom.is_empty() {
            body.insert("custom_fields".to_owned(), Json::Object(custom));
        }
        Ok(body)
    }

    fn add_tag(&self, target: &Target, tags: &[String]) -> Result<Request> {
        let (Target::Identifier(identifier), [tag]) = (target, tags) else {
            return Err(Error::bug(format!("{NAME} adds one tag at a time, to a phone or e-mail")));
        };
        let key = key(identifier)?;
        let value = match identifier.kind {
            IdentifierKind::Phone if self.tags_without_plus => identifier.value.trim_start_matches('+'),
            _ => identifier.value.as_str(),
        };
        let request = Request::new(Method::Post, "/tags");
        Ok(if self.tags_in_query {
            request.query("tag", tag.as_str()).query(key, value)
        } else {
            request.json(json!({ "tag": tag, key: value }))
        })
    }
}

/// The query parameter or key that carries an identifier.
fn key(identifier: &Identifier) -> Result<&'static str> {
    match identifier.kind {
        IdentifierKind::Phone => Ok("phoneNumber"),
        IdentifierKind::Email => Ok("email"),
        kind => Err(Error::bug(format!("{NAME} finds no contact by {kind}"))),
    }
}

fn id(target: &Target) -> Result<&str> {
    let id = match target {
        Target::Id(id) => &id.0,
        Target::Identifier(Identifier { kind: IdentifierKind::Id, value }) => value,
        Target::Identifier(_) => {
            return Err(Error::bug(format!("{NAME} addresses contacts by id in this call")));
        }
    };
    // A dot segment would be resolved away, even when it is encoded.
    if matches!(id.as_str(), "" | "." | "..") {
        return Err(Error::usage(format!("no contact can have this id: {id}")));
    }
    Ok(id)
}

fn standard(spec: &FieldSpec, value: &Value) -> Json {
    let text = value.as_text();
    match (spec.kind)() {
        FieldKind::Boolean => json!(text == "true"),
        FieldKind::Json => serde_json::from_str(&text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}
