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

/// The request to stop, shared by everything that waits.
#[derive(Clone, Debug)]
pub struct Stop {
    level: watch::Sender<StopLevel>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { level: watch::Sender::new(StopLevel::Going) }
    }
}

impl Stop {
    /// Requests at least this much urgency.
    pub fn request(&self, level: StopLevel) {
        self.level.send_if_modified(|present| {
            let raised = level > *present;
            if raised {
                *present = level;
            }
            raised
        });
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
