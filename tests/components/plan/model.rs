//! A contact service in a few lines: what the documents of all services say calls do.

use std::collections::{BTreeMap, BTreeSet};

use rolo::contact::{
    Capabilities, ClearBy, CustomEdit, Edit, Field, FieldKind, FieldSpec, Groups, Limits, RemoteId, Snapshot, Source,
    TagEdit, TagMode, Value,
};
use rolo::reconcile::Step;

use super::cases::Sight;

const fn spec(name: &'static str, create: bool, update: bool, group: Option<&'static str>) -> FieldSpec {
    FieldSpec {
        name,
        wire: name,
        kind: || FieldKind::Text,
        create,
        update,
        read: true,
        group,
        max_chars: None,
        source: Source::Seed,
    }
}

/// Fields of every sort: usual ones, one for creates alone, one for updates alone, a group.
pub static FIELDS: &[FieldSpec] = &[
    spec("first_name", true, true, None),
    spec("last_name", true, true, None),
    spec("phone", true, true, None),
    spec("email", true, true, None),
    spec("inbox", true, false, None),
    spec("status", false, true, None),
    spec("city", true, true, Some("address")),
    spec("street", true, true, Some("address")),
];

/// One contact of the service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Never an empty value.
    pub fields: BTreeMap<Field, Value>,
    pub tags: Vec<String>,
    pub lists: BTreeSet<String>,
}

impl Model {
    /// What an answer tells of the contact.
    pub fn seen(&self, sight: Sight) -> Snapshot {
        let mut snapshot = Snapshot::new(RemoteId("7".into()));
        snapshot.complete = sight.fields;
        if sight.fields {
            snapshot.fields = self.fields.clone();
            snapshot.groups = self.groups();
        }
        snapshot.tags = sight.tags.then(|| self.tags.clone());
        snapshot.lists = sight.lists.then(|| self.lists.iter().cloned().collect());
        snapshot
    }

    fn groups(&self) -> Groups {
        let mut groups = Groups::new();
        for spec in FIELDS {
            if let (Some(group), Some(value)) = (spec.group, self.fields.get(&Field::new(spec.name))) {
                let object = groups.entry(group.to_owned()).or_insert_with(|| serde_json::json!({}));
                object[spec.name] = value.as_text().into_owned().into();
            }
        }
        groups
    }

    /// Does what the service would, and fails the test for what it would refuse.
    pub fn apply(&mut self, step: &Step, capabilities: &Capabilities, limits: &Limits) {
        match step {
            Step::Create { edit, .. } => {
                assert!(capabilities.create);
                assert!(limits.fields_per_create.is_none_or(|limit| edit.fields.len() <= limit.value));
                assert!(edit.tags.is_none() || capabilities.tags_in_create);
                assert!(edit.lists.is_empty() || capabilities.lists_in_create);
                for (field, value) in &edit.fields {
                    assert!(!value.is_empty(), "a create empties {field}");
                    assert!(field.custom_name().is_none() || capabilities.create_with_custom_fields);
                    assert!(FIELDS.iter().all(|spec| spec.name != field.name() || spec.create), "{field}");
                }
                self.edit(edit);
            }
            Step::Update { edit } => {
                assert!(limits.fields_per_update.is_none_or(|limit| edit.fields.len() <= limit.value));
                assert!(edit.tags.is_none() || capabilities.tags_in_update);
                assert!(edit.lists.is_empty());
                assert!(!edit.fields.is_empty() || edit.tags.is_some(), "an update of nothing");
                assert!(edit.custom != CustomEdit::Replace || capabilities.custom_replace);
                assert!(edit.custom != CustomEdit::Remove || capabilities.clear_custom_by == ClearBy::EditMode);
                for (field, value) in &edit.fields {
                    assert!(FIELDS.iter().all(|spec| spec.name != field.name() || spec.update), "{field}");
                    if field.custom_name().is_some() && value.is_empty() && edit.custom == CustomEdit::Merge {
                        assert_eq!(capabilities.clear_custom_by, ClearBy::Update, "{field}");
                    }
                }
                self.edit(edit);
            }
            Step::ClearFields { fields } => {
                assert_eq!(capabilities.clear_custom_by, ClearBy::Call);
                assert!(!fields.is_empty() && fields.iter().all(|field| field.custom_name().is_some()));
                self.fields.retain(|field, _| !fields.contains(field));
            }
            Step::EditTags { edit } => {
                assert!(capabilities.has(step.kind()), "{}", step.kind());
                let limit = match edit.mode {
                    TagMode::Add => limits.tags_per_add,
                    TagMode::Remove => limits.tags_per_remove,
                    TagMode::Replace => None,
                };
                assert!(limit.is_none_or(|limit| edit.tags.len() <= limit.value));
                assert!(!edit.tags.is_empty() || edit.mode == TagMode::Replace);
                self.edit_tags(edit, capabilities.tags_ignore_case);
            }
            Step::AddToList { list } => {
                assert!(capabilities.lists_add);
                self.lists.insert(list.clone());
            }
            Step::RemoveFromList { list } => {
                assert!(capabilities.lists_remove);
                self.lists.remove(list);
            }
        }
        if let Some(edit) = step.tag_edit().filter(|_| !matches!(step, Step::EditTags { .. })) {
            self.edit_tags(edit, capabilities.tags_ignore_case);
        }
    }

    fn edit(&mut self, edit: &Edit) {
        if edit.custom == CustomEdit::Replace && edit.fields.iter().any(|(field, _)| field.custom_name().is_some()) {
            self.fields.retain(|field, _| field.custom_name().is_none());
        }
        // An object that holds a group comes whole: what is neither sent along nor set goes.
        for group in FIELDS.iter().filter_map(|spec| spec.group).collect::<BTreeSet<_>>() {
            let of_group =
                |field: &Field| FIELDS.iter().any(|spec| spec.group == Some(group) && spec.name == field.name());
            if edit.fields.iter().any(|(field, _)| of_group(field)) {
                let along = edit.groups.get(group);
                self.fields.retain(|field, _| {
                    !of_group(field) || along.is_some_and(|along| along.get(field.name()).is_some())
                });
            }
        }
        for (field, value) in &edit.fields {
            let removes = edit.custom == CustomEdit::Remove && field.custom_name().is_some();
            if value.is_empty() || removes {
                self.fields.remove(field);
            } else {
                self.fields.insert(field.clone(), value.clone());
            }
        }
        self.lists.extend(edit.lists.iter().cloned());
    }

    fn edit_tags(&mut self, edit: &TagEdit, ignore_case: bool) {
        let same = |one: &str, other: &str| one == other || (ignore_case && one.to_lowercase() == other.to_lowercase());
        match edit.mode {
            TagMode::Remove => self.tags.retain(|held| !edit.tags.iter().any(|tag| same(held, tag))),
            TagMode::Replace => self.tags.clone_from(&edit.tags),
            TagMode::Add => {
                for tag in &edit.tags {
                    if !self.tags.iter().any(|held| same(held, tag)) {
                        self.tags.push(tag.clone());
                    }
                }
            }
        }
    }
}
