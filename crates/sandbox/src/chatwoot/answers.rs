use serde_json::{Value, json};

use super::flavor::{Flavor, Language};
use super::validation::Problem;
use crate::WireAnswer;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoToken,
    UnknownToken,
    OtherAccount,
    Suspended,
    RoleTooLow,
    Missing,
    NoRoute,
    /// The body is no JSON.
    Unreadable,
    /// The model's own rules.
    Invalid(Vec<Problem>),
    /// A missing parameter, a bad condition.
    Text(String),
    Unsuccessful,
    Throttled,
    /// What the database refuses after the model let it through.
    Broken,
}

impl Refusal {
    pub fn missing_parameter(name: &str) -> Self {
        Self::Text(format!("param is missing or the value is empty: {name}"))
    }

    pub fn answer(&self, flavor: Flavor, language: Language, gateway: bool) -> WireAnswer {
        if flavor == Flavor::Engagelab {
            if let (true, Some((code, message))) = (gateway, self.at_the_gateway()) {
                return WireAnswer::json(code, &json!({ "code": code, "message": message }));
            }
            if *self == Self::NoToken {
                // Its documents know one shape of 401 alone: `error`, a string.
                return error(401, "You need to sign in or sign up before continuing.");
            }
        }
        match self {
            Self::NoToken => {
                WireAnswer::json(401, &json!({ "errors": ["You need to sign in or sign up before continuing."] }))
            }
            Self::UnknownToken => error(401, "Invalid Access Token"),
            Self::OtherAccount => error(401, "You are not authorized to access this account"),
            Self::Suspended => error(401, "Account is suspended"),
            Self::RoleTooLow => error(401, "You are not authorized to do this action"),
            Self::Missing => error(404, "Resource could not be found"),
            Self::NoRoute => WireAnswer::json(404, &json!({ "status": 404, "error": "Not Found" })),
            Self::Unreadable => WireAnswer::json(400, &json!({ "status": 400, "error": "Bad Request" })),
            Self::Invalid(problems) => invalid(problems, language),
            Self::Text(text) => error(422, text),
            Self::Unsuccessful => WireAnswer::json(422, &json!({ "success": false })),
            Self::Throttled => WireAnswer::text(429, "Retry later\n"),
            Self::Broken => WireAnswer::json(500, &json!({ "status": 500, "error": "Internal Server Error" })),
        }
    }

    fn at_the_gateway(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::NoToken | Self::UnknownToken => Some((401, "authentication failed")),
            Self::Throttled => Some((429, "too many requests")),
            _ => None,
        }
    }
}

fn error(status: u16, text: &str) -> WireAnswer {
    WireAnswer::json(status, &json!({ "error": text }))
}

fn invalid(problems: &[Problem], language: Language) -> WireAnswer {
    let message = problems.iter().map(|problem| problem.message(language)).collect::<Vec<_>>().join(", ");
    let mut attributes: Vec<&str> = Vec::new();
    for problem in problems {
        if !attributes.contains(&problem.attribute) {
            attributes.push(problem.attribute);
        }
    }
    WireAnswer::json(422, &json!({ "message": message, "attributes": attributes }))
}

pub(super) fn payload(value: Value) -> WireAnswer {
    let mut body = serde_json::Map::with_capacity(1);
    body.insert("payload".into(), value);
    WireAnswer::json(200, &Value::Object(body))
}

/// 200 without a body: a deletion, or work that goes on later.
pub(super) fn empty() -> WireAnswer {
    WireAnswer { status: 200, headers: Vec::new(), body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwoot::validation::Rule;

    fn body(refusal: &Refusal, flavor: Flavor) -> (u16, String) {
        let answer = refusal.answer(flavor, Language::English, false);
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn every_refusal_has_its_published_body() {
        let parent = |refusal: Refusal| body(&refusal, Flavor::Chatwoot);
        assert_eq!(
            parent(Refusal::NoToken),
            (401, r#"{"errors":["You need to sign in or sign up before continuing."]}"#.into())
        );
        assert_eq!(parent(Refusal::UnknownToken), (401, r#"{"error":"Invalid Access Token"}"#.into()));
        assert_eq!(
            parent(Refusal::OtherAccount),
            (401, r#"{"error":"You are not authorized to access this account"}"#.into())
        );
        assert_eq!(parent(Refusal::Suspended), (401, r#"{"error":"Account is suspended"}"#.into()));
        assert_eq!(
            parent(Refusal::RoleTooLow),
            (401, r#"{"error":"You are not authorized to do this action"}"#.into())
        );
        assert_eq!(parent(Refusal::Missing), (404, r#"{"error":"Resource could not be found"}"#.into()));
        assert_eq!(parent(Refusal::Broken), (500, r#"{"status":500,"error":"Internal Server Error"}"#.into()));
        assert_eq!(parent(Refusal::Unsuccessful), (422, r#"{"success":false}"#.into()));
    }

    #[test]
    fn a_throttled_request_gets_plain_text_and_no_retry_after() {
        let answer = Refusal::Throttled.answer(Flavor::Chatwoot, Language::English, false);
        assert_eq!((answer.status, answer.body.as_slice()), (429, b"Retry later\n".as_slice()));
        assert!(answer.headers.iter().all(|(name, _)| name != "retry-after"));
    }

    #[test]
    fn validation_messages_are_joined_and_name_each_attribute_once() {
        let problems = vec![
            Problem { attribute: "email", rule: Rule::Taken },
            Problem { attribute: "phone_number", rule: Rule::NotE164 },
            Problem { attribute: "phone_number", rule: Rule::Taken },
        ];
        let (status, text) = body(&Refusal::Invalid(problems.clone()), Flavor::Chatwoot);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, 422);
        assert!(value["message"].as_str().unwrap().starts_with("Email has already been taken, "));
        assert_eq!(value["attributes"], json!(["email", "phone_number"]));
        let german = Refusal::Invalid(problems).answer(Flavor::Chatwoot, Language::German, false);
        let german: Value = serde_json::from_slice(&german.body).unwrap();
        assert_ne!(german["message"], value["message"]);
        assert_eq!(german["attributes"], value["attributes"]);
    }

    #[test]
    fn engagelab_refuses_a_missing_key_with_an_error_string_or_in_its_gateways_shape() {
        let (status, text) = body(&Refusal::NoToken, Flavor::Engagelab);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, 401);
        assert!(value["error"].is_string());
        let answer = Refusal::NoToken.answer(Flavor::Engagelab, Language::English, true);
        let value: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(value["code"], 401);
        assert!(value["message"].is_string());
    }
}
