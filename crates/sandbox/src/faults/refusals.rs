//! Refusals that real services were seen to give, at the requests at which they give them.

use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields, Selection};
use crate::WireAnswer;

/// A refusal that nothing is carried out for, and the requests it is for unless others are chosen.
pub struct Refusal {
    answer: WireAnswer,
    usual: Selection,
}

impl Refusal {
    fn answering(status: u16, body: &serde_json::Value, usual: Selection) -> Arc<dyn Behavior> {
        Arc::new(Self { answer: WireAnswer::json(status, body), usual })
    }
}

impl Behavior for Refusal {
    fn applies(&self) -> bool {
        false
    }

    fn deliver(&self, _answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Whole(self.answer.clone())
    }

    fn usual(&self) -> Selection {
        self.usual.clone()
    }
}

/// What Chatwoot answers to one of two writers who bring a new label at the same moment; once.
#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn label_race(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let body = serde_json::json!({ "message": "Tag must exist, Tag can't be blank", "attributes": ["tag", "tag_id"] });
    let usual = Selection {
        method: Some("POST".to_owned()),
        path: Some("/labels".to_owned()),
        times: Some(1),
        ..Selection::default()
    };
    Ok(Refusal::answering(422, &body, usual))
}

/// Any place in a listing that the client kept is no longer one.
#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn expired_cursor(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let body = serde_json::json!({
        "status": "error", "code": 400, "message": "the cursor is no longer valid",
        "meta": { "code": 400, "error": "bad_request", "error_description": "the page token is no longer valid" },
    });
    let usual = Selection { query: Some("cursorId|page_token|cursor".to_owned()), ..Selection::default() };
    Ok(Refusal::answering(400, &body, usual))
}

/// The server itself fails at every filter that names this attribute.
pub(super) fn broken_filter(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let key = fields.take_value().ok_or("broken-filter needs an attribute, like broken-filter=city")?;
    let body = serde_json::json!({ "status": 500, "error": "Internal Server Error" });
    let method = Some("POST".to_owned());
    Ok(Refusal::answering(500, &body, Selection { method, body: Some(format!("\"{key}\"")), ..Selection::default() }))
}

#[cfg(test)]
mod tests {
    use crate::{Fault, WireRequest};

    fn request(method: &str, path: &str, query: &[(&str, &str)], body: &str) -> WireRequest {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        WireRequest { method: method.into(), path: path.into(), query, body: body.into(), ..WireRequest::default() }
    }

    #[test]
    fn the_label_race_is_lost_once_and_only_by_a_write_of_labels() {
        let fault = Fault::parse("label-race").unwrap();
        let write = request("POST", "/api/v1/accounts/1/contacts/7/labels", &[], "{}");
        assert!(!fault.applies_to("chatwoot", &request("GET", "/api/v1/accounts/1/contacts/7/labels", &[], "")));
        assert!(fault.applies_to("chatwoot", &write));
        assert!(!fault.applies_to("chatwoot", &write));
        let twice = Fault::parse("label-race=times:2").unwrap();
        assert!([&write, &write].into_iter().all(|write| twice.applies_to("chatwoot", write)));
    }

    #[test]
    fn a_cursor_is_expired_for_requests_that_have_one() {
        let fault = Fault::parse("expired-cursor").unwrap();
        assert!(!fault.applies_to("respondio", &request("POST", "/contact/list", &[("limit", "10")], "{}")));
        assert!(fault.applies_to("respondio", &request("POST", "/contact/list", &[("cursorId", "7")], "{}")));
        assert!(fault.applies_to("engagor", &request("GET", "/1/inbox/contacts", &[("page_token", "x")], "")));
    }

    #[test]
    fn a_filter_breaks_at_the_attribute_alone() {
        let fault = Fault::parse("broken-filter=city").unwrap();
        let filter = |body: &str| request("POST", "/api/v1/accounts/1/contacts/filter", &[], body);
        assert!(fault.applies_to("chatwoot", &filter(r#"{"payload":[{"attribute_key":"city"}]}"#)));
        assert!(!fault.applies_to("chatwoot", &filter(r#"{"payload":[{"attribute_key":"email"}]}"#)));
        assert!(Fault::parse("broken-filter").is_err());
    }
}
