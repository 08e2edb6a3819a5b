//! Mistakes an emulator can be made to make, so that a test suite can be shown to notice them.
//!
//! Built with the feature `mutants` alone: no program that people use has them.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::carried_out::CarriedOut;
use super::wire::form_pairs;
use super::{Emulator, WireAnswer, WireRequest};

/// One planted mistake, the same for every service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The last tag of every request that carries tags is lost.
    DropsATag,
    /// The last custom field (else the last field) of every request that carries several is lost.
    LosesAField,
    /// Writes are answered as if done.
    AnswersSuccessStoresNothing,
    /// The second page of a listing is the first page again.
    RepeatsAPage,
    /// Each request counts twice.
    MiscountsTheQuota,
}

impl Mutation {
    pub const ALL: [Self; 5] = [
        Self::DropsATag,
        Self::LosesAField,
        Self::AnswersSuccessStoresNothing,
        Self::RepeatsAPage,
        Self::MiscountsTheQuota,
    ];
}

/// Query parameters that ask for a later page, at one vendor or another.
const PAGE_PARAMETERS: &[&str] = &["page", "cursorId", "page_token"];

/// Stands between the server and an emulator, and makes its mistake.
pub(super) struct Mutant {
    mutation: Mutation,
    listed: Option<(WireRequest, WireAnswer)>,
}

impl Mutant {
    pub(super) fn new(mutation: Mutation) -> Self {
        Self { mutation, listed: None }
    }

    /// Lets the emulator answer, with the mistake made on the way.
    pub(super) fn answer(&mut self, emulator: &mut dyn Emulator, request: &WireRequest, now: Duration) -> CarriedOut {
        let (answer, request) = self.answered(emulator, request, now);
        CarriedOut { answer, request, stored: self.mutation != Mutation::AnswersSuccessStoresNothing }
    }

    fn answered(
        &mut self,
        emulator: &mut dyn Emulator,
        request: &WireRequest,
        now: Duration,
    ) -> (WireAnswer, Option<WireRequest>) {
        match self.mutation {
            Mutation::DropsATag if carries_one_tag(request) => (carried_out_in_vain(emulator, request, now), None),
            Mutation::DropsATag => carry_out_less(emulator, request, drop_last_tag, now),
            Mutation::LosesAField => carry_out_less(emulator, request, drop_last_field, now),
            Mutation::AnswersSuccessStoresNothing => {
                if !emulator.may_change(request) {
                    return (emulator.answer(request, now), None);
                }
                (carried_out_in_vain(emulator, request, now), None)
            }
            Mutation::RepeatsAPage => (self.repeat_page(emulator, request, now), None),
            Mutation::MiscountsTheQuota => {
                emulator.answer(&phantom(request), now);
                (emulator.answer(request, now), None)
            }
        }
    }

    fn repeat_page(&mut self, emulator: &mut dyn Emulator, request: &WireRequest, now: Duration) -> WireAnswer {
        let asks_later = request.query.iter().any(|(name, _)| PAGE_PARAMETERS.contains(&name.as_str()));
        if asks_later
            && let Some((earlier, answer)) = self.listed.take()
            && earlier.path == request.path
            && earlier.query != request.query
        {
            return answer;
        }
        let answer = emulator.answer(request, now);
        let is_first = !asks_later || request.query_value("page") == Some("1");
        if is_first && answer.status == 200 && !emulator.may_change(request) {
            self.listed = Some((request.clone(), answer.clone()));
        }
        answer
    }
}

/// A request that counts as the given one does, and changes nothing: a write gets a body that no
/// service can read, and a removal, which may need no body, becomes a read.
fn phantom(request: &WireRequest) -> WireRequest {
    match request.method.as_str() {
        "GET" => request.clone(),
        "DELETE" => WireRequest { method: "GET".to_owned(), body: Vec::new(), ..request.clone() },
        _ => WireRequest { body: vec![0], query: Vec::new(), ..request.clone() },
    }
}

/// The answer to a request whose effect is lost.
fn carried_out_in_vain(emulator: &mut dyn Emulator, request: &WireRequest, now: Duration) -> WireAnswer {
    let before = emulator.save();
    let answer = emulator.answer(request, now);
    // What it saved itself it also loads.
    let _ = emulator.load(before);
    answer
}

/// Whether the request is about one tag by its nature, in the body or the query: without it nothing
/// would be left.
fn carries_one_tag(request: &WireRequest) -> bool {
    let in_body = |body: Value| body.get("tag").is_some_and(Value::is_string);
    request.method == "POST"
        && (request.query_value("tag").is_some() || serde_json::from_slice(&request.body).is_ok_and(in_body))
}

fn carry_out_less(
    emulator: &mut dyn Emulator,
    request: &WireRequest,
    drop: fn(&mut Value) -> bool,
    now: Duration,
) -> (WireAnswer, Option<WireRequest>) {
    match changed_body(request, drop).filter(|_| emulator.may_change(request)) {
        Some(body) => {
            let other = WireRequest { body, ..request.clone() };
            (emulator.answer(&other, now), Some(other))
        }
        None => (emulator.answer(request, now), None),
    }
}

/// The body with something dropped, whether it is JSON or a form that holds JSON; none if nothing was.
fn changed_body(request: &WireRequest, drop: fn(&mut Value) -> bool) -> Option<Vec<u8>> {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) {
        return drop(&mut body).then(|| body.to_string().into_bytes());
    }
    let mut pairs = form_pairs(std::str::from_utf8(&request.body).ok()?);
    let (_, updates) = pairs.iter_mut().find(|(name, _)| name == "updates")?;
    let mut parsed = serde_json::from_str(updates).ok()?;
    if !drop(&mut parsed) {
        return None;
    }
    *updates = parsed.to_string();
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Some(pairs.join("&").into_bytes())
}

fn drop_last_tag(body: &mut Value) -> bool {
    let list = match body {
        Value::Array(list) => Some(list),
        Value::Object(fields) => ["tags", "labels"]
            .into_iter()
            .find(|name| fields.get(*name).is_some_and(Value::is_array))
            .and_then(|name| fields.get_mut(name))
            .and_then(Value::as_array_mut),
        _ => None,
    };
    list.is_some_and(|tags| tags.iter().all(Value::is_string) && tags.pop().is_some())
}

fn drop_last_field(body: &mut Value) -> bool {
    let Some(fields) = body.as_object_mut() else { return false };
    for name in ["custom_fields", "custom_attributes", "customattributes"] {
        match fields.get_mut(name) {
            Some(Value::Array(list)) if list.len() > 1 => return list.pop().is_some(),
            Some(Value::Object(map)) if !map.is_empty() => {
                let last = map.keys().next_back().cloned();
                return last.is_some_and(|last| map.shift_remove(&last).is_some());
            }
            _ => {}
        }
    }
    let last = fields.keys().next_back().filter(|_| fields.len() > 1).cloned();
    last.is_some_and(|last| fields.shift_remove(&last).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(body: &str, drop: fn(&mut Value) -> bool) -> Option<String> {
        let request = WireRequest { body: body.into(), ..WireRequest::default() };
        changed_body(&request, drop).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn the_last_tag_is_dropped_from_a_list_an_object_and_a_form() {
        assert_eq!(changed(r#"["a","b"]"#, drop_last_tag).unwrap(), r#"["a"]"#);
        assert_eq!(changed(r#"{"tags":["a"]}"#, drop_last_tag).unwrap(), r#"{"tags":[]}"#);
        assert_eq!(changed(r#"{"name":"Ana"}"#, drop_last_tag), None);
        let form = changed("updates=%7B%22tags%22%3A%5B%22a%22%2C%22b%22%5D%7D&options=%7B%7D", drop_last_tag).unwrap();
        assert_eq!(form_pairs(&form)[0].1, r#"{"tags":["a"]}"#);
        assert_eq!(form_pairs(&form)[1].1, "{}");
    }

    #[test]
    fn a_custom_field_is_lost_before_any_other() {
        let mut body = json!({"custom_fields": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]});
        assert!(drop_last_field(&mut body));
        assert_eq!(body, json!({"custom_fields": [{"name": "a", "value": "1"}]}));
        let mut body = json!({"name": "Ana", "custom_attributes": {"plan": "gold"}});
        assert!(drop_last_field(&mut body));
        assert_eq!(body, json!({"name": "Ana", "custom_attributes": {}}));
        let mut body = json!({"name": "Ana"});
        assert!(!drop_last_field(&mut body));
    }
}
