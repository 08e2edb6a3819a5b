use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::flavor::Flavor;
use super::inbox::Inbox;
use super::text::is_blank;

/// A contact as the database holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Contact {
    /// 0 until it is stored.
    pub id: u64,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub identifier: Option<String>,
    pub blocked: bool,
    /// What the avatar job fetched, or will fetch.
    pub avatar_url: String,
    pub custom_attributes: Map<String, Value>,
    pub additional_attributes: Map<String, Value>,
    pub labels: Vec<String>,
    pub links: Vec<Link>,
    /// Microseconds since the epoch.
    pub created_at: u64,
    /// Seconds since the epoch; set by conversations alone.
    pub last_activity_at: Option<u64>,
    /// Which of the account's writes it was last written by. Rows lie in this order in the database,
    /// for a changed one moves to the end.
    pub written: u64,
}

/// A contact's address in one inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Link {
    pub inbox_id: u64,
    pub source_id: String,
}

/// What of a contact an answer shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub flavor: Flavor,
    pub links: bool,
    /// 99digital's list still has a field that the parent dropped in 3.4.
    pub conversations: bool,
}

impl Contact {
    /// Only these are listed and filtered: an anonymous visitor has none of the three.
    pub fn has_identifier(&self) -> bool {
        [&self.email, &self.phone_number, &self.identifier].into_iter().flatten().any(|text| !text.is_empty())
    }

    /// What its id is drawn from: the first identifier it has, else its name.
    pub fn seed(&self) -> String {
        let candidates = [
            ("identifier", &self.identifier),
            ("email", &self.email),
            ("phone_number", &self.phone_number),
            ("name", &self.name),
        ];
        candidates
            .into_iter()
            .find_map(|(kind, value)| {
                value.as_ref().filter(|text| !is_blank(text)).map(|text| format!("{kind}:{text}"))
            })
            .unwrap_or_default()
    }

    /// The texts that search looks into.
    pub fn searched(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.email, &self.phone_number, &self.identifier].into_iter().flatten().map(String::as_str)
    }

    /// City and country are copied into columns of their own when a contact is saved: after the model has looked
    /// at these columns, so that what is too long there is noticed at the next write.
    pub fn copied(&self) -> [(&'static str, Option<&str>); 2] {
        [("location", self.additional("city")), ("country_code", self.additional("country"))]
    }

    pub fn additional(&self, key: &str) -> Option<&str> {
        self.additional_attributes.get(key).and_then(Value::as_str)
    }

    pub fn body(&self, shown: Shown) -> Value {
        let mut body = Map::with_capacity(14);
        let mut put = |key: &str, value: Value| {
            body.insert(key.to_owned(), value);
        };
        put("additional_attributes", Value::Object(self.additional_attributes.clone()));
        put("availability_status", "offline".into());
        put("email", json!(self.email));
        put("id", self.id.into());
        put("name", json!(self.name));
        put("phone_number", json!(self.phone_number));
        put("blocked", self.blocked.into());
        put("identifier", json!(self.identifier));
        put("thumbnail", json!(self.avatar_url));
        put("custom_attributes", Value::Object(self.custom_attributes.clone()));
        if let Some(seconds) = self.last_activity_at {
            put("last_activity_at", seconds.into());
        }
        put("created_at", (self.created_at / 1_000_000).into());
        if shown.conversations {
            put("conversations_count", 0.into());
        }
        if shown.links {
            let links = self.links.iter().map(|link| link.body(shown.flavor)).collect();
            put("contact_inboxes", Value::Array(links));
        }
        Value::Object(body)
    }
}

impl Link {
    pub fn body(&self, flavor: Flavor) -> Value {
        let inbox = Inbox::find(self.inbox_id).map_or(Value::Null, |inbox| inbox.body(flavor));
        json!({ "source_id": self.source_id, "inbox": inbox })
    }
}
