use std::time::Duration;

use crate::contact::{Limits, Quota, Source, Sourced};

const SILENT: Source = Source::Assumed("the documents are silent; a low rate is harmless to a shared service");

pub(super) const LIMITS: Limits = Limits {
    quota: Sourced::new(Quota { calls: 120, per: Duration::from_secs(60) }, SILENT),
    quota_scope: "API key",
    counts_apart: None,
    concurrency: Sourced::new(1, SILENT),
    fields_per_create: None,
    fields_per_update: None,
    tags_per_add: Some(Sourced::new(1, Source::Docs("dm-cha.readme.io: create tag"))),
    tags_per_remove: None,
    identifiers_per_find: Sourced::new(1, Source::Docs("help.dmchamp.com: Get contact takes phoneNumber or email")),
    identifiers_per_filter: None,
    page_size: None,
    tag_chars: None,
    custom_name_chars: None,
    custom_value_chars: None,
};
