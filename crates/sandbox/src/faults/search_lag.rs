use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Fields};

/// From the first chosen request on, a created contact can't be looked up for a while. A lag of nothing
/// ends that, also for those created before.
pub struct SearchLag {
    pub lag: Duration,
}

impl Behavior for SearchLag {
    fn search_lag(&self) -> Option<Duration> {
        Some(self.lag)
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let lag = fields.take_duration()?.ok_or("search-lag needs a duration, like search-lag=30s")?;
    Ok(Arc::new(SearchLag { lag }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_told_to_the_emulator() {
        let fault = parse(&mut Fields::parse("30s").unwrap()).unwrap();
        assert_eq!(fault.search_lag(), Some(Duration::from_secs(30)));
        assert!(fault.applies());
    }
}
