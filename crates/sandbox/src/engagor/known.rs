use serde_json::{Value, json};

use super::contacts::TEXT_FIELDS;
use crate::known::as_text;
use crate::{KnownAccount, KnownContact};

const NAMES: &[(&str, &str)] = &[("time_zone", "timezone")];

/// What [`seed`](crate::Emulator::seed) takes.
pub(super) fn in_own_form(known: &KnownAccount) -> Result<Value, String> {
    let contacts = known.contacts.iter().map(contact).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "no_others": known.nothing_else, "contacts": contacts }))
}

fn contact(known: &KnownContact) -> Result<Value, String> {
    let same: Vec<_> = TEXT_FIELDS.iter().map(|name| (*name, *name)).collect();
    let mut own = known.in_own_names(&same);
    own.extend(known.in_own_names(NAMES));
    own.values_mut().for_each(|value| *value = as_text(value));
    own.insert("id".into(), known.number_id()?.into());
    // Written as `platform/id`, as a path has it.
    if let Some((platform, id)) =
        known.fields.get("service_id").and_then(Value::as_str).and_then(|id| id.split_once('/'))
    {
        own.insert("socialprofiles".into(), json!([{ "type": platform, "service_id": id }]));
    }
    own.insert("customattributes".into(), known.custom_by_name());
    own.insert("tags".into(), known.tags.clone().into());
    Ok(Value::Object(own))
}
