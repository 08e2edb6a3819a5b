use std::time::Duration;

use serde_json::Value;

use crate::EmulatorOptions;
use crate::wire::value_of;

/// One request, past the key.
pub(super) struct Request<'a> {
    pub options: &'a EmulatorOptions,
    pub query: &'a [(String, String)],
    /// Null when there is none.
    pub body: &'a Value,
    pub now: Duration,
}

impl Request<'_> {
    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(self.query, name)
    }

    /// A text of the body or else of the query; blank counts as missing.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let sent = self.body.get(name).and_then(Value::as_str).or_else(|| self.query_value(name));
        sent.map(str::trim).filter(|text| !text.is_empty())
    }
}
