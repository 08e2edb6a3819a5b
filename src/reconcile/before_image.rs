use super::memory::emptied;
use super::step::Step;
use crate::contact::{CustomEdit, Edit, Field, Snapshot, TagEdit, TagMode, Value};
use crate::journal::{Change, LastKnown};

/// What a contact holds before a step, by the best that is known: told, or else as last known.
pub(super) struct Before<'a> {
    pub(super) told: Option<&'a Snapshot>,
    pub(super) last_known: Option<&'a LastKnown>,
}

impl Before<'_> {
    /// What the step replaces, recorded with its intent: were the run cut off before the answer,
    /// nobody could tell any more. An undo takes no notice of what turns out not to be applied, and
    /// says what is recorded as unknown.
    pub(super) fn changes(&self, step: &Step) -> Vec<Change> {
        match step {
            Step::Create { .. } => Vec::new(),
            Step::Update { edit } => {
                let mut changes = self.fields(edit);
                changes.extend(edit.tags.iter().flat_map(|tags| self.tags(tags)));
                changes
            }
            Step::ClearFields { fields } => self.fields(&emptied(fields)),
            Step::EditTags { edit } => self.tags(edit),
            Step::AddToList { list } => vec![self.list(list, false)],
            Step::RemoveFromList { list } => vec![self.list(list, true)],
        }
    }

    /// That a list was joined or left: a membership that was there before is not one that the step made.
    fn list(&self, list: &String, was_on: bool) -> Change {
        let held = self.told.and_then(|told| told.lists.as_ref());
        match held {
            Some(held) if held.contains(list) == was_on => {
                if was_on {
                    Change::ListRemoved(list.clone())
                } else {
                    Change::ListAdded(list.clone())
                }
            }
            // On a list that it is about to leave, as far as is known.
            None if was_on && self.last_known.is_some_and(|known| known.lists.contains(list)) => {
                Change::ListRemoved(list.clone())
            }
            _ => Change::Unknown("lists".to_owned()),
        }
    }

    /// The value before; `None` if nobody knows it.
    pub(super) fn value(&self, field: &Field) -> Option<Value> {
        if let Some(told) = self.told {
            if let Some(value) = told.fields.get(field) {
                return Some(value.clone());
            }
            if told.complete {
                return Some(Value::Clear);
            }
        }
        self.last_known.and_then(|known| known.fields.get(field).cloned())
    }

    fn present_tags(&self) -> Option<&Vec<String>> {
        let told = self.told.and_then(|told| told.tags.as_ref());
        told.or_else(|| self.last_known.and_then(|known| known.tags.as_ref()))
    }

    fn fields(&self, edit: &Edit) -> Vec<Change> {
        let removes = edit.custom == CustomEdit::Remove;
        let changed = edit.fields.iter().map(|(field, after)| {
            let after = if removes && field.custom_name().is_some() { Value::Clear } else { after.clone() };
            match self.value(field) {
                Some(before) => Change::Field { field: field.clone(), before, after },
                None => Change::Unknown(field.name().to_owned()),
            }
        });
        changed.chain(self.replaced(edit)).collect()
    }

    /// Custom fields that an edit takes away without naming them.
    fn replaced(&self, edit: &Edit) -> Vec<Change> {
        if edit.custom != CustomEdit::Replace {
            return Vec::new();
        }
        let held = match (self.told, self.last_known) {
            (Some(told), _) => &told.fields,
            (None, Some(known)) => &known.fields,
            (None, None) => return Vec::new(),
        };
        held.iter()
            .filter(|(field, value)| {
                field.custom_name().is_some()
                    && !value.is_empty()
                    && !edit.fields.iter().any(|(named, _)| named == *field)
            })
            .map(|(field, value)| Change::Field { field: field.clone(), before: value.clone(), after: Value::Clear })
            .collect()
    }

    fn tags(&self, edit: &TagEdit) -> Vec<Change> {
        let Some(present) = self.present_tags() else { return vec![Change::Unknown("tags".to_owned())] };
        let added = || edit.tags.iter().filter(|tag| !present.contains(tag)).cloned().map(Change::TagAdded);
        let gone = |is_gone: &dyn Fn(&String) -> bool| -> Vec<Change> {
            present.iter().filter(|tag| is_gone(tag)).cloned().map(Change::TagRemoved).collect()
        };
        match edit.mode {
            TagMode::Add => added().collect(),
            TagMode::Remove => gone(&|tag| edit.tags.contains(tag)),
            TagMode::Replace => added().chain(gone(&|tag| !edit.tags.contains(tag))).collect(),
        }
    }
}
