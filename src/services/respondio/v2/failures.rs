//! Answers that say no, as verdicts.

use std::time::Duration;

use serde_json::Value as Json;

use super::fields::writable;
use crate::contact::Call;
use crate::services::http::{Answer, Wait, retry_after};
use crate::services::reading::words;
use crate::services::verdict::{Page, Reply, Verdict, by_status, no_such_api};

/// What "retry after a few minutes" (status 449) is taken to mean.
const A_FEW_MINUTES: Duration = Duration::from_secs(180);

/// Whether a good status carries an error all the same: `code` is a number, or its text.
pub(super) fn carries_an_error(json: &Json) -> bool {
    code(json).is_some_and(|code| code >= 400)
}

fn code(json: &Json) -> Option<u64> {
    let code = json.get("code")?;
    code.as_u64().or_else(|| code.as_str()?.parse().ok())
}

pub(super) fn verdict(call: &Call, answer: &Answer, json: Option<&Json>) -> Verdict {
    let message = match json {
        Some(json) => json.get("message").map(words).unwrap_or_default(),
        None if answer.status >= 300 => answer.excerpt(),
        None => String::new(),
    };
    let status = match answer.status {
        200..=299 => json.and_then(code).and_then(|code| u16::try_from(code).ok()).unwrap_or(answer.status),
        status => status,
    };
    match status {
        400 | 409 | 422 => refused(call, status, message),
        404 if is_damaged(answer, json) => Verdict::unclear("the answer could not be read (status 404)"),
        404 => missing(call, answer, json, message),
        // "Queued" leaves open whether a create still happens.
        449 if matches!(call, Call::Create { .. } | Call::CreateField { .. }) => {
            Verdict::unclear(or_else(message, "the request was queued"))
        }
        449 => Verdict::Again {
            wait: Wait::For(retry_after(answer).unwrap_or(A_FEW_MINUTES)),
            message: or_else(message, "the request was queued"),
        },
        _ => by_status(&Answer { status, ..answer.clone() }, &message),
    }
}

fn refused(call: &Call, status: u16, message: String) -> Verdict {
    let said = message.to_lowercase();
    let fields = named_fields(call, &said);
    let creates_or_updates = matches!(call, Call::Create { .. } | Call::Update { .. });
    let duplicate = ["exists", "already", "duplicate"].iter().any(|word| said.contains(word));
    if creates_or_updates && (status == 409 || duplicate) {
        return Verdict::Exists { message: or_else(message, "the contact exists already"), fields, id: None };
    }
    let code = if said.contains("not found in the workspace") { "field.unknown" } else { "service.value" };
    Verdict::Refused { code: code.into(), message: or_else(message, "the service refused a value"), fields }
}

/// Our names for the sent fields that the message names.
fn named_fields(call: &Call, said: &str) -> Vec<String> {
    let (Call::Create { edit, .. } | Call::Update { edit, .. }) = call else { return Vec::new() };
    let named = |wire: &str| {
        let wire = wire.to_lowercase();
        !wire.is_empty()
            && said.match_indices(&wire).any(|(at, found)| {
                let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                !inside(said[..at].chars().next_back()) && !inside(said[at + found.len()..].chars().next())
            })
    };
    edit.fields
        .iter()
        .map(|(field, _)| field)
        .filter(|field| field.custom_name().or_else(|| writable(field)).is_some_and(named))
        .map(|field| field.name().to_owned())
        .collect()
}

/// Whether a body began as the API's own and broke: neither a text nor a page says so of itself.
fn is_damaged(answer: &Answer, json: Option<&Json>) -> bool {
    let began_as_json = |text: &str| text.trim_start().starts_with(['{', '[']);
    !json.is_some_and(Json::is_object) && std::str::from_utf8(&answer.body).map_or(true, began_as_json)
}

/// 404 with a body of the API's own means that there is no such contact; any other page means that
/// there is no such API.
fn missing(call: &Call, answer: &Answer, json: Option<&Json>, message: String) -> Verdict {
    let ours = json.is_some_and(Json::is_object);
    match call {
        Call::Find { .. } if ours => {
            Verdict::done(Reply::Contacts(Page { items: Vec::new(), next: None, total: None }))
        }
        Call::Create { .. } | Call::List { .. } | Call::ListFields { .. } | Call::CreateField { .. } | Call::Check => {
            no_such_api(answer)
        }
        _ if ours => Verdict::Missing { message: or_else(message, "not found") },
        _ => no_such_api(answer),
    }
}

fn or_else(message: String, otherwise: &str) -> String {
    if message.is_empty() { otherwise.to_owned() } else { message }
}
