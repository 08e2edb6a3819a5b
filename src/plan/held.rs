use crate::contact::{Field, Groups, IdentifierKind, RemoteId, Snapshot, Value};

/// How a held value compares with a wanted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldField {
    /// Nobody has told.
    Unknown,
    Empty,
    Same,
    Different,
}

/// What is known of a contact that the service holds: from an answer, or remembered.
pub trait Held {
    fn id(&self) -> &RemoteId;

    /// How the held value of `field` compares with `wanted`.
    fn field(&self, field: &Field, wanted: &Value) -> HeldField;

    /// The held value itself; `None` if it is empty, not told, or remembered only by its hash.
    fn value(&self, field: &Field) -> Option<&Value>;

    /// Whether the contact holds custom fields other than these; `None` if nobody has told.
    fn custom_beyond(&self, fields: &[&Field]) -> Option<bool>;

    /// Whether the contact has the tag; `None` if nobody has told.
    fn has_tag(&self, tag: &str) -> Option<bool>;

    /// Whether the contact has tags other than these; `None` if nobody has told.
    fn tags_beyond(&self, tags: &[String]) -> Option<bool>;

    /// The tags as text; `None` if they are not known in full and by name.
    fn tags(&self) -> Option<&[String]>;

    fn on_list(&self, list: &str) -> Option<bool>;

    /// The raw field groups; `None` if they are not known.
    fn groups(&self) -> Option<&Groups>;
}

/// What one answer told.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotHeld<'a> {
    pub snapshot: &'a Snapshot,
    /// Tags that differ only in case are one tag to the service.
    pub tags_ignore_case: bool,
}

impl SnapshotHeld<'_> {
    fn same_tag(&self, held: &str, tag: &str) -> bool {
        held == tag || (self.tags_ignore_case && held.to_lowercase() == tag.to_lowercase())
    }
}

impl Held for SnapshotHeld<'_> {
    fn id(&self) -> &RemoteId {
        &self.snapshot.id
    }

    fn field(&self, field: &Field, wanted: &Value) -> HeldField {
        match self.snapshot.fields.get(field) {
            None if self.snapshot.complete => HeldField::Empty,
            None => HeldField::Unknown,
            Some(held) if held.is_empty() => HeldField::Empty,
            Some(held) if same(field, wanted, held) => HeldField::Same,
            Some(_) => HeldField::Different,
        }
    }

    fn value(&self, field: &Field) -> Option<&Value> {
        self.snapshot.fields.get(field).filter(|value| !value.is_empty())
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Option<bool> {
        let beyond = self
            .snapshot
            .fields
            .iter()
            .any(|(field, value)| field.custom_name().is_some() && !value.is_empty() && !fields.contains(&field));
        (beyond || self.snapshot.complete).then_some(beyond)
    }

    fn has_tag(&self, tag: &str) -> Option<bool> {
        let tags = self.snapshot.tags.as_ref()?;
        Some(tags.iter().any(|held| self.same_tag(held, tag)))
    }

    fn tags_beyond(&self, tags: &[String]) -> Option<bool> {
        let held = self.snapshot.tags.as_ref()?;
        Some(held.iter().any(|held| !tags.iter().any(|tag| self.same_tag(held, tag))))
    }

    fn tags(&self) -> Option<&[String]> {
        self.snapshot.tags.as_deref()
    }

    fn on_list(&self, list: &str) -> Option<bool> {
        self.snapshot.lists.as_ref().map(|lists| lists.iter().any(|held| held == list))
    }

    fn groups(&self) -> Option<&Groups> {
        self.snapshot.complete.then_some(&self.snapshot.groups)
    }
}

/// Whether a held value is the wanted one. Services fold the case of e-mail addresses.
fn same(field: &Field, wanted: &Value, held: &Value) -> bool {
    wanted.same_as(held)
        || (field.name() == IdentifierKind::Email.name()
            && wanted.as_text().to_lowercase() == held.as_text().to_lowercase())
}
