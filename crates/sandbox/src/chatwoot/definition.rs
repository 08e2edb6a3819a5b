use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A custom attribute that the account defines. Contacts may hold others: nothing is checked against these.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Definition {
    pub id: u64,
    pub attribute_display_name: String,
    pub attribute_key: String,
    pub display: Display,
    /// Else of conversations.
    pub of_contacts: bool,
    /// Keys that are answered as they were sent.
    pub attribute_description: Value,
    pub attribute_values: Vec<Value>,
    pub regex_pattern: Value,
    pub regex_cue: Value,
    /// Milliseconds since the epoch.
    pub created_at: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Display {
    #[default]
    Text,
    Number,
    Currency,
    Percent,
    Link,
    Date,
    List,
    Checkbox,
}

pub(super) const DISPLAYS: [(&str, Display); 8] = [
    ("text", Display::Text),
    ("number", Display::Number),
    ("currency", Display::Currency),
    ("percent", Display::Percent),
    ("link", Display::Link),
    ("date", Display::Date),
    ("list", Display::List),
    ("checkbox", Display::Checkbox),
];

impl Definition {
    /// Type and model come back as words, though they are sent as numbers.
    pub fn body(&self) -> Value {
        let display = DISPLAYS.iter().find(|(_, display)| *display == self.display).map(|(word, _)| *word);
        json!({
            "id": self.id,
            "attribute_display_name": self.attribute_display_name,
            "attribute_display_type": display,
            "attribute_description": self.attribute_description,
            "attribute_key": self.attribute_key,
            "regex_pattern": self.regex_pattern,
            "regex_cue": self.regex_cue,
            "attribute_values": self.attribute_values,
            "attribute_model": if self.of_contacts { "contact_attribute" } else { "conversation_attribute" },
            "default_value": null,
            "created_at": moment(self.created_at),
            "updated_at": moment(self.created_at),
        })
    }
}

/// As `2026-11-26T03:46:01.880Z`, unlike the seconds of a contact.
fn moment(milliseconds: u64) -> Value {
    let milliseconds = i64::try_from(milliseconds).unwrap_or_default();
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or(Value::Null, |moment| moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into())
}
