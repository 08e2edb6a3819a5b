//! Chatwoot itself, read at release 4.14.2.

use std::time::Duration;

use super::Flavor;
use crate::contact::{CallKind, CreateSafety, FieldSpec, Operation, Source, Sourced};
use crate::services::Credential;
use crate::services::chatwoot::fields::{self, Additional};
use crate::services::chatwoot::limits;
use crate::services::chatwoot::options::{ACCOUNT_ID, Abilities, HEADER, INBOX_ID, REPLACE_ADDITIONAL};

pub(in crate::services::chatwoot) const FLAVOR: Flavor = Flavor {
    name: "chatwoot",
    title: "Chatwoot",
    base_url: "https://app.chatwoot.com",
    base_url_source: Source::Docs("developers.chatwoot.com; a self-hosted server has its own"),
    settings: &[ACCOUNT_ID, INBOX_ID, HEADER, REPLACE_ADDITIONAL],
    account_settings: &["account_id"],
    sandbox_settings: &[("account_id", "1")],
    credential: Credential::Header("api_access_token"),
    prefix: "/api/v1/accounts",
    dashboard: Some((
        "/app/accounts",
        Source::Docs("app/javascript/dashboard/routes/dashboard/contacts/routes.js, helper/URLHelper.js"),
    )),
    documented: Abilities {
        read: true,
        filter: true,
        labels: true,
        delete: true,
        destroy_custom_attributes: true,
        additional: true,
        definitions: true,
    },
    search_path: true,
    orders: [
        &[("sort", "created_at")],
        &[("sort", "email,name,phone_number,created_at")],
        &[("sort", "-email,-name,-phone_number,-created_at")],
    ],
    label_key: "labels[]",
    profile: true,
    create_with_custom_fields: true,
    // Two creates of one phone at the same moment both succeed: only the model checks it. The
    // upload never runs two rows of one identifier side by side.
    create_safety: Sourced::new(
        CreateSafety::UniqueConstraint,
        Source::Docs("app/models/contact.rb: e-mail and identifier by index, phone by the model alone"),
    ),
    search_lag: Sourced::new(Duration::ZERO, Source::Docs("filter_service.rb asks the database itself")),
    minute_windows: true,
    limits: limits::upstream,
    fields: |options| if options.replace_additional { &REPLACED } else { &MERGED },
    operations: OPERATIONS,
};

const CONTACT: Source = Source::Docs("app/models/contact.rb, contacts_controller.rb");
const RULES: Additional = Additional { create: true, update: true, replaced: false, source: CONTACT };

static MERGED: [FieldSpec; 23] = fields::table(RULES, CONTACT);
static REPLACED: [FieldSpec; 23] = fields::table(Additional { replaced: true, ..RULES }, CONTACT);

const ROUTES: Source = Source::Docs("config/routes.rb, app/controllers/api/v1/accounts/contacts_controller.rb");

const OPERATIONS: &[Operation] = &[
    operation("List contacts", "GET /api/v1/accounts/{account_id}/contacts", &[CallKind::List], ""),
    operation(
        "Search contacts",
        "GET /api/v1/accounts/{account_id}/contacts/search",
        &[],
        "matches parts of words and is held to 100 a minute: filter finds many exact keys in one call",
    ),
    operation(
        "Filter contacts",
        "POST /api/v1/accounts/{account_id}/contacts/filter",
        &[CallKind::Find, CallKind::List],
        "",
    ),
    operation("Active contacts", "GET /api/v1/accounts/{account_id}/contacts/active", &[], "only who is online now"),
    operation("Show contact", "GET /api/v1/accounts/{account_id}/contacts/{id}", &[CallKind::Read], ""),
    operation("Create contact", "POST /api/v1/accounts/{account_id}/contacts", &[CallKind::Create], ""),
    operation("Update contact", "PATCH /api/v1/accounts/{account_id}/contacts/{id}", &[CallKind::Update], ""),
    operation(
        "Delete contact",
        "DELETE /api/v1/accounts/{account_id}/contacts/{id}",
        &[CallKind::Delete],
        "needs the key of an administrator",
    ),
    operation(
        "Remove custom attributes",
        "POST /api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes",
        &[CallKind::ClearFields],
        "",
    ),
    operation(
        "Remove avatar",
        "DELETE /api/v1/accounts/{account_id}/contacts/{id}/avatar",
        &[],
        "no call of ours takes a picture away",
    ),
    operation(
        "Contactable inboxes",
        "GET /api/v1/accounts/{account_id}/contacts/{id}/contactable_inboxes",
        &[],
        "about conversations, not about the contact",
    ),
    operation("Contact labels", "GET /api/v1/accounts/{account_id}/contacts/{id}/labels", &[CallKind::ReadTags], ""),
    operation(
        "Set contact labels",
        "POST /api/v1/accounts/{account_id}/contacts/{id}/labels",
        &[CallKind::ReplaceTags],
        "replaces the whole list, so it is read first",
    ),
    operation(
        "Link contact to an inbox",
        "POST /api/v1/accounts/{account_id}/contacts/{id}/contact_inboxes",
        &[],
        "new contacts are linked by their create; existing ones are left as they are",
    ),
    operation(
        "Contact notes",
        "GET /api/v1/accounts/{account_id}/contacts/{id}/notes",
        &[],
        "notes are written by people and can't be told apart on a second run",
    ),
    operation(
        "Contact conversations",
        "GET /api/v1/accounts/{account_id}/contacts/{id}/conversations",
        &[],
        "conversations are no part of a contact's record",
    ),
    operation(
        "Import contacts",
        "POST /api/v1/accounts/{account_id}/contacts/import",
        &[],
        "runs later and reports by e-mail only, so no row could be accounted for",
    ),
    operation(
        "Export contacts",
        "POST /api/v1/accounts/{account_id}/contacts/export",
        &[],
        "sends a link by e-mail only; the listing is used",
    ),
    operation(
        "Merge contacts",
        "POST /api/v1/accounts/{account_id}/actions/contact_merge",
        &[],
        "destroys a contact, which no import asks for",
    ),
    operation(
        "Bulk actions",
        "POST /api/v1/accounts/{account_id}/bulk_actions",
        &[],
        "runs later and reports no outcome, so no row could be accounted for",
    ),
    operation("Account labels", "GET /api/v1/accounts/{account_id}/labels", &[CallKind::ListTags], ""),
    operation(
        "Custom attribute definitions",
        "GET /api/v1/accounts/{account_id}/custom_attribute_definitions",
        &[CallKind::ListFields],
        "read if an import is told to create them, or sends cells of no stated type: a contact takes any custom attribute, \
         defined or not",
    ),
    operation(
        "Define a custom attribute",
        "POST /api/v1/accounts/{account_id}/custom_attribute_definitions",
        &[CallKind::CreateField],
        "needs an administrator's key; only if an import is told to create the fields that the account lacks",
    ),
    operation("Profile", "GET /api/v1/profile", &[CallKind::Check], "the key it returns is not kept"),
    operation(
        "Widget contacts",
        "POST /public/api/v1/inboxes/{inbox_identifier}/contacts",
        &[],
        "for chat widgets: merges into an existing contact",
    ),
];

const fn operation(
    title: &'static str,
    path: &'static str,
    calls: &'static [CallKind],
    note: &'static str,
) -> Operation {
    Operation { title, path, calls, note, source: ROUTES }
}
