use std::collections::BTreeSet;

use super::asked::{Asked, plain, reads_as};
use super::contact_state::ObservedContact;
use super::keys::Keys;
use super::memory::emptied;
use super::step::Step;
use crate::contact::{Field, Snapshot, Value};
use crate::journal::{Key, KnownValue};

/// What a service stored of what it was sent, which may be otherwise: without a blank at the end, say.
///
/// Both are kept: the hash of what was sent, so that the same row is the same again, and the value as the
/// service shows it, so that only a change from that is one, and an undo knows its own work.
impl ObservedContact {
    /// Takes what the answer to a write shows of the contact: `sent` is what the write carried.
    pub(super) fn stored(&mut self, shown: &Snapshot, sent: &[(Field, Value)], asked: &Asked<'_>) -> Stored {
        let mut stored = Stored::default();
        for (field, value) in shown.fields.iter().filter(|(_, value)| !value.is_empty()) {
            let name = field.name();
            let hash = asked.keys.value(field, value);
            match sent.iter().find(|(name, _)| name == field) {
                Some((_, sent)) if sent.is_empty() => continue,
                Some((_, sent)) if asked.keys.value(field, sent) != hash => {
                    stored.otherwise.push((field.clone(), value.clone()));
                }
                Some(_) => {}
                None if !self.known.fields.contains_key(name) => drop(self.known.fields.insert(name.to_owned(), hash)),
                None if self.is_as_left(name, shown, asked) => {}
                None => {
                    self.known.fields.insert(name.to_owned(), hash);
                    stored.changed.push(field.clone());
                }
            }
            if let Some(values) = &mut self.known.values {
                values.fields.insert(field.clone(), value.clone());
            }
            if let Some(told) = &mut self.told {
                told.fields.insert(field.clone(), value.clone());
            }
        }
        if let Some(tags) = &shown.tags {
            self.stored_tags(tags);
        }
        stored
    }

    /// The same of the contact's tags, which are all that it has.
    pub(super) fn stored_tags(&mut self, tags: &[String]) {
        if let Some(values) = &mut self.known.values {
            values.tags = Some(tags.to_vec());
        }
        if let Some(told) = &mut self.told {
            told.tags = Some(tags.to_vec());
        }
    }

    /// Whether an answer shows a field as it was left: as it was sent, or as the service stored that.
    ///
    /// Where no answer has shown what was stored, a value that reads as it was sent is taken for it.
    pub(super) fn is_as_left(&self, name: &str, shown: &Snapshot, asked: &Asked<'_>) -> bool {
        let Some(held) = self.known.fields.get(name) else { return true };
        let field = Field::new(name);
        let value = shown.fields.get(&field);
        let shown = value.map_or(KnownValue::Empty, |value| asked.keys.value(&field, value));
        if *held == shown {
            return true;
        }
        let last = self.known.values.as_ref().and_then(|values| values.fields.get(&field));
        if last.is_some_and(|last| asked.keys.value(&field, last) == shown) {
            return true;
        }
        if asked.writes_tell && last.is_some() {
            return false;
        }
        let sent = asked.row.iter().find(|change| change.field == field).map(|change| &change.value);
        let sent = sent.filter(|sent| asked.keys.value(&field, sent) == *held);
        last.into_iter().chain(sent).any(|sent| value.is_some_and(|value| reads_as(sent, value)))
    }

    /// Whether these are the tags that were sent, or as the service stored those. `true` if nobody knows.
    /// Answers to writes show tags as they were sent, so that blanks alone are no difference.
    pub(super) fn are_tags_as_left(&self, tags: &[String], keys: &Keys) -> bool {
        let keyed = |tags: &[String]| tags.iter().map(|tag| keys.tag(tag)).collect::<BTreeSet<Key>>();
        let Some(held) = &self.known.tags else { return true };
        let last = self.known.values.as_ref().and_then(|values| values.tags.as_ref());
        let shown = keyed(tags);
        let plainly = |tags: &[String]| keyed(&tags.iter().map(|tag| plain(tag)).collect::<Vec<_>>());
        held.iter().copied().collect::<BTreeSet<Key>>() == shown
            || last.is_some_and(|last| plainly(last) == plainly(tags))
    }
}

/// What the answer to a write showed.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// What was sent and is stored otherwise, as it is stored.
    pub(super) otherwise: Vec<(Field, Value)>,
    /// What was not sent, and somebody has changed since it was last known.
    pub(super) changed: Vec<Field>,
}

/// The fields that a step sets, as they are sent.
pub(super) fn sent_by(step: &Step) -> Vec<(Field, Value)> {
    match step {
        Step::Create { edit, .. } | Step::Update { edit } => edit.fields.clone(),
        Step::ClearFields { fields } => emptied(fields).fields,
        Step::EditTags { .. } | Step::AddToList { .. } | Step::RemoveFromList { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{FieldChange, Overwrite, RemoteId};
    use crate::journal::{Hasher, KnownContact};

    fn keys() -> Keys {
        Keys::new(&Hasher::new([1; 32]), "account", false)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn shows(name: &str) -> Snapshot {
        Snapshot { fields: [(Field::new("name"), text(name))].into(), ..Snapshot::new(RemoteId("1".into())) }
    }

    /// A contact that was sent `Ann  Lee`, and of which the ledger keeps no more than `keys` do.
    fn sent(keys: &Keys, shown: Option<&str>) -> KnownContact {
        let edit = crate::contact::Edit { fields: vec![(Field::new("name"), text("Ann  Lee"))], ..Default::default() };
        let mut contact = ObservedContact::created(RemoteId("1".into()), &edit, &[], keys);
        if let Some(name) = shown {
            contact.stored(&shows(name), &edit.fields, &Asked { keys, row: &[], writes_tell: true });
        }
        contact.known
    }

    fn is_as_left(known: KnownContact, keys: &Keys, writes_tell: bool, now: &str) -> bool {
        let row = [FieldChange::new(Field::new("name"), text("Ann  Lee"), Overwrite::Always)];
        let asked = Asked { keys, row: &row, writes_tell };
        ObservedContact::remembered(known).is_as_left("name", &shows(now), &asked)
    }

    #[test]
    fn only_a_change_from_what_was_stored_is_one() {
        for (shown, now, expected) in [
            (Some("Ann Lee"), "Ann Lee", true),
            (Some("Ann Lee"), "Ann  Lee", true),
            (Some("Ann Lee"), "AnnLee", false),
            (Some("ANN LEE"), "ANN LEE", true),
            (Some("Ann Lee"), " Ann Lee", false),
        ] {
            assert_eq!(is_as_left(sent(&keys(), shown), &keys(), true, now), expected, "{shown:?}, {now}");
        }
    }

    #[test]
    fn where_no_answer_showed_what_was_stored_blanks_alone_are_no_change() {
        for (now, expected) in [("Ann Lee", true), ("Ann  Lee ", true), ("ann lee", false), ("Ann", false)] {
            assert_eq!(is_as_left(sent(&keys(), None), &keys(), false, now), expected, "{now}");
            let hashes = keys().hashes_only();
            assert_eq!(is_as_left(sent(&hashes, Some("Ann Lee")), &hashes, true, now), expected, "{now}, hashes only");
        }
    }
}
