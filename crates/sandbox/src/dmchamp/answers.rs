use std::time::Duration;

use serde_json::json;

use super::options::DmchampOptions;
use crate::WireAnswer;

/// Why a request is refused. The vendor's refusals have three shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 400, a bare JSON string.
    Missing(&'static str),
    /// 400, an object with `error`.
    Invalid(String),
    /// 401, a bare JSON string.
    Unauthorized,
    /// 403.
    Denied,
    /// 404, an object with `success` and `message`.
    NotFound(&'static str),
    /// 409, or 200 with the number inside.
    Exists {
        in_200: bool,
    },
    NoRoute,
    /// With the time until the next request fits.
    TooMany(Duration),
}

impl Refusal {
    pub fn answer(&self, options: &DmchampOptions) -> WireAnswer {
        let (status, text) = self.parts();
        let hidden = match self {
            Self::Unauthorized | Self::NoRoute | Self::TooMany(_) => false,
            Self::Exists { in_200 } => *in_200 || options.failures_in_200,
            _ => options.failures_in_200,
        };
        if hidden {
            return WireAnswer::json(200, &json!({ "success": false, "error_code": status, "message": text }));
        }
        let body = match self {
            Self::Missing(_) | Self::Unauthorized | Self::TooMany(_) => json!(text),
            Self::Invalid(_) | Self::Denied | Self::Exists { .. } => json!({ "error": text }),
            Self::NotFound(_) | Self::NoRoute => json!({ "success": false, "message": text }),
        };
        let mut answer = WireAnswer::json(status, &body);
        if let Self::TooMany(wait) = self {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.headers.push(("retry-after".into(), seconds.to_string()));
        }
        answer
    }

    fn parts(&self) -> (u16, &str) {
        match self {
            Self::Missing(text) => (400, text),
            Self::Invalid(text) => (400, text),
            Self::Unauthorized => (401, "Unauthorized"),
            Self::Denied => (403, "Permission denied"),
            Self::NotFound(text) => (404, text),
            Self::Exists { .. } => (409, "Contact already exists"),
            Self::NoRoute => (404, "Not found"),
            Self::TooMany(_) => (429, "Too many requests"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn body(refusal: &Refusal, options: &DmchampOptions) -> (u16, Value) {
        let answer = refusal.answer(options);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn refusals_have_the_three_published_shapes() {
        let plain = DmchampOptions::default();
        assert_eq!(body(&Refusal::Unauthorized, &plain), (401, json!("Unauthorized")));
        assert_eq!(body(&Refusal::Missing("Missing contact ID"), &plain), (400, json!("Missing contact ID")));
        assert_eq!(
            body(&Refusal::Invalid("Invalid request".into()), &plain),
            (400, json!({"error": "Invalid request"}))
        );
        assert_eq!(
            body(&Refusal::NotFound("Contact not found"), &plain),
            (404, json!({"success": false, "message": "Contact not found"}))
        );
    }

    #[test]
    fn a_200_can_carry_any_failure_but_a_wrong_key() {
        let hiding = DmchampOptions { failures_in_200: true, ..DmchampOptions::default() };
        let (status, value) = body(&Refusal::NotFound("Contact not found"), &hiding);
        assert_eq!((status, &value["success"], &value["error_code"]), (200, &json!(false), &json!(404)));
        assert_eq!(body(&Refusal::Unauthorized, &hiding).0, 401);
    }
}
