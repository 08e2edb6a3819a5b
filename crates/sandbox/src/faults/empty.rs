use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// Status 200 and no body, though the request was carried out.
pub struct Empty;

impl Behavior for Empty {
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Whole(WireAnswer { status: 200, body: Vec::new(), ..answer })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_the_answer() {
        let delivery = Empty.deliver(WireAnswer::text(201, "{}"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Whole(answer) if answer.status == 200 && answer.body.is_empty()));
    }
}
