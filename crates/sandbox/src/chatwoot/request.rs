use std::time::Duration;

use serde_json::Value;

use super::flavor::{ChatwootOptions, Flavor};
use super::record::Shown;
use super::text::{Text, text};
use crate::wire::value_of;

/// One request, past the check of its key.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub flavor: Flavor,
    pub options: &'a ChatwootOptions,
    pub search_lag: Duration,
    pub query: &'a [(String, String)],
    /// Always an object.
    pub body: &'a Value,
    pub now: Duration,
}

impl Request<'_> {
    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(self.query, name)
    }

    /// A parameter as text, wherever it stands; a body comes before the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        match text(self.body.get(name)) {
            Text::Some(value) => Some(value),
            Text::Null => None,
            Text::Unsent => self.query_value(name).map(str::to_owned),
        }
    }

    /// Only the text `true` counts as true; without the parameter the links are shown.
    pub fn shown(&self) -> Shown {
        let links = self.parameter("include_contact_inboxes").is_none_or(|text| text == "true");
        Shown { flavor: self.flavor, links, conversations: false }
    }

    pub fn microseconds(&self) -> u64 {
        u64::try_from(self.now.as_micros()).unwrap_or(u64::MAX)
    }
}
