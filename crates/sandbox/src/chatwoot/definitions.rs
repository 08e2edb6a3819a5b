use std::time::Duration;

use serde_json::Value;

use super::answers::{Refusal, empty};
use super::definition::{DISPLAYS, Definition};
use super::operation::Action;
use super::request::Request;
use super::state::State;
use super::text::is_blank;
use super::validation::{Problem, Rule};
use crate::WireAnswer;

/// Keys that contacts have by themselves.
const STANDARD: [&str; 10] = [
    "name",
    "email",
    "phone_number",
    "identifier",
    "country_code",
    "city",
    "created_at",
    "last_activity_at",
    "referer",
    "blocked",
];

/// A bare array.
pub(super) fn list(state: &State, request: &Request) -> WireAnswer {
    let wanted = request.query_value("attribute_model").map(|text| text == "1" || text == "contact_attribute");
    let chosen = state.definitions.iter().filter(|one| wanted.is_none_or(|contacts| one.of_contacts == contacts));
    WireAnswer::json(200, &chosen.map(Definition::body).collect())
}

pub(super) fn change(state: &mut State, request: &Request, action: Action) -> Result<WireAnswer, Refusal> {
    let body =
        request.body.get("custom_attribute_definition").filter(|value| value.is_object()).unwrap_or(request.body);
    let position =
        |state: &State, id: u64| state.definitions.iter().position(|one| one.id == id).ok_or(Refusal::Missing);
    let definition = match action {
        Action::Add => {
            let mut definition = Definition { created_at: request.microseconds() / 1000, ..Definition::default() };
            fill(&mut definition, body)?;
            check(state, &definition)?;
            definition.id = state.next_id();
            state.definitions.push(definition.clone());
            definition
        }
        Action::Show(id) => state.definitions[position(state, id)?].clone(),
        Action::Change(id) => {
            let position = position(state, id)?;
            let mut definition = state.definitions[position].clone();
            fill(&mut definition, body)?;
            check(state, &definition)?;
            state.definitions[position] = definition.clone();
            definition
        }
        Action::Remove(id) => {
            let position = position(state, id)?;
            state.definitions.remove(position);
            return Ok(empty());
        }
    };
    Ok(WireAnswer::json(200, &definition.body()))
}

/// Takes a definition that was there before the client came.
pub(super) fn add(state: &mut State, shown: &Value, now: Duration) -> Result<(), String> {
    let created_at = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let mut definition = Definition { created_at, ..Definition::default() };
    fill(&mut definition, shown).map_err(|_| format!("no definition of an attribute: {shown}"))?;
    let same = |other: &Definition| {
        (other.of_contacts, &other.attribute_key) == (definition.of_contacts, &definition.attribute_key)
    };
    if !state.definitions.iter().any(same) {
        definition.id = state.next_id();
        state.definitions.push(definition);
    }
    Ok(())
}

/// A type or model that does not exist is an error of the framework, not of the model.
fn fill(definition: &mut Definition, body: &Value) -> Result<(), Refusal> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(name) = text("attribute_display_name") {
        definition.attribute_display_name = name;
    }
    if let Some(key) = text("attribute_key") {
        definition.attribute_key = key;
    }
    if let Some(sent) = body.get("attribute_display_type") {
        definition.display = number_or_word(sent, &DISPLAYS).ok_or(Refusal::Broken)?;
    }
    if let Some(sent) = body.get("attribute_model") {
        let models = [("conversation_attribute", false), ("contact_attribute", true)];
        definition.of_contacts = number_or_word(sent, &models).ok_or(Refusal::Broken)?;
    }
    if let Some(Value::Array(values)) = body.get("attribute_values") {
        definition.attribute_values.clone_from(values);
    }
    for (key, target) in [
        ("attribute_description", &mut definition.attribute_description),
        ("regex_pattern", &mut definition.regex_pattern),
        ("regex_cue", &mut definition.regex_cue),
    ] {
        if let Some(sent) = body.get(key) {
            *target = sent.clone();
        }
    }
    Ok(())
}

fn number_or_word<T: Copy>(sent: &Value, names: &[(&str, T)]) -> Option<T> {
    let position = match sent {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok()?,
        Value::String(word) => names.iter().position(|(name, _)| name == word).or_else(|| word.parse().ok())?,
        _ => return None,
    };
    names.get(position).map(|(_, value)| *value)
}

fn check(state: &State, definition: &Definition) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut add = |attribute, rule| problems.push(Problem { attribute, rule });
    if is_blank(&definition.attribute_display_name) {
        add("attribute_display_name", Rule::Blank);
    }
    if is_blank(&definition.attribute_key) {
        add("attribute_key", Rule::Blank);
    }
    let in_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !definition.attribute_key.chars().all(in_key) {
        add("attribute_key", Rule::NotKey);
    }
    let same = |other: &&Definition| {
        other.id != definition.id
            && other.of_contacts == definition.of_contacts
            && other.attribute_key == definition.attribute_key
    };
    if state.definitions.iter().find(same).is_some() {
        add("attribute_key", Rule::Taken);
    }
    if definition.of_contacts && STANDARD.contains(&definition.attribute_key.as_str()) {
        add("attribute_key", Rule::Standard);
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::Invalid(problems)) }
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use serde_json::{Value, json};

    #[test]
    fn type_and_model_are_sent_as_numbers_and_come_back_as_words() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let words = ["text", "number", "currency", "percent", "link", "date", "list", "checkbox"];
        for (number, word) in words.iter().enumerate() {
            let made = server.post(
                "/custom_attribute_definitions",
                &json!({
                    "attribute_display_name": word, "attribute_key": format!("k{number}"),
                    "attribute_display_type": number, "attribute_model": 1, "attribute_values": ["a"]
                }),
            );
            assert_eq!(made.status, 200);
            assert_eq!(made.value["attribute_display_type"], *word);
            assert_eq!(made.value["attribute_model"], "contact_attribute");
        }
        let listed = server.get("/custom_attribute_definitions?attribute_model=1").value;
        assert_eq!(listed.as_array().unwrap().len(), 8);
        assert_eq!(server.get("/custom_attribute_definitions?attribute_model=0").value, json!([]));
    }

    #[test]
    fn a_standard_key_a_taken_key_and_a_nameless_one_are_refused() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let mut add = |key: &str, name: &str| {
            let body = json!({ "attribute_display_name": name, "attribute_key": key, "attribute_model": 1 });
            let answer = server.post("/custom_attribute_definitions", &body);
            (answer.status, answer.value["attributes"].clone())
        };
        assert_eq!(add("tier", "Tier"), (200, Value::Null));
        assert_eq!(add("tier", "Tier"), (422, json!(["attribute_key"])));
        assert_eq!(add("email", "Mail"), (422, json!(["attribute_key"])));
        assert_eq!(add("size", ""), (422, json!(["attribute_display_name"])));
    }
}
