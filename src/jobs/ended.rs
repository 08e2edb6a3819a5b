use std::time::Duration;

use crate::error::{Error, ErrorKind, Result, StopReason};
use crate::journal::RunId;
use crate::ledger::RunState;
use crate::report::{Summary, words};
use crate::upload::{Stop, StopCause};

/// How long a run waits for a service that is gone before a worker tries again.
const GONE: Duration = Duration::from_secs(60);

/// The same for one that asks to be left alone.
const PARKED: Duration = Duration::from_secs(5 * 60);

/// How driving a job ended.
pub enum Ended {
    /// Nothing is left to be done.
    Whole,
    /// All was tried, and something of it is to be tried again.
    InPart,
    /// A signal ended it.
    Interrupted,
    Stopped(Error),
}

impl Ended {
    /// A halt has stopped the run, or else a signal, or nothing.
    pub fn of(halt: Option<Error>, stop: &Stop) -> Self {
        match halt {
            Some(halt) => Self::Stopped(halt),
            None if stop.is_requested() => Self::Interrupted,
            None => Self::Whole,
        }
    }

    /// The same, with the run it was and whose account.
    pub fn about(self, run: &RunId, account: &str, service: &str) -> Self {
        match self {
            Self::Stopped(halt) => Self::Stopped(halt.in_service(service).in_account(account).in_run(&run.0)),
            other => other,
        }
    }

    /// Puts into the summary why the job stopped, and returns how its run stands.
    ///
    /// # Errors
    /// Of kind `Bug` if a bug stopped it.
    pub fn tell(self, summary: &mut Summary) -> Result<RunState> {
        match self {
            Self::Whole => Ok(RunState::Finished),
            Self::InPart => Ok(RunState::Stopped),
            Self::Interrupted => {
                summary.stopped = Some(words::interrupted());
                Ok(RunState::Interrupted)
            }
            Self::Stopped(halt) if halt.kind == ErrorKind::Bug => Err(halt),
            Self::Stopped(halt) => {
                // There is nothing that could be gone on with.
                let is_refused = halt.reason.is_some_and(StopReason::is_refusal) && summary.contacts == Some(0);
                summary.stopped = Some(halt);
                Ok(if is_refused { RunState::Failed } else { RunState::Stopped })
            }
        }
    }
}

/// How a run stands whose job has ended, and how long it waits for a worker if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: RunState,
    pub waits: Option<Duration>,
}

impl Standing {
    /// A run that was cancelled has ended. One whose worker ends waits for another; so does one that a worker
    /// `served` and that only its service keeps from going on.
    pub fn of(state: RunState, summary: &mut Summary, stop: &Stop, served: bool) -> Self {
        let reason = summary.stopped.as_ref().and_then(|stopped| stopped.reason);
        let waits = match (state, stop.cause(), reason) {
            (RunState::Interrupted, Some(StopCause::Cancelled), _) => {
                summary.stopped = Some(words::cancelled());
                return Self { state: RunState::Cancelled, waits: None };
            }
            (RunState::Interrupted, Some(StopCause::HandedOn), _) => Some(Duration::ZERO),
            (RunState::Stopped, _, Some(StopReason::Unreachable)) if served => Some(GONE),
            (RunState::Stopped, _, Some(StopReason::Parked)) if served => Some(PARKED),
            _ => None,
        };
        Self { state: if waits.is_some() { RunState::Queued } else { state }, waits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::StopLevel;

    fn standing(cause: Option<StopCause>, stopped: Option<StopReason>, served: bool) -> (&'static str, Option<u64>) {
        let stop = Stop::default();
        if let Some(cause) = cause {
            stop.request_for(cause, StopLevel::Drain);
        }
        let ended = match stopped {
            Some(reason) => Ended::Stopped(Error::stopped("it stopped").because(reason)),
            None => Ended::of(None, &stop),
        };
        let mut summary = Summary::default();
        let state = ended.tell(&mut summary).unwrap();
        let standing = Standing::of(state, &mut summary, &stop, served);
        (standing.state.name(), standing.waits.map(|wait| wait.as_secs()))
    }

    #[test]
    fn who_interrupted_a_run_decides_how_it_stands() {
        for served in [false, true] {
            assert_eq!(standing(None, None, served), ("finished", None));
            assert_eq!(standing(Some(StopCause::Signal), None, served), ("interrupted", None));
            assert_eq!(standing(Some(StopCause::Cancelled), None, served), ("cancelled", None));
            assert_eq!(standing(Some(StopCause::HandedOn), None, served), ("queued", Some(0)));
        }
    }

    #[test]
    fn a_service_that_is_gone_lets_a_run_wait_where_a_worker_serves_it() {
        assert_eq!(standing(None, Some(StopReason::Unreachable), true), ("queued", Some(60)));
        assert_eq!(standing(None, Some(StopReason::Parked), true), ("queued", Some(300)));
        assert_eq!(standing(None, Some(StopReason::Unreachable), false), ("stopped", None));
        for needs_a_person in [StopReason::Unauthorized, StopReason::Threshold, StopReason::Until] {
            assert_eq!(standing(None, Some(needs_a_person), true), ("stopped", None), "{needs_a_person:?}");
        }
    }
}
