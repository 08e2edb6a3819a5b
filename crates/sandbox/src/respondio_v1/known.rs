use serde_json::{Value, json};

use crate::known::as_text;
use crate::{KnownAccount, KnownContact};

const NAMES: &[(&str, &str)] = &[
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("phone", "phone"),
    ("email", "email"),
    ("language", "language"),
    ("avatar_url", "profilePic"),
    ("locale", "locale"),
    ("time_zone", "timezone"),
    ("gender", "gender"),
];

/// What [`seed`](crate::Emulator::seed) takes: every value is text, and custom fields stand among the others.
pub(super) fn in_own_form(known: &KnownAccount) -> Value {
    known.contacts.iter().map(contact).collect()
}

fn contact(known: &KnownContact) -> Value {
    let mut fields = known.in_own_names(NAMES);
    fields.extend(known.custom.clone());
    fields.values_mut().for_each(|value| *value = as_text(value));
    json!({ "id": known.id, "custom_fields": fields, "tags": known.tags })
}
