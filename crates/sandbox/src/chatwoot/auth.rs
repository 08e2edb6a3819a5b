use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answers::Refusal;
use super::flavor::{ChatwootOptions, Flavor};
use super::operation::Operation;
use super::routes::{Route, number};
use crate::{WireAnswer, WireRequest};

const SECRET: &str = "sandbox";

/// The account of the key. Account 2 exists and is somebody else's; no other does.
const ACCOUNT: u64 = 1;
const OTHER_ACCOUNT: u64 = 2;

/// Checks the key first, then the account, then the role.
pub(super) fn admit(
    flavor: Flavor,
    options: &ChatwootOptions,
    request: &WireRequest,
    route: &Route,
) -> Result<(), Refusal> {
    if flavor == Flavor::Engagelab {
        basic(request)?;
    } else {
        token(request, options.drops_underscored_headers)?;
    }
    if let Some(account) = &route.account {
        match number(account) {
            ACCOUNT => {}
            OTHER_ACCOUNT => return Err(Refusal::OtherAccount),
            _ => return Err(Refusal::Missing),
        }
    }
    if options.suspended && route.operation != Operation::Profile {
        return Err(Refusal::Suspended);
    }
    if options.agent && needs_administrator(&route.operation) {
        return Err(Refusal::RoleTooLow);
    }
    Ok(())
}

/// Both spellings end in one variable of the server, joined by a comma when both are sent.
fn token(request: &WireRequest, underscores_dropped: bool) -> Result<(), Refusal> {
    let read = |name: &str| request.header(name).filter(|_| !(underscores_dropped && name.contains('_')));
    let given = match (read("api_access_token"), read("api-access-token")) {
        (Some(one), Some(other)) => format!("{one},{other}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    };
    match given.as_str() {
        "" => Err(Refusal::NoToken),
        SECRET => Ok(()),
        _ => Err(Refusal::UnknownToken),
    }
}

/// `api_key:api_secret`, in base64.
fn basic(request: &WireRequest) -> Result<(), Refusal> {
    let header = request.header("authorization").ok_or(Refusal::NoToken)?;
    let given = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| STANDARD.decode(text.trim()).ok());
    if given.as_deref() == Some(format!("{SECRET}:{SECRET}").as_bytes()) { Ok(()) } else { Err(Refusal::UnknownToken) }
}

fn needs_administrator(operation: &Operation) -> bool {
    use super::operation::Action::{Add, Change, Remove};
    matches!(
        operation,
        Operation::Delete(_)
            | Operation::Export
            | Operation::Label(Add | Change(_) | Remove(_))
            | Operation::Definition(Add | Change(_) | Remove(_))
    )
}

/// The user of the key, with the key itself, as the vendor does it.
pub(super) fn profile(options: &ChatwootOptions) -> WireAnswer {
    let role = if options.agent { "agent" } else { "administrator" };
    let status = if options.suspended { "suspended" } else { "active" };
    WireAnswer::json(
        200,
        &json!({
            "access_token": SECRET,
            "account_id": ACCOUNT,
            "available_name": "Sandbox",
            "avatar_url": "",
            "confirmed": true,
            "display_name": null,
            "message_signature": null,
            "email": "sandbox@example.com",
            "id": 1,
            "inviter_id": null,
            "name": "Sandbox",
            "provider": "email",
            "pubsub_token": "sandbox",
            "role": role,
            "ui_settings": {},
            "uid": "sandbox@example.com",
            "type": null,
            "accounts": [{
                "id": ACCOUNT, "name": "Sandbox", "status": status, "onboarding_step": null, "active_at": null,
                "role": role, "permissions": [role], "availability": "online", "availability_status": "offline",
                "auto_offline": true,
            }],
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::super::test_client::{TestClient, request};
    use super::super::{Chatwoot, ChatwootOptions, EmulatorOptions, Flavor};
    use crate::Emulator;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn status(flavor: Flavor, chatwoot: ChatwootOptions, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut emulator = Chatwoot::new(flavor, EmulatorOptions { chatwoot, ..EmulatorOptions::default() });
        let mut request = request("GET", path, None);
        request.headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let answer = emulator.answer(&request, Duration::from_secs(1));
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn either_spelling_of_the_header_is_read_but_not_both_at_once() {
        let path = "/api/v1/accounts/1/contacts";
        let ask = |headers: &[(&str, &str)]| status(Flavor::Chatwoot, ChatwootOptions::default(), path, headers);
        assert_eq!(ask(&[("api_access_token", "sandbox")]).0, 200);
        assert_eq!(ask(&[("api-access-token", "sandbox")]).0, 200);
        assert_eq!(ask(&[("api_access_token", "sandbox"), ("api-access-token", "sandbox")]).0, 401);
        assert_eq!(ask(&[("api_access_token", "wrong")]).1, json!({"error": "Invalid Access Token"}));
        let (code, body) = ask(&[]);
        assert_eq!(code, 401);
        assert_eq!(body, json!({"errors": ["You need to sign in or sign up before continuing."]}));
        assert_eq!(ask(&[("authorization", "Bearer sandbox")]).0, 401);
    }

    #[test]
    fn a_proxy_that_drops_underscores_leaves_the_hyphen_spelling() {
        let options = ChatwootOptions { drops_underscored_headers: true, ..ChatwootOptions::default() };
        let path = "/api/v1/accounts/1/contacts";
        let (code, body) = status(Flavor::Chatwoot, options.clone(), path, &[("api_access_token", "sandbox")]);
        assert_eq!(code, 401);
        assert!(body["errors"].is_array());
        assert_eq!(status(Flavor::Chatwoot, options, path, &[("api-access-token", "sandbox")]).0, 200);
    }

    #[test]
    fn another_account_is_refused_and_an_unknown_one_is_not_found() {
        let headers = [("api_access_token", "sandbox")];
        let ask = |path| status(Flavor::Chatwoot, ChatwootOptions::default(), path, &headers);
        let (code, body) = ask("/api/v1/accounts/2/contacts");
        assert_eq!((code, body), (401, json!({"error": "You are not authorized to access this account"})));
        let (code, body) = ask("/api/v1/accounts/77/contacts");
        assert_eq!((code, body), (404, json!({"error": "Resource could not be found"})));
    }

    #[test]
    fn a_suspended_account_and_a_low_role_are_401() {
        let headers = [("api_access_token", "sandbox")];
        let suspended = ChatwootOptions { suspended: true, ..ChatwootOptions::default() };
        let (code, body) = status(Flavor::Chatwoot, suspended, "/api/v1/accounts/1/contacts", &headers);
        assert_eq!((code, body), (401, json!({"error": "Account is suspended"})));

        let agent = ChatwootOptions { agent: true, ..ChatwootOptions::default() };
        let mut agent = TestClient::set_up(Flavor::Chatwoot, agent);
        let id = agent.create(&json!({ "email": "a@b" }));
        let refused = agent.send("DELETE", &format!("/contacts/{id}"), None);
        assert_eq!(refused.status, 401);
        assert_eq!(refused.value, json!({"error": "You are not authorized to do this action"}));
    }

    #[test]
    fn engagelab_takes_a_basic_pair() {
        let path = "/api/v2/accounts/contacts";
        let ask = |headers: &[(&str, &str)]| status(Flavor::Engagelab, ChatwootOptions::default(), path, headers);
        // base64 of sandbox:sandbox
        assert_eq!(ask(&[("authorization", "Basic c2FuZGJveDpzYW5kYm94")]).0, 200);
        // base64 of sandbox:other
        let (code, body) = ask(&[("authorization", "Basic c2FuZGJveDpvdGhlcg==")]);
        assert_eq!(code, 401);
        assert!(body["error"].is_string());
        assert_eq!(ask(&[]).0, 401);
        assert_eq!(ask(&[("api_access_token", "sandbox")]).0, 401);
    }

    #[test]
    fn the_profile_names_the_accounts_of_the_key() {
        let headers = [("api_access_token", "sandbox")];
        let (code, body) = status(Flavor::Chatwoot, ChatwootOptions::default(), "/api/v1/profile", &headers);
        assert_eq!(code, 200);
        assert_eq!(body["accounts"][0]["id"], 1);
        assert_eq!(body["accounts"][0]["role"], "administrator");
        assert!(body["name"].is_string() && body["email"].is_string() && body["id"].is_u64());
    }
}
