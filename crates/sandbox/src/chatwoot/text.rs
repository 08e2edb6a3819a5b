use serde_json::Value;

pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// A body key that a text column takes: other scalars become text, objects and arrays are dropped.
pub(super) enum Text {
    Unsent,
    Null,
    Some(String),
}

pub(super) fn text(value: Option<&Value>) -> Text {
    match value {
        Some(Value::Null) => Text::Null,
        Some(Value::String(text)) => Text::Some(text.clone()),
        Some(Value::Number(number)) => Text::Some(number.to_string()),
        Some(Value::Bool(yes)) => Text::Some(if *yes { "t" } else { "f" }.to_owned()),
        None | Some(Value::Array(_) | Value::Object(_)) => Text::Unsent,
    }
}
