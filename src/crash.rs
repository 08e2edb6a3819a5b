//! Named points at which a debug build can be made to die, and safeguards it can be made to leave
//! out, for the tests of what survives.
//!
//! `ROLO_CRASH=after_intent:3` ends the process when it comes to `after_intent` for the third time:
//! at once, with nothing flushed, closed or unwound, as SIGKILL does. `ROLO_SABOTAGE=no-intent`
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
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static HITS: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("ROLO_CRASH").ok()?;
        let (name, n) = text.rsplit_once(':')?;
        Some((name.to_owned(), n.parse().ok()?))
    });
    if let Some((point, n)) = wanted
        && point == name
        && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *n
    {
        std::process::abort();
    }
}
