use std::collections::BTreeMap;
use std::fmt;

use super::{Field, FieldDefinition, Identifier, RemoteId, Value};

/// Raw JSON objects, by group name, that an update must send whole (see [`super::FieldSpec::group`]).
pub type Groups = BTreeMap<String, serde_json::Value>;

/// Which contact a call is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Id(RemoteId),
    /// Where the service can address a contact without knowing its id.
    Identifier(Identifier),
}

/// Where a listing goes on. Opaque: only the service that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Which contacts a listing is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub tag: Option<String>,
    /// RFC 3339: contacts changed at or after this moment.
    pub updated_since: Option<String>,
    /// Contacts whose field has this value.
    pub field: Option<(Field, Value)>,
}

/// What to do with the tags that a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMode {
    Add,
    Remove,
    /// The named tags are all that is left.
    Replace,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagEdit {
    pub mode: TagMode,
    pub tags: Vec<String>,
}

/// What an update does with the custom fields it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomEdit {
    /// Set the named ones, leave the others.
    #[default]
    Merge,
    /// The named ones are all that is left.
    Replace,
    /// Take the named ones away; their values are ignored.
    Remove,
}

/// What one update or create carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// At most `Limits::fields_per_update` (or `_create`). [`Value::Clear`] empties a field.
    pub fields: Vec<(Field, Value)>,
    pub custom: CustomEdit,
    /// Only where `Capabilities::tags_in_update` (or `_create`).
    pub tags: Option<TagEdit>,
    /// Only where `Capabilities::lists_in_create`.
    pub lists: Vec<String>,
    /// What is held of the groups that `fields` touches.
    pub groups: Groups,
}

/// What one HTTP request carries. The planner makes them, a service turns them into requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Look contacts up by at most `Limits::identifiers_per_find` identifiers. An answer may hold
    /// contacts that match none exactly; the upload compares.
    Find {
        identifiers: Vec<Identifier>,
        cursor: Option<Cursor>,
    },
    Read {
        target: Target,
    },
    Create {
        identifier: Option<Identifier>,
        edit: Edit,
    },
    Update {
        target: Target,
        edit: Edit,
    },
    /// Create or update by identifier in one request.
    Upsert {
        identifier: Identifier,
        edit: Edit,
    },
    /// Take custom fields away, where that is a call of its own.
    ClearFields {
        target: Target,
        fields: Vec<Field>,
    },
    EditTags {
        target: Target,
        edit: TagEdit,
    },
    ReadTags {
        target: Target,
    },
    AddToList {
        target: Target,
        list: String,
    },
    RemoveFromList {
        target: Target,
        list: String,
    },
    Delete {
        target: Target,
    },
    List {
        filter: Filter,
        cursor: Option<Cursor>,
        page_size: Option<u32>,
    },
    ReadMessages {
        target: Target,
    },
    /// The custom fields that the account defines.
    ListFields {
        cursor: Option<Cursor>,
    },
    /// Define a custom field that the account lacks.
    CreateField {
        definition: FieldDefinition,
    },
    /// The tags that the account defines.
    ListTags {
        cursor: Option<Cursor>,
    },
    /// One harmless read that shows whether the credentials work.
    Check,
}

/// A call without what it carries: for counting and for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    Find,
    Read,
    Create,
    Update,
    Upsert,
    ClearFields,
    AddTags,
    RemoveTags,
    ReplaceTags,
    ReadTags,
    AddToList,
    RemoveFromList,
    Delete,
    List,
    ReadMessages,
    ListFields,
    CreateField,
    ListTags,
    Check,
}

impl CallKind {
    pub const ALL: [CallKind; 19] = [
        Self::Find,
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::ClearFields,
        Self::AddTags,
        Self::RemoveTags,
        Self::ReplaceTags,
        Self::ReadTags,
        Self::AddToList,
        Self::RemoveFromList,
        Self::Delete,
        Self::List,
        Self::ReadMessages,
        Self::ListFields,
        Self::CreateField,
        Self::ListTags,
        Self::Check,
    ];

    /// As it is written on the screen, in files and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::ClearFields => "clear fields",
            Self::AddTags => "add tags",
            Self::RemoveTags => "remove tags",
            Self::ReplaceTags => "replace tags",
            Self::ReadTags => "read tags",
            Self::AddToList => "add to list",
            Self::RemoveFromList => "remove from list",
            Self::Delete => "delete",
            Self::List => "list",
            Self::ReadMessages => "read messages",
            Self::ListFields => "list fields",
            Self::CreateField => "create field",
            Self::ListTags => "list tags",
            Self::Check => "check",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the call changes something on the service.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Update
                | Self::Upsert
                | Self::ClearFields
                | Self::AddTags
                | Self::RemoveTags
                | Self::ReplaceTags
                | Self::AddToList
                | Self::RemoveFromList
                | Self::Delete
                | Self::CreateField
        )
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Call {
    pub fn kind(&self) -> CallKind {
        match self {
            Call::Find { .. } => CallKind::Find,
            Call::Read { .. } => CallKind::Read,
            Call::Create { .. } => CallKind::Create,
            Call::Update { .. } => CallKind::Update,
            Call::Upsert { .. } => CallKind::Upsert,
            Call::ClearFields { .. } => CallKind::ClearFields,
            Call::EditTags { edit, .. } => match edit.mode {
                TagMode::Add => CallKind::AddTags,
                TagMode::Remove => CallKind::RemoveTags,
                TagMode::Replace => CallKind::ReplaceTags,
            },
            Call::ReadTags { .. } => CallKind::ReadTags,
            Call::AddToList { .. } => CallKind::AddToList,
            Call::RemoveFromList { .. } => CallKind::RemoveFromList,
            Call::Delete { .. } => CallKind::Delete,
            Call::List { .. } => CallKind::List,
            Call::ReadMessages { .. } => CallKind::ReadMessages,
            Call::ListFields { .. } => CallKind::ListFields,
            Call::CreateField { .. } => CallKind::CreateField,
            Call::ListTags { .. } => CallKind::ListTags,
            Call::Check => CallKind::Check,
        }
    }
}
