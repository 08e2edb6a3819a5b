//! Writing the JSON of requests.

use serde_json::{Value as Json, json};

use crate::contact::Value;

/// A value in its own JSON type: numbers and booleans as such, dates and moments as text, no value
/// as `null`.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) | Value::Date(text) | Value::Timestamp(text) => json!(text),
        Value::Boolean(truth) => json!(truth),
        Value::Number(text) => number(text),
        Value::Json(json) => json.clone(),
        Value::Clear => Json::Null,
    }
}

/// A decimal as a JSON number, or as text where the number would lose digits.
fn number(text: &str) -> Json {
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    match text.parse::<f64>() {
        Ok(decimal)
            if decimal.is_finite() && Value::Number(text.to_owned()).same_as(&Value::Number(decimal.to_string())) =>
        {
            json!(decimal)
        }
        _ => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_text_where_digits_would_be_lost() {
        let number = |text: &str| json(&Value::Number(text.to_owned()));
        assert_eq!(number("12"), json!(12));
        assert_eq!(number("-12.50"), json!(-12.5));
        assert_eq!(number("0.1"), json!(0.1));
        assert_eq!(number("9223372036854775807"), json!(9_223_372_036_854_775_807_i64));
        assert_eq!(number("12345678901234567890.5"), json!("12345678901234567890.5"));
        assert_eq!(number("NaN"), json!("NaN"));
    }
}
