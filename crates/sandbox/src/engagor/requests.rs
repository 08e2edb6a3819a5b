use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::Contact;
use super::emulator::{ACCOUNT, Answer, Engagor, failure, invalid};
use super::updates::Update;
use crate::wire::form_pairs;
use crate::{WireAnswer, WireRequest};

/// Contacts that came by these are only found with `topic_ids`.
const NEED_TOPICS: &[&str] = &["wechat", "twilio", "web", "whatsapp", "viber"];

impl Engagor {
    pub(super) fn carry_out(&mut self, request: &WireRequest, parts: &[&str], now: Duration) -> Answer {
        if request.query_value("format").is_some_and(|format| format != "json") {
            return Err(failure(400, "unsupported_type", "the sandbox answers in JSON alone"));
        }
        let form = Form::of(request);
        match (request.method.as_str(), parts) {
            ("GET", ["me"]) => Ok(json!({ "id": "1", "name": "Sandbox", "email": "agent@example.com" }).into()),
            ("GET", ["me", "accounts"]) => {
                let account = json!({ "id": ACCOUNT, "name": "Sandbox" });
                self.page_of(request, &[account], 10, 50)
            }
            ("GET", ["me", "connectedprofiles"]) => {
                let profile = json!({
                    "id": "1", "type": "twitter", "service_id": "900000000", "name": "Sandbox", "account_id": ACCOUNT
                });
                self.page_of(request, &[profile], 10, 50)
            }
            ("GET", ["me", "permissions"]) => Ok(json!(["accounts_read", "accounts_write"]).into()),
            (_, ["me"] | ["me", "accounts" | "permissions" | "connectedprofiles"]) => Err(wrong_method()),
            (_, [account, ..]) if *account != ACCOUNT => {
                Err(failure(403, "no_permission", "this token has no permission for the account"))
            }
            ("GET", [_, "settings", "tags"]) => self.tags(request),
            ("GET", [_, "inbox", "contacts"]) => self.list(request),
            ("GET", [_, "inbox", "contact", ..]) => {
                let contact = self.named(&parts[3..], &form)?;
                Ok(contact.shown().into())
            }
            ("POST", [_, "inbox", "contact", ..]) => {
                let mut contact = self.named(&parts[3..], &form)?.clone();
                let update = Update::read(form.value("updates"), form.value("options"))?;
                let before = contact.clone();
                let warnings = update.apply(&mut contact);
                if contact != before {
                    contact.updated = now.as_secs();
                }
                let response = contact.shown();
                self.contacts.replace(contact);
                Ok(super::emulator::Success { response, warnings })
            }
            ("DELETE", [_, "inbox", "contact", id]) => {
                let id = self.named(&[*id], &Form::with_topics())?.id;
                Ok(Value::Bool(self.contacts.remove(id)).into())
            }
            (
                _,
                [_, "inbox", "contacts"]
                | [_, "settings", "tags"]
                | [_, "inbox", "contact", _]
                | [_, "inbox", "contact", _, _],
            ) => Err(wrong_method()),
            _ => Err(not_found()),
        }
    }

    /// The contact that an id, or a service and an id there, means.
    fn named(&self, name: &[&str], form: &Form) -> Result<&Contact, WireAnswer> {
        let contact = match name {
            [id] => id.parse().ok().and_then(|id| self.contacts.get(id)),
            ["instagram", _] => {
                let description = "service and service_id are not supported for instagram";
                return Err(failure(400, "unsupported_type", description));
            }
            [service, service_id] => {
                if NEED_TOPICS.contains(service) && !form.has_topics() {
                    return Err(topics_needed(service));
                }
                self.contacts.by_profile(service, service_id)
            }
            _ => None,
        };
        let contact = contact.ok_or_else(not_found)?;
        let kind = contact.profiles.first().map_or("", |profile| profile.kind.as_str());
        if NEED_TOPICS.contains(&kind) && !form.has_topics() {
            return Err(topics_needed(kind));
        }
        Ok(contact)
    }
}

/// Parameters from a form body, or from the query, where a public client sends them all.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(request: &WireRequest) -> Self {
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let mut pairs = match std::str::from_utf8(&request.body) {
            Ok(body) if kind.starts_with("application/x-www-form-urlencoded") => form_pairs(body),
            _ => Vec::new(),
        };
        pairs.extend(request.query.iter().cloned());
        Self(pairs)
    }

    /// For a request that knows no `topic_ids`.
    fn with_topics() -> Self {
        Self(vec![("topic_ids".to_owned(), "1".to_owned())])
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn has_topics(&self) -> bool {
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        self.value("topic_ids").is_some_and(|ids| ids.split(',').all(|id| is_id(id.trim())))
    }
}

fn topics_needed(kind: &str) -> WireAnswer {
    invalid(&format!("topic_ids is required for contacts of type {kind}"))
}

fn not_found() -> WireAnswer {
    failure(404, "not_found", "the requested item was not found")
}

fn wrong_method() -> WireAnswer {
    failure(405, "invalid_http_method", "this HTTP method is not supported here")
}
