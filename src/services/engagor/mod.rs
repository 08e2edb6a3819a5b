//! Engagor, today Qualtrics Social Connect.
//!
//! Contacts appear when somebody writes on a connected channel; the API reads, updates and deletes
//! them, and creates none. They are addressed by id or by platform and id there, and matched by
//! e-mail or phone through one listing. See README.md for how to get a token and what can't be
//! done.

mod account;
mod answers;
mod failures;
mod fields;
mod limits;
mod operations;
mod requests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use account::Engagor;

use crate::contact::{
    Call, Capabilities, ClearBy, CreateSafety, FieldSpec, Filters, IdentifierKind, Limits, ListAll, Source, Sourced,
};
use crate::error::{Error, Result};
use crate::services::{
    Answer, Credential, QuotaHint, RefreshSpec, Request, Service, ServiceEntry, SettingSpec, Settings, Verdict,
};

const NAME: &str = "engagor";

/// Engagor, as [`ALL`](super::ALL) lists it.
pub const ENTRY: ServiceEntry = ServiceEntry {
    name: NAME,
    title: "Engagor (Qualtrics Social Connect)",
    base_url: "https://api.engagor.com",
    base_url_source: Source::Seed,
    settings: SETTINGS,
    account_settings: &["account_id"],
    sandbox_settings: &[("account_id", "1"), ("topic_ids", "1")],
    connect: |settings| Ok(Box::new(Engagor::new(settings)?)),
};

const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "account_id",
        required: true,
        default: "",
        meaning: "the number of the account, with which every path begins",
        source: Source::Seed,
    },
    SettingSpec {
        name: "topic_ids",
        required: false,
        default: "",
        meaning: "ids of topics, separated by commas, in which details are looked for; needed for contacts on wechat, twilio, web, whatsapp and viber",
        source: Source::Seed,
    },
    SettingSpec {
        name: "custom_as_pairs",
        required: false,
        default: "false",
        meaning: "whether custom fields are sent as an array of key and value in place of an object",
        source: Source::Assumed("no document shows the shape; both are read"),
    },
    SettingSpec {
        name: "site",
        required: false,
        default: "https://app.engagor.com",
        meaning: "where access tokens are renewed; US accounts: https://us.engagor.com, with base_url https://api-us.engagor.com",
        source: Source::Docs("authentication"),
    },
];

impl Engagor {
    fn new(settings: &Settings) -> Result<Self> {
        let settings = settings.checked(NAME, SETTINGS)?;
        let account_id = settings.get("account_id").unwrap_or_default();
        if account_id.is_empty() || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::usage(format!("the setting account_id is not a number: {account_id}"))
                .hint("it is the number in the address of every page of the account"));
        }
        let topic_ids = settings.get("topic_ids").map(str::trim).filter(|ids| !ids.is_empty());
        if topic_ids.is_some_and(|ids| !ids.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b' '))) {
            return Err(Error::usage("the setting topic_ids is not a list of numbers separated by commas"));
        }
        let site = settings.get("site").unwrap_or_default().trim_end_matches('/');
        if !is_safe(site) {
            return Err(Error::usage(format!("the setting site does not begin with https://: {site}"))
                .hint("secrets go there, so plain http is accepted for loopback addresses alone"));
        }
        Ok(Self {
            account_id: account_id.to_owned(),
            topic_ids: topic_ids.map(|ids| ids.replace(' ', "")),
            custom_as_pairs: settings.flag("custom_as_pairs")?,
            site: site.to_owned(),
        })
    }
}

/// Whether secrets may go to `site`: over TLS, or to this machine.
fn is_safe(site: &str) -> bool {
    let Some(rest) = site.strip_prefix("http://") else { return site.starts_with("https://") };
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let host = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

const CAPABILITIES: Capabilities = Capabilities {
    find_by: &[],
    address_by: &[IdentifierKind::Id, IdentifierKind::ServiceId],
    tags_address_by: &[],
    read: true,
    find_tells_fields: true,
    find_tells_tags: true,
    create: false,
    create_needs: &[],
    create_needs_fields: &[],
    create_tells_id: false,
    edits_tell_id: false,
    create_with_custom_fields: false,
    create_safety: Sourced::new(CreateSafety::Nothing, Source::Docs("no page describes a create")),
    search_lag: Sourced::new(Duration::ZERO, Source::Docs("no page describes a create")),
    update: true,
    writes_tell_fields: true,
    custom_fields: true,
    custom_replace: true,
    custom_typed: false,
    clear_custom_by: ClearBy::EditMode,
    upsert: false,
    delete: true,
    tags_add: true,
    tags_remove: true,
    tags_replace: true,
    tags_read: false,
    tags_in_create: false,
    tags_in_update: true,
    tags_ignore_case: false,
    lists_add: false,
    lists_remove: false,
    lists_in_create: false,
    list_all: ListAll::Yes,
    filters: Filters { tag: true, updated_since: true, field: false },
    list_starts: &[],
    list_leaves_out: "some details of contacts on wechat, twilio, web, whatsapp and viber, which the service shows only with topic ids",
    find_by_listing: true,
    messages: false,
    fields_defined: false,
    creates_fields: &[],
    tags_defined: true,
    operations: operations::OPERATIONS,
};

impl Service for Engagor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn limits(&self) -> &Limits {
        &limits::LIMITS
    }

    fn fields(&self) -> &'static [FieldSpec] {
        fields::FIELDS
    }

    /// The query would do as well, but a URL ends up in logs.
    fn credential(&self) -> Credential {
        Credential::Bearer
    }

    fn request(&self, call: &Call) -> Result<Request> {
        requests::request(self, call)
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        answers::verdict(call, answer)
    }

    fn quota_hint(&self, answer: &Answer) -> QuotaHint {
        let number = |name: &str| answer.header(name)?.trim().parse::<u32>().ok();
        QuotaHint {
            limit: number("x-ratelimit-limit"),
            window: number("x-ratelimit-time").map(|seconds| Duration::from_secs(seconds.into())),
            remaining: number("x-ratelimit-remaining"),
            reset_after: failures::reset_after(answer),
        }
    }

    fn refresh(&self) -> Option<RefreshSpec> {
        Some(RefreshSpec {
            site: self.site.clone(),
            path: "/oauth/access_token/",
            fixed: &[("grant_type", "refresh_token")],
            client_id: "client_id",
            client_secret: "client_secret",
            refresh_token: "refresh_token",
            answer_access_token: "access_token",
            answer_expires_in: "expires_in",
            answer_refresh_token: "refresh_token",
            answer_error: "error",
            source: Source::Docs("authentication"),
        })
    }
}
