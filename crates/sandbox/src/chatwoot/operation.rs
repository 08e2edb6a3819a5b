/// An operation, with the ids its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Profile,
    List,
    Search,
    Filter,
    Active,
    Create,
    Export,
    Read(u64),
    Update(u64),
    Delete(u64),
    RemoveAttributes(u64),
    RemoveAvatar(u64),
    Conversations(u64),
    ReachableInboxes(u64),
    Link(u64),
    ContactLabels(u64),
    ReplaceLabels(u64),
    Notes(u64),
    Note(u64, Action),
    Inboxes,
    Labels,
    Label(Action),
    Definitions,
    Definition(Action),
    Merge,
    Bulk,
}

/// What is done to one member of a small collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Show(u64),
    Change(u64),
    Remove(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}
