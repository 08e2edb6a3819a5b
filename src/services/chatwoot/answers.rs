//! What a good answer means.

use serde_json::Value as Json;

use super::Chatwoot;
use super::definitions;
use super::pages::Place;
use crate::contact::{Call, Field, Snapshot, TagMode, Value};
use crate::services::verdict::{Page, page_instead};
use crate::services::{Answer, Reply, Verdict, by_status, reading};

impl Chatwoot {
    /// The verdict on a 2xx answer.
    pub(super) fn success(&self, call: &Call, answer: &Answer) -> Verdict {
        if answer.is_page() {
            return page_instead(answer);
        }
        let body = answer.json();
        let reply = match call {
            Call::Delete { .. } => Some(Reply::Nothing),
            // The published schema says 204 for an update, the program answers 200 with the contact.
            Call::Update { .. } if answer.status == 204 => Some(Reply::Nothing),
            Call::Create { .. } | Call::Update { .. } | Call::ClearFields { .. } | Call::Read { .. } => {
                body.as_ref().and_then(|body| self.contact_reply(body))
            }
            Call::Find { identifiers, cursor } => body.as_ref().and_then(|body| {
                let (items, meta) = self.contacts(body)?;
                let place = Place::read_of_find(identifiers, cursor.as_ref()).ok()?;
                Some(Reply::Contacts(place.of_find(items, meta, self.options.abilities.filter)))
            }),
            Call::List { cursor, .. } => body.as_ref().and_then(|body| {
                let (items, meta) = self.contacts(body)?;
                let place = Place::read(cursor.as_ref()).ok()?;
                Some(Reply::Contacts(place.of_list(items, meta)))
            }),
            Call::EditTags { .. } | Call::ReadTags { .. } | Call::ListTags { .. } => {
                body.as_ref().and_then(|body| reading::names(body.get("payload")?, "title")).map(Reply::Tags)
            }
            Call::ListFields { .. } => body.as_ref().and_then(|body| {
                let items = body.as_array()?.iter().map(definitions::definition).collect::<Option<Vec<_>>>()?;
                Some(Reply::Fields(Page { items, next: None, total: None }))
            }),
            Call::CreateField { .. } => body.as_ref().and_then(definitions::definition).map(|_| Reply::Nothing),
            Call::Check => return self.checked(body.as_ref(), answer),
            _ => None,
        };
        match reply {
            Some(reply) => {
                let warnings = warnings(call, &reply);
                Verdict::Done { reply, warnings }
            }
            None => unreadable(body.as_ref(), answer),
        }
    }

    /// One contact: `payload.contact`, or `payload` itself.
    fn contact_reply(&self, body: &Json) -> Option<Reply> {
        let payload = body.get("payload")?;
        let contact = payload.get("contact").unwrap_or(payload);
        self.snapshot(contact).map(|snapshot| Reply::Contact(Box::new(snapshot)))
    }

    /// The contacts of a page and its `meta`. A contact without an id makes the page unreadable:
    /// leaving it out would lose a contact silently.
    fn contacts<'a>(&self, body: &'a Json) -> Option<(Vec<Snapshot>, &'a Json)> {
        let items = body.get("payload")?.as_array()?.iter();
        let items = items.map(|contact| self.snapshot(contact)).collect::<Option<Vec<_>>>()?;
        Some((items, body.get("meta").unwrap_or(&Json::Null)))
    }

    /// Whether the key belongs to a user of the account. The profile also holds the key itself, so
    /// nothing else of it is looked at.
    fn checked(&self, body: Option<&Json>, answer: &Answer) -> Verdict {
        let Some(body) = body else { return by_status(answer, "") };
        if !self.flavor.profile {
            return match self.contacts(body) {
                Some(_) => Verdict::done(Reply::Nothing),
                None => by_status(answer, ""),
            };
        }
        if body.get("id").is_none() {
            return by_status(answer, "");
        }
        let (Some(accounts), Some(wanted)) = (body.get("accounts").and_then(Json::as_array), &self.options.account_id)
        else {
            return Verdict::done(Reply::Nothing);
        };
        let is_ours = |account: &&Json| account.get("id").is_some_and(|id| id.to_string().trim_matches('"') == wanted);
        let Some(account) = accounts.iter().find(is_ours) else {
            return Verdict::Stop { message: format!("the key's user is not in the account: {wanted}") };
        };
        let mut warnings = Vec::new();
        if account.get("role").and_then(Json::as_str) == Some("agent") {
            warnings.push("the key's user is an agent: deleting contacts needs an administrator".to_owned());
        }
        Verdict::Done { reply: Reply::Nothing, warnings }
    }
}

/// What the answer shows was not done as asked.
fn warnings(call: &Call, reply: &Reply) -> Vec<String> {
    match (call, reply) {
        (Call::Update { edit, .. }, _) if edit.fields.contains(&(Field::new("avatar_url"), Value::Clear)) => {
            vec!["the picture is still there: an update can't take it away".to_owned()]
        }
        (Call::EditTags { edit, .. }, Reply::Tags(held)) if edit.mode == TagMode::Replace => edit
            .tags
            .iter()
            .filter(|tag| !held.iter().any(|label| label.to_lowercase() == tag.to_lowercase()))
            .map(|tag| format!("the label was stored in another form: {tag}"))
            .collect(),
        _ => Vec::new(),
    }
}

/// A 2xx answer that is not what the call asked for; an error in it is passed on.
fn unreadable(body: Option<&Json>, answer: &Answer) -> Verdict {
    let said = body.map(super::refusals::message).unwrap_or_default();
    if said.is_empty() { by_status(answer, "") } else { Verdict::unclear(said) }
}
