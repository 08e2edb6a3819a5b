use crate::contact::{Capabilities, FieldDefinition, FieldSpec, IdentifierKind, Limits};

/// What a mapping has to know of a service, as plain values.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The service's name, for messages and the mapping's `service` key.
    pub service: &'a str,
    pub fields: &'a [FieldSpec],
    pub capabilities: &'a Capabilities,
    pub limits: &'a Limits,
    /// The custom fields that the account defines, if they were read.
    pub definitions: Option<&'a [FieldDefinition]>,
}

impl<'a> Facts<'a> {
    /// What the service's table says of a standard field.
    pub(crate) fn spec(&self, name: &str) -> Option<&'a FieldSpec> {
        self.fields.iter().find(|spec| spec.name == name)
    }

    /// Whether a create or update can carry the standard field.
    pub(crate) fn writes(&self, name: &str) -> bool {
        self.spec(name).is_some_and(|spec| spec.create || spec.update)
    }

    /// Whether a name goes to the service in two parts, which it then also tells. Parts that it takes
    /// and never tells again would be lost to every export, so they go as one name where that is told.
    pub(crate) fn divides_names(&self) -> bool {
        let told = |name: &str| self.spec(name).is_some_and(|spec| spec.read);
        let keeps = |name: &str| self.writes(name) && (told(name) || !(self.writes("name") && told("name")));
        keeps("first_name") && keeps("last_name")
    }

    /// The account's definition of a custom field, if the definitions were read and hold it.
    pub(crate) fn definition(&self, name: &str) -> Option<&'a FieldDefinition> {
        self.definitions?.iter().find(|definition| definition.name == name)
    }

    /// Whether contacts of this service can be told apart by this kind of identifier.
    pub(crate) fn identifies_by(&self, kind: IdentifierKind) -> bool {
        let can = self.capabilities;
        kind == IdentifierKind::Id
            || can.find_by.contains(&kind)
            || can.address_by.contains(&kind)
            || can.create_needs.contains(&kind)
            || (can.find_by_listing && matches!(kind, IdentifierKind::Phone | IdentifierKind::Email))
    }

    pub(crate) fn has_tags(&self) -> bool {
        let can = self.capabilities;
        can.tags_add || can.tags_remove || can.tags_replace || can.tags_in_create || can.tags_in_update
    }

    pub(crate) fn has_lists(&self) -> bool {
        let can = self.capabilities;
        can.lists_add || can.lists_remove || can.lists_in_create
    }
}
