//! Every operation of the vendor's documents that is about contacts, and the calls that use it.

use crate::contact::{CallKind, Operation, Source};

const CONTACT_PAGE: Source = Source::Docs("/{account_id}/inbox/contact/{contact_id}");
const AUTH_PAGE: Source = Source::Docs("authentication");
const PHP: Source = Source::Client("turanct/engagor-api");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        title: "Get a contact by service and service_id",
        path: "GET /{account_id}/inbox/contact/{service}/{service_id}",
        calls: &[CallKind::Read],
        note: "not for Instagram; wechat, twilio, web, whatsapp and viber need the setting topic_ids",
        source: Source::Seed,
    },
    Operation {
        title: "Update a contact by service and service_id",
        path: "POST /{account_id}/inbox/contact/{service}/{service_id}",
        calls: &[CallKind::Update, CallKind::AddTags, CallKind::RemoveTags, CallKind::ReplaceTags],
        note: "not for Instagram; wechat, twilio, web, whatsapp and viber need the setting topic_ids",
        source: Source::Seed,
    },
    Operation {
        title: "Get a contact by id",
        path: "GET /{account_id}/inbox/contact/{contact_id}",
        calls: &[CallKind::Read],
        note: "",
        source: CONTACT_PAGE,
    },
    example("Update standard fields of a contact", &[CallKind::Update], ""),
    example("Add a tag to a contact", &[CallKind::AddTags], "tags_edit_mode add"),
    example("Updating the tags of a contact", &[CallKind::ReplaceTags], "tags_edit_mode update"),
    example("Delete a tag from a contact", &[CallKind::RemoveTags], "tags_edit_mode delete"),
    example("Add/update a custom attribute", &[CallKind::Update], "customattributes_edit_mode update or overwrite"),
    example("Delete a custom attribute", &[CallKind::Update], "customattributes_edit_mode delete"),
    Operation {
        title: "Delete a contact",
        path: "DELETE /{account_id}/inbox/contact/{contact_id}",
        calls: &[CallKind::Delete],
        note: "by id alone",
        source: CONTACT_PAGE,
    },
    Operation {
        title: "List contacts",
        path: "GET /{account_id}/inbox/contacts",
        calls: &[CallKind::List],
        note: "all, by tag, or changed since a moment; also how contacts are matched by e-mail and phone",
        source: Source::Docs("/{account_id}/inbox/contacts"),
    },
    Operation {
        title: "List the tags of an account",
        path: "GET /{account_id}/settings/tags",
        calls: &[CallKind::ListTags],
        note: "the first 200",
        source: Source::Client("an EngageApi class by an employee of the vendor"),
    },
    Operation { title: "Who am I", path: "GET /me", calls: &[CallKind::Check], note: "", source: PHP },
    Operation {
        title: "List my accounts",
        path: "GET /me/accounts",
        calls: &[],
        note: "not needed: the account's configuration names its id",
        source: PHP,
    },
    Operation {
        title: "List my permissions",
        path: "GET /me/permissions",
        calls: &[],
        note: "not needed: a missing scope is told by the call that needs it",
        source: PHP,
    },
    Operation {
        title: "Refresh an access token",
        path: "GET /oauth/access_token/",
        calls: &[],
        note: "not a call of a row: renews the account's token when it has run out",
        source: AUTH_PAGE,
    },
    Operation {
        title: "Authorize an application",
        path: "GET /oauth/authorize/",
        calls: &[],
        note: "needs a browser: the account takes a ready token",
        source: AUTH_PAGE,
    },
];

/// One of the examples of the update page.
const fn example(title: &'static str, calls: &'static [CallKind], note: &'static str) -> Operation {
    const PATH: &str = "POST /{account_id}/inbox/contact/{contact_id}";
    Operation { title, path: PATH, calls, note, source: Source::Seed }
}
