use crate::contact::{FieldKind, FieldSpec, Source, SpecKind};

const READ: Source = Source::Client("a dashboard reads it from the contact of a look-up; no document has it");

/// Every field. The five of an update are the seed's; the rest can be set by a create alone.
///
/// A look-up answers in camelCase where a write wants `is_bot_active` and `do_not_disturb`: see
/// [`read_key`].
pub(super) const FIELDS: &[FieldSpec] = &[
    read_only("id", "id", || FieldKind::Text),
    field("phone", "phoneNumber", || FieldKind::Phone, (true, false, true)),
    field("first_name", "firstName", || FieldKind::Text, (true, true, true)),
    field("last_name", "lastName", || FieldKind::Text, (true, true, true)),
    field("email", "email", || FieldKind::Email, (true, true, true)),
    field("bot_active", "is_bot_active", || FieldKind::Boolean, (true, true, true)),
    field("do_not_disturb", "do_not_disturb", || FieldKind::Boolean, (true, true, true)),
    field("channel", "channel", || FieldKind::Text, (true, false, true)),
    field("external_id", "externalId", || FieldKind::Text, (true, false, false)),
    field("instagram_id", "instagramId", || FieldKind::Text, (true, false, false)),
    field("current_campaign", "currentCampaign", || FieldKind::Text, (true, false, false)),
    field("current_campaign_data", "currentCampaignData", || FieldKind::Json, (true, false, false)),
    field("chat_window_open", "isChatWindowOpen", || FieldKind::Boolean, (true, false, false)),
    field("custom_channel", "customChannel", || FieldKind::Text, (true, false, false)),
    field("chat_widget_id", "chatWidgetId", || FieldKind::Text, (true, false, false)),
    read_only("created_at", "createdAt", || FieldKind::Timestamp),
    read_only("last_activity_at", "lastActivityAt", || FieldKind::Timestamp),
];

/// The key under which a look-up answers a field.
pub(super) fn read_key(spec: &FieldSpec) -> &'static str {
    match spec.wire {
        "is_bot_active" => "isBotActive",
        "do_not_disturb" => "doNotDisturb",
        same => same,
    }
}

pub(super) fn spec(name: &str) -> Option<&'static FieldSpec> {
    FIELDS.iter().find(|spec| spec.name == name)
}

const fn field(
    name: &'static str,
    wire: &'static str,
    kind: SpecKind,
    (create, update, read): (bool, bool, bool),
) -> FieldSpec {
    FieldSpec { name, wire, kind, create, update, read, group: None, max_chars: None, source: Source::Seed }
}

const fn read_only(name: &'static str, wire: &'static str, kind: SpecKind) -> FieldSpec {
    FieldSpec { source: READ, ..field(name, wire, kind, (false, false, true)) }
}
