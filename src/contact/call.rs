use std::collections::BTreeMap;
use std::fmt;

use super::{Field, FieldDefinition, Identifier, RemoteId, Value};

/// Raw JSON objects, by group name, that an update must send whole (see [`super::FieldSpec::group`]).
pub type Groups = BTreeMap<String, serde_json::Value>;

/// Which contact a call is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// By the service's own id.
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
    /// Contacts that have this tag.
    pub tag: Option<String>,
    /// RFC 3339: contacts changed at or after this moment.
    pub updated_since: Option<String>,
    /// Contacts whose field has this value.
    pub field: Option<(Field, Value)>,
}

/// What to do with the tags that a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMode {
    /// The contact gets the named tags and keeps its others.
    Add,
    /// The contact loses the named tags and keeps its others.
    Remove,
    /// The named tags are all that is left.
    Replace,
}

/// A change of a contact's tags, as one call carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagEdit {
    /// What happens to `tags`.
    pub mode: TagMode,
    /// By name, within `Limits::tags_per_add` (or `_remove`); a replacement carries all of them.
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
    /// What happens to the custom fields among `fields`.
    pub custom: CustomEdit,
    /// Only where `Capabilities::tags_in_update` (or `_create`).
    pub tags: Option<TagEdit>,
    /// Only where `Capabilities::lists_in_create`.
    pub lists: Vec<String>,
    /// What is held of the groups that `fields` touches.
    pub groups: Groups,
}

/// What one HTTP request carries. A reconciliation makes them, a service turns them into requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Look contacts up by at most `Limits::identifiers_per_find` identifiers. An answer may hold
    /// contacts that match none exactly; the upload compares.
    Find {
        /// Of which the contact has one or more.
        identifiers: Vec<Identifier>,
        /// `None` for the first page.
        cursor: Option<Cursor>,
    },
    /// Read one contact, with all that `Capabilities` says that a read tells.
    Read {
        /// Whom to read.
        target: Target,
    },
    /// Make a new contact.
    Create {
        /// What it is addressed by, where a create has that in its path; the value is in `edit` too.
        identifier: Option<Identifier>,
        /// What it is to hold.
        edit: Edit,
    },
    /// Change a contact that is there.
    Update {
        /// Whom to change.
        target: Target,
        /// What to change.
        edit: Edit,
    },
    /// Create or update by identifier in one request.
    Upsert {
        /// Whose contact is updated, or created where nobody has it.
        identifier: Identifier,
        /// What the contact is to hold.
        edit: Edit,
    },
    /// Take custom fields away, where that is a call of its own.
    ClearFields {
        /// From whom.
        target: Target,
        /// Custom fields alone.
        fields: Vec<Field>,
    },
    /// Change tags, where that is a call of its own.
    EditTags {
        /// Whose.
        target: Target,
        /// Which, and how.
        edit: TagEdit,
    },
    /// Read the tags of one contact, where a read of the contact doesn't tell them.
    ReadTags {
        /// Whose.
        target: Target,
    },
    /// Put a contact on one list.
    AddToList {
        /// Whom.
        target: Target,
        /// As the service knows it.
        list: String,
    },
    /// Take a contact off one list.
    RemoveFromList {
        /// Whom.
        target: Target,
        /// As the service knows it.
        list: String,
    },
    /// Delete a contact, which nothing brings back.
    Delete {
        /// Whom.
        target: Target,
    },
    /// Read one page of the contacts that `filter` admits.
    List {
        /// Which contacts; a filter that `Capabilities::filters` lacks is never sent.
        filter: Filter,
        /// `None` for the first page.
        cursor: Option<Cursor>,
        /// Contacts a page, up to `Limits::page_size`; the service's own choice if `None`.
        page_size: Option<u32>,
    },
    /// Read the messages exchanged with one contact, in one answer.
    ReadMessages {
        /// With whom.
        target: Target,
    },
    /// The custom fields that the account defines.
    ListFields {
        /// `None` for the first page.
        cursor: Option<Cursor>,
    },
    /// Define a custom field that the account lacks.
    CreateField {
        /// Its name, and what it may hold: one of `Capabilities::creates_fields`.
        definition: FieldDefinition,
    },
    /// The tags that the account defines.
    ListTags {
        /// `None` for the first page.
        cursor: Option<Cursor>,
    },
    /// One harmless read that shows whether the credentials work.
    Check,
}

/// A call without what it carries: for counting and for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    /// [`Call::Find`].
    Find,
    /// [`Call::Read`].
    Read,
    /// [`Call::Create`].
    Create,
    /// [`Call::Update`].
    Update,
    /// [`Call::Upsert`].
    Upsert,
    /// [`Call::ClearFields`].
    ClearFields,
    /// [`Call::EditTags`] with [`TagMode::Add`].
    AddTags,
    /// [`Call::EditTags`] with [`TagMode::Remove`].
    RemoveTags,
    /// [`Call::EditTags`] with [`TagMode::Replace`].
    ReplaceTags,
    /// [`Call::ReadTags`].
    ReadTags,
    /// [`Call::AddToList`].
    AddToList,
    /// [`Call::RemoveFromList`].
    RemoveFromList,
    /// [`Call::Delete`].
    Delete,
    /// [`Call::List`].
    List,
    /// [`Call::ReadMessages`].
    ReadMessages,
    /// [`Call::ListFields`].
    ListFields,
    /// [`Call::CreateField`].
    CreateField,
    /// [`Call::ListTags`].
    ListTags,
    /// [`Call::Check`].
    Check,
}

impl CallKind {
    /// Every kind.
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

    /// The kind with this [`Self::name`].
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
    /// What the call does, without what it carries.
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
