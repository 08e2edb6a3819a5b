use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// No answer ever comes.
pub struct Timeout {
    /// Whether the request was carried out first.
    pub applies: bool,
}

impl Behavior for Timeout {
    fn applies(&self) -> bool {
        self.applies
    }

    fn deliver(&self, _answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Never
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    match fields.take_value().as_deref() {
        None | Some("after") => Ok(Arc::new(Timeout { applies: true })),
        Some("before") => Ok(Arc::new(Timeout { applies: false })),
        Some(other) => Err(format!("timeout is before or after, not: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_carried_out_unless_told_otherwise() {
        assert!(parse(&mut Fields::parse("").unwrap()).unwrap().applies());
        assert!(!parse(&mut Fields::parse("before").unwrap()).unwrap().applies());
        let delivery = Timeout { applies: true }.deliver(WireAnswer::default(), Duration::ZERO);
        assert!(matches!(delivery, Delivery::Never));
    }
}
