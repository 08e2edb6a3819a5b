use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::Chatwoot;
use super::definitions;
use super::pages::Place;
use crate::contact::{
    Call, Cursor, CustomEdit, Edit, Field, FieldKind, FieldSpec, Filter, Identifier, IdentifierKind, TagMode, Target,
    Value,
};
use crate::error::{Error, Result};
use crate::services::reading::segment;
use crate::services::{Method, Request, writing};

impl Chatwoot {
    /// The request of a call that the capabilities have.
    pub(super) fn build(&self, call: &Call) -> Result<Request> {
        match call {
            Call::Find { identifiers, cursor } => self.find(identifiers, cursor.as_ref()),
            Call::Read { target } => Ok(Request::new(Method::Get, self.contact(target, "")?)),
            Call::Create { identifier, edit } => self.create(identifier.as_ref(), edit),
            Call::Update { target, edit } => {
                let body = self.body(edit, |spec| spec.update)?;
                Ok(Request::new(Method::Patch, self.contact(target, "")?).json(Json::Object(body)))
            }
            Call::ClearFields { target, fields } => {
                let names = fields.iter().map(custom_name).collect::<Result<Vec<_>>>()?;
                let path = self.contact(target, "/destroy_custom_attributes")?;
                Ok(Request::new(Method::Post, path).json(json!({ "custom_attributes": names })))
            }
            Call::EditTags { target, edit } if edit.mode == TagMode::Replace => {
                let path = self.contact(target, "/labels")?;
                let labels: Vec<_> = edit.tags.iter().map(|tag| as_one_label(tag)).collect();
                Ok(Request::new(Method::Post, path).json(json!({ "labels": labels })))
            }
            Call::ReadTags { target } => Ok(Request::new(Method::Get, self.contact(target, "/labels")?)),
            Call::Delete { target } => Ok(Request::new(Method::Delete, self.contact(target, "")?)),
            Call::List { filter, cursor, .. } => self.list(filter, cursor.as_ref()),
            Call::ListTags { .. } => Ok(Request::new(Method::Get, self.account("/labels"))),
            Call::ListFields { .. } => {
                Ok(Request::new(Method::Get, self.account(definitions::PATH)).query("attribute_model", "1"))
            }
            Call::CreateField { definition } => {
                let body = definitions::new_definition(definition);
                Ok(Request::new(Method::Post, self.account(definitions::PATH)).json(body))
            }
            Call::Check if self.flavor.profile => Ok(Request::new(Method::Get, "/api/v1/profile")),
            Call::Check => self.list(&Filter::default(), None),
            _ => Err(Error::bug(format!("{} has no call: {}", self.flavor.name, call.kind()))),
        }
    }

    /// A path of the account: `/api/v1/accounts/1` and what follows.
    fn account(&self, rest: &str) -> String {
        let mut path = self.flavor.prefix.to_owned();
        if let Some(id) = &self.options.account_id {
            let _ = write!(path, "/{id}");
        }
        path + rest
    }

    /// A path of one contact.
    fn contact(&self, target: &Target, rest: &str) -> Result<String> {
        let id = match target {
            Target::Id(id) => &id.0,
            Target::Identifier(Identifier { kind: IdentifierKind::Id, value }) => value,
            Target::Identifier(_) => {
                return Err(Error::bug(format!("{} addresses contacts by id alone", self.flavor.name)));
            }
        };
        // A dot segment would be resolved away, even when it is encoded.
        if matches!(id.as_str(), "" | "." | "..") {
            return Err(Error::usage(format!("no contact can have this id: {id}")));
        }
        Ok(self.account(&format!("/contacts/{}{rest}", segment(id))))
    }

    fn find(&self, identifiers: &[Identifier], cursor: Option<&Cursor>) -> Result<Request> {
        if identifiers.is_empty() || identifiers.len() > self.limits.identifiers_per_find.value {
            return Err(Error::bug(format!("a look-up by {} identifiers", identifiers.len())));
        }
        if let Some(empty) = identifiers.iter().find(|identifier| identifier.value.trim().is_empty()) {
            return Err(Error::bug(format!("a look-up by an empty {}", empty.kind)));
        }
        if self.options.abilities.filter {
            let conditions = identifiers
                .iter()
                .map(|identifier| {
                    // The server puts a plus in front of a phone by itself, and some versions do so
                    // even if there is one.
                    let value = match identifier.kind {
                        IdentifierKind::Phone => identifier.value.trim_start_matches('+'),
                        _ => identifier.value.as_str(),
                    };
                    Ok((self.wire(identifier.kind)?, json!(value)))
                })
                .collect::<Result<Vec<_>>>()?;
            return self.filter(conditions, "OR", &Place::read_of_find(identifiers, cursor)?);
        }
        let [identifier] = identifiers else {
            return Err(Error::bug("a search by more than one identifier"));
        };
        self.wire(identifier.kind)?;
        let path = if self.flavor.search_path { "/contacts/search" } else { "/contacts" };
        let request = Request::new(Method::Get, self.account(path)).query("q", identifier.value.as_str());
        Ok(self.paged(request, &Place::read(cursor)?)?.query("include_contact_inboxes", "false"))
    }

    fn list(&self, filter: &Filter, cursor: Option<&Cursor>) -> Result<Request> {
        if filter.updated_since.is_some() {
            return Err(Error::bug(format!("{} can't list by the time of a change", self.flavor.name)));
        }
        if let Some((field, value)) = &filter.field {
            if !self.options.abilities.filter {
                return Err(Error::bug(format!("{} can't list by a field", self.flavor.name)));
            }
            // The filter lower-cases the wanted label and then minds the case, so that it never meets such a one.
            if let Some(tag) = filter.tag.as_ref().filter(|tag| tag.to_lowercase() != **tag) {
                return Err(Error::usage(format!(
                    "{} can't list by a field and by a label with capitals at once: {tag}",
                    self.flavor.name
                ))
                .hint("leave one of the two out, and filter the file by the other"));
            }
            let mut conditions = vec![(self.filter_key(field)?, writing::json(value))];
            conditions.extend(filter.tag.as_ref().map(|tag| ("labels".to_owned(), json!(tag))));
            return self.filter(conditions, "AND", &Place::read(cursor)?);
        }
        let mut request = Request::new(Method::Get, self.account("/contacts"));
        if let Some(tag) = &filter.tag {
            request = request.query(self.flavor.label_key, tag.as_str());
        }
        Ok(self.paged(request, &Place::read(cursor)?)?.query("include_contact_inboxes", "false"))
    }

    /// A request to `contacts/filter` for contacts that are equal in these keys.
    fn filter(&self, conditions: Vec<(String, Json)>, join: &str, place: &Place) -> Result<Request> {
        let last = conditions.len().saturating_sub(1);
        let payload: Vec<_> = conditions
            .into_iter()
            .enumerate()
            .map(|(index, (key, value))| {
                json!({
                    "attribute_key": key,
                    "filter_operator": "equal_to",
                    "values": [value],
                    "query_operator": if index == last { Json::Null } else { json!(join) },
                })
            })
            .collect();
        let request = Request::new(Method::Post, self.account("/contacts/filter"));
        Ok(self.paged(request, place)?.json(json!({ "payload": payload })))
    }

    /// Adds the page and an order, without which pages may overlap.
    fn paged(&self, request: Request, place: &Place) -> Result<Request> {
        let request = request.query("page", place.page.to_string());
        let order = self.flavor.orders.get(place.order).ok_or_else(|| Error::bug("a cursor of another service"))?;
        Ok(order.iter().fold(request, |request, (name, value)| request.query(name, *value)))
    }

    fn create(&self, identifier: Option<&Identifier>, edit: &Edit) -> Result<Request> {
        let mut body = self.body(edit, |spec| spec.create)?;
        if let Some(identifier) = identifier {
            let wire = self.wire(identifier.kind)?;
            if !body.contains_key(&wire) {
                body.insert(wire, json!(identifier.value));
            }
        }
        if let (None, Some(inbox)) = (body.get("inbox_id"), self.options.inbox_id) {
            body.insert("inbox_id".to_owned(), json!(inbox));
        }
        body.retain(|_, value| !value.is_null());
        Ok(Request::new(Method::Post, self.account("/contacts")).json(Json::Object(body)))
    }

    /// The JSON of an edit: only what it names, and the held siblings of objects that are replaced.
    fn body(&self, edit: &Edit, accepted: fn(&FieldSpec) -> bool) -> Result<Map<String, Json>> {
        if edit.custom != CustomEdit::Merge || edit.tags.is_some() || !edit.lists.is_empty() {
            return Err(Error::bug(format!("{} takes fields alone in a create or update", self.flavor.name)));
        }
        let mut body = Map::new();
        let mut standard = Vec::new();
        for (field, value) in &edit.fields {
            if let Some(name) = field.custom_name() {
                put(&mut body, &["custom_attributes", name], writing::json(value));
                continue;
            }
            let spec = self.spec(field.name()).filter(|spec| accepted(spec)).ok_or_else(|| {
                Error::bug(format!("{} does not take this field in this call: {field}", self.flavor.name))
            })?;
            standard.push((spec, value));
        }
        for group in standard.iter().filter_map(|(spec, _)| spec.group) {
            if let Some(held @ Json::Object(_)) = edit.groups.get(group) {
                put(&mut body, &segments(group), held.clone());
            }
        }
        for (spec, value) in standard {
            put(&mut body, &segments(spec.wire), standard_json(spec, value)?);
        }
        Ok(body)
    }

    fn wire(&self, kind: IdentifierKind) -> Result<String> {
        match kind {
            IdentifierKind::ExternalId | IdentifierKind::Phone | IdentifierKind::Email => {
                Ok(self.spec(kind.name()).map_or(kind.name(), |spec| spec.wire).to_owned())
            }
            _ => Err(Error::bug(format!("{} finds no contact by {kind}", self.flavor.name))),
        }
    }

    /// The key of `lib/filters/filter_keys.yml` that stands for a field.
    fn filter_key(&self, field: &Field) -> Result<String> {
        const KEYS: [(&str, &str); 8] = [
            ("name", "name"),
            ("phone", "phone_number"),
            ("email", "email"),
            ("external_id", "identifier"),
            ("country", "country_code"),
            ("city", "city"),
            ("company", "company_name"),
            ("blocked", "blocked"),
        ];
        if let Some(name) = field.custom_name() {
            // The filter takes such a key for the standard field, and would answer something else.
            let hidden = ["labels", "created_at", "last_activity_at"].contains(&name);
            if hidden || KEYS.iter().any(|(_, key)| *key == name) {
                return Err(Error::usage(format!(
                    "{} can't list contacts by a custom attribute that is called like a standard field: {name}",
                    self.flavor.name
                ))
                .hint("export all, and filter the file"));
            }
            return Ok(name.to_owned());
        }
        KEYS.iter().find(|(ours, _)| *ours == field.name()).map(|(_, key)| (*key).to_owned()).ok_or_else(|| {
            let names: Vec<_> = KEYS.iter().map(|(ours, _)| *ours).collect();
            Error::usage(format!("{} can't list contacts by the field: {field}", self.flavor.name))
                .hint(format!("it can by {} and by custom attributes that the account defines", names.join(", ")))
        })
    }
}

/// The label in quotation marks where the server would read it otherwise: it joins the list with commas and splits it
/// again. A label that holds commas and both kinds of marks is sent as it is; the answer tells what became of it.
fn as_one_label(tag: &str) -> Cow<'_, str> {
    let read_otherwise = tag.contains(',') || tag.starts_with(['"', '\'']);
    match ['"', '\''].into_iter().find(|mark| !tag.contains(*mark)) {
        Some(mark) if read_otherwise => Cow::Owned(format!("{mark}{tag}{mark}")),
        _ => Cow::Borrowed(tag),
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('.').collect()
}

/// Sets the value at a path, making the objects on the way.
fn put(body: &mut Map<String, Json>, path: &[&str], value: Json) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        body.insert((*first).to_owned(), value);
        return;
    }
    let inner = body.entry(*first).or_insert_with(|| Json::Object(Map::new()));
    if !inner.is_object() {
        *inner = Json::Object(Map::new());
    }
    if let Json::Object(inner) = inner {
        put(inner, rest, value);
    }
}

fn custom_name(field: &Field) -> Result<&str> {
    field.custom_name().ok_or_else(|| Error::bug(format!("no custom attribute: {field}")))
}

/// A standard field as it is written.
///
/// No value is written `null` in a column: an empty identifier would be stored, and the second one
/// of an account ends in a server error. `blocked` can't be null. Inside `additional_attributes` it
/// is the empty text, as the documents' samples show.
fn standard_json(spec: &FieldSpec, value: &Value) -> Result<Json> {
    if value.is_empty() {
        return Ok(match (spec.kind)() {
            FieldKind::Boolean => json!(false),
            _ if spec.wire.contains('.') => json!(""),
            _ => Json::Null,
        });
    }
    let text = value.as_text();
    match (spec.kind)() {
        FieldKind::Phone if !is_phone(&text) => {
            Err(Error::usage(format!("the {} is not in international form", spec.name))
                .hint("write it with a plus, the country code and no spaces, such as +4930123456"))
        }
        FieldKind::Boolean => Ok(json!(text == "true")),
        FieldKind::Number => Ok(text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))),
        FieldKind::Text | FieldKind::Url | FieldKind::Email | FieldKind::Country | FieldKind::Phone => Ok(json!(text)),
        _ => Ok(writing::json(value)),
    }
}

/// `^\+[1-9]\d{1,14}$`. The server anchors its own check at the end alone, so `abc+4912345` would
/// pass there.
fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}
