use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// Half of the answer's body is sent, then the connection is reset.
pub struct ResetMidAnswer;

impl Behavior for ResetMidAnswer {
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        let bytes = answer.body.len() / 2;
        Delivery::CutAndReset { answer, bytes }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(ResetMidAnswer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_body_is_sent() {
        let delivery = ResetMidAnswer.deliver(WireAnswer::text(200, "abcdef"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::CutAndReset { bytes: 3, .. }));
        assert!(ResetMidAnswer.applies());
    }
}
