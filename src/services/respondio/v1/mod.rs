//! respond.io, Contacts API of the first version.
//!
//! Six operations, one token a channel, no listing but by the value of a field. See README.md for
//! how to get a token and what can't be done.

mod account;
mod answers;
mod fields;
mod limits;
mod operations;
mod requests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use account::RespondioV1;

use crate::contact::{
    Call, Capabilities, ClearBy, CreateSafety, FieldSpec, Filters, IdentifierKind, Limits, ListAll, Source, Sourced,
};
use crate::error::Result;
use crate::services::{Answer, Credential, Request, Service, ServiceEntry, SettingSpec, Settings, Verdict};

const NAME: &str = "respondio-v1";

/// respond.io's older Contacts API, as [`ALL`](crate::services::ALL) lists it.
pub const ENTRY: ServiceEntry = ServiceEntry {
    name: NAME,
    title: "respond.io (API v1)",
    base_url: "https://app.respond.io/api/v1",
    base_url_source: Source::Docs("Contacts API"),
    settings: SETTINGS,
    // The sandbox finds a new contact at once.
    account_settings: &[],
    sandbox_settings: &[("search_lag", "0")],
    connect: |settings| Ok(Box::new(RespondioV1::new(settings)?)),
};

const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "encode_ids",
        required: false,
        default: "false",
        meaning: "whether contact ids are sent in Base64, as a Viber channel needs",
        source: Source::Assumed(
            "stated for update and remove tags, taken to hold for every call by id; the alphabet is not stated, the standard one with padding is used",
        ),
    },
    SettingSpec {
        name: "phone_without_plus",
        required: false,
        default: "false",
        meaning: "whether a phone that isn't found is looked up again without its plus",
        source: Source::Assumed("one public client looks up digits alone; costs a call a new contact, so off"),
    },
    SettingSpec {
        name: "search_lag",
        required: false,
        default: "60",
        meaning: "seconds after which a new contact is surely found by its phone or e-mail",
        source: Source::Assumed("the documents are silent; a minute is a generous guess"),
    },
];

impl RespondioV1 {
    fn new(settings: &Settings) -> Result<Self> {
        let settings = settings.checked(NAME, SETTINGS)?;
        let mut capabilities = CAPABILITIES;
        if let Some(lag) = settings.seconds("search_lag")? {
            capabilities.search_lag.value = lag;
        }
        Ok(Self {
            capabilities,
            limits: limits::LIMITS,
            encode_ids: settings.flag("encode_ids")?,
            phone_without_plus: settings.flag("phone_without_plus")?,
        })
    }
}

const CAPABILITIES: Capabilities = Capabilities {
    find_by: &[IdentifierKind::Phone, IdentifierKind::Email],
    address_by: &[IdentifierKind::Id],
    tags_address_by: &[],
    read: true,
    find_tells_fields: true,
    find_tells_tags: true,
    create: true,
    create_needs: &[IdentifierKind::Phone, IdentifierKind::Email],
    create_needs_fields: &[],
    create_tells_id: true,
    edits_tell_id: false,
    create_with_custom_fields: true,
    create_safety: Sourced::new(
        CreateSafety::SearchOnly,
        Source::Assumed("nothing says that a second create is refused, so only a look-up shows the first"),
    ),
    search_lag: Sourced::new(Duration::from_secs(60), Source::Assumed("the documents are silent")),
    update: true,
    writes_tell_fields: false,
    custom_fields: true,
    custom_replace: false,
    custom_typed: false,
    clear_custom_by: ClearBy::Update,
    upsert: false,
    delete: false,
    tags_add: true,
    tags_remove: true,
    tags_replace: false,
    tags_read: false,
    tags_in_create: false,
    tags_in_update: false,
    tags_ignore_case: false,
    lists_add: false,
    lists_remove: false,
    lists_in_create: false,
    list_all: ListAll::ByField,
    filters: Filters { tag: false, updated_since: false, field: true },
    list_starts: &[],
    list_leaves_out: "contacts whose field has another value: this API can't list them all",
    find_by_listing: false,
    messages: false,
    fields_defined: false,
    creates_fields: &[],
    tags_defined: false,
    operations: operations::OPERATIONS,
};

impl Service for RespondioV1 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn fields(&self) -> &'static [FieldSpec] {
        fields::FIELDS
    }

    fn credential(&self) -> Credential {
        Credential::Bearer
    }

    fn request(&self, call: &Call) -> Result<Request> {
        requests::request(self, call)
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        answers::verdict(self, call, answer)
    }
}
