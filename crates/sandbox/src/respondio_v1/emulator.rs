use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::{Contact, Contacts};
use crate::faults::Change;
use crate::saved::texts;
use crate::window::SlidingWindow;
use crate::wire::decoded;
use crate::{Emulator, EmulatorOptions, KnownAccount, WireAnswer, WireRequest};

/// Calls a minute for one channel's token.
const CALLS_A_MINUTE: u32 = 200;
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn emulator(options: EmulatorOptions) -> Box<dyn Emulator> {
    let window = SlidingWindow::new(options.request_limit.unwrap_or(CALLS_A_MINUTE), MINUTE);
    Box::new(RespondioV1 { contacts: Contacts::default(), window, options })
}

pub(super) struct RespondioV1 {
    pub(super) contacts: Contacts,
    pub(super) window: SlidingWindow,
    pub(super) options: EmulatorOptions,
}

/// What a path below the base URL names.
enum Place {
    Collection,
    Search,
    Contact(String),
    Tags(String),
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/contact")?.split('/');
        if parts.next() != Some("") {
            return None;
        }
        match (parts.next(), parts.next(), parts.next()) {
            (None | Some(""), None, None) => Some(Self::Collection),
            (Some("by_custom_field"), None, None) => Some(Self::Search),
            (Some(id), None, None) => Some(Self::Contact(decoded(id))),
            (Some(id), Some("tags"), None) if !id.is_empty() => Some(Self::Tags(decoded(id))),
            _ => None,
        }
    }
}

impl Emulator for RespondioV1 {
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer {
        if request.header("authorization") != Some("Bearer sandbox") {
            return failure(401, "Unauthorized");
        }
        if !self.options.unthrottled && self.window.admit(now).is_err() {
            return failure(429, "Too Many Requests");
        }
        let Some(place) = Place::of(&request.path) else { return failure(404, "Not Found") };
        let answer = match (request.method.as_str(), place) {
            ("GET", Place::Search) => self.search(request, now),
            ("POST", Place::Collection) => self.create(&request.body, now),
            ("GET", Place::Contact(id)) => self.read(&id),
            ("PUT", Place::Contact(id)) => self.update(&id, &request.body),
            ("POST", Place::Tags(id)) => self.add_tags(&id, &request.body),
            ("DELETE", Place::Tags(id)) => self.remove_tags(&id, &request.body),
            _ => Err(failure(405, "Method Not Allowed")),
        };
        answer.map_or_else(|refusal| refusal, |body| WireAnswer::json(200, &body))
    }

    fn save(&self) -> Value {
        json!({ "contacts": self.contacts.save(), "window": self.window })
    }

    fn load(&mut self, mut saved: Value) -> Result<(), String> {
        self.contacts = Contacts::load(saved["contacts"].take())?;
        if let Ok(window) = serde_json::from_value(saved["window"].take()) {
            self.window.resume(window);
        }
        Ok(())
    }

    fn contacts(&self) -> Value {
        self.contacts.iter().map(Contact::shown).collect()
    }

    fn seed(&mut self, contacts: Value, now: Duration) -> Result<(), String> {
        let Value::Array(contacts) = contacts else { return Err("contacts come as an array".to_owned()) };
        for contact in contacts {
            let fields = contact["custom_fields"].as_object().into_iter().flatten();
            let fields = fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            let id = contact["id"].as_str().and_then(|id| id.parse().ok());
            let created_at = contact["created_at"].as_u64().unwrap_or(now.as_secs());
            let id = self.contacts.create(id, fields.collect(), created_at, Duration::ZERO);
            self.contacts.add_tags(id, texts(&contact["tags"]));
        }
        Ok(())
    }

    fn known(&self, known: &KnownAccount) -> Result<Value, String> {
        Ok(super::known::in_own_form(known))
    }

    fn set_search_lag(&mut self, lag: Duration) {
        self.options.search_lag = lag;
        if lag.is_zero() {
            self.contacts.show_all();
        }
    }

    /// A listing is by the value of a field, which a contact made by somebody else need not have.
    fn change(&mut self, change: Change, _now: Duration) {
        if change == Change::Deleted {
            self.contacts.remove_first();
        }
    }

    fn set_request_limit(&mut self, limit: u32) {
        self.window.set_limit(limit);
    }
}

/// `message` is one string.
pub(super) fn failure(status: u16, message: &str) -> WireAnswer {
    WireAnswer::json(status, &json!({ "status": "error", "message": message }))
}

/// `message` is an array of strings.
pub(super) fn failures(status: u16, messages: &[String]) -> WireAnswer {
    WireAnswer::json(status, &json!({ "status": "error", "message": messages }))
}
