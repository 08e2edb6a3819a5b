use std::fmt;

/// The id a service gave a contact. Opaque text: some services use numbers, some do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RemoteId(pub String);

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of value a contact can be found by, most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// The service's own id.
    Id,
    /// The id of the contact on a connected platform, written `service/service_id`.
    ServiceId,
    /// An id from a system of the user's.
    ExternalId,
    /// A phone number in E.164 form.
    Phone,
    /// An e-mail address.
    Email,
}

impl IdentifierKind {
    /// Every kind, most specific first: the order in which a contact is looked up.
    pub const ALL: [IdentifierKind; 5] = [Self::Id, Self::ServiceId, Self::ExternalId, Self::Phone, Self::Email];

    /// The field of the same name, as mappings and messages write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ServiceId => "service_id",
            Self::ExternalId => "external_id",
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a contact is found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    pub kind: IdentifierKind,
    /// As it is sent: phones in E.164, `service/service_id` for a platform id.
    pub value: String,
}

impl Identifier {
    pub fn new(kind: IdentifierKind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// The form in which two identifiers are compared: e-mail addresses without regard to case.
    pub fn comparable(&self) -> String {
        match self.kind {
            IdentifierKind::Email => self.value.to_lowercase(),
            _ => self.value.clone(),
        }
    }
}
