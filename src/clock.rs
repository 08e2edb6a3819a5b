//! The only place that reads the time. Pacing uses tokio's clock, which tests can pause; the
//! calendar is asked only for records and for `Retry-After` dates.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::platform;

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

/// A clock that nobody can set: how long this machine has been up, sleep included, and which start of it
/// that counts from. The same for all its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uptime {
    /// Another number after each start.
    pub boot: u64,
    pub since: Duration,
}

/// How to read an [`Uptime`]; none where the system tells of no such clock.
pub type UptimeSource = Arc<dyn Fn() -> Option<Uptime> + Send + Sync>;

/// The uptime of this machine, where the system tells it.
pub fn uptime() -> UptimeSource {
    let boot = platform::boot();
    Arc::new(move || boot.and_then(|boot| platform::since_boot().map(|since| Uptime { boot, since })))
}

/// An uptime that follows [`now`], on a machine that never starts again.
pub fn simulated_uptime() -> UptimeSource {
    /// Before the beginning of every clock that is held still.
    const EARLIER: Duration = Duration::from_secs(24 * 60 * 60);
    static START: OnceLock<tokio::time::Instant> = OnceLock::new();
    let start = *START.get_or_init(|| now().checked_sub(EARLIER).unwrap_or_else(now));
    Arc::new(move || Some(Uptime { boot: 0, since: now().saturating_duration_since(start) }))
}

/// A clock that stands still unless somebody moves it on: for what is to take no time and yet to tell how
/// long it would have taken. Clones are one clock.
#[derive(Clone, Debug)]
pub struct MovedClock {
    began: tokio::time::Instant,
    calendar_began: Duration,
    /// Microseconds since then.
    passed: Arc<AtomicU64>,
}

impl Default for MovedClock {
    fn default() -> Self {
        Self { began: now(), calendar_began: unix_now(), passed: Arc::default() }
    }
}

impl MovedClock {
    /// The moment at which it stands.
    pub fn now(&self) -> tokio::time::Instant {
        self.began + self.passed()
    }

    /// The same on the calendar, from the Unix epoch; it began at the present moment.
    pub fn unix_now(&self) -> Duration {
        self.calendar_began + self.passed()
    }

    /// How far it was moved on in all.
    pub fn passed(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::Acquire))
    }

    /// Moves it on to this moment, unless it stands there or later.
    pub fn move_to(&self, moment: tokio::time::Instant) {
        let passed = moment.saturating_duration_since(self.began).as_nanos().div_ceil(1000);
        self.passed.fetch_max(u64::try_from(passed).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}

/// Where a simulated calendar begins: 2026-11-21 00:00:30 UTC, in the middle of a minute.
const SIMULATED_DAWN: Duration = Duration::from_secs(1_795_219_230);

/// A calendar that begins on the same day wherever it runs, and then follows [`now`]: for tests and
/// simulations, which must not depend on the day, and may hold that clock still and move it on by hand.
pub fn simulated_calendar() -> Calendar {
    let began = now();
    Arc::new(move || SIMULATED_DAWN + (now() - began))
}
