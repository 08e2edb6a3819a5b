//! Asks the emulator as a client would, for the tests of this folder.

use std::time::Duration;

use serde_json::Value;

use super::{Dmchamp, DmchampOptions};
use crate::{Emulator, EmulatorOptions, WireRequest};

pub(super) struct TestClient {
    pub emulator: Dmchamp,
}

pub(super) struct TestAnswer {
    pub status: u16,
    pub value: Value,
    pub headers: Vec<(String, String)>,
}

impl TestClient {
    pub fn new(dmchamp: DmchampOptions) -> Self {
        Self { emulator: Dmchamp::new(EmulatorOptions { dmchamp, ..EmulatorOptions::default() }) }
    }

    pub fn send(&mut self, method: &str, target: &str, body: Option<&Value>) -> TestAnswer {
        let answer = self.emulator.answer(&request(method, &format!("/v1{target}"), body), Duration::from_secs(1));
        TestAnswer {
            status: answer.status,
            value: serde_json::from_slice(&answer.body).unwrap(),
            headers: answer.headers,
        }
    }

    /// Creates a contact that must be accepted, and gives its id.
    pub fn create(&mut self, body: &Value) -> String {
        let answer = self.send("POST", "/contacts", Some(body));
        assert_eq!(answer.status, 200, "{}", answer.value);
        answer.value["data"]["contactId"].as_str().unwrap().to_owned()
    }

    pub fn contacts(&self) -> Value {
        self.emulator.contacts()
    }
}

/// A request with the key; the query is given plain.
pub(super) fn request(method: &str, target: &str, body: Option<&Value>) -> WireRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut query: Vec<(String, String)> = pairs.map(|(key, value)| (key.into(), value.into())).collect();
    query.push(("apiKey".into(), "sandbox".into()));
    WireRequest {
        method: method.into(),
        path: path.into(),
        query,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    }
}
