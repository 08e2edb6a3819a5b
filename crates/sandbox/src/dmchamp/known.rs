use serde_json::Value;

use crate::{KnownAccount, KnownContact};

const NAMES: &[(&str, &str)] = &[
    ("phone", "phoneNumber"),
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("email", "email"),
    ("bot_active", "is_bot_active"),
    ("do_not_disturb", "do_not_disturb"),
    ("channel", "channel"),
    ("external_id", "externalId"),
];

/// What [`seed`](crate::Emulator::seed) takes. Who has no phone can't be a contact here.
pub(super) fn in_own_form(known: &KnownAccount) -> Value {
    known.contacts.iter().filter(|contact| contact.fields.contains_key("phone")).map(contact).collect()
}

fn contact(known: &KnownContact) -> Value {
    let mut own = known.in_own_names(NAMES);
    own.insert("id".into(), known.id.clone().into());
    own.insert("tags".into(), known.tags.clone().into());
    own.insert("lists".into(), known.lists.clone().into());
    Value::Object(own)
}
