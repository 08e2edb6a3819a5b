//! A row's share of a plan that is a contract: what was seen of its contact, and the calls that were shown.

use std::collections::BTreeMap;

use super::keys::Keys;
use crate::contact::{Call, ContactPages, CustomEdit, Edit, FieldSpec, RemoteId, Snapshot, TagEdit, TagMode};
use crate::journal::Key;

/// What a plan shows of one row, which is all that may be done for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// What the plan saw of the contact: if that has changed, the row is not sent.
    pub seen: Seen,
    /// What each call that changes something carries, in order.
    pub calls: Vec<Key>,
}

/// What a contact looked like when it was decided about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `None`: nobody was there.
    pub contact: Option<RemoteId>,
    /// Each thing that was told of the contact, by name, as a keyed hash.
    pub holds: BTreeMap<String, Key>,
}

impl Seen {
    /// The contact with this id, of which an answer has `told`.
    pub(super) fn of(id: &RemoteId, told: Option<&Snapshot>, fields: &[FieldSpec], keys: &Keys) -> Self {
        let holds = told.map(|told| holds(told, fields, keys)).unwrap_or_default();
        Self { contact: Some(id.clone()), holds }
    }

    /// Why what is seen `now` is not what this was, in words; `None` if it is.
    pub(super) fn difference(&self, now: &Self, pages: Option<&ContactPages>) -> Option<String> {
        let named = |id| ContactPages::named(pages, id);
        match (&self.contact, &now.contact) {
            (None, None) => None,
            (None, Some(id)) => Some(format!("contact {} was not there when the plan was made", named(id))),
            (Some(id), None) => Some(format!("contact {}, of which the plan speaks, is not found any more", named(id))),
            (Some(was), Some(is)) if was != is => {
                let (is, was) = (named(is), named(was));
                Some(format!("the row leads to contact {is}, and led to contact {was} when the plan was made"))
            }
            (Some(id), Some(_)) => {
                let names: Vec<&str> = self
                    .holds
                    .keys()
                    .chain(now.holds.keys().filter(|name| !self.holds.contains_key(*name)))
                    .filter(|name| self.holds.get(*name) != now.holds.get(*name))
                    .map(String::as_str)
                    .collect();
                (!names.is_empty())
                    .then(|| format!("contact {} was changed since the plan was made: {}", named(id), names.join(", ")))
            }
        }
    }
}

/// What the service's own users and programs may change. What only the service itself sets, such as the
/// moment of the last message, is no change of theirs.
fn holds(told: &Snapshot, specs: &[FieldSpec], keys: &Keys) -> BTreeMap<String, Key> {
    let set_by_service = |name: &str| specs.iter().any(|spec| spec.name == name && !spec.create && !spec.update);
    let fields = told.fields.iter().filter(|(field, value)| !value.is_empty() && !set_by_service(field.name()));
    let mut holds: BTreeMap<String, Key> = fields
        .map(|(field, value)| (field.name().to_owned(), keys.seal(value.type_name(), &value.as_json_text())))
        .collect();
    for (name, named) in [("tags", &told.tags), ("lists", &told.lists)] {
        if let Some(named) = named {
            let mut named = named.clone();
            named.sort();
            holds.insert(name.to_owned(), keys.seal(name, &serde_json::Value::from(named).to_string()));
        }
    }
    holds
}

/// What a call carries, whoever it is about: of a contact that is still to be made, nobody knows the id.
pub fn seal_of(call: &Call, keys: &Keys) -> Key {
    let carried = match call {
        Call::Create { identifier, edit } => {
            let identifier = identifier.as_ref().map(|identifier| (identifier.kind.name(), identifier.value.clone()));
            serde_json::json!([identifier, edit_json(edit)])
        }
        Call::Update { edit, .. } => edit_json(edit),
        Call::ClearFields { fields, .. } => fields.iter().map(|field| field.name().to_owned()).collect(),
        Call::EditTags { edit, .. } => tags_json(edit),
        Call::AddToList { list, .. } | Call::RemoveFromList { list, .. } => list.clone().into(),
        _ => serde_json::Value::Null,
    };
    keys.seal(call.kind().name(), &carried.to_string())
}

fn edit_json(edit: &Edit) -> serde_json::Value {
    let fields: Vec<_> = edit
        .fields
        .iter()
        .map(|(field, value)| serde_json::json!([field.name(), value.type_name(), value.as_json_text()]))
        .collect();
    let custom = match edit.custom {
        CustomEdit::Merge => "merge",
        CustomEdit::Replace => "replace",
        CustomEdit::Remove => "remove",
    };
    let groups: Vec<_> = edit.groups.iter().map(|(name, group)| serde_json::json!([name, group.to_string()])).collect();
    serde_json::json!([fields, custom, edit.tags.as_ref().map(tags_json), edit.lists, groups])
}

fn tags_json(edit: &TagEdit) -> serde_json::Value {
    let mode = match edit.mode {
        TagMode::Add => "add",
        TagMode::Remove => "remove",
        TagMode::Replace => "replace",
    };
    serde_json::json!([mode, edit.tags])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(contact: Option<&str>, holds: &[(&str, u8)]) -> Seen {
        let holds = holds.iter().map(|(name, key)| ((*name).to_owned(), Key([*key; Key::BYTES]))).collect();
        Seen { contact: contact.map(|id| RemoteId(id.into())), holds }
    }

    #[test]
    fn what_changed_is_named() {
        let was = seen(Some("7"), &[("city", 1), ("tags", 2)]);
        assert_eq!(was.difference(&was, None), None);
        let now = seen(Some("7"), &[("city", 3), ("tags", 2), ("email", 4)]);
        assert_eq!(was.difference(&now, None).unwrap(), "contact 7 was changed since the plan was made: city, email");
        assert!(was.difference(&seen(Some("8"), &[]), None).unwrap().contains("contact 8, and led to contact 7"));
        assert!(was.difference(&Seen::default(), None).unwrap().contains("is not found any more"));
        assert!(Seen::default().difference(&was, None).unwrap().contains("was not there"));
    }
}
