//! 99digital, a hosted and modified fork of unknown age.

use std::time::Duration;

use super::Flavor;
use crate::contact::{CallKind, CreateSafety, FieldSpec, Operation, Source, Sourced};
use crate::services::chatwoot::fields::{self, Additional};
use crate::services::chatwoot::limits;
use crate::services::chatwoot::options::{
    ACCOUNT_ID, ADDITIONAL, Abilities, DEFINITIONS, DELETE, DESTROY, FILTER, HEADER, INBOX_ID, LABELS, Options,
    REPLACE_ADDITIONAL,
};
use crate::services::{Credential, SettingSpec};

pub(in crate::services::chatwoot) const FLAVOR: Flavor = Flavor {
    name: "99digital",
    title: "99digital",
    base_url: "https://online.99digital.co.il",
    base_url_source: Source::Seed,
    settings: &[
        ACCOUNT_ID,
        SettingSpec { required: true, source: Source::Docs("99digital: create contact"), ..INBOX_ID },
        SettingSpec {
            source: Source::Docs("99digital: five pages say api_access_token, getting-started says Authorization"),
            ..HEADER
        },
        FILTER,
        LABELS,
        DELETE,
        DESTROY,
        ADDITIONAL,
        REPLACE_ADDITIONAL,
        DEFINITIONS,
    ],
    account_settings: &["account_id"],
    sandbox_settings: &[("account_id", "1"), ("inbox_id", "1")],
    credential: Credential::Header("api_access_token"),
    prefix: "/api/v1/accounts",
    // No page of the vendor shows an address of its dashboard.
    dashboard: None,
    documented: Abilities {
        read: true,
        filter: false,
        labels: false,
        delete: false,
        destroy_custom_attributes: false,
        additional: false,
        definitions: false,
    },
    search_path: true,
    // `created_at` is no documented key here, and an unknown key would be ignored silently.
    orders: [&[("sort", "email")], &[("sort", "-email,-phone_number")], &[("sort", "email,phone_number")]],
    label_key: "labels[]",
    profile: false,
    create_with_custom_fields: true,
    create_safety: Sourced::new(
        CreateSafety::UniqueConstraint,
        Source::Assumed("the fork is taken to have kept the indexes of the program it was made from"),
    ),
    search_lag: Sourced::new(Duration::ZERO, Source::Assumed("as upstream, a search asks the database itself")),
    minute_windows: true,
    limits: limits::digital99,
    fields,
    operations: OPERATIONS,
};

const READ_ONLY: Additional = Additional {
    create: false,
    update: false,
    replaced: false,
    source: Source::Docs("99digital: returned, not in the request table"),
};
const WRITABLE: Additional = Additional {
    create: true,
    update: true,
    replaced: false,
    source: Source::Assumed("setting additional_attributes: as the program it was made from"),
};

static DOCUMENTED: [FieldSpec; 23] = fields::table(READ_ONLY, Source::Seed);
static MERGED: [FieldSpec; 23] = fields::table(WRITABLE, Source::Seed);
static REPLACED: [FieldSpec; 23] = fields::table(Additional { replaced: true, ..WRITABLE }, Source::Seed);

fn fields(options: &Options) -> &'static [FieldSpec] {
    match (options.abilities.additional, options.replace_additional) {
        (false, _) => &DOCUMENTED,
        (true, false) => &MERGED,
        (true, true) => &REPLACED,
    }
}

const OPERATIONS: &[Operation] = &[
    documented("List contacts", "GET /api/v1/accounts/{account_id}/contacts", CALLS_LIST),
    documented("Search contacts", "GET /api/v1/accounts/{account_id}/contacts/search", &[CallKind::Find]),
    documented("Retrieve contact", "GET /api/v1/accounts/{account_id}/contacts/{id}", &[CallKind::Read]),
    documented("Create contact", "POST /api/v1/accounts/{account_id}/contacts", &[CallKind::Create]),
    Operation {
        title: "Update contact",
        path: "PATCH /api/v1/accounts/{account_id}/contacts/{id}",
        calls: &[CallKind::Update],
        note: "",
        source: Source::Seed,
    },
    undocumented(
        "Filter contacts",
        "POST /api/v1/accounts/{account_id}/contacts/filter",
        "off until the setting filter is true: 99digital does not document it",
    ),
    undocumented(
        "Contact labels",
        "GET and POST /api/v1/accounts/{account_id}/contacts/{id}/labels",
        "off until the setting labels is true: 99digital does not document it",
    ),
    undocumented(
        "Account labels",
        "GET /api/v1/accounts/{account_id}/labels",
        "off until the setting labels is true: 99digital does not document it",
    ),
    undocumented(
        "Delete contact",
        "DELETE /api/v1/accounts/{account_id}/contacts/{id}",
        "off until the setting delete is true: 99digital does not document it",
    ),
    undocumented(
        "Custom attribute definitions",
        "GET and POST /api/v1/accounts/{account_id}/custom_attribute_definitions",
        "off until the setting custom_attribute_definitions is true: 99digital does not document it",
    ),
    undocumented(
        "Remove custom attributes",
        "POST /api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes",
        "off until the setting destroy_custom_attributes is true: 99digital does not document it",
    ),
];

/// The credentials are checked by one page of the list: 99digital documents no profile.
const CALLS_LIST: &[CallKind] = &[CallKind::List, CallKind::Check];

const fn documented(title: &'static str, path: &'static str, calls: &'static [CallKind]) -> Operation {
    Operation { title, path, calls, note: "", source: Source::Docs("99digital: online-api/contacts") }
}

const fn undocumented(title: &'static str, path: &'static str, note: &'static str) -> Operation {
    Operation { title, path, calls: &[], note, source: Source::Assumed("the program it was made from has it") }
}
