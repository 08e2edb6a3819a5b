use serde_json::json;

use crate::WireAnswer;

/// A refusal in the service's own shape.
pub(super) fn failure(code: u16, message: &str) -> WireAnswer {
    WireAnswer::json(code, &json!({ "code": code, "message": message }))
}
