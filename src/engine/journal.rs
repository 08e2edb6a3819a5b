use std::collections::BTreeMap;

use super::lane::Driving;
use super::remember::Keys;
use crate::contact::{
    CustomEdit, Edit, Field, Outcome, RemoteId, RowRecord, Snapshot, TagEdit, TagMode, Target, Value,
};
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
        Keys::unset_applied(&mut contact);
        pending.push(Entry::Known {
            account: keys.account().to_owned(),
            contact: contact.clone(),
            keys: lane.keys.clone(),
        });
        pending.push(before(lane.position.index, keys.account(), id, Change::Created));
        *known = Some(contact);
        *snapshot = None;
    }

    /// Whether the contact's id is the service's own, and not the address the row gave.
    fn id_is_known(&self) -> bool {
        matches!(self.target, Some(Target::Id(_)))
    }

    pub(super) fn applied_already(&self) -> bool {
        self.known.as_ref().is_some_and(|known| self.lanes.keys.applied(known, &self.lane.contact))
    }

    /// The row has ended: if all of it was applied, that is remembered.
    pub(super) fn remember_applied(&mut self, record: &RowRecord) {
        let whole = matches!(record.outcome, Outcome::Created | Outcome::Updated | Outcome::Unchanged);
        if !whole || self.applied_already() || !self.id_is_known() {
            return;
        }
        let (keys, lane, known, _, pending) = self.parts();
        if let Some(known) = known {
            keys.set_applied(known, &lane.contact);
            pending.push(Entry::Known {
                account: keys.account().to_owned(),
                contact: known.clone(),
                keys: lane.keys.clone(),
            });
        }
    }

    /// The contact turned out to have been created by this row: what the look-up doesn't tell of it
    /// is what the create sent.
    pub(super) fn learn_created(&mut self, found: &Snapshot) {
        let edit = self.new_contact();
        let id = found.id.clone();
        self.remember_created(&id, &edit);
        let (keys, lane, known, _, pending) = self.parts();
        let told = keys.learn(found, &[]);
        if let Some(known) = known {
            known.fields.extend(told.fields);
            known.tags = told.tags.or(known.tags.take());
            pending.push(Entry::Known {
                account: keys.account().to_owned(),
                contact: known.clone(),
                keys: lane.keys.clone(),
            });
        }
    }

    /// Records, with the intent of a step, what the step replaces: were the run cut off before the
    /// answer, nobody could tell any more. An undo takes no notice of what turns out not to have
    /// been applied.
    pub(super) fn keep_before(&mut self, step: &Step) {
        // A contact this row created goes whole; its parts need no record.
        if self.was_created() {
            return;
        }
        let (keys, lane, known, snapshot, pending) = self.parts();
        let Some(known) = known else { return };
        let of_fields = |edit: &Edit| snapshot.as_ref().map(|held| field_changes(held, edit)).unwrap_or_default();
        let changes = match step {
            Step::Create { .. } => Vec::new(),
            Step::Update { edit } => {
                let mut changes = of_fields(edit);
                changes.extend(edit.tags.iter().flat_map(|tags| tag_changes(snapshot.as_ref(), tags)));
                changes
            }
            Step::ClearFields { fields } => of_fields(&emptied(fields)),
            Step::EditTags { edit } => tag_changes(snapshot.as_ref(), edit),
            Step::AddToList { list } => vec![Change::ListAdded(list.clone())],
            Step::RemoveFromList { list } => vec![Change::ListRemoved(list.clone())],
        };
        let row = lane.position.index;
        pending.extend(changes.into_iter().map(|change| before(row, keys.account(), &known.id, change)));
    }

    /// A step other than a create was applied.
    pub(super) fn remember_step(&mut self, step: &Step) {
        let id_is_known = self.id_is_known();
        let (keys, lane, known, snapshot, pending) = self.parts();
        let Some(known) = known else { return };
        Keys::unset_applied(known);
        match step {
            Step::Create { .. } => {}
            Step::Update { edit } => {
                keys.apply_edit(known, edit);
                if let Some(held) = snapshot {
                    if edit.custom == CustomEdit::Replace {
                        held.fields.retain(|field, _| field.custom_name().is_none());
                    }
                    held.fields.extend(edit.fields.iter().cloned());
                }
            }
            Step::ClearFields { fields } => keys.apply_edit(known, &emptied(fields)),
            Step::EditTags { edit } => keys.apply_tags(known, edit),
            Step::AddToList { list } => known.lists.push(keys.list(list)),
            Step::RemoveFromList { list } => {
                let key = keys.list(list);
                known.lists.retain(|held| *held != key);
            }
        }
        if id_is_known {
            pending.push(Entry::Known {
                account: keys.account().to_owned(),
                contact: known.clone(),
                keys: lane.keys.clone(),
            });
        }
    }
}

fn emptied(fields: &[Field]) -> Edit {
    Edit { fields: fields.iter().map(|field| (field.clone(), Value::Clear)).collect(), ..Edit::default() }
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
