//! `/oauth/access_token/`: a refresh token for an access token.

use serde_json::json;

use crate::wire::form_pairs;
use crate::{WireAnswer, WireRequest};

const REFRESH: &str = "sandbox-refresh";
/// The access token that is given.
pub(super) const RENEWED: &str = "sandbox-renewed";

/// The parameters come in the query, as the documents show them, or in a form.
pub(super) fn exchange(request: &WireRequest) -> WireAnswer {
    let form = std::str::from_utf8(&request.body).map(form_pairs).unwrap_or_default();
    let value = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        request.query_value(name).or(found).unwrap_or_default()
    };
    let refused = |error: &str| WireAnswer::json(400, &json!({ "error": error }));
    if value("client_id").is_empty() || value("client_secret").is_empty() {
        return refused("invalid_client");
    }
    if value("grant_type") != "refresh_token" {
        return refused("unsupported_grant_type");
    }
    if value("refresh_token") != REFRESH {
        return refused("invalid_grant");
    }
    let granted = json!({
        "access_token": RENEWED,
        "expires_in": 3600,
        "scope": "accounts_read accounts_write",
        "refresh_token": REFRESH,
    });
    WireAnswer::json(200, &granted)
}
