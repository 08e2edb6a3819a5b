use serde_json::{Value, json};

use crate::{KnownAccount, KnownContact, KnownKind};

const NAMES: &[(&str, &str)] = &[
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("phone", "phone"),
    ("email", "email"),
    ("language", "language"),
    ("country", "countryCode"),
    ("avatar_url", "profilePic"),
    ("lifecycle", "lifecycle"),
];

/// What [`seed`](crate::Emulator::seed) takes.
pub(super) fn in_own_form(known: &KnownAccount) -> Result<Value, String> {
    let fields: Vec<_> = known.custom_fields.iter().map(|(name, kind)| field(name, kind)).collect();
    let contacts = known.contacts.iter().map(contact).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "custom_fields": fields, "no_other_fields": known.nothing_else, "contacts": contacts }))
}

fn contact(known: &KnownContact) -> Result<Value, String> {
    let mut own = known.in_own_names(NAMES);
    own.insert("id".into(), known.number_id()?.into());
    let custom: Vec<_> = known.custom.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    own.insert("custom_fields".into(), custom.into());
    own.insert("tags".into(), known.tags.clone().into());
    Ok(Value::Object(own))
}

fn field(name: &str, kind: &KnownKind) -> Value {
    let data_type = match kind {
        KnownKind::Text => "text",
        KnownKind::Number => "number",
        KnownKind::Boolean => "checkbox",
        KnownKind::Date => "date",
        KnownKind::Time => "time",
        KnownKind::Url => "url",
        KnownKind::Email => "email",
        KnownKind::List(_) => "list",
    };
    let mut field = json!({ "name": name, "dataType": data_type });
    if let KnownKind::List(values) = kind {
        field["allowedValues"] = json!(values);
    }
    field
}
