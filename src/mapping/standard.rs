//! Our standard field names, in the order in which an export writes them.

use crate::contact::IdentifierKind;

/// Every standard field name, in export order. Custom fields follow them, then tags, lists and the
/// moments of [`MOMENTS`].
pub(crate) const STANDARD: &[&str] = &[
    "id",
    "service_id",
    "external_id",
    "name",
    "first_name",
    "last_name",
    "phone",
    "email",
    "company",
    "language",
    "country",
    "country_name",
    "city",
    "region",
    "time_zone",
    "locale",
    "gender",
    "avatar_url",
    "blocked",
    "description",
    "comments",
    "inbox_id",
    "source_id",
    "facebook",
    "github",
    "instagram",
    "linkedin",
    "twitter",
    "telegram",
    "instagram_id",
    "channel",
    "current_campaign",
    "current_campaign_data",
    "chat_window_open",
    "custom_channel",
    "chat_widget_id",
    "bot_active",
    "do_not_disturb",
    "lifecycle",
    "status",
    "assignee",
    "availability",
];

/// When a contact was made and touched: written last, never sent.
pub(crate) const MOMENTS: &[&str] = &["created_at", "updated_at", "last_activity_at"];

/// The column of tags.
pub(crate) const TAGS: &str = "tags";
/// The column of lists.
pub(crate) const LISTS: &str = "lists";
/// The column that holds, as one JSON object, what no field of ours stands for.
pub(crate) const EXTRA: &str = "extra";

/// Whether this is one of our standard field names.
pub(crate) fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || MOMENTS.contains(&name)
}

/// Every standard field name, in export order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().chain(MOMENTS).copied()
}

/// The identifier that a field holds, if it holds one.
pub(crate) fn identifier(field: &str) -> Option<IdentifierKind> {
    IdentifierKind::from_name(field)
}

/// Whether white space round the value of this field means nothing. Free text keeps it.
pub(crate) fn is_single_line(field: &str) -> bool {
    is_standard(field) && !matches!(field, "description" | "comments")
}
