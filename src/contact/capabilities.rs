use std::time::Duration;

use super::{CallKind, FieldKind, IdentifierKind, Source, Sourced, SpecKind};

/// What makes it safe to send a create whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateSafety {
    /// The service itself finds the contact again: send freely.
    Upsert,
    /// A second create with the same identifier is refused, so a conflict is looked up and compared.
    UniqueConstraint,
    /// Only a look-up shows it; wait until the search has caught up before deciding.
    SearchOnly,
    /// Nothing shows it: never sent again by itself.
    Nothing,
}

/// How the value of a custom field is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearBy {
    /// By an update with an empty or null value; the service's requests know which.
    Update,
    /// By a [`super::Call::ClearFields`].
    Call,
    /// By an update whose [`super::CustomEdit`] is `Remove`.
    EditMode,
    /// By nothing: a row that would take one away is refused.
    Unsupported,
}

/// How far a listing of contacts reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListAll {
    /// Every contact of the account, but for what [`Capabilities::list_leaves_out`] says.
    Yes,
    /// Only contacts whose field has a given value.
    ByField,
    /// No listing exists; contacts are found by identifier alone.
    No,
}

/// By what a listing can be narrowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// By [`super::Filter::tag`].
    pub tag: bool,
    /// By [`super::Filter::updated_since`].
    pub updated_since: bool,
    /// By [`super::Filter::field`].
    pub field: bool,
}

/// What a service can do. A flat record: reconciliations and the upload read it and never ask which
/// service they talk to. A verb alone (`update`) means the call exists; `verb_with_x` or `x_in_verb`
/// is a refinement of it.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Identifiers that [`super::Call::Find`] accepts.
    pub find_by: &'static [IdentifierKind],
    /// Identifiers that can stand in place of the id in a [`super::Target`].
    pub address_by: &'static [IdentifierKind],
    /// Identifiers of which one must stand in place of the id when tags are added; empty where the
    /// id will do.
    pub tags_address_by: &'static [IdentifierKind],
    /// [`super::Call::Read`] exists.
    pub read: bool,
    /// A [`super::Call::Find`] answer holds the contact's fields, not only its id.
    pub find_tells_fields: bool,
    /// A find or read answer holds the contact's tags.
    pub find_tells_tags: bool,
    /// [`super::Call::Create`] exists.
    pub create: bool,
    /// Identifiers of which a create needs at least one.
    pub create_needs: &'static [IdentifierKind],
    /// Fields without which a create is refused.
    pub create_needs_fields: &'static [&'static str],
    /// The create answer holds the new id; otherwise the contact is looked up.
    pub create_tells_id: bool,
    /// The answer to an update, and to a change of tags, holds the id of whoever was changed.
    pub edits_tell_id: bool,
    /// A create takes custom fields; otherwise an update brings them afterwards.
    pub create_with_custom_fields: bool,
    /// What keeps a create whose answer was lost from making a second contact.
    pub create_safety: Sourced<CreateSafety>,
    /// How long a new contact may be missing from a look-up.
    pub search_lag: Sourced<Duration>,
    /// [`super::Call::Update`] exists.
    pub update: bool,
    /// The answer to a create or an update shows the contact as the service stored it, which may be otherwise
    /// than it was sent. Where it does not, the next look-up is the first to show that.
    pub writes_tell_fields: bool,
    /// Contacts have custom fields, which an update takes.
    pub custom_fields: bool,
    /// A custom field holds a number, a boolean, structure, null or an empty text as such, so that a value that
    /// goes there keeps its type.
    pub custom_typed: bool,
    /// [`super::CustomEdit::Replace`] is accepted.
    pub custom_replace: bool,
    /// How a custom field is emptied; a standard one is emptied by an update.
    pub clear_custom_by: ClearBy,
    /// [`super::Call::Upsert`] exists.
    pub upsert: bool,
    /// [`super::Call::Delete`] exists, which an undo of a create needs.
    pub delete: bool,
    /// [`super::Call::EditTags`] adds tags.
    pub tags_add: bool,
    /// [`super::Call::EditTags`] removes tags.
    pub tags_remove: bool,
    /// [`super::Call::EditTags`] replaces all tags.
    pub tags_replace: bool,
    /// [`super::Call::ReadTags`] exists.
    pub tags_read: bool,
    /// A create takes tags along, without a call of their own.
    pub tags_in_create: bool,
    /// An update takes tags along, without a call of their own.
    pub tags_in_update: bool,
    /// Tags that differ only in case are one tag.
    pub tags_ignore_case: bool,
    /// [`super::Call::AddToList`] exists.
    pub lists_add: bool,
    /// [`super::Call::RemoveFromList`] exists.
    pub lists_remove: bool,
    /// A create takes lists along, without calls of their own.
    pub lists_in_create: bool,
    /// How far [`super::Call::List`] reaches.
    pub list_all: ListAll,
    /// What [`super::Call::List`] can be narrowed by.
    pub filters: Filters,
    /// Cursors at which a listing begins in other orders than its usual one, those first by which no
    /// two contacts are equal; empty where there is but one order.
    pub list_starts: &'static [&'static str],
    /// What a full listing leaves out, in words for the summary; empty if nothing is known to be.
    pub list_leaves_out: &'static str,
    /// A lone listing is the only way to find by e-mail or phone.
    pub find_by_listing: bool,
    /// [`super::Call::ReadMessages`] exists.
    pub messages: bool,
    /// [`super::Call::ListFields`] exists, and an unknown custom field refuses the whole call.
    pub fields_defined: bool,
    /// What custom fields that [`super::Call::CreateField`] defines may hold; empty where there is no
    /// such call. With it, [`super::Call::ListFields`] exists too.
    pub creates_fields: &'static [SpecKind],
    /// [`super::Call::ListTags`] exists.
    pub tags_defined: bool,
    /// Words of the vendor's documents for each operation, and how it stands here.
    pub operations: &'static [Operation],
}

/// One operation of the vendor's documents.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The vendor's name for it, such as `Add Tag by ID`.
    pub title: &'static str,
    /// The method and path, as documented.
    pub path: &'static str,
    /// The calls that use it; empty if it can't be used, and then `note` says why.
    pub calls: &'static [CallKind],
    /// Why it is not used, or what is peculiar about it; empty where there is nothing to say.
    pub note: &'static str,
    /// Where the operation is described.
    pub source: Source,
}

impl Capabilities {
    /// Whether the service has the call at all.
    pub fn has(&self, kind: CallKind) -> bool {
        match kind {
            CallKind::Find => !self.find_by.is_empty(),
            CallKind::Read => self.read,
            CallKind::Create => self.create,
            CallKind::Update => self.update,
            CallKind::Upsert => self.upsert,
            CallKind::ClearFields => self.clear_custom_by == ClearBy::Call,
            CallKind::AddTags => self.tags_add,
            CallKind::RemoveTags => self.tags_remove,
            CallKind::ReplaceTags => self.tags_replace,
            CallKind::ReadTags => self.tags_read,
            CallKind::AddToList => self.lists_add,
            CallKind::RemoveFromList => self.lists_remove,
            CallKind::Delete => self.delete,
            CallKind::List => self.list_all != ListAll::No,
            CallKind::ReadMessages => self.messages,
            CallKind::ListFields => self.fields_defined || !self.creates_fields.is_empty(),
            CallKind::CreateField => !self.creates_fields.is_empty(),
            CallKind::ListTags => self.tags_defined,
            CallKind::Check => true,
        }
    }

    /// What a custom field is defined to hold here that is to hold `wanted`: the same, or text where
    /// the service has no such fields.
    pub fn kind_created(&self, wanted: &FieldKind) -> FieldKind {
        let is_alike = |kind: &SpecKind| std::mem::discriminant(&kind()) == std::mem::discriminant(wanted);
        if self.creates_fields.iter().any(is_alike) { wanted.clone() } else { FieldKind::Text }
    }
}
