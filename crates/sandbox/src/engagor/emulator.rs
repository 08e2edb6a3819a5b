use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::{Contact, Contacts};
use super::{oauth, preloaded};
use crate::faults::Change;
use crate::window::FixedWindow;
use crate::{Emulator, EmulatorOptions, KnownAccount, WireAnswer, WireRequest};

/// Authenticated calls an hour.
const CALLS_AN_HOUR: u32 = 350;
const HOUR: Duration = Duration::from_secs(3600);
pub(super) const ACCOUNT: &str = "1";

#[expect(clippy::needless_pass_by_value, reason = "every emulator is made by a function of one type")]
pub(crate) fn emulator(options: EmulatorOptions) -> Box<dyn Emulator> {
    let window = FixedWindow::new(options.request_limit.unwrap_or(CALLS_AN_HOUR), HOUR);
    Box::new(Engagor { contacts: preloaded::contacts(), window, unthrottled: options.unthrottled })
}

pub(super) struct Engagor {
    pub(super) contacts: Contacts,
    pub(super) window: FixedWindow,
    pub(super) unthrottled: bool,
}

/// What stands in `response`, and the warnings beside it; or the refusal sent in their place.
pub(super) type Answer = Result<Success, WireAnswer>;

pub(super) struct Success {
    pub(super) response: Value,
    pub(super) warnings: Vec<String>,
}

impl From<Value> for Success {
    fn from(response: Value) -> Self {
        Self { response, warnings: Vec::new() }
    }
}

impl Emulator for Engagor {
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer {
        let parts: Vec<String> = request.path_parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if parts == ["oauth", "access_token"] {
            return oauth::exchange(request);
        }
        if !is_authorized(request) {
            return failure(401, "invalid_token", "the access token is missing, wrong or expired");
        }
        if self.unthrottled {
            return self.answer_admitted(request, &parts, now);
        }
        let mut answer = if self.window.admit(now) {
            self.answer_admitted(request, &parts, now)
        } else {
            failure(400, "rate_limit_reached", "you have reached the rate limit for this token")
        };
        let reset = self.window.reset();
        for (name, value) in [
            ("x-ratelimit-limit", u64::from(self.window.limit())),
            ("x-ratelimit-time", self.window.span().as_secs()),
            ("x-ratelimit-remaining", u64::from(self.window.remaining())),
            ("x-ratelimit-reset", reset.as_secs() + u64::from(reset.subsec_nanos() > 0)),
        ] {
            answer.headers.push((name.to_owned(), value.to_string()));
        }
        answer
    }

    fn save(&self) -> Value {
        json!({ "contacts": self.contacts.save(), "window": self.window })
    }

    fn load(&mut self, mut saved: Value) -> Result<(), String> {
        self.contacts = Contacts::load(saved["contacts"].take())?;
        if let Ok(window) = serde_json::from_value(saved["window"].take()) {
            self.window.resume(&window);
        }
        Ok(())
    }

    fn may_change(&self, request: &WireRequest) -> bool {
        request.method != "GET" && self.counts(request)
    }

    fn counts(&self, request: &WireRequest) -> bool {
        !request.path.starts_with("/oauth/")
    }

    fn contacts(&self) -> Value {
        self.contacts.iter().map(Contact::shown).collect()
    }

    fn seed(&mut self, contacts: Value, now: Duration) -> Result<(), String> {
        let contacts = match contacts {
            Value::Array(contacts) => contacts,
            Value::Object(mut known) => {
                if known.get("no_others") == Some(&Value::Bool(true)) {
                    self.contacts = Contacts::default();
                }
                let Some(Value::Array(contacts)) = known.remove("contacts") else {
                    return Err("contacts come as an array".to_owned());
                };
                contacts.iter().filter_map(|contact| contact["id"].as_u64()).for_each(|id| {
                    self.contacts.remove(id);
                });
                contacts
            }
            _ => return Err("contacts come as an array, or as an object that holds one".to_owned()),
        };
        contacts.into_iter().try_for_each(|contact| self.contacts.seed(&contact, now))
    }

    fn known(&self, known: &KnownAccount) -> Result<Value, String> {
        super::known::in_own_form(known)
    }

    fn change(&mut self, change: Change, now: Duration) {
        match change {
            Change::Deleted => {
                let first = self.contacts.iter().next().map(|contact| contact.id);
                if let Some(id) = first {
                    self.contacts.remove(id);
                }
            }
            // The next free number is what it lacks, so that nothing is refused.
            Change::Created => drop(self.contacts.seed(&json!({ "name": "Made Meanwhile" }), now)),
        }
    }

    fn set_request_limit(&mut self, limit: u32) {
        self.window.set_limit(limit);
    }
}

impl Engagor {
    fn answer_admitted(&mut self, request: &WireRequest, parts: &[&str], now: Duration) -> WireAnswer {
        match self.carry_out(request, parts, now) {
            Ok(success) => {
                let mut meta = json!({ "code": 200 });
                if !success.warnings.is_empty() {
                    meta["messages"] = json!(success.warnings);
                }
                let answer = WireAnswer::json(200, &json!({ "meta": meta, "response": success.response }));
                if request.method == "GET" { conditional(request, answer) } else { answer }
            }
            Err(refusal) => refusal,
        }
    }
}

fn is_authorized(request: &WireRequest) -> bool {
    let header = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = header.or_else(|| request.query_value("access_token"));
    matches!(token, Some("sandbox" | oauth::RENEWED))
}

/// 304 without a body for who has this answer already.
fn conditional(request: &WireRequest, mut answer: WireAnswer) -> WireAnswer {
    let tag = format!("\"{}\"", &blake3::hash(&answer.body).to_hex()[..16]);
    if request.header("if-none-match") == Some(&tag) {
        answer = WireAnswer { status: 304, ..WireAnswer::default() };
    }
    answer.headers.push(("etag".to_owned(), tag));
    answer
}

pub(super) fn failure(code: u16, error: &str, description: &str) -> WireAnswer {
    WireAnswer::json(code, &json!({ "code": code, "error": error, "error_description": description }))
}

pub(super) fn invalid(description: &str) -> WireAnswer {
    failure(400, "invalid_parameter", description)
}
