use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answers::Refusal;
use super::flavor::Flavor;

/// Requests a minute and address, since release 3.1.0.
const REQUESTS: u32 = 3000;

/// Counts in fixed windows, cut at whole minutes of the server's clock. Refused requests count too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Throttle {
    minute: u64,
    requests: u32,
    searches: u32,
    /// In place of the documented limit.
    #[serde(skip)]
    limit: Option<u32>,
}

impl Throttle {
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit, ..Self::default() }
    }

    pub fn set_limit(&mut self, limit: u32) {
        self.limit = Some(limit);
    }

    /// Takes over what another has counted.
    pub fn resume(&mut self, earlier: &Self) {
        *self = Self { limit: self.limit, ..*earlier };
    }

    pub fn admit(&mut self, flavor: Flavor, searching: bool, now: Duration) -> Result<(), Refusal> {
        let minute = now.as_secs() / 60;
        if minute != self.minute {
            *self = Self { minute, requests: 0, searches: 0, limit: self.limit };
        }
        self.requests = self.requests.saturating_add(1);
        if self.requests > self.limit.unwrap_or(REQUESTS) {
            return Err(Refusal::Throttled);
        }
        if let Some(limit) = flavor.search_limit().filter(|_| searching) {
            self.searches = self.searches.saturating_add(1);
            if self.searches > limit {
                return Err(Refusal::Throttled);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_ends_with_the_minute_of_the_clock() {
        let mut throttle = Throttle::default();
        let late = Duration::from_secs(119);
        for _ in 0..3000 {
            assert!(throttle.admit(Flavor::Chatwoot, false, late).is_ok());
        }
        assert!(throttle.admit(Flavor::Chatwoot, false, late).is_err());
        assert!(throttle.admit(Flavor::Chatwoot, false, Duration::from_secs(120)).is_ok());
    }

    #[test]
    fn the_101st_search_of_a_minute_is_refused_while_reads_go_on() {
        let mut throttle = Throttle::default();
        let now = Duration::from_secs(60);
        for _ in 0..100 {
            assert!(throttle.admit(Flavor::NinetyNineDigital, true, now).is_ok());
        }
        assert!(throttle.admit(Flavor::NinetyNineDigital, true, now).is_err());
        assert!(throttle.admit(Flavor::NinetyNineDigital, false, now).is_ok());
    }
}
