use std::borrow::Cow;

/// The value of one field: checked, typed, and independent of how any service writes it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text as the source has it, after the checks of its field's kind.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// A decimal number in plain notation, such as `-12.50`: never an exponent, never a separator.
    Number(String),
    /// A calendar day, `YYYY-MM-DD`.
    Date(String),
    /// A moment in UTC, RFC 3339 with seconds: `2026-01-31T12:00:00Z`.
    Timestamp(String),
    /// A list or an object, or the `null` that a service holds.
    Json(serde_json::Value),
    /// Take the present value away.
    Clear,
}

impl Value {
    /// The name of the value's type. Digests are made with it: it never changes.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Boolean(_) => "boolean",
            Value::Number(_) => "number",
            Value::Date(_) => "date",
            Value::Timestamp(_) => "timestamp",
            Value::Json(_) => "json",
            Value::Clear => "clear",
        }
    }

    /// A value of JSON in the simplest type that holds it.
    pub fn of_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Bool(truth) => Self::Boolean(*truth),
            serde_json::Value::Number(number) => Self::Number(plain(number)),
            structure => Self::Json(structure.clone()),
        }
    }

    /// The value as one text of JSON, from which [`Self::of_json`] makes an equal one. Empty for no value.
    pub fn as_json_text(&self) -> Cow<'_, str> {
        match self {
            _ if self.is_empty() => Cow::Borrowed(""),
            Value::Text(text) | Value::Date(text) | Value::Timestamp(text) => {
                Cow::Owned(serde_json::Value::from(text.as_str()).to_string())
            }
            other => other.as_text(),
        }
    }

    /// This value in the type of `observed`, where that says exactly the same: the text `13` is the number 13
    /// where a number is held. `None` if it does not, or has that type.
    pub fn in_type_of(&self, observed: &Value) -> Option<Self> {
        let Value::Text(text) = self else { return None };
        match observed {
            Value::Number(_) if plain_number(text).is_some_and(|number| is_canonical(text, &number)) => {
                Some(Value::Number(text.clone()))
            }
            Value::Boolean(_) if text.eq_ignore_ascii_case("true") => Some(Value::Boolean(true)),
            Value::Boolean(_) if text.eq_ignore_ascii_case("false") => Some(Value::Boolean(false)),
            Value::Json(serde_json::Value::Array(_)) => {
                structure(text).filter(serde_json::Value::is_array).map(Value::Json)
            }
            Value::Json(serde_json::Value::Object(_)) => {
                structure(text).filter(serde_json::Value::is_object).map(Value::Json)
            }
            _ => None,
        }
    }

    /// The value as a spreadsheet cell shows it. Empty for [`Value::Clear`] and `null`.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) | Value::Number(text) | Value::Date(text) | Value::Timestamp(text) => Cow::Borrowed(text),
            Value::Boolean(true) => Cow::Borrowed("true"),
            Value::Boolean(false) => Cow::Borrowed("false"),
            Value::Clear | Value::Json(serde_json::Value::Null) => Cow::Borrowed(""),
            Value::Json(json) => Cow::Owned(json.to_string()),
        }
    }

    /// Whether this stands for "no value": [`Value::Clear`], `null` or empty text.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Clear | Value::Json(serde_json::Value::Null) => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// Whether a service that holds `observed` already has this value.
    ///
    /// Services answer numbers and booleans as text and the reverse, so the comparison is of
    /// meaning: `12`, `12.0` and `"12"` are the same, and so are no value and empty text. Text that
    /// reads as the number or boolean that is held is no reason to write it anew as text; two texts
    /// are the same to the letter.
    pub fn same_as(&self, observed: &Value) -> bool {
        if self.is_empty() || observed.is_empty() {
            return self.is_empty() && observed.is_empty();
        }
        if let (Value::Json(wanted), Value::Json(there)) = (self, observed) {
            // The order of an object's keys says nothing.
            return wanted == there;
        }
        let (wanted, there) = (self.as_text(), observed.as_text());
        wanted == there
            || matches!((self, observed), (Value::Text(text), Value::Json(there)) if structure(text).as_ref() == Some(there))
            || matches!(observed, Value::Boolean(_)) && wanted.eq_ignore_ascii_case(&there)
            || (!matches!((self, observed), (Value::Text(_), Value::Text(_)))
                && plain_number(&wanted) == plain_number(&there)
                && plain_number(&wanted).is_some())
    }
}

/// A number of JSON in plain notation: never an exponent.
fn plain(number: &serde_json::Number) -> String {
    let written = number.to_string();
    match number.as_f64() {
        Some(float) if written.contains(['e', 'E']) => float.to_string(),
        _ => written,
    }
}

/// The list or object that a text of JSON is.
fn structure(text: &str) -> Option<serde_json::Value> {
    let begins = text.trim_start().starts_with(['[', '{']);
    begins.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Whether a number is written as numbers are: `007` and `+7` are rather names.
fn is_canonical(text: &str, number: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    !padded && !number.is_empty()
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
        assert!(Value::Text("5.0".into()).same_as(&Value::Number("5".into())), "a text cell keeps the held type");
        assert!(!Value::Text("6".into()).same_as(&Value::Number("5".into())));
        assert!(Value::Text("TRUE".into()).same_as(&Value::Boolean(true)));
        assert!(!Value::Text("1".into()).same_as(&Value::Boolean(true)));
        assert!(Value::Boolean(true).same_as(&Value::Text("true".into())));
        assert!(Value::Clear.same_as(&Value::Text(String::new())));
        assert!(!Value::Clear.same_as(&Value::Text("x".into())));
        assert!(Value::Number("-0".into()).same_as(&Value::Text("0.0".into())));
    }

    #[test]
    fn structure_is_compared_by_meaning_and_null_is_no_value() {
        let json = |text: &str| Value::of_json(&serde_json::from_str(text).unwrap());
        assert!(json(r#"{"a": 1, "b": [2]}"#).same_as(&json(r#"{"b": [2], "a": 1}"#)));
        assert!(!json("[1, 2]").same_as(&json("[2, 1]")), "a list has an order");
        assert!(Value::Text("[1,2]".into()).same_as(&json("[1, 2]")));
        assert!(json("null").same_as(&Value::Clear) && json("null").as_text().is_empty());
        assert_eq!(json("\"7\""), Value::Text("7".into()));
        assert_eq!(json("7"), Value::Number("7".into()));
        assert_eq!(json("1e21"), Value::Number("1000000000000000000000".into()));
    }

    #[test]
    fn a_text_takes_the_type_that_is_held_where_it_says_the_same() {
        let text = |text: &str| Value::Text(text.into());
        let number = Value::Number("12".into());
        assert_eq!(text("13").in_type_of(&number), Some(Value::Number("13".into())));
        assert_eq!(text("-0.5").in_type_of(&number), Some(Value::Number("-0.5".into())));
        assert_eq!(text("007").in_type_of(&number), None, "the zeros would be lost");
        assert_eq!(text("many").in_type_of(&number), None);
        assert_eq!(text("FALSE").in_type_of(&Value::Boolean(true)), Some(Value::Boolean(false)));
        assert_eq!(text("no").in_type_of(&Value::Boolean(true)), None, "rather a word than a boolean");
        let list = Value::Json(serde_json::json!(["a"]));
        assert_eq!(text(r#"["a","b"]"#).in_type_of(&list), Some(Value::Json(serde_json::json!(["a", "b"]))));
        assert_eq!(text("a;b").in_type_of(&list), None);
        assert_eq!(text("13").in_type_of(&text("12")), None);
        assert_eq!(Value::Number("13".into()).in_type_of(&text("12")), None, "a stated type is kept");
    }

    #[test]
    fn a_value_in_json_text_comes_back_in_its_type() {
        let list = Value::Json(serde_json::json!([1, "a", null]));
        for value in [Value::Text("12".into()), Value::Number("12".into()), Value::Boolean(true), list] {
            let json = serde_json::from_str(&value.as_json_text()).unwrap();
            assert_eq!(Value::of_json(&json), value);
        }
        assert_eq!(Value::Clear.as_json_text(), "");
    }
}
