//! Every operation of the vendor's page, and the calls that use it.

use crate::contact::{CallKind, Operation, Source};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        title: "Get Contact by Custom Field",
        path: "GET /contact/by_custom_field",
        calls: &[CallKind::Find, CallKind::List, CallKind::Check],
        note: "the only list: contacts whose field has a given value",
        source: Source::Seed,
    },
    Operation {
        title: "Get Contact by ID",
        path: "GET /contact/{contact_id}",
        calls: &[CallKind::Read],
        note: "",
        source: Source::Seed,
    },
    Operation {
        title: "Update Contact by ID",
        path: "PUT /contact/{contact_id}",
        calls: &[CallKind::Update],
        note: "up to 30 fields a call; ids in Base64 on a Viber channel (setting encode_ids)",
        source: Source::Seed,
    },
    Operation {
        title: "Add Tag by ID",
        path: "POST /contact/{contact_id}/tags",
        calls: &[CallKind::AddTags],
        note: "up to 10 tags a call",
        source: Source::Seed,
    },
    Operation {
        title: "Remove Tag by ID",
        path: "DELETE /contact/{contact_id}/tags",
        calls: &[CallKind::RemoveTags],
        note: "up to 10 tags a call, in a body; ids in Base64 on a Viber channel (setting encode_ids)",
        source: Source::Seed,
    },
    Operation {
        title: "Create Contact",
        path: "POST /contact/",
        calls: &[CallKind::Create],
        note: "up to 30 fields a call; the rest follow by update",
        source: Source::Seed,
    },
];
