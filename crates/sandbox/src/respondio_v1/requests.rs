use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::contacts::Contact;
use super::emulator::{RespondioV1, failure, failures};
use crate::{WireAnswer, WireRequest};

/// Fields in one update or create.
const FIELDS_A_REQUEST: usize = 30;
/// Tags in one call, added or removed.
const TAGS_A_REQUEST: usize = 10;
const PAGE: usize = 10;
/// Standard fields that can be read and are not in the list of those that may be updated.
const READ_ONLY: &[&str] = &["locale", "timezone", "gender"];

type Answer = Result<Value, WireAnswer>;

impl RespondioV1 {
    pub(super) fn search(&mut self, request: &WireRequest, now: Duration) -> Answer {
        let mut wrong = Vec::new();
        for wanted in ["name", "value"] {
            if request.query_value(wanted).is_none_or(str::is_empty) {
                wrong.push(format!("The {wanted} field is required."));
            }
        }
        let page = request.query_value("page").map_or(Some(1), |page| page.parse::<usize>().ok());
        let Some(page) = page.filter(|page| *page > 0) else {
            wrong.push("The page must be at least 1.".to_owned());
            return Err(failures(403, &wrong));
        };
        if !wrong.is_empty() {
            return Err(failures(403, &wrong));
        }
        let (name, value) = (request.query_value("name").unwrap_or(""), request.query_value("value").unwrap_or(""));
        let found = self.contacts.visible(name, value, now);
        let total = found.len();
        let last_page = total.div_ceil(PAGE).max(1);
        let first = PAGE.saturating_mul(page - 1).min(total);
        let shown = found[first..(first + PAGE).min(total)].to_vec();
        // As in the documents' samples: plain http, and without the name and value asked for.
        let path = format!(
            "http://{}/respondio-v1/contact/by_custom_field",
            request.header("host").unwrap_or("app.respond.io")
        );
        let link = |page: usize| format!("{path}?page={page}");
        Ok(json!({
            "data": shown.iter().filter_map(|id| self.contacts.get(*id)).map(Contact::shown).collect::<Vec<_>>(),
            "links": {
                "first": link(1),
                "last": link(last_page),
                "prev": (page > 1).then(|| link(page - 1)),
                "next": (page < last_page).then(|| link(page + 1)),
            },
            "meta": {
                "current_page": page,
                "from": (!shown.is_empty()).then_some(first + 1),
                "last_page": last_page,
                "path": path,
                "per_page": PAGE,
                "to": (!shown.is_empty()).then_some(first + shown.len()),
                "total": total,
            },
        }))
    }

    pub(super) fn read(&mut self, id: &str) -> Answer {
        let id = self.known(id).ok_or_else(|| failure(403, "There is no such contact"))?;
        Ok(json!({ "data": self.contacts.get(id).map(Contact::shown) }))
    }

    pub(super) fn create(&mut self, body: &[u8], now: Duration) -> Answer {
        let fields = fields(body)?;
        if self.options.refuse_duplicates {
            for (name, value) in fields.iter().filter(|(name, _)| name == "phone" || name == "email") {
                if !self.contacts.all(name, value).is_empty() {
                    return Err(failures(403, &[format!("The {name} has already been taken.")]));
                }
            }
        }
        let visible_from = match self.options.search_lag {
            Duration::ZERO => Duration::ZERO,
            lag => now + lag,
        };
        let id = self.contacts.create(None, fields, now.as_secs(), visible_from);
        Ok(json!({ "data": { "id": id.to_string() } }))
    }

    pub(super) fn update(&mut self, id: &str, body: &[u8]) -> Answer {
        let id = self.known(id).ok_or_else(|| failure(403, "There is no such contact"))?;
        let fields = fields(body)?;
        self.contacts.update(id, fields);
        Ok(json!({ "data": { "id": id.to_string() } }))
    }

    pub(super) fn add_tags(&mut self, id: &str, body: &[u8]) -> Answer {
        let id = self.known(id).ok_or_else(|| failures(403, &["There is no such contact".to_owned()]))?;
        let tags = tags(body)?;
        self.contacts.add_tags(id, tags);
        Ok(json!({ "data": { "id": id.to_string() } }))
    }

    pub(super) fn remove_tags(&mut self, id: &str, body: &[u8]) -> Answer {
        let id = self.known(id).ok_or_else(|| failures(403, &["There is no such contact".to_owned()]))?;
        let tags = tags(body)?;
        self.contacts.remove_tags(id, &tags);
        Ok(json!({ "data": { "id": id.to_string() } }))
    }

    /// The contact an id in a path means, if there is one. A Viber channel's ids come in Base64.
    fn known(&self, id: &str) -> Option<u64> {
        let id =
            if self.options.viber_ids { String::from_utf8(STANDARD.decode(id).ok()?).ok()? } else { id.to_owned() };
        id.parse().ok().filter(|id| self.contacts.get(*id).is_some())
    }
}

/// The `custom_fields` of a body: an array of `{name, value}`.
fn fields(body: &[u8]) -> Result<Vec<(String, String)>, WireAnswer> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(given) = body["custom_fields"].as_array().filter(|given| !given.is_empty()) else {
        return Err(failures(403, &["The custom fields field is required.".to_owned()]));
    };
    if given.len() > FIELDS_A_REQUEST {
        let message = format!("The custom fields may not have more than {FIELDS_A_REQUEST} items.");
        return Err(failures(403, &[message]));
    }
    let mut fields = Vec::with_capacity(given.len());
    let mut wrong = Vec::new();
    for (place, field) in given.iter().enumerate() {
        let Some(name) = field["name"].as_str().filter(|name| !name.is_empty()) else {
            wrong.push(format!("The custom_fields.{place}.name field is required."));
            continue;
        };
        let Some(value) = field["value"].as_str() else {
            wrong.push(format!("The custom_fields.{place}.value must be a string."));
            continue;
        };
        if READ_ONLY.contains(&name) {
            wrong.push(format!("The field {name} can not be updated."));
        } else if !value.is_empty() && (name == "phone" && !is_phone(value) || name == "email" && !is_email(value)) {
            wrong.push(format!("The {name} format is invalid."));
        }
        fields.push((name.to_owned(), value.to_owned()));
    }
    if wrong.is_empty() { Ok(fields) } else { Err(failures(403, &wrong)) }
}

/// The `tags` of a body: an array of strings.
fn tags(body: &[u8]) -> Result<Vec<String>, WireAnswer> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(given) = body["tags"].as_array().filter(|given| !given.is_empty()) else {
        return Err(failures(403, &["The tags field is required.".to_owned()]));
    };
    if given.len() > TAGS_A_REQUEST {
        return Err(failures(403, &[format!("The tags may not have more than {TAGS_A_REQUEST} items.")]));
    }
    let named = |tag: &Value| tag.as_str().filter(|tag| !tag.is_empty()).map(str::to_owned);
    given
        .iter()
        .enumerate()
        .map(|(place, tag)| named(tag).ok_or_else(|| failures(403, &[format!("The tags.{place} must be a string.")])))
        .collect()
}

fn is_phone(value: &str) -> bool {
    let digits = value.strip_prefix('+').unwrap_or(value);
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
