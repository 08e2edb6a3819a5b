use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The answer begins with a byte order mark, as files on some systems do and JSON must not.
pub struct Bom;

impl Behavior for Bom {
    fn deliver(&self, mut answer: WireAnswer, _now: Duration) -> Delivery {
        answer.body.splice(0..0, "\u{feff}".bytes());
        Delivery::Whole(answer)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Bom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_before_the_true_answer() {
        let delivery = Bom.deliver(WireAnswer::text(200, "{}"), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Whole(answer) if answer.body == b"\xef\xbb\xbf{}"));
    }
}
