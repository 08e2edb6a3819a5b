//! Answers as verdicts.

use serde_json::Value as Json;

use super::RespondioV1;
use super::fields::by_key;
use super::requests::{WITHOUT_PLUS, page_of};
use crate::contact::{Call, Cursor, Field, Identifier, IdentifierKind, Snapshot, Value};
use crate::services::http::Answer;
use crate::services::reading::{custom, id, moment, names, value, words};
use crate::services::verdict::{Page, Reply, Verdict, by_status, no_such_api};

pub(super) fn verdict(service: &RespondioV1, call: &Call, answer: &Answer) -> Verdict {
    let json = answer.json();
    let failed = json.as_ref().and_then(|json| json.get("status")).is_some_and(|status| status == "error");
    match json {
        Some(json) if (200..300).contains(&answer.status) && !failed => success(service, call, answer, &json),
        json => failure(call, answer, &message(answer, json.as_ref())),
    }
}

fn success(service: &RespondioV1, call: &Call, answer: &Answer, json: &Json) -> Verdict {
    let reply = match call {
        Call::Find { identifiers, cursor } => page(service, json, cursor.as_ref()).map(|mut page| {
            page.next = page.next.or_else(|| second_look(service, identifiers, cursor.as_ref(), &page.items));
            Reply::Contacts(page)
        }),
        Call::List { cursor, .. } => page(service, json, cursor.as_ref()).map(Reply::Contacts),
        Call::Read { .. } => {
            json.get("data").and_then(|data| snapshot(service, data)).map(|snapshot| Reply::Contact(Box::new(snapshot)))
        }
        // Without the id that the documents promise, nobody can say what was created.
        Call::Create { .. } => json.pointer("/data/id").and_then(id).map(Reply::Id),
        Call::Update { .. } => json
            .get("data")
            .filter(|data| data.is_object())
            .map(|data| data.get("id").and_then(id).map_or(Reply::Nothing, Reply::Id)),
        Call::Check => page(service, json, None).map(|_| Reply::Nothing),
        _ => Some(Reply::Nothing),
    };
    reply.map_or_else(|| by_status(answer, ""), Verdict::done)
}

/// The look-up of the same phone without its plus, where the account asks for it and the first
/// gave nothing.
fn second_look(
    service: &RespondioV1,
    identifiers: &[Identifier],
    cursor: Option<&Cursor>,
    found: &[Snapshot],
) -> Option<Cursor> {
    let phone = |identifier: &Identifier| identifier.kind == IdentifierKind::Phone && identifier.value.starts_with('+');
    let wanted = service.phone_without_plus && cursor.is_none() && found.is_empty() && identifiers.iter().any(phone);
    wanted.then(|| Cursor(format!("{WITHOUT_PLUS}1")))
}

/// One page of contacts; `None` if it isn't one.
///
/// The links of a page are never followed: they are plain http and have lost the name and value.
fn page(service: &RespondioV1, json: &Json, cursor: Option<&Cursor>) -> Option<Page<Snapshot>> {
    let data = json.get("data")?.as_array()?;
    let items = data.iter().map(|item| snapshot(service, item)).collect::<Option<Vec<_>>>()?;
    let (page, without_plus) = page_of(cursor);
    let last = json.pointer("/meta/last_page").and_then(Json::as_u64);
    let at_end = items.is_empty()
        || match last {
            Some(last) => page >= last,
            None => json.pointer("/links/next").is_none_or(Json::is_null),
        };
    let next = (!at_end).then(|| {
        let mark = if without_plus { WITHOUT_PLUS } else { "" };
        Cursor(format!("{mark}{}", page.saturating_add(1)))
    });
    Some(Page { items, next, total: json.pointer("/meta/total").and_then(Json::as_u64) })
}

/// What a contact of an answer holds; `None` without an id.
fn snapshot(service: &RespondioV1, json: &Json) -> Option<Snapshot> {
    let mut snapshot = Snapshot::new(id(json.get("id")?)?);
    for (key, json) in json.as_object()? {
        match key.as_str() {
            "id" => drop(snapshot.fields.insert(Field::new("id"), Value::Text(snapshot.id.0.clone()))),
            "created_at" => {
                if let Some(moment) = moment(json) {
                    snapshot.fields.insert(Field::new("created_at"), moment);
                }
            }
            "tags" => snapshot.tags = names(json, "name"),
            "custom_fields" if json.is_object() => {
                for (key, json) in json.as_object()? {
                    let field = by_key(key);
                    if let Some(value) = value(json).or_else(|| field.custom_name().map(|_| custom(json))) {
                        snapshot.fields.insert(field, value);
                    }
                }
            }
            // An empty object of a PHP service is an empty array.
            "custom_fields" if json.as_array().is_some_and(Vec::is_empty) => {}
            _ => drop(snapshot.extra.insert(key.clone(), json.clone())),
        }
    }
    if service.phone_without_plus {
        with_plus(&mut snapshot);
    }
    Some(snapshot)
}

/// Reads a phone of digits alone as if it had its plus.
fn with_plus(snapshot: &mut Snapshot) {
    if let Some(Value::Text(phone)) = snapshot.fields.get_mut(&Field::new("phone"))
        && phone.bytes().all(|byte| byte.is_ascii_digit())
    {
        phone.insert(0, '+');
    }
}

fn failure(call: &Call, answer: &Answer, message: &str) -> Verdict {
    let said = message.to_lowercase();
    let found_nothing = said.contains("no such contact") && !(500..600).contains(&answer.status);
    if found_nothing {
        return match call {
            Call::Find { .. } | Call::List { .. } => {
                Verdict::done(Reply::Contacts(Page { items: Vec::new(), next: None, total: None }))
            }
            _ => Verdict::Missing { message: message.to_owned() },
        };
    }
    match answer.status {
        400 | 403 | 409 | 422 if matches!(call, Call::Create { .. }) && names_a_duplicate(&said) => {
            Verdict::Exists { message: message.to_owned(), fields: Vec::new(), id: None }
        }
        // The documents' catch-all: it says something about this row, not about the token. A page is
        // somebody else's, such as a firewall's.
        403 if !answer.is_page() => {
            Verdict::refused("service.refused", or_else(message, "the service refused the request (status 403)"))
        }
        400 | 422 => Verdict::refused("service.value", or_else(message, "the service refused a value")),
        404 | 410 if matches!(call, Call::Find { .. } | Call::List { .. } | Call::Create { .. } | Call::Check) => {
            no_such_api(answer)
        }
        // Some errors come with a good status; nothing was applied.
        200..=299 if !message.is_empty() && answer.json().is_some() => Verdict::refused("service.refused", message),
        _ => by_status(answer, message),
    }
}

fn or_else<'a>(message: &'a str, otherwise: &'a str) -> &'a str {
    if message.is_empty() { otherwise } else { message }
}

fn names_a_duplicate(said: &str) -> bool {
    ["already exist", "already been taken", "duplicate"].iter().any(|words| said.contains(words))
}

/// What the service said: `message` is a text or an array of texts; a page that isn't JSON speaks
/// for itself.
fn message(answer: &Answer, json: Option<&Json>) -> String {
    match json {
        Some(json) => json.get("message").map(words).unwrap_or_default(),
        None if answer.status >= 300 => answer.excerpt(),
        None => String::new(),
    }
}
