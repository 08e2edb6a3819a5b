//! respond.io, the current API.
//!
//! Contacts are addressed by id, phone or e-mail in the path and listed by cursor; one token a
//! workspace. See README.md for how to get a token and what can't be done.

mod answers;
mod failures;
mod fields;
mod limits;
mod operations;
mod requests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use fields::NamedBy;

use crate::contact::{
    Call, CallKind, Capabilities, ClearBy, ContactPages, CreateSafety, FieldSpec, Filters, IdentifierKind, Limits,
    ListAll, Source, Sourced,
};
use crate::error::{Error, Result};
use crate::services::http::retry_after;
use crate::services::{Answer, Credential, QuotaHint, Request, Service, ServiceEntry, SettingSpec, Settings, Verdict};

const NAME: &str = "respondio";

/// respond.io's API of version 2, as [`ALL`](crate::services::ALL) lists it.
pub const ENTRY: ServiceEntry = ServiceEntry {
    name: NAME,
    title: "respond.io",
    base_url: "https://api.respond.io/v2",
    base_url_source: Source::Docs("official TypeScript SDK"),
    settings: SETTINGS,
    // The sandbox finds a new contact at once.
    account_settings: &[],
    sandbox_settings: &[("search_lag", "0")],
    connect: |settings| Ok(Box::new(Respondio::new(settings)?)),
};

const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "custom_fields_by",
        required: false,
        default: "name",
        meaning: "`name` or `slug`: what custom fields are called in requests",
        source: Source::Docs("official TypeScript SDK, which writes names; the official n8n node writes slugs"),
    },
    SettingSpec {
        name: "fields_per_call",
        required: false,
        default: "",
        meaning: "how many fields one create or update may carry",
        source: Source::Assumed("the documents state none; v1 allowed 30"),
    },
    SettingSpec {
        name: "search_lag",
        required: false,
        default: "60",
        meaning: "seconds after which a new contact is surely found by its phone or e-mail",
        source: Source::Assumed("the documents are silent; a minute is a generous guess"),
    },
    SettingSpec {
        name: "space_id",
        required: false,
        default: "",
        meaning: "the number after /space/ in the address of the dashboard, for links to contacts in messages",
        source: PAGES,
    },
];

/// Several programs that have nothing to do with each other make such links; the documents show none.
const PAGES: Source = Source::Client("links of the form https://app.respond.io/space/SPACE/inbox/CONTACT");

/// One workspace of respond.io.
pub struct Respondio {
    named_by: NamedBy,
    space_id: Option<String>,
    capabilities: Capabilities,
    limits: Limits,
}

impl Respondio {
    fn new(settings: &Settings) -> Result<Self> {
        let settings = settings.checked(NAME, SETTINGS)?;
        let mut capabilities = CAPABILITIES;
        if let Some(lag) = settings.seconds("search_lag")? {
            capabilities.search_lag.value = lag;
        }
        let named_by = match settings.get("custom_fields_by") {
            None | Some("name") => NamedBy::Name,
            Some("slug") => NamedBy::Slug,
            Some(other) => {
                return Err(Error::usage(format!("the setting custom_fields_by is neither name nor slug: {other}")));
            }
        };
        let mut limits = limits::LIMITS;
        if let Some(text) = settings.get("fields_per_call") {
            let fields = text.parse().ok().filter(|fields| *fields > 0).ok_or_else(|| {
                Error::usage(format!("the setting fields_per_call is not a whole number above 0: {text}"))
            })?;
            let fields = Some(Sourced::new(fields, Source::Account));
            (limits.fields_per_create, limits.fields_per_update) = (fields, fields);
        }
        let space_id = settings.get("space_id").map(str::to_owned);
        if space_id.as_ref().is_some_and(|id| id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Error::usage("the setting space_id is not a number").in_setting("space_id"));
        }
        Ok(Self { named_by, space_id, capabilities, limits })
    }
}

const CAPABILITIES: Capabilities = Capabilities {
    find_by: &[IdentifierKind::Phone, IdentifierKind::Email],
    address_by: &[IdentifierKind::Id, IdentifierKind::Phone, IdentifierKind::Email],
    tags_address_by: &[],
    read: true,
    find_tells_fields: true,
    find_tells_tags: true,
    create: true,
    create_needs: &[IdentifierKind::Phone, IdentifierKind::Email],
    create_needs_fields: &["first_name"],
    create_tells_id: false,
    edits_tell_id: true,
    create_with_custom_fields: true,
    create_safety: Sourced::new(
        CreateSafety::SearchOnly,
        Source::Assumed("no document says that a second create is refused, so only a look-up shows the first"),
    ),
    search_lag: Sourced::new(Duration::from_secs(60), Source::Assumed("the documents are silent")),
    update: true,
    writes_tell_fields: false,
    custom_fields: true,
    custom_replace: false,
    custom_typed: false,
    clear_custom_by: ClearBy::Update,
    upsert: false,
    delete: true,
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
    list_all: ListAll::Yes,
    filters: Filters { tag: true, updated_since: false, field: true },
    list_starts: &[],
    list_leaves_out: "",
    find_by_listing: false,
    messages: false,
    fields_defined: true,
    creates_fields: fields::CREATED,
    tags_defined: false,
    operations: operations::OPERATIONS,
};

impl Service for Respondio {
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
        requests::request(call, self.named_by)
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        answers::verdict(call, answer, self.named_by)
    }

    /// Only of the vendor's own cloud: a server elsewhere has no known dashboard.
    fn contact_pages(&self, base_url: &str) -> Option<ContactPages> {
        let space = self.space_id.as_ref().filter(|_| base_url.trim_end_matches('/') == ENTRY.base_url)?;
        Some(ContactPages::new(format!("https://app.respond.io/space/{space}/inbox/"), PAGES))
    }

    fn counts_as(&self, call: &Call) -> CallKind {
        match call {
            Call::Read { .. } => CallKind::Find,
            // Of several, it is a listing.
            Call::Find { identifiers, cursor } if identifiers.len() > 1 || cursor.is_some() => CallKind::List,
            Call::Check => CallKind::ListFields,
            call => call.kind(),
        }
    }

    /// The vendor sends how many calls its window admits and how many are left, never how long the
    /// window is; only `Retry-After` tells when to go on.
    fn quota_hint(&self, answer: &Answer) -> QuotaHint {
        let number = |name: &str| answer.header(name)?.trim().parse().ok();
        QuotaHint {
            limit: number("x-ratelimit-limit"),
            window: None,
            remaining: number("x-ratelimit-remaining"),
            reset_after: retry_after(answer),
        }
    }
}
