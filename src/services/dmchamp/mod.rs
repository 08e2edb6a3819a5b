//! DM Champ: contacts found one by one, by phone or e-mail; never listed.
//!
//! Promises: `is_bot_active` and `do_not_disturb` are sent only where a call names them, so that an
//! import neither wakes bots nor touches consent by a default; a 200 is believed only after its
//! body has been; the placeholders of a create ("Unknown") are read as no value. See README.md for
//! how to get a key and what can't be done.

mod account;
mod answers;
mod failures;
mod fields;
mod limits;
mod operations;
mod requests;
mod snapshots;
#[cfg(test)]
mod tests;

use std::time::Duration;

use account::{DmChamp, NAME};

use crate::contact::{
    Call, Capabilities, ClearBy, CreateSafety, FieldSpec, Filters, IdentifierKind, Limits, ListAll, Source, Sourced,
};
use crate::error::{Error, Result};
use crate::services::{Answer, Credential, Request, Service, ServiceEntry, SettingSpec, Settings, Verdict};

pub const ENTRY: ServiceEntry = ServiceEntry {
    name: NAME,
    title: "DM Champ",
    base_url: "https://api.dmchamp.com/v1",
    base_url_source: Source::Docs("help.dmchamp.com: Contacts"),
    settings: SETTINGS,
    // The sandbox finds a new contact at once.
    account_settings: &[],
    sandbox_settings: &[("search_lag", "0")],
    connect: |settings| Ok(Box::new(DmChamp::new(settings)?)),
};

const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "older",
        required: false,
        default: "false",
        meaning: "true for an older deployment: a look-up tells the id alone, and a create takes no lists",
        source: Source::Docs("the older and the newer Contacts page differ so"),
    },
    SettingSpec {
        name: "remove_from_list",
        required: false,
        default: "false",
        meaning: "true to remove contacts from lists, by DELETE /contacts/lists",
        source: Source::Assumed(
            "the operation is documented, its method and path are in no copy: the mirror of adding",
        ),
    },
    SettingSpec {
        name: "messages",
        required: false,
        default: "false",
        meaning: "true to read messages, by GET /contacts/messages/{contactId}",
        source: Source::Assumed("the operation is documented, its path is in no copy: the mirror of the tags"),
    },
    SettingSpec {
        name: "custom_fields",
        required: false,
        default: "false",
        meaning: "true to send custom fields in creates and updates",
        source: Source::Client("a booking demo sends custom_fields; no document has it"),
    },
    SettingSpec {
        name: "tags_in_query",
        required: false,
        default: "false",
        meaning: "true to send a tag in the query of POST /tags instead of its body",
        source: Source::Docs("the older reference has it in the query, the newer page names no place"),
    },
    SettingSpec {
        name: "tags_without_plus",
        required: false,
        default: "false",
        meaning: "true to address a contact that is tagged by its phone without the plus",
        source: Source::Docs("the older reference says so, the newer page is silent"),
    },
    SettingSpec {
        name: "keep_placeholders",
        required: false,
        default: "false",
        meaning: "true to read Unknown and unknown@unknown.com as they are; otherwise they are no value",
        source: Source::Seed,
    },
    SettingSpec {
        name: "search_lag",
        required: false,
        default: "5",
        meaning: "seconds after which a new contact is surely found by its phone or e-mail",
        source: Source::Assumed("the documents are silent"),
    },
];

impl DmChamp {
    fn new(settings: &Settings) -> Result<Self> {
        let settings = settings.checked(NAME, SETTINGS)?;
        let older = settings.flag("older")?;
        let custom_fields = settings.flag("custom_fields")?;
        let mut capabilities = Capabilities {
            find_tells_fields: !older,
            find_tells_tags: !older,
            lists_in_create: !older,
            lists_remove: settings.flag("remove_from_list")?,
            messages: settings.flag("messages")?,
            custom_fields,
            create_with_custom_fields: custom_fields,
            ..CAPABILITIES
        };
        if let Some(lag) = settings.seconds("search_lag")? {
            capabilities.search_lag.value = lag;
        }
        Ok(Self {
            capabilities,
            limits: limits::LIMITS,
            tags_in_query: settings.flag("tags_in_query")?,
            tags_without_plus: settings.flag("tags_without_plus")?,
            keep_placeholders: settings.flag("keep_placeholders")?,
        })
    }
}

const BY: &[IdentifierKind] = &[IdentifierKind::Phone, IdentifierKind::Email];

const CAPABILITIES: Capabilities = Capabilities {
    find_by: BY,
    address_by: &[IdentifierKind::Id],
    tags_address_by: BY,
    read: false,
    find_tells_fields: true,
    find_tells_tags: true,
    create: true,
    create_needs: &[IdentifierKind::Phone],
    create_needs_fields: &[],
    create_tells_id: true,
    edits_tell_id: false,
    create_with_custom_fields: false,
    create_safety: Sourced::new(CreateSafety::UniqueConstraint, Source::Seed),
    search_lag: Sourced::new(Duration::from_secs(5), Source::Assumed("the documents are silent")),
    update: true,
    writes_tell_fields: false,
    custom_fields: false,
    custom_replace: false,
    custom_typed: false,
    clear_custom_by: ClearBy::Unsupported,
    upsert: false,
    delete: false,
    tags_add: true,
    tags_remove: false,
    tags_replace: false,
    tags_read: true,
    tags_in_create: false,
    tags_in_update: false,
    tags_ignore_case: false,
    lists_add: true,
    lists_remove: false,
    lists_in_create: true,
    list_all: ListAll::No,
    filters: Filters { tag: false, updated_since: false, field: false },
    list_starts: &[],
    list_leaves_out: "every contact whose phone or e-mail was not given: this API can't list contacts",
    find_by_listing: false,
    messages: false,
    fields_defined: false,
    creates_fields: &[],
    tags_defined: true,
    operations: operations::OPERATIONS,
};

impl Service for DmChamp {
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
        Credential::Query("apiKey")
    }

    fn request(&self, call: &Call) -> Result<Request> {
        if !self.capabilities.has(call.kind()) {
            return Err(Error::bug(format!("{NAME} has no call: {}", call.kind())));
        }
        self.build(call)
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        let body = answer.json();
        let good = (200..300).contains(&answer.status);
        match failures::Failure::read(body.as_ref(), answer) {
            Some(failure) => failure.verdict(call, answer),
            None if good => self.success(call, body.as_ref(), answer),
            None => crate::services::by_status(answer, ""),
        }
    }
}
