use serde_json::Value;

use crate::{KnownAccount, KnownContact};

const NAMES: &[(&str, &str)] = &[
    ("name", "name"),
    ("email", "email"),
    ("phone", "phone_number"),
    ("external_id", "identifier"),
    ("avatar_url", "avatar_url"),
    ("blocked", "blocked"),
];

const ADDITIONAL: &[(&str, &str)] = &[
    ("description", "description"),
    ("company", "company_name"),
    ("city", "city"),
    ("country_name", "country"),
    ("country", "country_code"),
];

const PROFILES: &[(&str, &str)] = &[
    ("facebook", "facebook"),
    ("github", "github"),
    ("instagram", "instagram"),
    ("linkedin", "linkedin"),
    ("twitter", "twitter"),
    ("telegram", "telegram"),
];

/// What [`seed`](crate::Emulator::seed) takes.
pub(super) fn in_own_form(known: &KnownAccount) -> Result<Value, String> {
    known.contacts.iter().map(contact).collect()
}

fn contact(known: &KnownContact) -> Result<Value, String> {
    let mut own = known.in_own_names(NAMES);
    own.insert("id".into(), known.number_id()?.into());
    let mut additional = known.in_own_names(ADDITIONAL);
    let profiles = known.in_own_names(PROFILES);
    if !profiles.is_empty() {
        additional.insert("social_profiles".into(), profiles.into());
    }
    own.insert("additional_attributes".into(), additional.into());
    own.insert("custom_attributes".into(), known.custom_by_name());
    own.insert("labels".into(), known.tags.clone().into());
    Ok(Value::Object(own))
}
