use std::collections::BTreeMap;

use crate::contact::{
    Contact, CustomEdit, Edit, Field, Groups, Identifier, IdentifierKind, RemoteId, Snapshot, TagEdit, TagMode, Value,
};
use crate::ledger::{Hasher, Key, KnownContact, KnownValue};
use crate::plan::{Held, HeldField, SnapshotHeld};

/// Makes the keyed hashes under which the ledger remembers contacts.
#[derive(Clone)]
pub struct Keys {
    hasher: Hasher,
    account: String,
    tags_ignore_case: bool,
}

/// Where a known contact keeps the digest of the row that was last applied to it whole.
const ROW: &str = "_row";

impl Keys {
    pub fn new(hasher: &Hasher, account: &str, tags_ignore_case: bool) -> Self {
        Self { hasher: hasher.clone(), account: account.to_owned(), tags_ignore_case }
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    /// The same for every account, so that a person can be asked about, and forgotten, everywhere.
    pub fn identifier(&self, identifier: &Identifier) -> Key {
        self.hasher.identifier(identifier)
    }

    pub fn identifiers(&self, identifiers: &[Identifier]) -> Vec<Key> {
        identifiers.iter().map(|identifier| self.identifier(identifier)).collect()
    }

    pub fn value(&self, field: &Field, value: &Value) -> KnownValue {
        if value.is_empty() {
            return KnownValue::Empty;
        }
        let text = value.as_text();
        let text = if field.name() == IdentifierKind::Email.name() { text.to_lowercase() } else { text.into_owned() };
        KnownValue::Held(self.hasher.key(field.name(), &text))
    }

    pub fn tag(&self, tag: &str) -> Key {
        if self.tags_ignore_case { self.hasher.key("tag", &tag.to_lowercase()) } else { self.hasher.key("tag", tag) }
    }

    pub fn list(&self, list: &str) -> Key {
        self.hasher.key("list", list)
    }

    /// What a snapshot teaches. `fields` are those an import will ask about: where the snapshot is
    /// complete, the ones it doesn't mention are known to be empty.
    pub fn learn(&self, snapshot: &Snapshot, asked: &[Field]) -> KnownContact {
        let mut fields: BTreeMap<String, KnownValue> =
            snapshot.fields.iter().map(|(field, value)| (field.name().to_owned(), self.value(field, value))).collect();
        if snapshot.complete {
            for field in asked {
                fields.entry(field.name().to_owned()).or_insert(KnownValue::Empty);
            }
        }
        KnownContact {
            id: snapshot.id.clone(),
            fields,
            tags: snapshot.tags.as_ref().map(|tags| tags.iter().map(|tag| self.tag(tag)).collect()),
            lists: snapshot.lists.iter().flatten().map(|list| self.list(list)).collect(),
        }
    }

    /// Identifiers that a snapshot shows, so that the contact is found by any of them later.
    pub fn of_snapshot(&self, snapshot: &Snapshot) -> Vec<Key> {
        let shown = IdentifierKind::ALL.into_iter().filter(|kind| *kind != IdentifierKind::Id).filter_map(|kind| {
            let value = snapshot.fields.get(&Field::new(kind.name()))?;
            (!value.is_empty()).then(|| self.identifier(&Identifier::new(kind, value.as_text())))
        });
        std::iter::once(self.identifier(&Identifier::new(IdentifierKind::Id, snapshot.id.0.clone())))
            .chain(shown)
            .collect()
    }

    /// What a row wants, as one value to compare with.
    pub fn row(&self, contact: &Contact) -> KnownValue {
        KnownValue::Held(self.hasher.key(ROW, &format!("{contact:?}")))
    }

    /// Whether this row was the last one applied whole.
    pub fn applied(&self, known: &KnownContact, contact: &Contact) -> bool {
        known.fields.get(ROW) == Some(&self.row(contact))
    }

    /// Remembers that the row was applied whole.
    pub fn set_applied(&self, known: &mut KnownContact, contact: &Contact) {
        known.fields.insert(ROW.to_owned(), self.row(contact));
    }

    /// Forgets which row was applied last: part of another has been.
    pub fn unset_applied(known: &mut KnownContact) {
        known.fields.insert(ROW.to_owned(), KnownValue::Empty);
    }

    /// Adds what an edit that was applied has left behind.
    pub fn apply_edit(&self, known: &mut KnownContact, edit: &Edit) {
        if edit.custom == CustomEdit::Replace {
            let gone = known.fields.iter_mut().filter(|(name, _)| name.starts_with(Field::CUSTOM_PREFIX));
            gone.for_each(|(_, value)| *value = KnownValue::Empty);
        }
        for (field, value) in &edit.fields {
            known.fields.insert(field.name().to_owned(), self.value(field, value));
        }
        for list in &edit.lists {
            known.lists.push(self.list(list));
        }
        if let Some(tags) = &edit.tags {
            self.apply_tags(known, tags);
        }
    }

    pub fn apply_tags(&self, known: &mut KnownContact, edit: &TagEdit) {
        let keys: Vec<Key> = edit.tags.iter().map(|tag| self.tag(tag)).collect();
        match (edit.mode, &mut known.tags) {
            (TagMode::Replace, tags) => *tags = Some(keys),
            (TagMode::Add, Some(tags)) => tags.extend(keys),
            (TagMode::Remove, Some(tags)) => tags.retain(|tag| !keys.contains(tag)),
            (_, None) => {}
        }
    }
}

/// What the ledger remembers of a contact, compared by hash.
#[derive(Clone)]
pub struct Remembered<'a> {
    pub known: &'a KnownContact,
    pub keys: &'a Keys,
}

impl Held for Remembered<'_> {
    fn id(&self) -> &RemoteId {
        &self.known.id
    }

    fn field(&self, field: &Field, wanted: &Value) -> HeldField {
        match (self.known.fields.get(field.name()), self.keys.value(field, wanted)) {
            (None, _) => HeldField::Unknown,
            (Some(KnownValue::Empty), _) => HeldField::Empty,
            (Some(held), wanted) if *held == wanted => HeldField::Same,
            (Some(_), _) => HeldField::Different,
        }
    }

    fn value(&self, _field: &Field) -> Option<&Value> {
        None
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Option<bool> {
        let beyond = self.known.fields.iter().any(|(name, value)| {
            name.starts_with(Field::CUSTOM_PREFIX)
                && *value != KnownValue::Empty
                && !fields.iter().any(|field| field.name() == name)
        });
        Some(beyond)
    }

    fn has_tag(&self, tag: &str) -> Option<bool> {
        self.known.tags.as_ref().map(|tags| tags.contains(&self.keys.tag(tag)))
    }

    fn tags_beyond(&self, tags: &[String]) -> Option<bool> {
        let kept: Vec<Key> = tags.iter().map(|tag| self.keys.tag(tag)).collect();
        self.known.tags.as_ref().map(|held| held.iter().any(|held| !kept.contains(held)))
    }

    fn tags(&self) -> Option<&[String]> {
        // Only hashes are remembered; but no tags at all is the same by hash and by name.
        self.known.tags.as_ref().filter(|tags| tags.is_empty()).map(|_| [].as_slice())
    }

    fn on_list(&self, list: &str) -> Option<bool> {
        self.known.lists.contains(&self.keys.list(list)).then_some(true)
    }

    fn groups(&self) -> Option<&Groups> {
        None
    }
}

/// What an answer told, and where it told nothing, what is remembered.
pub(super) struct Combined<'a> {
    pub told: Option<SnapshotHeld<'a>>,
    pub remembered: Remembered<'a>,
}

impl Combined<'_> {
    fn told(&self) -> Option<&dyn Held> {
        self.told.as_ref().map(|told| told as &dyn Held)
    }
}

impl Held for Combined<'_> {
    fn id(&self) -> &RemoteId {
        self.remembered.id()
    }

    fn field(&self, field: &Field, wanted: &Value) -> HeldField {
        match self.told().map(|told| told.field(field, wanted)) {
            None | Some(HeldField::Unknown) => self.remembered.field(field, wanted),
            Some(told) => told,
        }
    }

    fn value(&self, field: &Field) -> Option<&Value> {
        self.told.as_ref().and_then(|told| told.value(field))
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Option<bool> {
        self.told().and_then(|told| told.custom_beyond(fields)).or_else(|| self.remembered.custom_beyond(fields))
    }

    fn tags_beyond(&self, tags: &[String]) -> Option<bool> {
        self.told().and_then(|told| told.tags_beyond(tags)).or_else(|| self.remembered.tags_beyond(tags))
    }

    fn has_tag(&self, tag: &str) -> Option<bool> {
        self.told().and_then(|told| told.has_tag(tag)).or_else(|| self.remembered.has_tag(tag))
    }

    fn tags(&self) -> Option<&[String]> {
        self.told.as_ref().and_then(Held::tags).or_else(|| self.remembered.tags())
    }

    fn on_list(&self, list: &str) -> Option<bool> {
        self.told().and_then(|told| told.on_list(list)).or_else(|| self.remembered.on_list(list))
    }

    fn groups(&self) -> Option<&Groups> {
        self.told.as_ref().and_then(Held::groups)
    }
}
