use crate::error::{Error, ErrorKind, Result};
use crate::journal::RunId;
use crate::ledger::RunState;
use crate::report::{Summary, words};
use crate::upload::Stop;

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
                summary.stopped = Some(halt);
                Ok(RunState::Stopped)
            }
        }
    }
}
