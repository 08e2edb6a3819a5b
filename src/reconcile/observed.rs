use crate::contact::{Field, Groups, Identifier, IdentifierKind, Snapshot, Value};

/// How surely something is known of a contact, which decides what may be concluded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// An answer of this run showed it, and nothing of ours has changed it since.
    Told(T),
    /// The ledger remembers it from an earlier run: the service may hold something else by now.
    Remembered(T),
    /// Neither an answer of this run nor the ledger tells it.
    Unknown,
}

impl<T> Fact<T> {
    /// Only what an answer of this run showed.
    pub fn told(self) -> Option<T> {
        match self {
            Self::Told(value) => Some(value),
            Self::Remembered(_) | Self::Unknown => None,
        }
    }

    /// What an answer showed or the ledger remembers.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Told(value) | Self::Remembered(value) => Some(value),
            Self::Unknown => None,
        }
    }

    /// This fact, or where it is unknown, the other.
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if let Self::Unknown = self { other() } else { self }
    }

    fn told_if_some(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Told)
    }
}

/// How an observed value compares with the desired one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The service holds no value.
    Empty,
    /// The service holds an equal value: see [`Value::same_as`].
    Same,
    /// The service holds another value.
    Different,
}

/// What is known of a contact that the service holds, each answer with its rank.
pub trait Observed {
    /// Whether an answer of this run showed that the contact is there.
    fn is_told(&self) -> bool;

    /// How the observed value of `field` compares with `desired`.
    fn field(&self, field: &Field, desired: &Value) -> Fact<Comparison>;

    /// The observed value itself; `None` if it is empty, not told, or remembered.
    fn value(&self, field: &Field) -> Option<&Value>;

    /// The value as last known, by whatever rank: it tells the type that the service holds a field in.
    fn last_value(&self, field: &Field) -> Option<&Value> {
        self.value(field)
    }

    /// Whether the contact holds custom fields other than these.
    fn custom_beyond(&self, fields: &[&Field]) -> Fact<bool>;

    /// Whether the contact has the tag.
    fn has_tag(&self, tag: &str) -> Fact<bool>;

    /// Whether the contact has tags other than these.
    fn tags_beyond(&self, tags: &[String]) -> Fact<bool>;

    /// The tags as an answer of this run told them, in full and by name.
    fn tags(&self) -> Option<&[String]>;

    /// Whether the contact is on this list.
    fn on_list(&self, list: &str) -> Fact<bool>;

    /// The raw field groups; `None` if no answer of this run told them.
    fn groups(&self) -> Option<&Groups>;
}

/// What one answer told.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotObserved<'a> {
    /// The contact as the answer had it.
    pub snapshot: &'a Snapshot,
    /// Tags that differ only in case are one tag to the service.
    pub tags_ignore_case: bool,
}

impl SnapshotObserved<'_> {
    fn same_tag(&self, held: &str, tag: &str) -> bool {
        held == tag || (self.tags_ignore_case && held.to_lowercase() == tag.to_lowercase())
    }
}

impl Observed for SnapshotObserved<'_> {
    fn is_told(&self) -> bool {
        true
    }

    fn field(&self, field: &Field, desired: &Value) -> Fact<Comparison> {
        match self.snapshot.fields.get(field) {
            None if self.snapshot.complete => Fact::Told(Comparison::Empty),
            None => Fact::Unknown,
            Some(held) if held.is_empty() => Fact::Told(Comparison::Empty),
            Some(held) if same(field, desired, held) => Fact::Told(Comparison::Same),
            Some(_) => Fact::Told(Comparison::Different),
        }
    }

    fn value(&self, field: &Field) -> Option<&Value> {
        self.snapshot.fields.get(field).filter(|value| !value.is_empty())
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Fact<bool> {
        let beyond = self
            .snapshot
            .fields
            .iter()
            .any(|(field, value)| field.custom_name().is_some() && !value.is_empty() && !fields.contains(&field));
        Fact::told_if_some((beyond || self.snapshot.complete).then_some(beyond))
    }

    fn has_tag(&self, tag: &str) -> Fact<bool> {
        let has = |tags: &Vec<String>| tags.iter().any(|held| self.same_tag(held, tag));
        Fact::told_if_some(self.snapshot.tags.as_ref().map(has))
    }

    fn tags_beyond(&self, tags: &[String]) -> Fact<bool> {
        let beyond = |held: &Vec<String>| held.iter().any(|held| !tags.iter().any(|tag| self.same_tag(held, tag)));
        Fact::told_if_some(self.snapshot.tags.as_ref().map(beyond))
    }

    fn tags(&self) -> Option<&[String]> {
        self.snapshot.tags.as_deref()
    }

    fn on_list(&self, list: &str) -> Fact<bool> {
        let on = |lists: &Vec<String>| lists.iter().any(|held| held == list);
        Fact::told_if_some(self.snapshot.lists.as_ref().map(on))
    }

    fn groups(&self) -> Option<&Groups> {
        self.snapshot.complete.then_some(&self.snapshot.groups)
    }
}

/// Whether an observed value is the desired one. Services fold the case of e-mail addresses, and a
/// number in the other of its line's two forms is the same number.
fn same(field: &Field, desired: &Value, held: &Value) -> bool {
    desired.same_as(held)
        || IdentifierKind::from_name(field.name()).is_some_and(|kind| {
            let comparable = |value: &Value| Identifier::new(kind, value.as_text()).comparable();
            matches!(kind, IdentifierKind::Email | IdentifierKind::Phone)
                && !held.is_empty()
                && comparable(desired) == comparable(held)
        })
}
