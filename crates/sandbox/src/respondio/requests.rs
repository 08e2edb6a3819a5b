use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::Identifier;
use super::emulator::{Answer, Respondio};
use super::failure::failure;
use super::fields::Changes;
use super::space::CustomField;
use super::values::{is_email, is_phone};
use crate::{WireAnswer, WireRequest};

/// Tags in one call.
const TAGS_A_REQUEST: usize = 10;
const LONGEST_TAG: usize = 255;

impl Respondio {
    pub(super) fn carry_out(&mut self, request: &WireRequest, parts: &[&str], now: Duration) -> Answer {
        let method = request.method.as_str();
        match (method, parts) {
            ("POST", ["contact", "list"]) => self.list(request, now),
            ("POST", ["contact", "merge"]) => self.merge(&body(request)?),
            ("POST", ["contact", "create_or_update", name]) => self.create_or_update(name, &body(request)?, now),
            ("GET", ["contact", name]) => {
                let id = self.known(name, now)?;
                Ok(self.contacts.get(id).map(|contact| contact.shown(&self.space)).unwrap_or_default())
            }
            ("POST", ["contact", name]) => self.create(name, &body(request)?, now),
            ("PUT", ["contact", name]) => {
                let id = self.known(name, now)?;
                self.update(id, &body(request)?)
            }
            ("DELETE", ["contact", name]) => {
                let id = self.known(name, now)?;
                self.contacts.remove(id);
                Ok(json!({ "contactId": id }))
            }
            ("POST" | "DELETE", ["contact", name, "tag"]) => self.tag(method, name, &body(request)?, now),
            ("GET", ["contact", name, "channels"]) => {
                self.known(name, now)?;
                page(request, &[])
            }
            ("POST", ["contact", name, "lifecycle", "update"]) => self.lifecycle(name, &body(request)?, now),
            ("GET", ["space", "custom_field"]) => {
                let fields: Vec<_> = self.space.fields().iter().map(CustomField::shown).collect();
                page(request, &fields)
            }
            ("GET", ["space", "custom_field", id]) => self.space.field_of_id(id),
            ("POST", ["space", "custom_field"]) => self.space.create_field(&body(request)?),
            ("POST", ["space", "tag"]) => self.space.create_tag(&body(request)?),
            ("PUT", ["space", "tag"]) => self.rename_tag(&body(request)?),
            ("DELETE", ["space", "tag"]) => self.delete_tag(&body(request)?),
            ("GET", ["space", "user"]) => page(request, &[user()]),
            ("GET", ["space", "user", "1"]) => Ok(user()),
            ("GET", ["space", "user", _]) => Err(failure(404, "User not found")),
            ("GET", ["space", "closing_notes"]) => page(request, &[closing_note()]),
            ("GET", ["space", "channel"]) => page(request, &[channel()]),
            (
                _,
                ["contact", _]
                | ["contact", "create_or_update", _]
                | ["contact", _, "tag" | "channels"]
                | ["contact", _, "lifecycle", "update"]
                | ["space", "custom_field" | "tag" | "user" | "channel" | "closing_notes"]
                | ["space", "custom_field" | "user", _],
            ) => Err(failure(405, "Method not allowed")),
            _ => Err(failure(404, "Not found")),
        }
    }

    fn create(&mut self, name: &str, body: &Value, now: Duration) -> Answer {
        let changes = self.named_changes(name, body)?;
        if self.contacts.clash(None, &changes) {
            return Err(failure(400, "Contact already exists"));
        }
        self.add(changes, now)?;
        // Text here, and here alone.
        Ok(json!({ "code": "200", "message": "Contact created successfully" }))
    }

    fn create_or_update(&mut self, name: &str, body: &Value, now: Duration) -> Answer {
        // By an id nothing can be created.
        if let Identifier::Id(_) = identifier(name)? {
            let id = self.known(name, now)?;
            return self.update(id, body);
        }
        let changes = self.named_changes(name, body)?;
        let existing = self.contacts.find(&identifier(name)?, Duration::MAX);
        if self.contacts.clash(existing, &changes) {
            return Err(failure(400, "Contact already exists"));
        }
        let id = match existing {
            Some(id) => {
                self.contacts.update(id, changes);
                id
            }
            None => self.add(changes, now)?,
        };
        Ok(json!({ "contactId": id }))
    }

    fn add(&mut self, changes: Changes, now: Duration) -> Result<u64, WireAnswer> {
        if changes.value("firstName").is_none() {
            return Err(failure(400, "firstName should not be empty"));
        }
        let visible_from = match self.options.search_lag {
            Duration::ZERO => Duration::ZERO,
            lag => now + lag,
        };
        Ok(self.contacts.create(changes, now.as_secs(), visible_from))
    }

    /// The fields of a body, with the phone or e-mail of the path among them.
    fn named_changes(&self, name: &str, body: &Value) -> Result<Changes, WireAnswer> {
        let mut changes = Changes::read(body, &[], &self.space)?;
        let (field, value) = match identifier(name)? {
            Identifier::Id(_) => return Err(failure(400, "the identifier must be an email or a phone")),
            Identifier::Phone(phone) => ("phone", phone),
            Identifier::Email(email) => ("email", email),
        };
        match changes.value(field) {
            Some(other) if other != value => return Err(failure(400, &format!("{field} differs from the identifier"))),
            Some(_) => {}
            None => changes.standard.push((field, Some(value))),
        }
        Ok(changes)
    }

    fn update(&mut self, id: u64, body: &Value) -> Answer {
        let changes = Changes::read(body, &[], &self.space)?;
        if self.contacts.clash(Some(id), &changes) {
            return Err(failure(400, "Contact already exists"));
        }
        self.contacts.update(id, changes);
        Ok(json!({ "contactId": id }))
    }

    fn merge(&mut self, body: &Value) -> Answer {
        let changes = Changes::read(body, &["contactIds"], &self.space)?;
        let ids: Vec<_> = body["contactIds"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let &[first, second] = ids.as_slice() else { return Err(failure(400, "contactIds must hold two ids")) };
        if first == second {
            return Err(failure(400, "contactIds must hold two ids that differ"));
        }
        for id in [first, second] {
            self.contacts.get(id).ok_or_else(missing)?;
        }
        let taken_by_others = [first, second].iter().all(|id| self.contacts.clash(Some(*id), &changes));
        if taken_by_others {
            return Err(failure(400, "Contact already exists"));
        }
        self.contacts.merge(first, second);
        self.contacts.update(first, changes);
        Ok(json!({ "contactId": first }))
    }

    fn tag(&mut self, method: &str, name: &str, body: &Value, now: Duration) -> Answer {
        let id = self.known(name, now)?;
        let Some(list) = body.as_array() else { return Err(failure(400, "the body must be an array of tags")) };
        if list.is_empty() || list.len() > TAGS_A_REQUEST {
            return Err(failure(400, "the body must hold 1 to 10 tags"));
        }
        let fits = |tag: &&str| !tag.is_empty() && tag.chars().count() <= LONGEST_TAG;
        let tags: Option<Vec<String>> = list.iter().map(|tag| tag.as_str().filter(fits).map(str::to_owned)).collect();
        let tags = tags.ok_or_else(|| failure(400, "each tag must have 1 to 255 characters"))?;
        let contact = self.contacts.get_mut(id).ok_or_else(missing)?;
        if method == "DELETE" {
            contact.tags.retain(|tag| !tags.contains(tag));
        } else {
            for tag in &tags {
                if !contact.tags.contains(tag) {
                    contact.tags.push(tag.clone());
                }
            }
            self.space.learn_tags(&tags);
        }
        Ok(json!({ "contactId": id }))
    }

    fn lifecycle(&mut self, name: &str, body: &Value, now: Duration) -> Answer {
        let id = self.known(name, now)?;
        let stage = match &body["name"] {
            Value::Null => None,
            Value::String(stage) if !stage.is_empty() => Some(stage.clone()),
            _ => return Err(failure(400, "name must be a string or null")),
        };
        self.contacts.get_mut(id).ok_or_else(missing)?.lifecycle = stage;
        Ok(done("Lifecycle updated successfully"))
    }

    fn rename_tag(&mut self, body: &Value) -> Answer {
        let (old, new) = self.space.update_tag(body)?;
        for contact in self.contacts.all_mut() {
            for tag in contact.tags.iter_mut().filter(|tag| **tag == old) {
                tag.clone_from(&new);
            }
        }
        Ok(done("Tag updated successfully"))
    }

    fn delete_tag(&mut self, body: &Value) -> Answer {
        let name = self.space.delete_tag(body)?;
        for contact in self.contacts.all_mut() {
            contact.tags.retain(|tag| *tag != name);
        }
        Ok(done("Tag deleted successfully"))
    }

    fn known(&self, name: &str, now: Duration) -> Result<u64, WireAnswer> {
        self.contacts.find(&identifier(name)?, now).ok_or_else(missing)
    }
}

fn identifier(name: &str) -> Result<Identifier, WireAnswer> {
    let wrong = || failure(400, "the identifier must be id:, email: or phone: with a valid value");
    let (kind, value) = name.split_once(':').ok_or_else(wrong)?;
    match kind {
        "id" => value.parse().map(Identifier::Id).map_err(|_| wrong()),
        "phone" if is_phone(value) => Ok(Identifier::Phone(value.to_owned())),
        "email" if is_email(value) => Ok(Identifier::Email(value.to_owned())),
        _ => Err(wrong()),
    }
}

/// The part of a short list that `limit` and `cursorId` (here a place in the list) ask for.
fn page(request: &WireRequest, all: &[Value]) -> Answer {
    let (limit, cursor) = limit_and_cursor(request)?;
    let start = usize::try_from(cursor).unwrap_or(usize::MAX).min(all.len());
    let end = (start + limit).min(all.len());
    let link = |place: usize| {
        let host = request.header("host").unwrap_or("api.respond.io");
        format!("http://{host}{}?cursorId={place}&limit={limit}", request.path)
    };
    let next = (end < all.len()).then(|| link(end));
    let previous = (start > 0).then(|| link(start.saturating_sub(limit)));
    Ok(json!({ "items": all[start..end], "pagination": { "next": next, "previous": previous } }))
}

/// `limit`, 1 to 100, 10 unless told; `cursorId`, a whole number, from the beginning unless told.
pub(super) fn limit_and_cursor(request: &WireRequest) -> Result<(usize, u64), WireAnswer> {
    let limit = request.query_value("limit").map_or(Some(10), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| failure(400, "limit must be between 1 and 100"))?;
    let cursor = request.query_value("cursorId").map_or(Some(0), |cursor| cursor.parse().ok());
    Ok((limit, cursor.ok_or_else(|| failure(400, "cursorId must be an integer"))?))
}

fn body(request: &WireRequest) -> Result<Value, WireAnswer> {
    serde_json::from_slice(&request.body).map_err(|_| failure(400, "the body must be JSON"))
}

fn done(message: &str) -> Value {
    json!({ "code": 200, "message": message })
}

fn missing() -> WireAnswer {
    failure(404, "Contact not found")
}

fn user() -> Value {
    json!({
        "id": 1, "firstName": "Sandbox", "lastName": "Agent", "email": "agent@example.com", "role": "owner",
        "team": null, "restrictions": []
    })
}

fn closing_note() -> Value {
    json!({ "timestamp": 0, "category": "Support", "content": "Answered", "description": "The question was answered" })
}

fn channel() -> Value {
    json!({ "id": 1, "name": "Sandbox", "source": "custom_channel", "created_at": 0 })
}
