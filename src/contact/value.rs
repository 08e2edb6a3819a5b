use std::borrow::Cow;

/// The value of one field: checked, typed, and independent of how any service writes it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(String),
    Boolean(bool),
    /// A decimal number in plain notation, such as `-12.50`: never an exponent, never a separator.
    Number(String),
    /// A calendar day, `YYYY-MM-DD`.
    Date(String),
    /// A moment in UTC, RFC 3339 with seconds: `2026-01-31T12:00:00Z`.
    Timestamp(String),
    /// Structure that a service returned and that has no simpler form. Kept on export, never sent.
    Json(serde_json::Value),
    /// Take the present value away.
    Clear,
}

impl Value {
    /// The value as a spreadsheet cell shows it. Empty for [`Value::Clear`].
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) | Value::Number(text) | Value::Date(text) | Value::Timestamp(text) => Cow::Borrowed(text),
            Value::Boolean(true) => Cow::Borrowed("true"),
            Value::Boolean(false) => Cow::Borrowed("false"),
            Value::Json(json) => Cow::Owned(json.to_string()),
            Value::Clear => Cow::Borrowed(""),
        }
    }

    /// Whether this stands for "no value": [`Value::Clear`] or empty text.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Clear | Value::Json(serde_json::Value::Null) => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// Whether a service that holds `held` already has this value.
    ///
    /// Services answer numbers and booleans as text and the reverse, so the comparison is of
    /// meaning: `12`, `12.0` and `"12"` are the same, and so are no value and empty text.
    pub fn same_as(&self, held: &Value) -> bool {
        if self.is_empty() || held.is_empty() {
            return self.is_empty() && held.is_empty();
        }
        let (wanted, held) = (self.as_text(), held.as_text());
        wanted == held
            || (!matches!(self, Value::Text(_))
                && plain_number(&wanted) == plain_number(&held)
                && plain_number(&wanted).is_some())
    }
}

/// A decimal without sign noise, leading zeros or trailing fraction zeros; `None` if it is not one.
fn plain_number(text: &str) -> Option<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let sign = if negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_meaning_and_text_is_not() {
        let twelve = Value::Number("12".into());
        assert!(twelve.same_as(&Value::Text("12.0".into())));
        assert!(!twelve.same_as(&Value::Text("12.5".into())));
        assert!(!Value::Text("007".into()).same_as(&Value::Text("7".into())));
        assert!(Value::Boolean(true).same_as(&Value::Text("true".into())));
        assert!(Value::Clear.same_as(&Value::Text(String::new())));
        assert!(!Value::Clear.same_as(&Value::Text("x".into())));
        assert!(Value::Number("-0".into()).same_as(&Value::Text("0.0".into())));
    }
}
