use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contact::{Contact, Field, Identifier, IdentifierKind, Snapshot, Value};
use crate::journal::{Hasher, Key, KnownContact, KnownValue, LastKnown};

/// Makes the keyed hashes under which an account's contacts are remembered.
#[derive(Clone, Debug)]
pub struct Keys {
    hasher: Hasher,
    account: Arc<str>,
    tags_ignore_case: bool,
    keeps_values: bool,
}

impl Keys {
    /// Keys for one account. `account` is its identity, under which the ledger keeps what is known.
    pub fn new(hasher: &Hasher, account: &str, tags_ignore_case: bool) -> Self {
        Self { hasher: hasher.clone(), account: Arc::from(account), tags_ignore_case, keeps_values: true }
    }

    /// Remembers hashes alone, so that what a later run replaces can't be put back without a read.
    #[must_use]
    pub fn hashes_only(self) -> Self {
        Self { keeps_values: false, ..self }
    }

    /// Whether values are kept beside their hashes, sealed, so that an undo can put them back.
    pub fn keeps_values(&self) -> bool {
        self.keeps_values
    }

    /// The identity of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The same for every account, so that a person can be asked about, and forgotten, everywhere.
    pub fn identifier(&self, identifier: &Identifier) -> Key {
        self.hasher.identifier(identifier)
    }

    /// [`Self::identifier`] of each, in order.
    pub fn identifiers(&self, identifiers: &[Identifier]) -> Vec<Key> {
        identifiers.iter().map(|identifier| self.identifier(identifier)).collect()
    }

    /// The hash of a field's value. Two ways of writing one identifier have one hash.
    pub fn value(&self, field: &Field, value: &Value) -> KnownValue {
        self.hasher.value(field, value)
    }

    /// The hash of a tag; of its lower case where the service takes no notice of case.
    pub fn tag(&self, tag: &str) -> Key {
        if self.tags_ignore_case { self.hasher.tag(&tag.to_lowercase()) } else { self.hasher.tag(tag) }
    }

    /// Anything else, so that it can be compared and not read.
    pub fn seal(&self, what: &str, text: &str) -> Key {
        self.hasher.key(what, text)
    }

    /// The hash of a list.
    pub fn list(&self, list: &str) -> Key {
        self.hasher.list(list)
    }

    /// What a row desires, as one value to compare with.
    pub fn row(&self, contact: &Contact) -> Key {
        self.hasher.row(contact)
    }

    /// What a snapshot teaches. `mapped` are the fields an import will ask about: where the snapshot
    /// is complete, the ones it doesn't mention are known to be empty.
    pub fn learn(&self, snapshot: &Snapshot, mapped: &[Field]) -> KnownContact {
        let mut fields: BTreeMap<String, KnownValue> =
            snapshot.fields.iter().map(|(field, value)| (field.name().to_owned(), self.value(field, value))).collect();
        let mut values = LastKnown {
            fields: snapshot.fields.clone(),
            tags: snapshot.tags.clone(),
            lists: snapshot.lists.clone().unwrap_or_default(),
        };
        if snapshot.complete {
            for field in mapped {
                fields.entry(field.name().to_owned()).or_insert(KnownValue::Empty);
                values.fields.entry(field.clone()).or_insert(Value::Clear);
            }
        }
        KnownContact {
            id: snapshot.id.clone(),
            fields,
            tags: snapshot.tags.as_ref().map(|tags| tags.iter().map(|tag| self.tag(tag)).collect()),
            lists: snapshot.lists.iter().flatten().map(|list| self.list(list)).collect(),
            values: self.keeps_values.then_some(values),
            seen_at: 0,
            applied: None,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_remembered_in_one_form_of_its_line_is_held_in_the_other() {
        let keys = Keys::new(&Hasher::new([1; 32]), "a", false);
        let value = |name: &str, text: &str| keys.value(&Field::new(name), &Value::Text(text.into()));
        assert_eq!(value("phone", "+5541987991234"), value("phone", "+554187991234"));
        assert_ne!(value("phone", "+5541987991234"), value("phone", "+5541987991235"));
        assert_eq!(value("email", "Ann@x.example"), value("email", "ann@x.example"));
        assert_ne!(value("custom.second", "+5541987991234"), value("custom.second", "+554187991234"));
    }
}
