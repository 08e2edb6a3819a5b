//! Answers that say no, as verdicts: the error id decides first, the status second.
//!
//! The one status that the documents state is unusual: 400 for too many requests.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value as Json;

use crate::contact::Call;
use crate::services::http::{Answer, Wait, retry_after};
use crate::services::reading::{text, words};
use crate::services::verdict::{Verdict, by_status, no_such_api};

/// Keys of an error stand at the top level or, failing that, inside `meta`.
fn error_key<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    json.get(key).or_else(|| json.get("meta")?.get(key)).filter(|found| !found.is_null())
}

fn error_id(json: &Json) -> Option<String> {
    error_key(json, "error").and_then(text)
}

fn code(json: &Json) -> Option<u16> {
    error_key(json, "code").and_then(text).and_then(|code| code.parse().ok())
}

/// Whether a good status carries an error all the same.
pub(super) fn carries_an_error(json: &Json) -> bool {
    error_id(json).is_some() || code(json).is_some_and(|code| code >= 400)
}

pub(super) fn verdict(call: &Call, answer: &Answer, json: Option<&Json>) -> Verdict {
    let message = message(answer, json);
    let id = json.and_then(error_id).unwrap_or_default();
    let status = match answer.status {
        200..=299 => json.and_then(code).filter(|code| *code >= 400).unwrap_or(answer.status),
        status => status,
    };
    match id.as_str() {
        "rate_limit_reached" | "limit_exceeded" => again(answer, message),
        "no_permission" | "deprecated" | "invalid_protocol" | "invalid_token" => Verdict::Stop { message },
        "not_found" => missing(call, message),
        "invalid_parameter" => Verdict::refused("service.value", message),
        "unsupported_language" => {
            Verdict::Refused { code: "service.value".into(), message, fields: vec!["language".to_owned()] }
        }
        "unsupported_type" => Verdict::refused("service.unsupported", message),
        "feature_limit_reached" | "invalid_http_method" => Verdict::refused("service.refused", message),
        "internal_server_error" => Verdict::unclear(message),
        id => match status {
            429 => again(answer, message),
            404 if json.is_some_and(Json::is_object) => missing(call, message),
            404 => no_such_api(answer),
            400 => Verdict::refused("service.value", message),
            // An error with a good status and nothing that says which: not applied.
            200..=299 if !id.is_empty() => Verdict::refused("service.refused", message),
            _ => by_status(&Answer { status, ..answer.clone() }, &message),
        },
    }
}

/// The service's words, or the id of its error where it has none; empty if it said nothing.
fn message(answer: &Answer, json: Option<&Json>) -> String {
    let Some(json) = json else {
        return if answer.status >= 300 { answer.excerpt() } else { String::new() };
    };
    let said = |key: &str| error_key(json, key).map(words).filter(|words| !words.is_empty());
    let description = said("error_description").or_else(|| said("error")).unwrap_or_default();
    match said("error_details") {
        Some(details) => format!("{description}: {details}"),
        None => description,
    }
}

/// Waits until the window begins anew, as the service's headers say.
fn again(answer: &Answer, message: String) -> Verdict {
    let wait = reset_after(answer).or_else(|| retry_after(answer));
    Verdict::Again { wait: wait.map_or(Wait::Backoff, Wait::For), message: or_else(message, "too many requests") }
}

/// How long until `x-ratelimit-reset`, by the server's own clock where it sent it.
///
/// A moment that has passed is a second, so that a clock that is behind doesn't make us ask at once.
pub(super) fn reset_after(answer: &Answer) -> Option<Duration> {
    let reset = Duration::from_secs(answer.header("x-ratelimit-reset")?.trim().parse().ok()?);
    let now = answer
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .and_then(|date| date.duration_since(UNIX_EPOCH).ok())
        .unwrap_or(answer.at);
    Some(reset.saturating_sub(now).max(Duration::from_secs(1)))
}

/// An unknown contact; a call that is about none misses the account instead.
fn missing(call: &Call, message: String) -> Verdict {
    match call {
        Call::List { .. } | Call::ListTags { .. } | Call::Check => {
            Verdict::Stop { message: format!("{}; check account_id", or_else(message, "the account was not found")) }
        }
        _ => Verdict::Missing { message: or_else(message, "not found") },
    }
}

fn or_else(message: String, otherwise: &str) -> String {
    if message.is_empty() { otherwise.to_owned() } else { message }
}
