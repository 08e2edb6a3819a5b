//! What a bad answer means, and a good status that carries a failure.
//!
//! The documents disagree on shapes: a bare text, `error`, `message`, and a 200 with
//! `success: false` or an `error_code`. All are read.

use serde_json::Value as Json;

use super::snapshots::contact_id;
use crate::contact::{Call, RemoteId};
use crate::services::reading::words;
use crate::services::verdict::page_instead;
use crate::services::{Answer, Page, Reply, Verdict, by_status};

/// A failure that an answer tells.
pub(super) struct Failure {
    /// The status that counts: of the answer, or the `error_code` in a good one; `None` where a
    /// good one says only that it failed.
    status: Option<u16>,
    message: String,
    id: Option<RemoteId>,
}

impl Failure {
    /// The failure in an answer, or `None` if it tells none.
    pub(super) fn read(body: Option<&Json>, answer: &Answer) -> Option<Self> {
        let good = (200..300).contains(&answer.status);
        let code = body.and_then(|body| body.get("error_code")).filter(|code| !is_no_code(code)).map(status_of);
        let failed = body.is_some_and(|body| body.get("success") == Some(&Json::Bool(false)));
        if good && code.is_none() && !failed {
            return None;
        }
        Some(Self {
            status: if good { code.flatten() } else { Some(answer.status) },
            message: message(body, answer),
            id: body.and_then(contact_id),
        })
    }

    pub(super) fn verdict(self, call: &Call, answer: &Answer) -> Verdict {
        if self.status == Some(404) && answer.excerpt() == "an HTML page" {
            return page_instead(answer);
        }
        let unsaid = self.status.is_none();
        let missing = self.status == Some(404) || unsaid && self.says("not found");
        let rejected = matches!(self.status, None | Some(400 | 409 | 422));
        match call {
            Call::Create { .. } if self.status == Some(409) || rejected && already_exists(&self.message) => {
                exists(self.message, self.id)
            }
            Call::Create { .. } if missing => self.refused_lists("a list was not found"),
            Call::Create { edit, .. } if self.status == Some(403) && !edit.lists.is_empty() => {
                self.refused_lists("no permission for a list")
            }
            Call::Find { .. } if missing => {
                Verdict::done(Reply::Contacts(Page { items: Vec::new(), next: None, total: Some(0) }))
            }
            Call::AddToList { .. } if rejected && self.says("already") => {
                Verdict::Done { reply: Reply::Nothing, warnings: vec![self.message] }
            }
            Call::AddToList { .. } | Call::RemoveFromList { .. } if self.status == Some(403) => {
                self.refused_lists("no permission for the list")
            }
            Call::AddToList { .. } | Call::RemoveFromList { .. }
                if missing && self.says("list") && !self.says("contact") =>
            {
                self.refused_lists("the list was not found")
            }
            Call::Check | Call::ListTags { .. } if missing => Verdict::Misdirected { message: self.words("not found") },
            Call::EditTags { .. } if missing => Verdict::Missing {
                message: format!(
                    "{}; some deployments want the phone of a tag without its plus: set tags_without_plus = true",
                    self.words("not found")
                ),
            },
            _ if missing => Verdict::Missing { message: self.words("not found") },
            _ => match self.status {
                Some(status @ 300..=599) => by_status(&Answer { status, ..answer.clone() }, &self.message),
                Some(status) if status == answer.status => by_status(answer, &self.message),
                _ => Verdict::refused("service.refused", self.words("the service refused the request")),
            },
        }
    }

    fn says(&self, word: &str) -> bool {
        self.message.to_lowercase().contains(word)
    }

    fn words(&self, otherwise: &str) -> String {
        if self.message.is_empty() { otherwise.to_owned() } else { self.message.clone() }
    }

    fn refused_lists(&self, otherwise: &str) -> Verdict {
        Verdict::Refused {
            code: "service.refused".into(),
            message: self.words(otherwise),
            fields: vec!["lists".to_owned()],
        }
    }
}

/// A contact with this phone is there already.
pub(super) fn exists(message: String, id: Option<RemoteId>) -> Verdict {
    let message = if message.is_empty() { "contact already exists".to_owned() } else { message };
    Verdict::Exists { message, fields: vec!["phone".to_owned()], id }
}

/// Whether the words say that the contact was there before ("Contact already exists").
pub(super) fn already_exists(words: &str) -> bool {
    words.to_lowercase().contains("already exist")
}

/// What a body says for a person.
pub(super) fn words_of(body: &Json) -> String {
    if body.is_string() {
        return words(body);
    }
    [body.get("message"), body.get("error"), body.get("errors"), body.get("data").and_then(|data| data.get("message"))]
        .into_iter()
        .flatten()
        .map(words)
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

fn message(body: Option<&Json>, answer: &Answer) -> String {
    match (body, answer.excerpt()) {
        (Some(body), _) => words_of(body),
        (None, page) if page == "an HTML page" => String::new(),
        (None, text) => text,
    }
}

/// Whether an `error_code` says that there was no error.
fn is_no_code(code: &Json) -> bool {
    matches!(code, Json::Null | Json::Bool(false)) || code.as_i64() == Some(0) || code.as_str() == Some("")
}

/// An `error_code` as a status, whether a number or text; `None` if it is no status.
fn status_of(code: &Json) -> Option<u16> {
    let number = match code {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    number.and_then(|number| u16::try_from(number).ok()).filter(|status| (300..600).contains(status))
}
