use serde_json::{Value, json};

use crate::{KnownAccount, KnownContact, KnownKind};

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
    let definitions: Vec<_> = known.custom_fields.iter().map(|(name, kind)| definition(name, kind)).collect();
    let contacts = known.contacts.iter().map(contact).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "definitions": definitions, "contacts": contacts }))
}

fn definition(name: &str, kind: &KnownKind) -> Value {
    let display = match kind {
        KnownKind::Text | KnownKind::Time | KnownKind::Email => "text",
        KnownKind::Number => "number",
        KnownKind::Boolean => "checkbox",
        KnownKind::Date => "date",
        KnownKind::Url => "link",
        KnownKind::List(_) => "list",
    };
    let values = if let KnownKind::List(values) = kind { values.as_slice() } else { &[] };
    json!({
        "attribute_display_name": name, "attribute_key": name, "attribute_display_type": display,
        "attribute_model": "contact_attribute", "attribute_values": values,
    })
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
