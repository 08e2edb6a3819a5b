//! What a good answer means.

use serde_json::Value as Json;

use super::DmChamp;
use super::failures::{already_exists, exists, words_of};
use super::snapshots::{contact_id, looked_up, messages};
use crate::contact::{Call, FieldKind};
use crate::services::{Answer, Page, Reply, Verdict, by_status, reading};

impl DmChamp {
    /// The verdict on a 2xx answer that tells no failure.
    ///
    /// A create or update is believed only with `success: true`; a create needs an id too.
    pub(super) fn success(&self, call: &Call, body: Option<&Json>, answer: &Answer) -> Verdict {
        let Some(body) = body else {
            // The answer to a tag or list is not documented in full, so an empty one is good.
            let undocumented =
                matches!(call, Call::EditTags { .. } | Call::AddToList { .. } | Call::RemoveFromList { .. });
            return if undocumented && answer.body.is_empty() {
                Verdict::done(Reply::Nothing)
            } else {
                by_status(answer, "")
            };
        };
        let succeeded = body.get("success") == Some(&Json::Bool(true));
        let reply = match call {
            Call::Find { identifiers, .. } => self
                .snapshot(body, looked_up(identifiers))
                .map(|snapshot| Reply::Contacts(Page { items: vec![snapshot], next: None, total: Some(1) })),
            Call::Create { .. } => match contact_id(body).filter(|_| succeeded) {
                Some(id) if already_exists(&words_of(body)) => return exists(words_of(body), Some(id)),
                id => id.map(Reply::Id),
            },
            Call::Update { .. } => succeeded.then_some(Reply::Nothing),
            Call::EditTags { .. } | Call::AddToList { .. } | Call::RemoveFromList { .. } => Some(Reply::Nothing),
            Call::ReadTags { .. } | Call::ListTags { .. } => tags(body).map(Reply::Tags),
            Call::ReadMessages { .. } => messages(body).map(Reply::Messages),
            Call::Check => tags(body).map(|_| Reply::Nothing),
            _ => None,
        };
        match reply {
            Some(reply) => Verdict::Done { reply, warnings: warnings(call) },
            None => by_status(answer, ""),
        }
    }
}

fn tags(body: &Json) -> Option<Vec<String>> {
    let list = [Some(body), body.get("tags"), body.get("data")].into_iter().flatten().find(|json| json.is_array())?;
    reading::names(list, "name")
}

/// What a call asked for that can't be sent.
fn warnings(call: &Call) -> Vec<String> {
    let Call::Update { edit, .. } = call else { return Vec::new() };
    edit.fields
        .iter()
        .filter(|(field, value)| {
            let boolean = super::fields::spec(field.name()).is_some_and(|spec| (spec.kind)() == FieldKind::Boolean);
            boolean && value.is_empty()
        })
        .map(|(field, _)| format!("{field} was left as it is: it is true or false and can't be emptied"))
        .collect()
}
