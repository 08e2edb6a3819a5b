use std::sync::atomic::{AtomicBool, Ordering};

/// Whether an answer is waited for.
static ASKING: AtomicBool = AtomicBool::new(false);

/// As long as this lives, an answer is waited for: a signal then stops nothing else.
pub struct Asking(());

impl Asking {
    pub fn begin() -> Self {
        ASKING.store(true, Ordering::Relaxed);
        Self(())
    }

    pub fn goes_on() -> bool {
        ASKING.load(Ordering::Relaxed)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKING.store(false, Ordering::Relaxed);
    }
}
