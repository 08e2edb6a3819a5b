use std::time::Duration;

use rolo_sandbox::{EMULATORS, Emulator, EmulatorOptions, WireRequest};
use serde::Deserialize;
use serde_json::Value;

use crate::compare::{Comparison, Names};

/// One call a line, after a line about the server.
const RECORDED: &str = include_str!("chatwoot-4.14.2.jsonl");

#[derive(Deserialize)]
struct Call {
    name: String,
    method: String,
    path: String,
    request: Value,
    status: u16,
    answer: Value,
}

/// Where the emulator answered otherwise.
pub struct Difference {
    pub call: String,
    pub place: String,
    pub what: String,
}

pub fn differences() -> Vec<Difference> {
    let make = EMULATORS.iter().find(|(name, _)| *name == "chatwoot").unwrap().1;
    let mut options = EmulatorOptions { unthrottled: true, ..EmulatorOptions::default() };
    options.chatwoot.no_pictures = true;
    let mut emulator = make(options);
    let mut names = Names::default();
    let mut found = Vec::new();
    // 2026-11-26 03:02:58 UTC, about when the server was asked.
    let mut now = Duration::from_secs(1_795_662_178);
    for line in RECORDED.lines().skip(1) {
        let call: Call = serde_json::from_str(line).unwrap();
        now += Duration::from_millis(17);
        for (place, what) in replayed(&call, emulator.as_mut(), &mut names, now) {
            found.push(Difference { call: call.name.clone(), place, what });
        }
    }
    found
}

fn replayed(call: &Call, emulator: &mut dyn Emulator, names: &mut Names, now: Duration) -> Vec<(String, String)> {
    let answer = emulator.answer(&request(call, names), now);
    if answer.status != call.status {
        let said = String::from_utf8_lossy(&answer.body).chars().take(200).collect::<String>();
        return vec![("status".to_owned(), format!("{} {said}, the server has {}", answer.status, call.status))];
    }
    // A body that is no JSON was written down as its text.
    let body = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| serde_json::json!({ "text": String::from_utf8_lossy(&answer.body) }));
    let sort = call.path.split(['?', '&']).find_map(|part| part.strip_prefix("sort=")).unwrap_or_default();
    let mut comparison = Comparison { names, kind: kind(&call.path), sort, found: Vec::new() };
    comparison.compare("", "", &call.answer, &body);
    comparison.found
}

/// What the ids of an answer are ids of.
fn kind(path: &str) -> &'static str {
    match path {
        path if path.starts_with("{A}/labels") => "label",
        path if path.starts_with("{A}/custom_attribute_definitions") => "definition",
        path if path.ends_with("contactable_inboxes") || path.ends_with("contact_inboxes") => "inbox",
        path if path.starts_with("/api/v1/profile") => "user",
        _ => "contact",
    }
}

fn request(call: &Call, names: &Names) -> WireRequest {
    let target = with_our_ids(&call.path, names);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (content_type, body) = body(&call.request, names);
    let mut headers: Vec<(String, String)> =
        content_type.map(|kind| ("content-type".to_owned(), kind)).into_iter().collect();
    headers.extend(credential(&call.name));
    WireRequest {
        method: call.method.clone(),
        path: path.replace("{A}", "/api/v1/accounts/1"),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body,
    }
}

/// The key, in the way that the first calls try out by their names.
fn credential(name: &str) -> Option<(String, String)> {
    let (header, value) = match name {
        "auth: no token" | "auth: profile without token" => return None,
        "auth: wrong token" | "auth: profile wrong token" => ("api_access_token", "wrong"),
        "auth: hyphenated header" => ("api-access-token", "sandbox"),
        "auth: bearer only" => ("authorization", "Bearer sandbox"),
        "auth: empty token" => ("api_access_token", ""),
        _ => ("api_access_token", "sandbox"),
    };
    Some((header.to_owned(), value.to_owned()))
}

/// The path with the emulator's ids of contacts in place of the server's.
fn with_our_ids(path: &str, names: &Names) -> String {
    let Some(rest) = path.strip_prefix("{A}/contacts/") else { return path.to_owned() };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    match names.id("contact", &rest[..end]) {
        Some(ours) => format!("{{A}}/contacts/{ours}{}", &rest[end..]),
        None => path.to_owned(),
    }
}

/// Content type and bytes of a body: JSON, or what was sent as it was.
fn body(request: &Value, names: &Names) -> (Option<String>, Vec<u8>) {
    let Some(fields) = request.as_object() else { return (None, Vec::new()) };
    if let Some(raw) = fields.get("raw").and_then(Value::as_str) {
        let kind = fields.get("content_type").and_then(Value::as_str).map(str::to_owned);
        return (kind, bytes(raw));
    }
    let mut fields = fields.clone();
    for (key, value) in &mut fields {
        let single = matches!(key.as_str(), "base_contact_id" | "mergee_contact_id");
        match value {
            Value::Array(list) if key == "ids" => {
                for id in list {
                    *id = names.id("contact", &id.to_string()).unwrap_or(id).clone();
                }
            }
            id if single => *id = names.id("contact", &id.to_string()).unwrap_or(id).clone(),
            _ => {}
        }
    }
    (Some("application/json".to_owned()), Value::Object(fields).to_string().into_bytes())
}

/// The bytes of `b'…'` with `\xNN` for those that are no text, else the text itself.
fn bytes(raw: &str) -> Vec<u8> {
    let Some(literal) = raw.strip_prefix("b'").and_then(|rest| rest.strip_suffix('\'')) else { return raw.into() };
    let mut bytes = Vec::new();
    let mut rest = literal;
    while let Some(first) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(&hex[..2], 16).unwrap());
            rest = &hex[2..];
        } else {
            bytes.extend(first.to_string().bytes());
            rest = &rest[first.len_utf8()..];
        }
    }
    bytes
}
