use crate::contact::{CallKind, Operation, Source};

const TAGS: Source = Source::Docs("help.dmchamp.com: Tags");

/// The documents' operations on contacts and tags. They have none that lists or deletes contacts,
/// lists the lists, or takes a tag away.
pub(super) const OPERATIONS: &[Operation] = &[
    operation("Get a contact by phone number or email", "GET /contacts", &[CallKind::Find], "", Source::Seed),
    operation("Create a new contact", "POST /contacts", &[CallKind::Create], "", Source::Seed),
    operation("Update an existing contact", "PUT /contacts/{contactId}", &[CallKind::Update], "", Source::Seed),
    operation("Add a contact to a list", "POST /contacts/lists", &[CallKind::AddToList], "", Source::Seed),
    operation(
        "Remove a contact from a list",
        "DELETE /contacts/lists",
        &[],
        "off until the setting remove_from_list is true: method and path are a guess",
        Source::Assumed("no copy of the documents shows the path: the mirror of adding"),
    ),
    operation("Get all tags of a contact", "GET /contacts/tags/{contactId}", &[CallKind::ReadTags], "", Source::Seed),
    operation(
        "Retrieve messages of a contact",
        "GET /contacts/messages/{contactId}",
        &[],
        "off until the setting messages is true: the path is a guess",
        Source::Assumed("no copy of the documents shows the path: the mirror of the tags"),
    ),
    operation("Get all tags", "GET /tags", &[CallKind::ListTags, CallKind::Check], "", TAGS),
    operation(
        "Create tag",
        "POST /tags",
        &[CallKind::AddTags],
        "one tag a call, to a contact named by phone or e-mail",
        TAGS,
    ),
];

const fn operation(
    title: &'static str,
    path: &'static str,
    calls: &'static [CallKind],
    note: &'static str,
    source: Source,
) -> Operation {
    Operation { title, path, calls, note, source }
}
