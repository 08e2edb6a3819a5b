use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::sandbox::WireAnswer;

/// The answer claims to be compressed and is plain.
pub struct Gzip;

impl Behavior for Gzip {
    fn deliver(&self, mut answer: WireAnswer, _now: Duration) -> Delivery {
        answer.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        Delivery::Whole(answer)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Gzip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_claim_is_added() {
        let Delivery::Whole(answer) = Gzip.deliver(WireAnswer::text(200, "{}"), Duration::ZERO) else {
            panic!("not whole");
        };
        assert_eq!(answer.body, b"{}");
        assert!(answer.headers.contains(&("content-encoding".to_owned(), "gzip".to_owned())));
    }
}
