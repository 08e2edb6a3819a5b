//! What a bad answer means.
//!
//! The text of a validation error is translated into the language of the key's user, so only
//! `attributes` is judged. It names the fields and not the reason: a taken e-mail and a malformed
//! one look alike. Such an answer is [`Verdict::Exists`], and the look-up that follows tells them
//! apart: if it finds no contact, the value was refused.

use std::time::Duration;

use serde_json::Value as Json;

use super::Chatwoot;
use super::limits::TAG_CHARS;
use crate::contact::{Call, Field};
use crate::services::reading::words;
use crate::services::verdict::page_instead;
use crate::services::{Answer, Verdict, Wait, by_status, retry_after};

/// Fields that no two contacts of an account may share.
const UNIQUE: [&str; 3] = ["email", "phone", "external_id"];

impl Chatwoot {
    /// The verdict on an answer that is no 2xx.
    pub(super) fn refusal(&self, call: &Call, answer: &Answer) -> Verdict {
        let body = answer.json();
        let said = body.as_ref().map(message).unwrap_or_default();
        match answer.status {
            401 | 403 if matches!(call, Call::CreateField { .. }) && !said.is_empty() => {
                Verdict::Stop { message: format!("only an administrator's key may define custom attributes: {said}") }
            }
            401 => unauthorized(body.as_ref(), &said),
            404 if answer.excerpt() == "an HTML page" => page_instead(answer),
            404 => self.not_found(call, &said),
            422 => self.invalid(call, body.as_ref(), said),
            429 => Verdict::Again { wait: self.wait(answer), message: "too many requests".to_owned() },
            _ => by_status(answer, &said),
        }
    }

    fn not_found(&self, call: &Call, said: &str) -> Verdict {
        let said = if said.is_empty() { "not found" } else { said };
        match call {
            Call::Create { .. } => match (inbox_of(call), self.options.inbox_id) {
                (Some(inbox), _) => Verdict::Refused {
                    code: "service.refused".into(),
                    message: format!("{said}: there is no inbox {inbox}, or the account is another"),
                    fields: vec!["inbox_id".to_owned()],
                },
                (None, Some(inbox)) => Verdict::Stop {
                    message: format!("{said}: there is no inbox {inbox}, or the account is another; check inbox_id"),
                },
                (None, None) => Verdict::Stop { message: format!("{said}: check account_id and base_url") },
            },
            Call::Find { .. }
            | Call::List { .. }
            | Call::ListTags { .. }
            | Call::ListFields { .. }
            | Call::CreateField { .. }
            | Call::Check => Verdict::Stop {
                message: format!("{said}: the account or the operation isn't there; check account_id and base_url"),
            },
            _ => Verdict::Missing { message: said.to_owned() },
        }
    }

    fn invalid(&self, call: &Call, body: Option<&Json>, said: String) -> Verdict {
        let attributes = body.and_then(|body| body.get("attributes")).and_then(Json::as_array);
        let fields: Vec<String> =
            attributes.into_iter().flatten().filter_map(Json::as_str).map(|wire| self.our_name(wire)).collect();
        let message = if said.is_empty() { "the service refused the values (status 422)".to_owned() } else { said };
        // One of two writers who bring a new label at the same moment gets this; a label that is too long does too.
        if let Call::EditTags { edit, .. } = call
            && fields.iter().any(|field| field == "tag" || field == "tag_id")
            && edit.tags.iter().all(|tag| tag.chars().count() <= TAG_CHARS)
        {
            return Verdict::Again { wait: Wait::Backoff, message };
        }
        let writes = matches!(call, Call::Create { .. } | Call::Update { .. });
        if writes && !fields.is_empty() && fields.iter().all(|field| UNIQUE.contains(&field.as_str())) {
            return Verdict::Exists { message, fields, id: None };
        }
        let code = if fields.is_empty() { "service.refused" } else { "service.value" };
        Verdict::Refused { code: code.into(), message, fields }
    }

    fn our_name(&self, wire: &str) -> String {
        self.fields.iter().find(|spec| spec.wire == wire).map_or(wire, |spec| spec.name).to_owned()
    }

    /// The throttle counts in whole minutes of the server's clock and names no wait.
    fn wait(&self, answer: &Answer) -> Wait {
        if let Some(told) = retry_after(answer) {
            return Wait::For(told);
        }
        if !self.flavor.minute_windows {
            return Wait::Backoff;
        }
        let now = answer
            .header("date")
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
            .unwrap_or(answer.at);
        Wait::Window(Duration::from_secs(60 - now.as_secs() % 60))
    }
}

/// All failures of authorization are 401: `errors` where no key arrived, `error` where one did.
fn unauthorized(body: Option<&Json>, said: &str) -> Verdict {
    let stripped = body.is_some_and(|body| body.get("errors").is_some());
    let message = match (stripped, said) {
        (true, _) => format!(
            "no key arrived at the service, perhaps because a proxy drops the header: \
             set header = \"Api-Access-Token\" ({said})"
        ),
        (false, "") => "the service refused the credentials".to_owned(),
        (false, _) => format!("the key is unknown, or its user may not do this: {said}"),
    };
    Verdict::Stop { message }
}

/// The inbox that a create names itself.
fn inbox_of(call: &Call) -> Option<String> {
    let Call::Create { edit, .. } = call else { return None };
    let inbox = Field::new("inbox_id");
    edit.fields.iter().find(|(field, _)| *field == inbox).map(|(_, value)| value.as_text().into_owned())
}

/// What an error body says for a person: `message`, `error` or `errors`, one text or several.
pub(super) fn message(body: &Json) -> String {
    ["message", "error", "errors"]
        .into_iter()
        .filter_map(|key| body.get(key).map(words))
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}
