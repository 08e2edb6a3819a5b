use serde_json::{Map, Value};

use super::answers::Refusal;
use super::record::Contact;

/// JSON, or nothing.
pub(super) fn read(body: &[u8]) -> Result<Value, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        _ => Err(Refusal::Invalid("Invalid request".into())),
    }
}

/// A plus, a country code and a number: 7 to 15 digits that do not begin with 0.
pub(super) fn phone(text: &str) -> Result<String, Refusal> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let right = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if right {
        Ok(text.to_owned())
    } else {
        Err(Refusal::Invalid("Phone number must include a valid country code".into()))
    }
}

/// Writes what both create and update take.
pub(super) fn apply_common(body: &Value, contact: &mut Contact) -> Result<(), Refusal> {
    for (key, target) in
        [("firstName", &mut contact.first_name), ("lastName", &mut contact.last_name), ("email", &mut contact.email)]
    {
        match body.get(key) {
            None => {}
            Some(Value::String(text)) => text.clone_into(target),
            Some(_) => return Err(wrong(key, "a string")),
        }
    }
    if body.get("email").is_some() && !is_email(&contact.email) {
        return Err(wrong("email", "an email address"));
    }
    for (key, target) in
        [("is_bot_active", &mut contact.is_bot_active), ("do_not_disturb", &mut contact.do_not_disturb)]
    {
        flag(body, key, target)?;
    }
    if let Some(Value::Object(custom)) = body.get("custom_fields") {
        contact.custom_fields.extend(custom.clone());
    }
    Ok(())
}

/// Writes what only a create takes, but for the lists.
pub(super) fn apply_create(body: &Value, contact: &mut Contact) -> Result<(), Refusal> {
    flag(body, "isChatWindowOpen", &mut contact.is_chat_window_open)?;
    for (key, target) in [
        ("instagramId", &mut contact.instagram_id),
        ("currentCampaign", &mut contact.current_campaign),
        ("channel", &mut contact.channel),
        ("externalId", &mut contact.external_id),
        ("customChannel", &mut contact.custom_channel),
        ("chatWidgetId", &mut contact.chat_widget_id),
    ] {
        match body.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => *target = Some(text.clone()),
            Some(_) => return Err(wrong(key, "a string or null")),
        }
    }
    match body.get("currentCampaignData") {
        None | Some(Value::Null) => {}
        Some(Value::Object(object)) => contact.current_campaign_data = Some(Map::clone(object)),
        Some(_) => return Err(wrong("currentCampaignData", "an object or null")),
    }
    Ok(())
}

/// The lists a create names: the array wins over the single one.
pub(super) fn lists(body: &Value) -> Result<Vec<String>, Refusal> {
    match (body.get("listIds"), body.get("listId")) {
        (Some(Value::Array(ids)), _) => {
            let text =
                |id: &Value| id.as_str().map(str::to_owned).ok_or_else(|| wrong("listIds", "an array of strings"));
            ids.iter().map(text).collect()
        }
        (None | Some(Value::Null), None | Some(Value::Null)) => Ok(Vec::new()),
        (None | Some(Value::Null), Some(Value::String(id))) => Ok(vec![id.clone()]),
        (None | Some(Value::Null), Some(_)) => Err(wrong("listId", "a string")),
        (Some(_), _) => Err(wrong("listIds", "an array of strings")),
    }
}

/// Booleans are real ones: no words, no numbers.
fn flag(body: &Value, key: &str, target: &mut bool) -> Result<(), Refusal> {
    match body.get(key) {
        None => Ok(()),
        Some(Value::Bool(yes)) => {
            *target = *yes;
            Ok(())
        }
        Some(_) => Err(wrong(key, "a boolean")),
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

fn wrong(key: &str, wanted: &str) -> Refusal {
    Refusal::Invalid(format!("{key} must be {wanted}"))
}
