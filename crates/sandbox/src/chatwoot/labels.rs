use std::collections::HashSet;

use serde_json::{Value, json};

use super::answers::{Refusal, empty, payload};
use super::contacts;
use super::label::AccountLabel;
use super::operation::Action;
use super::order::collated;
use super::request::Request;
use super::state::State;
use super::validation::{Problem, Rule, is_label};
use crate::WireAnswer;

pub(super) fn of_contact(state: &State, id: u64) -> Result<WireAnswer, Refusal> {
    let contact = state.store.get(id).ok_or(Refusal::Missing)?;
    Ok(payload(json!(contact.labels)))
}

/// The new list takes the place of the old; no list clears it. The answer shows the labels as they were sent,
/// though a label known in another spelling is kept in that one.
pub(super) fn replace(state: &mut State, request: &Request, id: u64) -> Result<WireAnswer, Refusal> {
    let labels = tags_of(&texts(request.body.get("labels")));
    set(state, id, &labels)?;
    Ok(payload(json!(labels)))
}

/// Gives a contact its labels; the whole contact has to pass its model, as at every write.
pub(super) fn set(state: &mut State, id: u64, labels: &[String]) -> Result<(), Refusal> {
    let mut contact = state.store.get(id).ok_or(Refusal::Missing)?.clone();
    contacts::check(state, &contact)?;
    // A tag that can't be saved leaves the link to it without one.
    if labels.iter().any(|label| label.chars().count() > LONGEST_TAG) {
        return Err(Refusal::Invalid(vec![
            Problem { attribute: "tag", rule: Rule::MustExist },
            Problem { attribute: "tag_id", rule: Rule::Blank },
        ]));
    }
    contact.labels = state.tags.spelled(labels);
    state.store.replace(contact);
    Ok(())
}

/// Characters.
const LONGEST_TAG: usize = 255;

/// The scalars of a list; anything else is no list.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let scalars = value.and_then(Value::as_array).into_iter().flatten();
    scalars
        .filter_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        })
        .collect()
}

/// The tags that a list means: joined and split at commas, each once whatever its case, as they were sent.
pub(super) fn tags_of(texts: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    split(&texts.join(", ")).into_iter().filter(|tag| seen.insert(tag.to_lowercase())).collect()
}

/// Splits at commas, but not inside quotes that begin a tag and end it.
fn split(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (tag, after) = quoted(rest).unwrap_or_else(|| match rest.split_once(',') {
            Some((tag, after)) => (tag.trim(), after),
            None => (rest.trim(), ""),
        });
        if !tag.is_empty() {
            tags.push(tag.to_owned());
        }
        rest = after.trim_start();
    }
    tags
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = &text[1..];
    inner.match_indices(quote).find_map(|(end, _)| {
        let after = inner[end + 1..].trim_start();
        let after = if after.is_empty() { Some("") } else { after.strip_prefix(',') };
        after.map(|after| (inner[..end].trim(), after))
    })
}

/// By title.
pub(super) fn of_account(state: &State) -> WireAnswer {
    let mut labels: Vec<&AccountLabel> = state.labels.iter().collect();
    labels.sort_by_cached_key(|label| collated(&label.title));
    payload(json!(labels))
}

pub(super) fn change(state: &mut State, request: &Request, action: Action) -> Result<WireAnswer, Refusal> {
    // The framework takes the keys bare as well as under the model's name.
    let body = request.body.get("label").filter(|value| value.is_object()).unwrap_or(request.body);
    let position =
        |state: &State, id: u64| state.labels.iter().position(|label| label.id == id).ok_or(Refusal::Missing);
    let label = match action {
        Action::Add => {
            let mut label = AccountLabel { color: "#1f93ff".into(), ..AccountLabel::default() };
            fill(&mut label, body);
            check(state, &label)?;
            label.id = state.next_id();
            state.labels.push(label.clone());
            label
        }
        Action::Show(id) => state.labels[position(state, id)?].clone(),
        Action::Change(id) => {
            let position = position(state, id)?;
            let mut label = state.labels[position].clone();
            fill(&mut label, body);
            check(state, &label)?;
            state.labels[position] = label.clone();
            label
        }
        Action::Remove(id) => {
            let position = position(state, id)?;
            state.labels.remove(position);
            return Ok(empty());
        }
    };
    Ok(WireAnswer::json(200, &json!(label)))
}

fn fill(label: &mut AccountLabel, body: &Value) {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if let Some(title) = text("title") {
        label.title = title.trim().to_lowercase();
    }
    if let Some(description) = text("description") {
        label.description = Some(description.to_owned());
    }
    if let Some(color) = text("color") {
        color.clone_into(&mut label.color);
    }
    if let Some(shown) = body.get("show_on_sidebar").and_then(Value::as_bool) {
        label.show_on_sidebar = Some(shown);
    }
}

fn check(state: &State, label: &AccountLabel) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut add = |rule| problems.push(Problem { attribute: "title", rule });
    if label.title.is_empty() {
        add(Rule::MustNotBeBlank);
    }
    if !is_label(&label.title) {
        add(Rule::NotLabel);
    }
    if state.labels.iter().any(|other| other.id != label.id && other.title == label.title) {
        add(Rule::Taken);
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::Invalid(problems)) }
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use super::split;
    use serde_json::json;

    #[test]
    fn a_post_replaces_all_labels_of_a_contact() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let path = format!("/contacts/{}/labels", server.create(&json!({ "email": "a@b" })));
        assert_eq!(server.get(&path).value, json!({ "payload": [] }));
        assert_eq!(server.post(&path, &json!({ "labels": ["a", "b"] })).value, json!({ "payload": ["a", "b"] }));
        assert_eq!(server.post(&path, &json!({ "labels": ["c"] })).value, json!({ "payload": ["c"] }));
        assert_eq!(server.get(&path).value, json!({ "payload": ["c"] }));
        assert_eq!(server.post(&path, &json!({ "labels": [] })).value, json!({ "payload": [] }));
        server.post(&path, &json!({ "labels": ["c"] }));
        assert_eq!(server.post(&path, &json!({})).value, json!({ "payload": [] }));
        assert_eq!(server.post("/contacts/4/labels", &json!({ "labels": ["c"] })).status, 404);
        assert_eq!(server.get("/contacts/4/labels").status, 404);
    }

    #[test]
    fn an_unknown_label_is_kept_but_not_listed_for_the_account() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let path = format!("/contacts/{}/labels", server.create(&json!({ "email": "a@b" })));
        server.post(&path, &json!({ "labels": ["not known!"] }));
        assert_eq!(server.get(&path).value, json!({ "payload": ["not known!"] }));
        assert_eq!(server.get("/labels").value, json!({ "payload": [] }));
    }

    #[test]
    fn the_first_spelling_of_a_tag_stays_though_the_answer_shows_the_last() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let first = server.create(&json!({ "email": "a@b" }));
        let second = format!("/contacts/{}/labels", server.create(&json!({ "email": "c@d" })));
        server.post(&format!("/contacts/{first}/labels"), &json!({ "labels": ["VIP", "new"] }));
        let answer = server.post(&second, &json!({ "labels": ["New", "vip", "Vip"] }));
        assert_eq!(answer.value, json!({ "payload": ["New", "vip"] }));
        assert_eq!(server.get(&second).value, json!({ "payload": ["VIP", "new"] }));
    }

    #[test]
    fn a_tag_has_255_characters_at_most() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let path = format!("/contacts/{}/labels", server.create(&json!({ "email": "a@b" })));
        assert_eq!(server.post(&path, &json!({ "labels": ["ü".repeat(255)] })).status, 200);
        let refused = server.post(&path, &json!({ "labels": ["x", "ü".repeat(256)] }));
        assert_eq!(refused.status, 422);
        let body = json!({ "message": "Tag must exist, Tag can't be blank", "attributes": ["tag", "tag_id"] });
        assert_eq!(refused.value, body);
        assert_eq!(server.get(&path).value, json!({ "payload": ["ü".repeat(255)] }));
    }

    #[test]
    fn a_comma_splits_a_label_unless_quoted() {
        assert_eq!(split("a,b"), ["a", "b"]);
        assert_eq!(split("\"a, b\", c"), ["a, b", "c"]);
        assert_eq!(split("'x,y'"), ["x,y"]);
        assert_eq!(split(" , a ,, "), ["a"]);
        assert_eq!(split("it's, 5\" disk"), ["it's", "5\" disk"]);
    }

    #[test]
    fn account_labels_are_lower_cased_checked_and_unique() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let made = server.post("/labels", &json!({ "title": "VIP", "color": "#ff0000", "description": "d" }));
        assert_eq!(made.value["title"], "vip");
        let listed = server.get("/labels").value;
        let keys: Vec<_> = listed["payload"][0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["id", "title", "description", "color", "show_on_sidebar"]);
        for title in ["Vip", "-x", "a b", "x"] {
            let refused = server.post("/labels", &json!({ "title": title }));
            assert_eq!((refused.status, &refused.value["attributes"]), (422, &json!(["title"])), "{title}");
        }
    }
}
