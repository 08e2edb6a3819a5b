//! What the API allows in one request and in one hour.

use std::time::Duration;

use crate::contact::{Limits, Quota, Source, Sourced};

/// Contacts of one page.
pub(super) const PAGE: u32 = 50;
/// Tags of one page of the account's tags.
pub(super) const TAG_PAGE: u32 = 200;
/// Reads, updates and deletes together, per user behind the token; a token made in the vendor's
/// API console has 20.
const QUOTA: Quota = Quota { calls: 350, per: Duration::from_secs(3600) };

pub(super) const LIMITS: Limits = Limits {
    quota: Sourced::new(QUOTA, Source::Docs("rate limiting")),
    quota_scope: "user of the access token",
    counts_apart: None,
    concurrency: Sourced::new(2, Source::Assumed("the quota is the bound: a call each 10.3 s")),
    fields_per_create: None,
    fields_per_update: None,
    tags_per_add: None,
    tags_per_remove: None,
    identifiers_per_find: Sourced::new(1, Source::Assumed("there is no look-up")),
    identifiers_per_filter: None,
    page_size: Some(Sourced::new(PAGE, Source::Docs("/{account_id}/inbox/contacts"))),
    tag_chars: None,
    custom_name_chars: None,
    custom_value_chars: None,
};
