use crate::contact::{Call, CallKind, Capabilities, Edit, Field, Identifier, TagEdit, TagMode, Target};

/// One call on a contact's way, before it is known which contact it is about: a contact that is still to be
/// created has no id yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Make the contact.
    Create {
        /// What it is addressed by, where a create has that in its path.
        identifier: Option<Identifier>,
        /// What it is to hold.
        edit: Edit,
    },
    /// Change it.
    Update {
        /// What to change.
        edit: Edit,
    },
    /// Take custom fields away, where that is a call of its own.
    ClearFields {
        /// Custom fields alone.
        fields: Vec<Field>,
    },
    /// Change its tags, where that is a call of its own.
    EditTags {
        /// Which, and how.
        edit: TagEdit,
    },
    /// Put it on a list.
    AddToList {
        /// As the service knows it.
        list: String,
    },
    /// Take it off a list.
    RemoveFromList {
        /// As the service knows it.
        list: String,
    },
}

impl Step {
    /// What the call will do, without what it carries.
    pub fn kind(&self) -> CallKind {
        match self {
            Step::Create { .. } => CallKind::Create,
            Step::Update { .. } => CallKind::Update,
            Step::ClearFields { .. } => CallKind::ClearFields,
            Step::EditTags { edit } => match edit.mode {
                TagMode::Add => CallKind::AddTags,
                TagMode::Remove => CallKind::RemoveTags,
                TagMode::Replace => CallKind::ReplaceTags,
            },
            Step::AddToList { .. } => CallKind::AddToList,
            Step::RemoveFromList { .. } => CallKind::RemoveFromList,
        }
    }

    /// The tags it edits, alone or along with fields.
    pub fn tag_edit(&self) -> Option<&TagEdit> {
        match self {
            Step::EditTags { edit } => Some(edit),
            Step::Create { edit, .. } | Step::Update { edit } => edit.tags.as_ref(),
            Step::ClearFields { .. } | Step::AddToList { .. } | Step::RemoveFromList { .. } => None,
        }
    }

    /// The call about `target`, which a create has no use for.
    pub fn call(&self, target: Option<&Target>) -> Option<Call> {
        if let Step::Create { identifier, edit } = self {
            return Some(Call::Create { identifier: identifier.clone(), edit: edit.clone() });
        }
        let target = target?.clone();
        Some(match self {
            Step::Create { .. } => return None,
            Step::Update { edit } => Call::Update { target, edit: edit.clone() },
            Step::ClearFields { fields } => Call::ClearFields { target, fields: fields.clone() },
            Step::EditTags { edit } => Call::EditTags { target, edit: edit.clone() },
            Step::AddToList { list } => Call::AddToList { target, list: list.clone() },
            Step::RemoveFromList { list } => Call::RemoveFromList { target, list: list.clone() },
        })
    }
}

/// Field edits and tag edits in one sequence; a service that takes tags in an update has them
/// ride along with fields, one tag edit a call.
pub(super) fn joined(edits: Vec<Edit>, tag_edits: Vec<TagEdit>, capabilities: &Capabilities) -> Vec<Step> {
    let mut tag_edits = tag_edits.into_iter();
    let mut steps: Vec<Step> = edits
        .into_iter()
        .map(|mut edit| {
            if capabilities.tags_in_update {
                edit.tags = tag_edits.next();
            }
            Step::Update { edit }
        })
        .collect();
    steps.extend(tag_edits.map(|edit| {
        let alone = match edit.mode {
            TagMode::Add => capabilities.tags_add,
            TagMode::Remove => capabilities.tags_remove,
            TagMode::Replace => capabilities.tags_replace,
        };
        if capabilities.tags_in_update && !alone {
            return Step::Update { edit: Edit { tags: Some(edit), ..Edit::default() } };
        }
        Step::EditTags { edit }
    }));
    steps
}
