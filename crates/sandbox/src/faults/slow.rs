use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// The body comes one byte at a time.
pub struct Slow {
    pub pause: Duration,
}

impl Behavior for Slow {
    fn deliver(&self, answer: WireAnswer, _now: Duration) -> Delivery {
        Delivery::Slow { answer, pause: self.pause }
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let pause = fields.take_duration()?.unwrap_or(Duration::from_secs(1));
    Ok(Arc::new(Slow { pause }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_a_second_unless_told() {
        let pause = |text| {
            let fault = parse(&mut Fields::parse(text).unwrap()).unwrap();
            match fault.deliver(WireAnswer::text(200, "{}"), Duration::ZERO) {
                Delivery::Slow { pause, .. } => pause,
                other => panic!("not slow: {other:?}"),
            }
        };
        assert_eq!(pause(""), Duration::from_secs(1));
        assert_eq!(pause("5ms"), Duration::from_millis(5));
    }
}
