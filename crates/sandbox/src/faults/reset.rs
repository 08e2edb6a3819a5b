use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The connection is reset in place of an answer.
pub struct Reset {
    /// Whether the request was carried out first.
    pub applies: bool,
}

impl Behavior for Reset {
    fn applies(&self) -> bool {
        self.applies
    }

    fn deliver(&self, _answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Reset
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse_before(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Reset { applies: false }))
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse_after(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Reset { applies: true }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_resets_differ_in_what_was_done() {
        let none = &mut Fields::parse("").unwrap();
        assert!(!parse_before(none).unwrap().applies());
        assert!(parse_after(none).unwrap().applies());
        let delivery = Reset { applies: true }.deliver(WireAnswer::default(), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Reset));
    }
}
