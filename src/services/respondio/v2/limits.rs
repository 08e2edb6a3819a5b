//! What the current API (v2) allows in one request and in one second.

use std::time::Duration;

use crate::contact::{Limits, Quota, Source, Sourced};

/// Tags that one add or remove carries.
pub(super) const TAGS: usize = 10;
/// Contacts or custom fields of one page.
pub(super) const PAGE: u32 = 100;
/// Conditions of one filter, of which any may hold. Halved where they are refused.
pub(super) const FILTER: usize = 50;
/// The vendor says that limits are counted per organisation and sends them in headers, but no
/// page states a figure; this one is a third party's.
const QUOTA: Quota = Quota { calls: 5, per: Duration::from_secs(1) };

const SDK: Source = Source::Docs("official TypeScript SDK");
const FILTERS: Source =
    Source::Assumed("the SDK joins conditions on fields with $or, and nobody says how many; tried out before a run");
const MCP: Source = Source::Docs("official MCP server, API reference");

pub(super) const LIMITS: Limits = Limits {
    quota: Sourced::new(QUOTA, Source::Client("apis.io, a third party's description: 5 requests a second per method")),
    quota_scope: "organisation",
    counts_apart: Some(Source::Client("apis.io, a third party's description: per API method")),
    concurrency: Sourced::new(4, Source::Assumed("the quota is the bound; 4 hides an answer time of 0.8 s")),
    fields_per_create: None,
    fields_per_update: None,
    tags_per_add: Some(Sourced::new(TAGS, SDK)),
    tags_per_remove: Some(Sourced::new(TAGS, Source::Assumed("stated for adding; removing takes the same array"))),
    identifiers_per_find: Sourced::new(1, Source::Docs("official TypeScript SDK: one identifier in the path")),
    identifiers_per_filter: Some(Sourced::new(FILTER, FILTERS)),
    page_size: Some(Sourced::new(PAGE, SDK)),
    tag_chars: Some(Sourced::new(255, SDK)),
    custom_name_chars: Some(Sourced::new(50, MCP)),
    custom_value_chars: None,
};
