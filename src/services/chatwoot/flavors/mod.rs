//! What differs between the members of the family, as constants.

pub(super) mod digital99;
pub(super) mod engagelab;
pub(super) mod upstream;

use std::time::Duration;

use super::definitions;
use super::options::{Abilities, Options};
use crate::contact::{
    Capabilities, ClearBy, CreateSafety, FieldSpec, Filters, IdentifierKind, Limits, ListAll, Operation, Source,
    Sourced,
};
use crate::error::Result;
use crate::services::{Credential, Service, ServiceEntry, SettingSpec, Settings};

/// One member of the family.
pub(super) struct Flavor {
    pub name: &'static str,
    pub title: &'static str,
    pub base_url: &'static str,
    pub base_url_source: Source,
    pub settings: &'static [SettingSpec],
    pub account_settings: &'static [&'static str],
    pub sandbox_settings: &'static [(&'static str, &'static str)],
    /// Where the credential goes unless the `header` setting says otherwise.
    pub credential: Credential,
    /// Before the account id, if the path has one: `/api/v1/accounts`.
    pub prefix: &'static str,
    /// Before the account id in the address of the dashboard, on the same host as the API, where that is known.
    pub dashboard: Option<(&'static str, Source)>,
    /// What the vendor documents; settings turn on the rest.
    pub documented: Abilities,
    /// A search has a path of its own, `contacts/search`; otherwise it is a list with `q`.
    pub search_path: bool,
    /// Query parameters that put a listing into a lasting order; the first is the usual one. A running
    /// 4.14.2 shuffles contacts of one `created_at` anew for each page, and never those of an e-mail or phone.
    pub orders: [&'static [(&'static str, &'static str)]; 3],
    /// The query parameter that narrows a listing to a label.
    pub label_key: &'static str,
    /// `GET /api/v1/profile` tells whose key it is.
    pub profile: bool,
    /// Custom attributes are accepted by the create call.
    pub create_with_custom_fields: bool,
    pub create_safety: Sourced<CreateSafety>,
    pub search_lag: Sourced<Duration>,
    /// A 429 without a wait means: until the whole minute of the server's clock is over.
    pub minute_windows: bool,
    pub limits: fn(&Options) -> Limits,
    pub fields: fn(&Options) -> &'static [FieldSpec],
    pub operations: &'static [Operation],
}

const FIND_BY: &[IdentifierKind] = &[IdentifierKind::ExternalId, IdentifierKind::Phone, IdentifierKind::Email];

/// Chatwoot's `resolved_contacts` scope (`app/models/contact.rb`; issues 9770 and 15530).
const LIST_LEAVES_OUT: &str = "contacts without e-mail, phone and identifier, such as web visitors";

impl Flavor {
    pub(super) const fn entry(&self, connect: fn(&Settings) -> Result<Box<dyn Service>>) -> ServiceEntry {
        ServiceEntry {
            name: self.name,
            title: self.title,
            base_url: self.base_url,
            base_url_source: self.base_url_source,
            settings: self.settings,
            account_settings: self.account_settings,
            sandbox_settings: self.sandbox_settings,
            connect,
        }
    }

    /// What the service can do with these options.
    pub(super) fn capabilities(&self, options: &Options) -> Capabilities {
        let can = options.abilities;
        Capabilities {
            find_by: FIND_BY,
            address_by: &[IdentifierKind::Id],
            tags_address_by: &[],
            read: can.read,
            find_tells_fields: true,
            find_tells_tags: false,
            create: true,
            create_needs: &[],
            create_needs_fields: &[],
            create_tells_id: true,
            edits_tell_id: false,
            create_with_custom_fields: self.create_with_custom_fields,
            create_safety: self.create_safety,
            search_lag: options.search_lag.map_or(self.search_lag, |lag| Sourced { value: lag, ..self.search_lag }),
            update: true,
            writes_tell_fields: true,
            custom_fields: true,
            custom_replace: false,
            custom_typed: true,
            clear_custom_by: if can.destroy_custom_attributes { ClearBy::Call } else { ClearBy::Update },
            upsert: false,
            delete: can.delete,
            tags_add: false,
            tags_remove: false,
            tags_replace: can.labels,
            tags_read: can.labels,
            tags_in_create: false,
            tags_in_update: false,
            tags_ignore_case: true,
            lists_add: false,
            lists_remove: false,
            lists_in_create: false,
            list_all: ListAll::Yes,
            filters: Filters { tag: true, updated_since: false, field: can.filter },
            list_starts: &["1:1 0 ", "1:2 0 "],
            list_leaves_out: LIST_LEAVES_OUT,
            find_by_listing: false,
            messages: false,
            fields_defined: false,
            creates_fields: if can.definitions { definitions::CREATED } else { &[] },
            tags_defined: can.labels,
            operations: self.operations,
        }
    }
}
