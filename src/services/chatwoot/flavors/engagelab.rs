//! EngageLab LiveDesk: the account is chosen by the key pair, and a create takes few fields.

use std::time::Duration;

use super::Flavor;
use crate::contact::{CallKind, CreateSafety, FieldKind, FieldSpec, Operation, Source, Sourced};
use crate::services::chatwoot::fields::{self, Additional};
use crate::services::chatwoot::limits;
use crate::services::chatwoot::options::{
    Abilities, DEFINITIONS, DELETE, DESTROY, FILTER, INBOX_ID, LABELS, READ, REPLACE_ADDITIONAL, SEARCH_LAG,
};
use crate::services::{Credential, SettingSpec};

pub(in crate::services::chatwoot) const FLAVOR: Flavor = Flavor {
    name: "engagelab",
    title: "EngageLab LiveDesk",
    base_url: "https://livedesk-api.engagelab.com",
    base_url_source: Source::Seed,
    settings: &[
        SettingSpec {
            required: true,
            meaning: "the Channel ID of the channel that new contacts are linked to, unless their row names one",
            source: Source::Docs("LiveDesk: Create Contact"),
            ..INBOX_ID
        },
        READ,
        FILTER,
        LABELS,
        DELETE,
        DESTROY,
        REPLACE_ADDITIONAL,
        DEFINITIONS,
        SEARCH_LAG,
    ],
    // The sandbox finds a new contact at once.
    account_settings: &[],
    sandbox_settings: &[("inbox_id", "1"), ("search_lag", "0")],
    credential: Credential::Basic,
    prefix: "/api/v2/accounts",
    // The console is at another host than the API, and no page shows the address of a contact there.
    dashboard: None,
    documented: Abilities {
        read: false,
        filter: false,
        labels: false,
        delete: false,
        destroy_custom_attributes: false,
        additional: true,
        definitions: false,
    },
    search_path: false,
    orders: [
        &[("sort", "created_at"), ("direction", "asc")],
        &[("sort", "email"), ("direction", "asc")],
        &[("sort", "email"), ("direction", "desc")],
    ],
    label_key: "labels",
    profile: false,
    create_with_custom_fields: false,
    create_safety: Sourced::new(
        CreateSafety::SearchOnly,
        Source::Assumed("no document says that a second create is refused, so nothing is built on it"),
    ),
    search_lag: Sourced::new(Duration::from_secs(5), Source::Assumed("no document says how soon a search sees it")),
    minute_windows: false,
    limits: limits::engagelab,
    fields: |options| if options.replace_additional { &REPLACED } else { &MERGED },
    operations: OPERATIONS,
};

/// Create Contact lists none of these, so they follow in an update.
const RULES: Additional = Additional { create: false, update: true, replaced: false, source: Source::Seed };

static MERGED: [FieldSpec; 24] = table(RULES);
static REPLACED: [FieldSpec; 24] = table(Additional { replaced: true, ..RULES });

const fn table(rules: Additional) -> [FieldSpec; 24] {
    let [name, email, phone, external_id] = fields::columns(Source::Seed);
    let [description, company, city, country_name, country, facebook, github, instagram, linkedin, twitter, blocked] =
        fields::additional(rules);
    let [availability, created_at, last_activity_at] = fields::computed(Source::Seed);
    let created = Source::Docs("LiveDesk: Create Contact");
    [
        fields::id(Source::Seed),
        name,
        fields::write_only("first_name", "first_name", || FieldKind::Text, (false, true), Source::Seed),
        fields::write_only("last_name", "last_name", || FieldKind::Text, (false, true), Source::Seed),
        email,
        phone,
        external_id,
        fields::write_only("avatar_url", "avatar_url", || FieldKind::Url, (true, false), created),
        blocked,
        fields::write_only("inbox_id", "inbox_id", || FieldKind::Number, (true, false), created),
        description,
        company,
        city,
        country_name,
        country,
        rules.key("telegram", "additional_attributes.telegram", || FieldKind::Text),
        facebook,
        github,
        instagram,
        linkedin,
        twitter,
        availability,
        created_at,
        last_activity_at,
    ]
}

const OPERATIONS: &[Operation] = &[
    documented("List Contact", "GET /api/v2/accounts/contacts", &[CallKind::List, CallKind::Check]),
    documented("Search Contacts", "GET /api/v2/accounts/contacts?q=", &[CallKind::Find]),
    documented("Create Contact", "POST /api/v2/accounts/contacts", &[CallKind::Create]),
    Operation {
        title: "Update Contact",
        path: "PATCH /api/v2/accounts/contacts/{id}",
        calls: &[CallKind::Update],
        note: "",
        source: Source::Seed,
    },
    undocumented(
        "Get contact",
        "GET /api/v2/accounts/contacts/{id}",
        "off until the setting read is true: LiveDesk does not document it",
    ),
    undocumented(
        "Filter contacts",
        "POST /api/v2/accounts/contacts/filter",
        "off until the setting filter is true: LiveDesk does not document it",
    ),
    undocumented(
        "Contact labels",
        "GET and POST /api/v2/accounts/contacts/{id}/labels",
        "off until the setting labels is true: LiveDesk does not document it",
    ),
    undocumented(
        "Delete contact",
        "DELETE /api/v2/accounts/contacts/{id}",
        "off until the setting delete is true: LiveDesk does not document it",
    ),
    undocumented(
        "Custom attribute definitions",
        "GET and POST /api/v2/accounts/custom_attribute_definitions",
        "off until the setting custom_attribute_definitions is true: LiveDesk does not document it",
    ),
    undocumented(
        "Remove custom attributes",
        "POST /api/v2/accounts/contacts/{id}/destroy_custom_attributes",
        "off until the setting destroy_custom_attributes is true: LiveDesk does not document it",
    ),
];

const fn documented(title: &'static str, path: &'static str, calls: &'static [CallKind]) -> Operation {
    Operation { title, path, calls, note: "", source: Source::Docs("engagelab.com/docs/livedesk/rest-api/contact") }
}

const fn undocumented(title: &'static str, path: &'static str, note: &'static str) -> Operation {
    Operation { title, path, calls: &[], note, source: Source::Assumed("the program it was made from has it") }
}
