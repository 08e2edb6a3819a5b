use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The answer is JSON, but a list of lists where an object is due.
pub struct WrongJson;

impl Behavior for WrongJson {
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Whole(WireAnswer { body: b"[[null, 7, \"?\"]]".to_vec(), ..answer })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(WrongJson))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_stays_and_the_body_is_json_of_another_kind() {
        let Delivery::Whole(answer) = WrongJson.deliver(WireAnswer::text(200, "{}"), Duration::ZERO) else {
            panic!("not whole");
        };
        assert_eq!(answer.status, 200);
        assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap().is_array());
    }
}
