use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Fields};

/// The request waits before it is looked at.
pub struct Latency {
    pub delay: Duration,
}

impl Behavior for Latency {
    fn delay(&self) -> Duration {
        self.delay
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let delay = fields.take_duration()?.ok_or("latency needs a duration, like latency=50ms")?;
    Ok(Arc::new(Latency { delay }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_as_long_as_told_and_the_request_is_carried_out() {
        let fault = parse(&mut Fields::parse("250ms").unwrap()).unwrap();
        assert_eq!(fault.delay(), Duration::from_millis(250));
        assert!(fault.applies());
    }
}
