use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The body goes on for as long as somebody reads it.
pub struct Endless;

impl Behavior for Endless {
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Endless(answer)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Endless))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_true_one_at_first() {
        let delivery = Endless.deliver(WireAnswer::text(200, "{}"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Endless(answer) if answer.body == b"{}"));
    }
}
