use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The answer ends too early.
#[derive(Debug, PartialEq, Eq)]
pub enum Truncated {
    /// More bytes are announced than come before the connection closes.
    Length,
    /// All that is announced comes, but the JSON stops in its middle.
    Json,
}

impl Behavior for Truncated {
    fn deliver(&self, mut answer: WireAnswer, _now: Duration) -> Delivery {
        let bytes = answer.body.len() / 2;
        match self {
            Self::Length => Delivery::Cut { answer, bytes },
            Self::Json => {
                answer.body.truncate(bytes);
                Delivery::Whole(answer)
            }
        }
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    match fields.take_value().as_deref() {
        None | Some("length") => Ok(Arc::new(Truncated::Length)),
        Some("json") => Ok(Arc::new(Truncated::Json)),
        Some(other) => Err(format!("truncated is length or json, not: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_comes_with_or_without_an_honest_length() {
        let delivery = Truncated::Length.deliver(WireAnswer::text(200, "{\"a\":1}"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Cut { bytes: 3, .. }));
        let delivery = Truncated::Json.deliver(WireAnswer::text(200, "{\"a\":1}"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Whole(answer) if answer.body == b"{\"a"));
        assert!(parse(&mut Fields::parse("xml").unwrap()).is_err());
    }
}
