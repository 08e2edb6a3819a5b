use std::fmt;
use std::sync::Arc;

use super::Source;

/// The name of one piece of a contact: a standard name (`first_name`) or `custom.NAME`.
///
/// Standard names are the same for every service; which of them a service has is in its
/// [`FieldSpec`] table. Cloning is cheap: the text is shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Field(Arc<str>);

impl Field {
    /// What the name of a custom field begins with, wherever we write it.
    pub const CUSTOM_PREFIX: &'static str = "custom.";

    /// The field of this name, prefix included where it is a custom one.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The custom field with this name on the service.
    pub fn custom(name: &str) -> Self {
        Self(Arc::from(format!("{}{name}", Self::CUSTOM_PREFIX)))
    }

    /// The name as mappings, results and the ledger have it.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The name of a custom field as the service knows it, or `None` for a standard field.
    pub fn custom_name(&self) -> Option<&str> {
        self.0.strip_prefix(Self::CUSTOM_PREFIX)
    }
}

impl From<String> for Field {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.name().to_owned()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a field may hold, and so how a cell is checked before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text up to `FieldSpec::max_chars`.
    Text,
    /// A phone number, sent in E.164 form.
    Phone,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// `true` or `false`.
    Boolean,
    /// A decimal number in plain notation.
    Number,
    /// A calendar day.
    Date,
    /// A moment; shown in UTC.
    Timestamp,
    /// An hour of the day, `HH:MM`.
    Time,
    /// ISO 639-1, such as `en`.
    Language,
    /// ISO 3166-1 alpha-2, such as `MY`.
    Country,
    /// One of these values.
    Choice(Vec<String>),
    /// Structure; only ever read, or sent as JSON text the user wrote.
    Json,
}

impl FieldKind {
    /// Every kind that a name alone states, by that name. A choice is stated by its values.
    pub const NAMED: [(&str, Self); 12] = [
        ("text", Self::Text),
        ("phone", Self::Phone),
        ("email", Self::Email),
        ("url", Self::Url),
        ("boolean", Self::Boolean),
        ("number", Self::Number),
        ("date", Self::Date),
        ("timestamp", Self::Timestamp),
        ("time", Self::Time),
        ("language", Self::Language),
        ("country", Self::Country),
        ("json", Self::Json),
    ];

    /// The name of the kind; `None` for a choice.
    pub fn name(&self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(_, kind)| kind == self).map(|(name, _)| *name)
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }
}

/// One field of one service: how it is called there and what may be done with it.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Our name for it.
    pub name: &'static str,
    /// The vendor's key; a dot descends into an object.
    pub wire: &'static str,
    /// What it may hold.
    pub kind: SpecKind,
    /// Accepted by the create call.
    pub create: bool,
    /// Accepted by the update call.
    pub update: bool,
    /// Returned when a contact is read.
    pub read: bool,
    /// Fields with the same group live in one object that an update replaces whole, so siblings
    /// are sent along (see [`super::Groups`]).
    pub group: Option<&'static str>,
    /// Longest value in characters.
    pub max_chars: Option<usize>,
    /// Where the vendor describes the field.
    pub source: Source,
}

/// The kinds a service's own table can state (a constant cannot hold a list of choices).
pub type SpecKind = fn() -> FieldKind;

/// A custom field as an account has defined it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDefinition {
    /// As it is read and written.
    pub name: String,
    /// Another name of the same field, which a mapping may use.
    pub alias: Option<String>,
    /// What the account lets it hold.
    pub kind: FieldKind,
}
