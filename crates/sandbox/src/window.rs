//! Request quotas as vendors count them.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// At most `limit` requests in any stretch of `span`; a refused request does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SlidingWindow {
    limit: u32,
    span: Duration,
    admitted: VecDeque<Duration>,
}

impl SlidingWindow {
    pub fn new(limit: u32, span: Duration) -> Self {
        Self { limit, span, admitted: VecDeque::new() }
    }

    /// How many more the window takes, or how long until it takes one.
    pub fn admit(&mut self, now: Duration) -> Result<u32, Duration> {
        while self.admitted.front().is_some_and(|first| *first + self.span <= now) {
            self.admitted.pop_front();
        }
        let used = u32::try_from(self.admitted.len()).unwrap_or(u32::MAX);
        if used >= self.limit {
            // The request that must leave the window before this one fits; the limit may have been lowered.
            let blocking = self.admitted.get((used - self.limit) as usize).copied().unwrap_or(now);
            return Err((blocking + self.span).saturating_sub(now));
        }
        self.admitted.push_back(now);
        Ok(self.limit - used - 1)
    }

    pub fn limit(&self) -> u32 {
        self.limit
    }

    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Takes over what another window has counted, keeping its own limit and span.
    pub fn resume(&mut self, earlier: Self) {
        self.admitted = earlier.admitted;
    }
}

/// At most `limit` requests from the first one until `span` later, when the count begins anew; a
/// refused request does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixedWindow {
    limit: u32,
    span: Duration,
    began: Duration,
    used: u32,
}

impl FixedWindow {
    pub fn new(limit: u32, span: Duration) -> Self {
        Self { limit, span, began: Duration::ZERO, used: 0 }
    }

    /// Whether the request is admitted.
    pub fn admit(&mut self, now: Duration) -> bool {
        if self.used == 0 || now >= self.reset() {
            self.began = now;
            self.used = 0;
        }
        let admitted = self.used < self.limit;
        self.used += u32::from(admitted);
        admitted
    }

    pub fn limit(&self) -> u32 {
        self.limit
    }

    pub fn span(&self) -> Duration {
        self.span
    }

    pub fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// When the count begins anew, from the Unix epoch.
    pub fn reset(&self) -> Duration {
        self.began + self.span
    }

    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Takes over what another window has counted, keeping its own limit and span.
    pub fn resume(&mut self, earlier: &Self) {
        (self.began, self.used) = (earlier.began, earlier.used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_request_above_the_limit_waits_for_the_first_to_leave() {
        let mut window = SlidingWindow::new(2, 60 * SECOND);
        assert_eq!(window.admit(10 * SECOND), Ok(1));
        assert_eq!(window.admit(40 * SECOND), Ok(0));
        assert_eq!(window.admit(60 * SECOND), Err(10 * SECOND));
        assert_eq!(window.admit(70 * SECOND), Ok(0));
        assert_eq!(window.admit(99 * SECOND), Err(SECOND));
        assert_eq!(window.admit(100 * SECOND), Ok(0));
    }

    #[test]
    fn a_lowered_limit_counts_what_was_admitted_before() {
        let mut window = SlidingWindow::new(3, 60 * SECOND);
        for second in 0..3 {
            assert!(window.admit(second * SECOND).is_ok());
        }
        window.set_limit(1);
        assert_eq!(window.admit(10 * SECOND), Err(52 * SECOND));
    }

    #[test]
    fn a_fixed_window_begins_with_its_first_request_and_ends_whole() {
        let mut window = FixedWindow::new(2, 60 * SECOND);
        assert!(window.admit(100 * SECOND));
        assert!(window.admit(159 * SECOND));
        assert!(!window.admit(159 * SECOND));
        assert_eq!((window.remaining(), window.reset()), (0, 160 * SECOND));
        assert!(window.admit(160 * SECOND));
        assert_eq!((window.remaining(), window.reset()), (1, 220 * SECOND));
    }
}
