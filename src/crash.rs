//! Named points at which a debug build can be made to kill itself, for the crash tests.
//!
//! `ROLO_CRASH=after_intent:3` sends the process SIGKILL when it comes to `after_intent` for the
//! third time. A release build has none of this: the macro expands to nothing.

/// Marks a point between two durable steps.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::crash::reached($name);
    };
}

/// Every point in the code, so that tests can sweep them. `tests/cli/crash.rs` holds it complete.
pub const POINTS: &[&str] = &[];

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
        // The shell's kill, since sending a signal to oneself is unsafe code.
        let _ = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
        loop {
            std::thread::park();
        }
    }
}
