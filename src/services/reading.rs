//! Reading the JSON of answers, and writing paths.
//!
//! Services are loose about types: ids come as numbers and as text, empty values as `null` and as
//! `""`, messages as one text or many. These readers take every such form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::contact::{RemoteId, Value};

/// What RFC 3986 lets stand unencoded in a path segment without any meaning of its own.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest message of a service that is kept, in characters.
const MESSAGE_CHARS: usize = 300;

/// `text` as one segment of a path.
///
/// A segment of dots alone is encoded too: left as it is, it would be taken for a step up the path.
pub fn segment(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|byte| byte == b'.') {
        return "%2E".repeat(text.len());
    }
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Text, or a number or boolean as text; `None` for nothing, empty text and structure.
pub fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        Json::Number(_) => Some(Value::of_json(json).as_text().into_owned()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// An id, whether it came as a number or as text.
pub fn id(json: &Json) -> Option<RemoteId> {
    match json {
        Json::String(_) | Json::Number(_) => text(json).map(RemoteId),
        _ => None,
    }
}

/// Any value in its own type; `None` for `null` and empty text, which mean that nothing is held.
pub fn value(json: &Json) -> Option<Value> {
    Some(Value::of_json(json)).filter(|value| !value.is_empty())
}

/// The value of a custom field as it is held. `null` and empty text are no value either, but are not the
/// same: what is put back later is what was there.
pub fn custom(json: &Json) -> Value {
    Value::of_json(json)
}

/// A moment, from Unix seconds (number or digits) or RFC 3339; anything else keeps its own type.
pub fn moment(json: &Json) -> Option<Value> {
    let seconds = match json {
        Json::Number(number) => number.as_i64(),
        Json::String(text) => {
            text.parse().ok().or_else(|| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second))
        }
        _ => None,
    };
    match seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
        Some(moment) => Some(Value::Timestamp(moment.to_string())),
        None => value(json),
    }
}

/// Names in an array: texts, or objects whose `key` is a text.
pub fn names(json: &Json, key: &str) -> Option<Vec<String>> {
    let items = json.as_array()?;
    Some(items.iter().filter_map(|item| text(item.get(key).unwrap_or(item))).collect())
}

/// A message that is one text or an array of texts; empty if there is none. Shortened.
pub fn words(json: &Json) -> String {
    let whole = match json {
        Json::Array(items) => items.iter().filter_map(text).collect::<Vec<_>>().join("; "),
        other => text(other).unwrap_or_default(),
    };
    let mut words: String = whole.chars().take(MESSAGE_CHARS).collect();
    if words.len() < whole.len() {
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_segment_cannot_change_the_path() {
        assert_eq!(segment("a/b?c#d"), "a%2Fb%3Fc%23d");
        assert_eq!(segment("+60 12"), "%2B60%2012");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("a.b-c_d~e"), "a.b-c_d~e");
        assert_eq!(segment("é"), "%C3%A9");
    }

    #[test]
    fn empty_means_that_nothing_is_held() {
        assert_eq!(value(&json!("")), None);
        assert_eq!(value(&json!(null)), None);
        assert_eq!(value(&json!(0)), Some(Value::Number("0".into())));
        assert_eq!(value(&json!(false)), Some(Value::Boolean(false)));
    }

    #[test]
    fn numbers_never_have_an_exponent() {
        assert_eq!(value(&json!(1e21)), Some(Value::Number("1000000000000000000000".into())));
        assert_eq!(value(&json!(2.5)), Some(Value::Number("2.5".into())));
    }

    #[test]
    fn moments_are_read_from_seconds_and_from_text() {
        // 1663274081 is 15 September 2022, 20:34:41 UTC.
        let moment_of = |json| moment(&json);
        assert_eq!(moment_of(json!(1_663_274_081)), Some(Value::Timestamp("2022-09-15T20:34:41Z".into())));
        assert_eq!(moment_of(json!("1663274081")), Some(Value::Timestamp("2022-09-15T20:34:41Z".into())));
        assert_eq!(
            moment_of(json!("2022-09-15T22:34:41+02:00")),
            Some(Value::Timestamp("2022-09-15T20:34:41Z".into()))
        );
        assert_eq!(moment_of(json!("yesterday")), Some(Value::Text("yesterday".into())));
        assert_eq!(moment_of(json!(null)), None);
    }

    #[test]
    fn words_come_from_one_text_or_many() {
        assert_eq!(words(&json!("no")), "no");
        assert_eq!(words(&json!(["no", "never"])), "no; never");
        assert_eq!(words(&json!({"a": 1})), "");
        assert_eq!(words(&json!("x".repeat(400))).chars().count(), 301);
    }
}
