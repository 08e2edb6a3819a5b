use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::{Contacts, Identifier};
use super::failure::failure;
use super::fields::Changes;
use super::known;
use super::space::Space;
use crate::faults::Change;
use crate::window::SlidingWindow;
use crate::{Emulator, EmulatorOptions, KnownAccount, WireAnswer, WireRequest};

/// Requests a second for one API method.
const REQUESTS_A_SECOND: u32 = 5;

pub(crate) fn emulator(options: EmulatorOptions) -> Box<dyn Emulator> {
    Box::new(Respondio { contacts: Contacts::default(), space: Space::default(), windows: BTreeMap::new(), options })
}

pub(super) struct Respondio {
    pub(super) contacts: Contacts,
    pub(super) space: Space,
    /// By operation.
    pub(super) windows: BTreeMap<String, SlidingWindow>,
    pub(super) options: EmulatorOptions,
}

/// A body, or the refusal that is sent in its place.
pub(super) type Answer = Result<Value, WireAnswer>;

impl Emulator for Respondio {
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer {
        if request.header("authorization") != Some("Bearer sandbox") {
            return failure(401, "Unauthorized");
        }
        let parts: Vec<String> = request.path_parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let operation = operation(&request.method, &parts);
        let mut headers = Vec::new();
        if !self.options.unthrottled {
            let limit = self.options.request_limit.unwrap_or(REQUESTS_A_SECOND);
            let window = self.windows.entry(operation);
            let window = window.or_insert_with(|| SlidingWindow::new(limit, Duration::from_secs(1)));
            window.set_limit(limit);
            headers.push(("x-ratelimit-limit".to_owned(), limit.to_string()));
            match window.admit(now) {
                Ok(remaining) => headers.push(("x-ratelimit-remaining".to_owned(), remaining.to_string())),
                Err(wait) => {
                    headers.push(("x-ratelimit-remaining".to_owned(), "0".to_owned()));
                    headers.push(("retry-after".to_owned(), wait.as_millis().div_ceil(1000).to_string()));
                    let mut refusal = failure(429, "Too many requests");
                    refusal.headers.append(&mut headers);
                    return refusal;
                }
            }
        }
        let answer = self.carry_out(request, &parts, now);
        let mut answer = answer.map_or_else(|refusal| refusal, |body| WireAnswer::json(200, &body));
        answer.headers.append(&mut headers);
        answer
    }

    fn save(&self) -> Value {
        json!({ "contacts": self.contacts.save(), "space": self.space, "windows": self.windows })
    }

    fn load(&mut self, mut saved: Value) -> Result<(), String> {
        self.contacts = Contacts::load(saved["contacts"].take())?;
        self.space = serde_json::from_value(saved["space"].take()).map_err(|error| error.to_string())?;
        self.windows = serde_json::from_value(saved["windows"].take()).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn may_change(&self, request: &WireRequest) -> bool {
        request.method != "GET" && request.path != "/contact/list"
    }

    fn contacts(&self) -> Value {
        self.contacts.after(0).map(|contact| contact.shown(&self.space)).collect()
    }

    /// An array of contacts as they are read, or an object with `contacts` and `custom_fields`, the
    /// latter as `POST /space/custom_field` takes them; `"custom_fields_shown_by": "slug"` beside them makes
    /// contacts show their fields so, `"no_other_fields": true` takes the fields of a newcomer away.
    fn seed(&mut self, contacts: Value, now: Duration) -> Result<(), String> {
        let (fields, contacts) = match contacts {
            Value::Array(contacts) => (Vec::new(), contacts),
            Value::Object(mut both) => {
                self.space.show_slugs(both.get("custom_fields_shown_by").is_some_and(|by| by == "slug"));
                if both.get("no_other_fields") == Some(&Value::Bool(true)) {
                    self.space.forget_fields();
                }
                let mut list = |name| match both.remove(name) {
                    Some(Value::Array(list)) => list,
                    _ => Vec::new(),
                };
                (list("custom_fields"), list("contacts"))
            }
            _ => return Err("contacts come as an array, or as an object that holds one".to_owned()),
        };
        // One that is there already stays as it is.
        for field in &fields {
            if field["name"].as_str().is_some_and(|name| self.space.has(name)) {
                continue;
            }
            self.space.create_field(field).map_err(|refusal| String::from_utf8_lossy(&refusal.body).into_owned())?;
        }
        for contact in contacts {
            self.contacts.seed(&contact, now)?;
        }
        Ok(())
    }

    fn known(&self, known: &KnownAccount) -> Result<Value, String> {
        known::in_own_form(known)
    }

    fn set_search_lag(&mut self, lag: Duration) {
        self.options.search_lag = lag;
        if lag.is_zero() {
            self.contacts.show_all();
        }
    }

    fn change(&mut self, change: Change, now: Duration) {
        match change {
            Change::Deleted => {
                let first = self.contacts.after(0).next().map(|contact| contact.id);
                if let Some(id) = first {
                    self.contacts.remove(id);
                }
            }
            Change::Created => {
                let email = |number: usize| format!("{number}@meanwhile.example");
                let free = |number: &usize| self.contacts.find(&Identifier::Email(email(*number)), now).is_none();
                let Some(number) = (1..=usize::MAX).find(free) else { return };
                let standard = vec![("firstName", Some("Made Meanwhile".to_owned())), ("email", Some(email(number)))];
                self.contacts.create(Changes { standard, custom: Vec::new() }, now.as_secs(), Duration::ZERO);
            }
        }
    }

    fn set_request_limit(&mut self, limit: u32) {
        self.options.request_limit = Some(limit);
    }
}

/// What the rate is counted by: the method and the path with whatever names a contact left out.
fn operation(method: &str, parts: &[&str]) -> String {
    match parts {
        ["contact", "create_or_update", _] => format!("{method} /contact/create_or_update/"),
        ["contact", "list" | "merge"] | ["space", ..] => format!("{method} /{}", parts.join("/")),
        ["contact", _, rest @ ..] => format!("{method} /contact/*/{}", rest.join("/")),
        _ => format!("{method} elsewhere"),
    }
}
