//! What the Contacts API (v1) allows in one request and in one minute.

use std::time::Duration;

use crate::contact::{Limits, Quota, Source, Sourced};

/// Fields that one create or update carries.
pub(super) const FIELDS: usize = 30;
/// Tags that one add or remove carries.
pub(super) const TAGS: usize = 10;
/// The seed states the limit and that it counts per channel; older copies of the page say 100 a
/// minute. An account's `rate` lowers it.
const QUOTA: Quota = Quota { calls: 200, per: Duration::from_secs(60) };

pub(super) const LIMITS: Limits = Limits {
    quota: Sourced::new(QUOTA, Source::Seed),
    quota_scope: "channel token",
    counts_apart: None,
    concurrency: Sourced::new(8, Source::Assumed("the quota is the bound; 8 hides an answer time of 2.4 s")),
    fields_per_create: Some(Sourced::new(FIELDS, Source::Seed)),
    fields_per_update: Some(Sourced::new(FIELDS, Source::Seed)),
    tags_per_add: Some(Sourced::new(TAGS, Source::Seed)),
    tags_per_remove: Some(Sourced::new(TAGS, Source::Seed)),
    identifiers_per_find: Sourced::new(1, Source::Docs("Contacts API: one name and one value")),
    identifiers_per_filter: None,
    page_size: Some(Sourced::new(10, Source::Docs("Contacts API: per_page in the sample; no parameter for it"))),
    tag_chars: None,
    custom_name_chars: None,
    custom_value_chars: None,
};
