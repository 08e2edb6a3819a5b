use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

/// How urgently a run should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    Going,
    /// Finish the requests under way, begin none.
    Drain,
    /// Leave at once.
    Leave,
}

/// Why a run is to end before its last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// A signal came.
    Signal,
    /// Somebody cancelled the run.
    Cancelled,
    /// The worker that it runs in ends; another goes on with it.
    HandedOn,
}

/// The request to stop, shared by everything that waits.
#[derive(Clone, Debug)]
pub struct Stop {
    level: watch::Sender<StopLevel>,
    /// That of the first request.
    cause: Arc<OnceLock<StopCause>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { level: watch::Sender::new(StopLevel::Going), cause: Arc::default() }
    }
}

impl Stop {
    /// Requests at least this much urgency, since a signal came.
    pub fn request(&self, level: StopLevel) {
        self.request_for(StopCause::Signal, level);
    }

    /// Requests at least this much urgency for this cause.
    pub fn request_for(&self, cause: StopCause, level: StopLevel) {
        // Whoever asks later only makes it more urgent.
        let _ = self.cause.set(cause);
        self.level.send_if_modified(|present| {
            let raised = level > *present;
            if raised {
                *present = level;
            }
            raised
        });
    }

    /// Why a stop was requested first.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause.get().copied()
    }

    pub fn level(&self) -> StopLevel {
        *self.level.borrow()
    }

    pub fn is_requested(&self) -> bool {
        self.level() > StopLevel::Going
    }

    /// Returns once a stop was requested.
    pub async fn requested(&self) {
        self.reached(StopLevel::Drain).await;
    }

    /// Returns once at least this level was requested.
    pub async fn reached(&self, level: StopLevel) {
        let mut seen = self.level.subscribe();
        // The sender lives as long as `self`, so waiting can't fail.
        let _ = seen.wait_for(|present| *present >= level).await;
    }
}
