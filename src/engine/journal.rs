use std::collections::BTreeMap;

use super::lane::Driving;
use crate::contact::{CustomEdit, Edit, RemoteId, Snapshot, TagEdit, TagMode, Value};
use crate::ledger::{BeforeImage, Change, Entry, KnownContact};
use crate::plan::Step;

/// What applied steps leave behind: what is known of the contact from now on, and what was there
/// before, so that it can be put back.
impl Driving<'_> {
    /// The contact was created by this row with these fields, and has nothing else.
    pub(super) fn remember_created(&mut self, id: &RemoteId, edit: &Edit) {
        self.aim(id.clone());
        let asked = self.asked();
        let (keys, lane, known, snapshot, pending) = self.parts();
        let mut contact =
            KnownContact { id: id.clone(), fields: BTreeMap::new(), tags: Some(Vec::new()), lists: Vec::new() };
        for field in &asked {
            contact.fields.insert(field.name().to_owned(), crate::ledger::KnownValue::Empty);
        }
        keys.apply_edit(&mut contact, edit);
        pending.push(Entry::Known {
            account: keys.account().to_owned(),
            contact: contact.clone(),
            keys: lane.keys.clone(),
        });
        pending.push(before(lane.position.index, keys.account(), id, Change::Created));
        *known = Some(contact);
        *snapshot = None;
    }

    /// The contact turned out to have been created by this row.
    pub(super) fn remember_row_created(&mut self) {
        let (keys, lane, known, _, pending) = self.parts();
        if let Some(known) = known {
            pending.push(before(lane.position.index, keys.account(), &known.id, Change::Created));
        }
    }

    /// A step other than a create was applied.
    pub(super) fn remember_step(&mut self, step: &Step) {
        let created = self.was_created();
        let (keys, lane, known, snapshot, pending) = self.parts();
        let Some(known) = known else { return };
        let row = lane.position.index;
        let mut changes = Vec::new();
        match step {
            Step::Create { .. } => {}
            Step::Update { edit } => {
                keys.apply_edit(known, edit);
                changes.extend(snapshot.as_ref().map(|held| field_changes(held, edit)).unwrap_or_default());
                if let Some(tags) = &edit.tags {
                    changes.extend(tag_changes(snapshot.as_ref(), tags));
                }
                if let Some(held) = snapshot {
                    if edit.custom == CustomEdit::Replace {
                        held.fields.retain(|field, _| field.custom_name().is_none());
                    }
                    held.fields.extend(edit.fields.iter().cloned());
                }
            }
            Step::ClearFields { fields } => {
                let edit = Edit {
                    fields: fields.iter().map(|field| (field.clone(), Value::Clear)).collect(),
                    ..Edit::default()
                };
                keys.apply_edit(known, &edit);
                changes.extend(snapshot.as_ref().map(|held| field_changes(held, &edit)).unwrap_or_default());
            }
            Step::EditTags { edit } => {
                keys.apply_tags(known, edit);
                changes.extend(tag_changes(snapshot.as_ref(), edit));
            }
            Step::AddToList { list } => {
                known.lists.push(keys.list(list));
                changes.push(Change::ListAdded(list.clone()));
            }
            Step::RemoveFromList { list } => {
                let key = keys.list(list);
                known.lists.retain(|held| *held != key);
                changes.push(Change::ListRemoved(list.clone()));
            }
        }
        pending.push(Entry::Known {
            account: keys.account().to_owned(),
            contact: known.clone(),
            keys: lane.keys.clone(),
        });
        // A contact this row created goes whole; its parts need no record.
        if !created {
            let id = known.id.clone();
            pending.extend(changes.into_iter().map(|change| before(row, keys.account(), &id, change)));
        }
    }
}

fn before(row: u64, account: &str, id: &RemoteId, change: Change) -> Entry {
    Entry::Before(BeforeImage { row, account: account.to_owned(), contact_id: id.clone(), change })
}

fn field_changes(held: &Snapshot, edit: &Edit) -> Vec<Change> {
    let gone = held.fields.iter().filter(|(field, value)| {
        edit.custom == CustomEdit::Replace
            && field.custom_name().is_some()
            && !value.is_empty()
            && !edit.fields.iter().any(|(named, _)| named == *field)
    });
    let gone =
        gone.map(|(field, value)| Change::Field { field: field.clone(), before: value.clone(), after: Value::Clear });
    edit.fields
        .iter()
        .filter(|(field, _)| held.complete || held.fields.contains_key(field))
        .map(|(field, after)| Change::Field {
            field: field.clone(),
            before: held.fields.get(field).cloned().unwrap_or(Value::Clear),
            after: after.clone(),
        })
        .chain(gone)
        .collect()
}

fn tag_changes(held: Option<&Snapshot>, edit: &TagEdit) -> Vec<Change> {
    let Some(present) = held.and_then(|held| held.tags.as_ref()) else { return Vec::new() };
    let added = || edit.tags.iter().filter(|tag| !present.contains(tag)).cloned().map(Change::TagAdded);
    let gone = |tags: &[String]| -> Vec<Change> {
        present.iter().filter(|tag| tags.contains(tag)).cloned().map(Change::TagRemoved).collect()
    };
    match edit.mode {
        TagMode::Add => added().collect(),
        TagMode::Remove => gone(&edit.tags),
        TagMode::Replace => {
            let lost = present.iter().filter(|tag| !edit.tags.contains(tag)).cloned().map(Change::TagRemoved);
            added().chain(lost).collect()
        }
    }
}
