//! Named points at which a debug build can be made to die, and safeguards it can be made to leave
//! out, for the tests of what survives.
//!
//! `ROLO_CRASH=after_intent:3` ends the process when it comes to `after_intent` for the third time:
//! at once, with nothing flushed, closed or unwound, as SIGKILL does. `ROLO_PAUSE=before_body:3` stops it at such a
//! point, as SIGSTOP does, until somebody lets it go on. `ROLO_SABOTAGE=no-intent`
//! leaves a safeguard out, so that the tests that guard it can be seen to fail. A release build has
//! none of this: the macro expands to nothing, and nothing is ever left out.

/// Marks a point between two durable steps.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::crash::reached($name);
    };
}

/// Marks a point at which a process may find, when it goes on after a stop, that its run is another's.
#[macro_export]
macro_rules! pause_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::crash::passed($name);
    };
}

/// Every point at which a debug build can be stopped. `tests/cli/workers_stopped.rs` holds it complete.
pub const PAUSES: &[&str] = &["before_slot", "after_slot", "after_intent", "before_body"];

/// Every point in the code, so that tests can sweep them. `tests/cli/crash.rs` holds it complete.
pub const POINTS: &[&str] = &[
    "key_kept",
    "migrating",
    "migrated",
    "before_run",
    "after_run",
    "before_intent",
    "after_intent",
    "after_answer",
    "after_outcome",
    "after_settled",
    "before_row",
    "after_row",
    "before_rows",
    "after_rows",
    "before_state",
    "after_state",
    "before_file",
    "after_file",
    "before_page",
    "after_page",
    "before_spool_removed",
    "alert_taken",
    "alert_sent",
    "before_undo",
    "after_undo",
    "after_undone",
];

/// A safeguard that a test of the tests can have left out of a debug build; a release build has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safeguard {
    /// A write's intent is durable before it leaves.
    Intent,
    /// A create in doubt is looked up before it is sent again.
    Settle,
    /// Calls leave one period apart.
    Pace,
}

impl Safeguard {
    /// What leaves it out, in `ROLO_SABOTAGE`.
    pub const fn disabled_by(self) -> &'static str {
        match self {
            Self::Intent => "no-intent",
            Self::Settle => "no-settle",
            Self::Pace => "burst",
        }
    }

    /// Whether it is in force: always, but in a test of the tests.
    #[cfg(not(debug_assertions))]
    pub const fn holds(self) -> bool {
        true
    }

    /// Whether it is in force: always, but in a test of the tests.
    #[cfg(debug_assertions)]
    pub fn holds(self) -> bool {
        use std::sync::OnceLock;
        static LEFT_OUT: OnceLock<Option<String>> = OnceLock::new();
        LEFT_OUT.get_or_init(|| std::env::var("ROLO_SABOTAGE").ok()).as_deref() != Some(self.disabled_by())
    }
}

#[cfg(debug_assertions)]
pub fn reached(name: &str) {
    static WANTED: Wanted = Wanted::of("ROLO_CRASH");
    if WANTED.is_met(name) {
        std::process::abort();
    }
}

#[cfg(debug_assertions)]
pub fn passed(name: &str) {
    static WANTED: Wanted = Wanted::of("ROLO_PAUSE");
    if WANTED.is_met(name) {
        // The system stops all threads of the process, this one among them.
        let stopped = std::process::Command::new("kill").args(["-STOP", &std::process::id().to_string()]).status();
        assert!(stopped.is_ok_and(|status| status.success()), "the process could not be stopped");
    }
}

/// `NAME:N` in a variable: a point, and which time of coming to it is meant.
#[cfg(debug_assertions)]
struct Wanted {
    variable: &'static str,
    point: std::sync::OnceLock<Option<(String, u64)>>,
    hits: std::sync::atomic::AtomicU64,
}

#[cfg(debug_assertions)]
impl Wanted {
    const fn of(variable: &'static str) -> Self {
        Self { variable, point: std::sync::OnceLock::new(), hits: std::sync::atomic::AtomicU64::new(0) }
    }

    fn is_met(&self, name: &str) -> bool {
        let wanted = self.point.get_or_init(|| {
            let text = std::env::var(self.variable).ok()?;
            let (name, n) = text.rsplit_once(':')?;
            Some((name.to_owned(), n.parse().ok()?))
        });
        let Some((point, n)) = wanted else { return false };
        point == name && self.hits.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 == *n
    }
}
