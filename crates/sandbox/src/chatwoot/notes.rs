use serde_json::Value;

use super::answers::{Refusal, empty};
use super::note::Note;
use super::operation::Action;
use super::request::Request;
use super::state::State;
use super::text::is_blank;
use super::validation::{Problem, Rule};
use crate::WireAnswer;

/// The newest first, as a bare array.
pub(super) fn list(state: &State, id: u64) -> Result<WireAnswer, Refusal> {
    state.store.get(id).ok_or(Refusal::Missing)?;
    let notes = state.notes.get(&id).into_iter().flatten().rev().map(Note::body);
    Ok(WireAnswer::json(200, &notes.collect()))
}

pub(super) fn change(state: &mut State, request: &Request, id: u64, action: Action) -> Result<WireAnswer, Refusal> {
    state.store.get(id).ok_or(Refusal::Missing)?;
    let seconds = request.now.as_secs();
    let content = request.body.get("note").unwrap_or(request.body).get("content").and_then(Value::as_str);
    if action == Action::Add {
        let note = Note {
            id: state.next_id(),
            contact_id: id,
            content: filled(content)?,
            created_at: seconds,
            updated_at: seconds,
        };
        let answer = WireAnswer::json(200, &note.body());
        state.notes.entry(id).or_default().push(note);
        return Ok(answer);
    }
    let notes = state.notes.get_mut(&id).ok_or(Refusal::Missing)?;
    let find = |notes: &[Note], wanted: u64| notes.iter().position(|note| note.id == wanted).ok_or(Refusal::Missing);
    match action {
        Action::Remove(wanted) => {
            let position = find(notes, wanted)?;
            notes.remove(position);
            Ok(empty())
        }
        Action::Change(wanted) => {
            let position = find(notes, wanted)?;
            let note = &mut notes[position];
            note.content = filled(content)?;
            note.updated_at = seconds;
            Ok(WireAnswer::json(200, &note.body()))
        }
        Action::Show(wanted) => Ok(WireAnswer::json(200, &notes[find(notes, wanted)?].body())),
        Action::Add => Err(Refusal::NoRoute),
    }
}

fn filled(content: Option<&str>) -> Result<String, Refusal> {
    let problem = || Refusal::Invalid(vec![Problem { attribute: "content", rule: Rule::Blank }]);
    content.filter(|text| !is_blank(text)).map(str::to_owned).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use serde_json::json;

    #[test]
    fn notes_are_added_changed_and_removed() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let path = format!("/contacts/{}/notes", server.create(&json!({ "email": "a@b" })));
        assert_eq!(server.get(&path).value, json!([]));
        let made = server.post(&path, &json!({ "content": "called" }));
        assert_eq!((made.status, &made.value["content"]), (200, &json!("called")));
        let note = format!("{path}/{}", made.value["id"]);
        assert_eq!(server.patch(&note, &json!({ "content": "called twice" })).value["content"], "called twice");
        assert_eq!(server.get(&path).value[0]["content"], "called twice");
        assert_eq!(server.send("DELETE", &note, None).status, 200);
        assert_eq!(server.get(&note).status, 404);
        assert_eq!(server.post(&path, &json!({ "content": " " })).value["attributes"], json!(["content"]));
    }
}
