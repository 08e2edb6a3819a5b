//! What a client knows of an account, in words that are no vendor's, so that an emulator can be filled
//! with it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A contact as a client remembers it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownContact {
    /// As the service told it.
    pub id: String,
    /// By common names: `name`, `first_name`, `last_name`, `phone`, `email`, `external_id`, `company`,
    /// `city`, `country`, `language` and the like. What a service has no such field for is left out.
    pub fields: BTreeMap<String, Value>,
    /// By the name under which the service takes them.
    pub custom: BTreeMap<String, Value>,
    pub tags: Vec<String>,
    pub lists: Vec<String>,
}

/// What the values of a custom field are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownKind {
    Text,
    Number,
    Boolean,
    Date,
    Time,
    Url,
    Email,
    /// One of these.
    List(Vec<String>),
}

/// What a client knows of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownAccount {
    pub contacts: Vec<KnownContact>,
    /// Custom fields that the account defines, where a service has such definitions.
    pub custom_fields: Vec<(String, KnownKind)>,
    /// What an emulator has from the start, contacts and definitions, is taken away first. Otherwise it
    /// stays, but for the contacts whose ids are known.
    pub nothing_else: bool,
}

impl KnownContact {
    /// The fields that stand in a table of common and own names, under the latter.
    pub(crate) fn in_own_names(&self, names: &[(&str, &str)]) -> Map<String, Value> {
        let own = |(common, own): &(&str, &str)| Some(((*own).to_owned(), self.fields.get(*common)?.clone()));
        names.iter().filter_map(own).collect()
    }

    /// The custom fields as an object.
    pub(crate) fn custom_by_name(&self) -> Value {
        self.custom.clone().into_iter().collect::<Map<_, _>>().into()
    }

    pub(crate) fn number_id(&self) -> Result<u64, String> {
        self.id.parse().map_err(|_| format!("an id of this service is a number, not: {}", self.id))
    }
}

/// A value as text, for services that hold nothing else.
pub(crate) fn as_text(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        other => Value::String(other.to_string()),
    }
}
