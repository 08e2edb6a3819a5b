//! Asks an emulator as a client would, for the tests of this folder.

use std::time::Duration;

use serde_json::Value;

use super::{Chatwoot, ChatwootOptions, Flavor};
use crate::{Emulator, EmulatorOptions, WireRequest};

/// The middle of a minute, on 2026-01-01.
pub(super) const MORNING: Duration = Duration::from_secs(1_767_225_630);

pub(super) struct TestClient {
    pub emulator: Chatwoot,
    pub now: Duration,
    base: &'static str,
}

pub(super) struct TestAnswer {
    pub status: u16,
    /// Null when the body is no JSON.
    pub value: Value,
    pub text: String,
    pub headers: Vec<(String, String)>,
}

impl TestClient {
    pub fn new(flavor: Flavor) -> Self {
        Self::set_up(flavor, ChatwootOptions::default())
    }

    pub fn set_up(flavor: Flavor, chatwoot: ChatwootOptions) -> Self {
        Self::with(Chatwoot::new(flavor, EmulatorOptions { chatwoot, ..EmulatorOptions::default() }), flavor)
    }

    pub fn with(emulator: Chatwoot, flavor: Flavor) -> Self {
        let base = if flavor == Flavor::Engagelab { "/api/v2/accounts" } else { "/api/v1/accounts/1" };
        Self { emulator, now: MORNING, base }
    }

    pub fn send(&mut self, method: &str, target: &str, body: Option<&Value>) -> TestAnswer {
        let answer = self.emulator.answer(&request(method, &format!("{}{target}", self.base), body), self.now);
        let text = String::from_utf8(answer.body).unwrap();
        TestAnswer {
            status: answer.status,
            value: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            headers: answer.headers,
        }
    }

    pub fn get(&mut self, target: &str) -> TestAnswer {
        self.send("GET", target, None)
    }

    pub fn post(&mut self, target: &str, body: &Value) -> TestAnswer {
        self.send("POST", target, Some(body))
    }

    pub fn patch(&mut self, target: &str, body: &Value) -> TestAnswer {
        self.send("PATCH", target, Some(body))
    }

    /// Creates a contact that must be accepted, and gives its id.
    pub fn create(&mut self, body: &Value) -> u64 {
        let answer = self.post("/contacts", body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.value["payload"]["contact"]["id"].as_u64().unwrap()
    }
}

/// A request with every key that this family knows; the query is given plain.
pub(super) fn request(method: &str, target: &str, body: Option<&Value>) -> WireRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            pair.split_once('=').map_or((pair.into(), String::new()), |(key, value)| (key.into(), value.into()))
        })
        .collect();
    WireRequest {
        method: method.into(),
        path: path.into(),
        query,
        headers: vec![
            ("api_access_token".into(), "sandbox".into()),
            ("authorization".into(), "Basic c2FuZGJveDpzYW5kYm94".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    }
}
