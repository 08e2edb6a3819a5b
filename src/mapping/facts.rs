use std::borrow::Cow;

use super::headers::key;
use crate::contact::{Capabilities, Field, FieldDefinition, FieldSpec, IdentifierKind, Limits};

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

    /// Whether a column can feed the standard field: it is written, or contacts are found by it.
    pub fn takes(&self, name: &str) -> bool {
        self.writes(name) || super::standard::identifier(name).is_some_and(|kind| self.identifies_by(kind))
    }

    /// Whether a name goes to the service in two parts, which it then also tells. Parts that it takes
    /// and never tells again would be lost to every export, so they go as one name where that is told.
    pub(crate) fn divides_names(&self) -> bool {
        let reads = |name: &str| self.spec(name).is_some_and(|spec| spec.read);
        let keeps = |name: &str| self.writes(name) && (reads(name) || !(self.writes("name") && reads("name")));
        keeps("first_name") && keeps("last_name")
    }

    /// The account's definition of a custom field, if the definitions were read and hold it.
    pub(crate) fn definition(&self, name: &str) -> Option<&'a FieldDefinition> {
        let definitions = self.definitions?;
        let named = definitions.iter().find(|definition| definition.name == name);
        named.or_else(|| definitions.iter().find(|definition| definition.alias.as_deref() == Some(name)))
    }

    /// Why requests can't tell this custom field from another one of the account; `None` where they can.
    pub(crate) fn ambiguous(&self, definition: &FieldDefinition) -> Option<String> {
        let name = definition.name.as_str();
        let called = |other: &&FieldDefinition| other.name == name || other.alias.as_deref() == Some(name);
        let called: Vec<_> = self.definitions?.iter().filter(called).collect();
        let shown = |field: &&FieldDefinition| match &field.alias {
            Some(alias) => format!("{}, also called {alias}", field.name),
            None => field.name.clone(),
        };
        (called.len() > 1).then(|| {
            let fields: Vec<_> = called.iter().map(shown).collect();
            format!("{} custom fields of the account answer to {name} ({})", called.len(), fields.join("; "))
        })
    }

    /// What a person does about a name that several custom fields answer to.
    pub(crate) fn how_to_tell_apart(&self) -> String {
        let service = self.service;
        format!(
            "rename one of them in {service}, or let its fields go by their other name: see `rolo services {service}`"
        )
    }

    /// The one custom field of the account whose name differs at most in how it is written.
    pub(crate) fn definition_alike(&self, name: &str) -> Option<&'a FieldDefinition> {
        let mut alike = self.definitions?.iter().filter(|definition| key(&definition.name) == key(name));
        alike.next().filter(|_| alike.next().is_none())
    }

    /// What a person does to have fields that the account lacks.
    pub(crate) fn how_to_create(&self, what: &str) -> String {
        if self.capabilities.creates_fields.is_empty() {
            format!("create {what} in {}", self.service)
        } else {
            format!("create {what} with --create-fields or in {}", self.service)
        }
    }

    /// The field by the name under which the service reads and writes it.
    pub(crate) fn canonical<'n>(&self, field: &'n str) -> Cow<'n, str> {
        let definition = field.strip_prefix(Field::CUSTOM_PREFIX).and_then(|name| self.definition(name));
        definition.map_or(Cow::Borrowed(field), |found| Cow::Owned(format!("{}{}", Field::CUSTOM_PREFIX, found.name)))
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
