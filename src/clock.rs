//! The only place that reads the time. Pacing uses tokio's clock, which tests can pause; the
//! calendar is asked only for records and for `Retry-After` dates.

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
