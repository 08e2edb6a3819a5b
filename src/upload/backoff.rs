use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::call_state::Patience;

/// How often, and how patiently, a call is tried again.
#[derive(Debug)]
pub struct Retry {
    /// Longest first pause; it doubles with every try.
    pub base: Duration,
    pub cap: Duration,
    /// Tries of one call that may end without a usable answer.
    pub tries: u32,
    /// Attempts that the service may throttle ("too many requests") before the call is given up.
    pub throttled: u32,
    /// Failures in a row, over all rows, after which the circuit breaker opens: the service counts as gone.
    pub open_after: u32,
    random: AtomicU64,
}

impl Retry {
    /// The usual patience; `seed` makes the jitter repeatable.
    pub fn new(seed: u64) -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            tries: 6,
            throttled: 40,
            open_after: 12,
            random: AtomicU64::new(seed),
        }
    }

    /// How often one call is tried.
    pub fn patience(&self) -> Patience {
        Patience { tries: self.tries, throttled: self.throttled }
    }

    /// The pause before the next try after `failures` failures: anything between nothing and the
    /// doubled base, so that clients that failed together do not return together.
    pub fn pause(&self, failures: u32) -> Duration {
        let most = self.base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.cap);
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(if most == 0 { 0 } else { self.next() % (most + 1) })
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_the_doubling_bound_and_the_cap() {
        let retry = Retry::new(7);
        for failures in 1..40 {
            let bound = Duration::from_secs(1 << (failures - 1).min(6)).min(retry.cap);
            for _ in 0..50 {
                assert!(retry.pause(failures) <= bound, "{failures} failures");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses() {
        let (one, other) = (Retry::new(3), Retry::new(3));
        assert!((1..20).all(|failures| one.pause(failures) == other.pause(failures)));
    }
}
