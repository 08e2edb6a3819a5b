//! The only place that reads the time. Pacing uses tokio's clock, which tests can pause; the
//! calendar is asked only for records and for `Retry-After` dates.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The present moment on the calendar, from the Unix epoch.
pub fn unix_now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the calendar")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The present moment for pacing and deadlines.
pub fn now() -> tokio::time::Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the clock")]
    tokio::time::Instant::now()
}

/// A calendar that can be handed over: time from the Unix epoch.
pub type Calendar = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The calendar of this machine.
pub fn calendar() -> Calendar {
    Arc::new(unix_now)
}

/// A calendar that begins today and then follows [`now`]: for simulations, where that clock is held
/// still and moved on by hand.
pub fn simulated_calendar() -> Calendar {
    let (began, today) = (now(), unix_now());
    Arc::new(move || today + (now() - began))
}
