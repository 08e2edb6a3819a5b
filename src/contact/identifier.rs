use std::borrow::Cow;
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
    /// What sort of identifier it is.
    pub kind: IdentifierKind,
    /// As it is sent: phones in E.164, `service/service_id` for a platform id.
    pub value: String,
}

impl Identifier {
    /// An identifier of a value that validation has brought to the form of its kind.
    pub fn new(kind: IdentifierKind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// The form in which two identifiers are compared: e-mail addresses without regard to case, phone
    /// numbers without regard to which of a line's two forms is written (see [`super::phone_forms`]).
    pub fn comparable(&self) -> String {
        self.compared().into_owned()
    }

    /// [`Identifier::comparable`], borrowed where that is the value itself.
    pub fn compared(&self) -> Cow<'_, str> {
        let is_small = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        match self.kind {
            IdentifierKind::Email if !self.value.bytes().all(is_small) => Cow::Owned(self.value.to_lowercase()),
            IdentifierKind::Phone => super::phone_forms::line(&self.value),
            _ => Cow::Borrowed(&self.value),
        }
    }
}
