//! Every operation on contacts and the workspace in the vendor's documents, and the calls that
//! use it.

use crate::contact::{CallKind, Operation, Source};

const SDK: Source = Source::Docs("official TypeScript SDK");
const NOT_CONTACTS: &str = "not about contacts";
const CHANGES_THE_WORKSPACE: &str = "changes the workspace, which an import never does; done in the vendor's settings";

pub(super) const OPERATIONS: &[Operation] = &[
    used("Get a contact", "GET /contact/{identifier}", &[CallKind::Find, CallKind::Read], "404 means not found"),
    used(
        "Create a contact",
        "POST /contact/{identifier}",
        &[CallKind::Create],
        "by phone or email; first_name required",
    ),
    unused(
        "Create or update a contact",
        "POST /contact/create_or_update/{identifier}",
        "reports disagree on whether it overwrites and tells an id; look up, then create or update, is sure",
    ),
    used("Update a contact", "PUT /contact/{identifier}", &[CallKind::Update], ""),
    used("Delete a contact", "DELETE /contact/{identifier}", &[CallKind::Delete], ""),
    used(
        "List contacts",
        "POST /contact/list",
        &[CallKind::List, CallKind::Find],
        "by cursor; by tag or by the value of a field; many look-ups in one, once it was tried out",
    ),
    unused("Merge contacts", "POST /contact/merge", "can't be undone, and no row of a file asks for it"),
    used("Add tags", "POST /contact/{identifier}/tag", &[CallKind::AddTags], "up to 10 tags a call"),
    used("Remove tags", "DELETE /contact/{identifier}/tag", &[CallKind::RemoveTags], "up to 10 tags a call"),
    unused(
        "List the channels of a contact",
        "GET /contact/{identifier}/channels",
        "a call a contact, for nothing that can be written",
    ),
    unused(
        "Update the lifecycle",
        "POST /contact/{identifier}/lifecycle/update",
        "a call of its own for one field; lifecycle is read and exported, and not yet written",
    ),
    used(
        "List custom fields",
        "GET /space/custom_field",
        &[CallKind::ListFields, CallKind::Check],
        "read before a run: an unknown field refuses the whole request",
    ),
    unused("Get a custom field", "GET /space/custom_field/{id}", "the list tells the same"),
    used(
        "Create a custom field",
        "POST /space/custom_field",
        &[CallKind::CreateField],
        "only if an import is told to create the fields that the workspace lacks",
    ),
    unused("Create a tag", "POST /space/tag", CHANGES_THE_WORKSPACE),
    unused("Update a tag", "PUT /space/tag", CHANGES_THE_WORKSPACE),
    unused("Delete a tag", "DELETE /space/tag", CHANGES_THE_WORKSPACE),
    unused("List users", "GET /space/user", NOT_CONTACTS),
    unused("List channels", "GET /space/channel", NOT_CONTACTS),
];

const fn used(title: &'static str, path: &'static str, calls: &'static [CallKind], note: &'static str) -> Operation {
    Operation { title, path, calls, note, source: SDK }
}

const fn unused(title: &'static str, path: &'static str, note: &'static str) -> Operation {
    used(title, path, &[], note)
}
