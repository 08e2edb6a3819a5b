use std::collections::BTreeMap;

use super::keys::Keys;
use super::observed::{Comparison, Fact, Observed};
use super::step::Step;
use crate::contact::{CustomEdit, Edit, Field, Groups, RemoteId, Snapshot, TagEdit, TagMode, Value};
use crate::journal::{Key, KnownContact, KnownValue, LastKnown};

/// What the ledger remembers of a contact, compared by hash.
#[derive(Clone, Copy)]
pub(super) struct Remembered<'a> {
    pub(super) known: &'a KnownContact,
    pub(super) keys: &'a Keys,
    /// It is what this run itself made of the contact, so that it counts as told.
    pub(super) is_ours: bool,
}

impl Remembered<'_> {
    fn fact<T>(&self, value: Option<T>) -> Fact<T> {
        match value {
            None => Fact::Unknown,
            Some(value) if self.is_ours => Fact::Told(value),
            Some(value) => Fact::Remembered(value),
        }
    }
}

impl Observed for Remembered<'_> {
    fn is_told(&self) -> bool {
        self.is_ours
    }

    fn field(&self, field: &Field, desired: &Value) -> Fact<Comparison> {
        self.fact(self.known.fields.get(field.name()).map(|held| match held {
            KnownValue::Empty => Comparison::Empty,
            held if *held == self.keys.value(field, desired) => Comparison::Same,
            KnownValue::Held(_) => Comparison::Different,
        }))
    }

    fn value(&self, _field: &Field) -> Option<&Value> {
        None
    }

    fn last_value(&self, field: &Field) -> Option<&Value> {
        self.known.values.as_ref()?.fields.get(field)
    }

    fn custom_beyond(&self, fields: &[&Field]) -> Fact<bool> {
        let beyond = self.known.fields.iter().any(|(name, value)| {
            name.starts_with(Field::CUSTOM_PREFIX)
                && *value != KnownValue::Empty
                && !fields.iter().any(|field| field.name() == name)
        });
        self.fact(Some(beyond))
    }

    fn has_tag(&self, tag: &str) -> Fact<bool> {
        self.fact(self.known.tags.as_ref().map(|tags| tags.contains(&self.keys.tag(tag))))
    }

    fn tags_beyond(&self, tags: &[String]) -> Fact<bool> {
        let kept: Vec<Key> = tags.iter().map(|tag| self.keys.tag(tag)).collect();
        self.fact(self.known.tags.as_ref().map(|held| held.iter().any(|held| !kept.contains(held))))
    }

    fn tags(&self) -> Option<&[String]> {
        // A contact that this run has made has no tags but those that this run gave it.
        let values = self.known.values.as_ref().filter(|_| self.is_ours)?;
        values.tags.as_deref()
    }

    fn on_list(&self, list: &str) -> Fact<bool> {
        self.fact(self.known.lists.contains(&self.keys.list(list)).then_some(true))
    }

    fn groups(&self) -> Option<&Groups> {
        None
    }
}

/// A contact of which no more is known than its id.
pub(super) fn only_id(id: RemoteId) -> KnownContact {
    KnownContact { id, fields: BTreeMap::new(), tags: None, lists: Vec::new(), values: None, seen_at: 0, applied: None }
}

/// A contact that was created by `edit` and has nothing else. `mapped` fields are known to be empty.
pub(super) fn created(id: RemoteId, edit: &Edit, mapped: &[Field], keys: &Keys) -> KnownContact {
    let mut known = KnownContact { tags: Some(Vec::new()), ..only_id(id) };
    known.fields = mapped.iter().map(|field| (field.name().to_owned(), KnownValue::Empty)).collect();
    known.values = keys.keeps_values().then(|| LastKnown {
        fields: mapped.iter().map(|field| (field.clone(), Value::Clear)).collect(),
        tags: Some(Vec::new()),
        lists: Vec::new(),
    });
    apply_edit(&mut known, edit, keys);
    known
}

/// Brings what is known, and what was told, to what an applied step left behind.
pub(super) fn apply(step: &Step, known: &mut KnownContact, told: Option<&mut Snapshot>, keys: &Keys) {
    match step {
        Step::Create { .. } => {}
        Step::Update { edit } => apply_edit(known, edit, keys),
        Step::ClearFields { fields } => apply_edit(known, &emptied(fields), keys),
        Step::EditTags { edit } => apply_tags(known, edit, keys),
        Step::AddToList { list } => known.lists.push(keys.list(list)),
        Step::RemoveFromList { list } => {
            let key = keys.list(list);
            known.lists.retain(|held| *held != key);
        }
    }
    if let Some(told) = told {
        apply_to_told(step, told);
    }
}

pub(super) fn emptied(fields: &[Field]) -> Edit {
    Edit { fields: fields.iter().map(|field| (field.clone(), Value::Clear)).collect(), ..Edit::default() }
}

fn apply_edit(known: &mut KnownContact, edit: &Edit, keys: &Keys) {
    let removes = edit.custom == CustomEdit::Remove;
    if edit.custom == CustomEdit::Replace {
        let gone = known.fields.iter_mut().filter(|(name, _)| name.starts_with(Field::CUSTOM_PREFIX));
        gone.for_each(|(_, value)| *value = KnownValue::Empty);
        if let Some(values) = &mut known.values {
            let custom = values.fields.iter_mut().filter(|(field, _)| field.custom_name().is_some());
            custom.for_each(|(_, value)| *value = Value::Clear);
        }
    }
    for (field, value) in &edit.fields {
        let value = if removes && field.custom_name().is_some() { &Value::Clear } else { value };
        known.fields.insert(field.name().to_owned(), keys.value(field, value));
        if let Some(values) = &mut known.values {
            values.fields.insert(field.clone(), value.clone());
        }
    }
    for list in &edit.lists {
        known.lists.push(keys.list(list));
        if let Some(values) = &mut known.values {
            values.lists.push(list.clone());
        }
    }
    if let Some(tags) = &edit.tags {
        apply_tags(known, tags, keys);
    }
}

fn apply_tags(known: &mut KnownContact, edit: &TagEdit, keys: &Keys) {
    let edited: Vec<Key> = edit.tags.iter().map(|tag| keys.tag(tag)).collect();
    match (edit.mode, &mut known.tags) {
        (TagMode::Replace, tags) => *tags = Some(edited),
        (TagMode::Add, Some(tags)) => {
            let new: Vec<Key> = edited.into_iter().filter(|tag| !tags.contains(tag)).collect();
            tags.extend(new);
        }
        (TagMode::Remove, Some(tags)) => tags.retain(|tag| !edited.contains(tag)),
        (_, None) => {}
    }
    if let Some(values) = &mut known.values {
        match (edit.mode, &mut values.tags) {
            (TagMode::Replace, tags) => *tags = Some(edit.tags.clone()),
            (_, Some(tags)) => edit_names(tags, edit, |tag| keys.tag(tag)),
            (_, None) => {}
        }
    }
}

fn edit_names(tags: &mut Vec<String>, edit: &TagEdit, key: impl Fn(&str) -> Key) {
    let edited: Vec<Key> = edit.tags.iter().map(|tag| key(tag)).collect();
    if edit.mode == TagMode::Remove {
        tags.retain(|tag| !edited.contains(&key(tag)));
        return;
    }
    for tag in &edit.tags {
        if !tags.iter().any(|held| key(held) == key(tag)) {
            tags.push(tag.clone());
        }
    }
}

fn apply_to_told(step: &Step, told: &mut Snapshot) {
    if let Step::Update { edit } = step {
        if edit.custom == CustomEdit::Replace {
            told.fields.retain(|field, _| field.custom_name().is_none());
        }
        let removes = edit.custom == CustomEdit::Remove;
        for (field, value) in &edit.fields {
            let value = if removes && field.custom_name().is_some() { Value::Clear } else { value.clone() };
            told.fields.insert(field.clone(), value);
        }
    }
    if let Step::ClearFields { fields } = step {
        told.fields.extend(fields.iter().map(|field| (field.clone(), Value::Clear)));
    }
    if let (Some(edit), Some(tags)) = (step.tag_edit(), &mut told.tags) {
        match edit.mode {
            TagMode::Replace => tags.clone_from(&edit.tags),
            TagMode::Remove => tags.retain(|tag| !edit.tags.contains(tag)),
            TagMode::Add => {
                let new: Vec<String> = edit.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
                tags.extend(new);
            }
        }
    }
    match (step, &mut told.lists) {
        (Step::AddToList { list }, Some(lists)) => lists.push(list.clone()),
        (Step::RemoveFromList { list }, Some(lists)) => lists.retain(|held| held != list),
        _ => {}
    }
}
