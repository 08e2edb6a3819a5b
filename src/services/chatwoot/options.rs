use std::time::Duration;

use crate::contact::Source;
use crate::error::{Error, Result};
use crate::services::{Credential, SettingSpec, Settings};

/// The settings of one account, checked.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Decimal digits; `None` where the path has no account.
    pub account_id: Option<String>,
    /// The inbox of a create whose row names none.
    pub inbox_id: Option<u64>,
    pub credential: Credential,
    /// An update replaces `additional_attributes` whole, so what is held is sent along.
    pub replace_additional: bool,
    /// How long a new contact may be missing from a search, where the account says so.
    pub search_lag: Option<Duration>,
    pub abilities: Abilities,
}

/// Operations that a member of the family may or may not have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// `GET contacts/{id}`.
    pub read: bool,
    /// `POST contacts/filter`; otherwise contacts are found by search.
    pub filter: bool,
    /// The labels of a contact and of the account.
    pub labels: bool,
    pub delete: bool,
    /// `POST contacts/{id}/destroy_custom_attributes`.
    pub destroy_custom_attributes: bool,
    /// `additional_attributes` and `blocked` can be written.
    pub additional: bool,
    /// Custom attributes are defined for an account, at a path of their own.
    pub definitions: bool,
}

impl Options {
    /// Reads settings that [`Settings::checked`] has passed, beside what the vendor documents and where the
    /// credential usually goes.
    pub(super) fn read(documented: Abilities, usual: Credential, settings: &Settings) -> Result<Self> {
        Ok(Self {
            account_id: number(settings, "account_id")?.map(|id| id.to_string()),
            inbox_id: number(settings, "inbox_id")?,
            credential: credential(usual, settings)?,
            replace_additional: settings.flag("replace_additional")?,
            search_lag: settings.seconds("search_lag")?,
            abilities: Abilities {
                read: documented.read || settings.flag("read")?,
                filter: documented.filter || settings.flag("filter")?,
                labels: documented.labels || settings.flag("labels")?,
                delete: documented.delete || settings.flag("delete")?,
                destroy_custom_attributes: documented.destroy_custom_attributes
                    || settings.flag("destroy_custom_attributes")?,
                additional: documented.additional || settings.flag("additional_attributes")?,
                definitions: documented.definitions || settings.flag("custom_attribute_definitions")?,
            },
        })
    }
}

fn number(settings: &Settings, name: &str) -> Result<Option<u64>> {
    settings
        .get(name)
        .map(|text| text.parse().map_err(|_| Error::usage(format!("the setting {name} is not a number: {text}"))))
        .transpose()
}

fn credential(usual: Credential, settings: &Settings) -> Result<Credential> {
    match settings.get("header") {
        None => Ok(usual),
        Some(name) if name.eq_ignore_ascii_case("api_access_token") => Ok(Credential::Header("api_access_token")),
        Some(name) if name.eq_ignore_ascii_case("api-access-token") => Ok(Credential::Header("Api-Access-Token")),
        Some(name) if name.eq_ignore_ascii_case("authorization") => Ok(Credential::Bearer),
        Some(other) => Err(Error::usage(format!("the setting header can't be: {other}"))
            .hint("it is api_access_token, Api-Access-Token or Authorization")),
    }
}

pub(super) const ACCOUNT_ID: SettingSpec = SettingSpec {
    name: "account_id",
    required: true,
    default: "",
    meaning: "the number after /app/accounts/ in the address of the dashboard",
    source: Source::Seed,
};

pub(super) const INBOX_ID: SettingSpec = SettingSpec {
    name: "inbox_id",
    required: false,
    default: "",
    meaning: "the inbox that new contacts are linked to, unless their row names one",
    source: Source::Docs("app/controllers/api/v1/accounts/contacts_controller.rb"),
};

pub(super) const HEADER: SettingSpec = SettingSpec {
    name: "header",
    required: false,
    default: "api_access_token",
    meaning: "the header that carries the key: Api-Access-Token passes proxies that drop names with an underscore, \
              Authorization sends it as a bearer token",
    source: Source::Docs("app/controllers/concerns/access_token_auth_helper.rb; issues 1057 and 1615"),
};

pub(super) const REPLACE_ADDITIONAL: SettingSpec = SettingSpec {
    name: "replace_additional",
    required: false,
    default: "false",
    meaning: "true where an update replaces additional_attributes whole, as servers before 4.2 do",
    source: Source::Docs("chatwoot history: contacts_controller.rb merges since 4.2.0"),
};

pub(super) const SEARCH_LAG: SettingSpec = SettingSpec {
    name: "search_lag",
    required: false,
    default: "5",
    meaning: "seconds after which a new contact is surely found by a search",
    source: Source::Assumed("no document says how soon a search sees it"),
};

const UNDOCUMENTED: Source =
    Source::Assumed("the vendor documents no such operation, the program it was made from has it");

pub(super) const READ: SettingSpec =
    switch("read", "true where one contact can be read by its id (GET contacts/{id})", UNDOCUMENTED);

pub(super) const FILTER: SettingSpec =
    switch("filter", "true where contacts/filter answers, so that many contacts are found in one call", UNDOCUMENTED);

pub(super) const LABELS: SettingSpec =
    switch("labels", "true where labels can be read and replaced (contacts/{id}/labels)", UNDOCUMENTED);

pub(super) const DELETE: SettingSpec =
    switch("delete", "true where a contact can be deleted (DELETE contacts/{id})", UNDOCUMENTED);

pub(super) const DESTROY: SettingSpec = switch(
    "destroy_custom_attributes",
    "true where custom attributes are taken away by contacts/{id}/destroy_custom_attributes; otherwise null is sent",
    UNDOCUMENTED,
);

pub(super) const ADDITIONAL: SettingSpec = switch(
    "additional_attributes",
    "true where additional_attributes and blocked can be written, not only read",
    Source::Assumed("the vendor returns these fields and does not list them in a request"),
);

pub(super) const DEFINITIONS: SettingSpec = switch(
    "custom_attribute_definitions",
    "true where the account's custom attributes are listed and defined at custom_attribute_definitions",
    UNDOCUMENTED,
);

const fn switch(name: &'static str, meaning: &'static str, source: Source) -> SettingSpec {
    SettingSpec { name, required: false, default: "false", meaning, source }
}
