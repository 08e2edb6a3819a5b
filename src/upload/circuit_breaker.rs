use std::sync::atomic::{AtomicU32, Ordering};

use crate::contact::CallKind;

/// Opens after so many failures in a row, over all rows: the service counts as gone.
///
/// Reads and writes are counted apart, since a service that answers look-ups may still refuse every
/// write: only a write that goes well clears both.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    reads: AtomicU32,
    writes: AtomicU32,
    open_after: u32,
}

impl CircuitBreaker {
    pub(super) fn new(open_after: u32) -> Self {
        Self { reads: AtomicU32::new(0), writes: AtomicU32::new(0), open_after }
    }

    pub(super) fn succeeded(&self, kind: CallKind) {
        self.reads.store(0, Ordering::Relaxed);
        if kind.writes() {
            self.writes.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure; whether the breaker is open with it.
    pub(super) fn failed(&self, kind: CallKind) -> bool {
        let count = if kind.writes() { &self.writes } else { &self.reads };
        count.fetch_add(1, Ordering::Relaxed) + 1 >= self.open_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_the_last_failure_in_a_row_and_a_read_does_not_close_it_for_writes() {
        let breaker = CircuitBreaker::new(2);
        assert!(!breaker.failed(CallKind::Update));
        breaker.succeeded(CallKind::Find);
        assert!(breaker.failed(CallKind::Update));
        breaker.succeeded(CallKind::Update);
        assert!(!breaker.failed(CallKind::Update));
        assert!(!breaker.failed(CallKind::Find));
        assert!(breaker.failed(CallKind::Find));
    }
}
