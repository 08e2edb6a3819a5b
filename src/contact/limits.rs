use std::time::Duration;

use super::{Source, Sourced};

/// How many calls a service admits in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls in one window.
    pub calls: u32,
    /// How long the window is.
    pub per: Duration,
}

/// The sizes a service allows, each with its source. Counts are of one request.
///
/// `None` means that no limit is known, not that there is none.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How fast calls may follow each other; whoever shares it is in `quota_scope`.
    pub quota: Sourced<Quota>,
    /// What shares the quota, in words: "channel token", "account".
    pub quota_scope: &'static str,
    /// Who says that the calls of each operation are counted by themselves, each with the whole quota. Believed
    /// of an account once its answers' headers show it; nobody says so where there is none.
    pub counts_apart: Option<Source>,
    /// Requests that may be under way at once.
    pub concurrency: Sourced<usize>,
    /// Fields that one create can carry, custom ones included.
    pub fields_per_create: Option<Sourced<usize>>,
    /// Fields that one update can carry, custom ones included.
    pub fields_per_update: Option<Sourced<usize>>,
    /// Tags that one call can add.
    pub tags_per_add: Option<Sourced<usize>>,
    /// Tags that one call can remove.
    pub tags_per_remove: Option<Sourced<usize>>,
    /// Identifiers that one look-up can carry.
    pub identifiers_per_find: Sourced<usize>,
    /// Identifiers that a filtered listing can ask for, and so be many look-ups in one, once it was shown
    /// to find whom a look-up finds.
    pub identifiers_per_filter: Option<Sourced<usize>>,
    /// Contacts that one page of a listing can hold.
    pub page_size: Option<Sourced<u32>>,
    /// Longest tag in characters.
    pub tag_chars: Option<Sourced<usize>>,
    /// Longest name of a custom field in characters.
    pub custom_name_chars: Option<Sourced<usize>>,
    /// Longest value of a custom field in characters.
    pub custom_value_chars: Option<Sourced<usize>>,
}
