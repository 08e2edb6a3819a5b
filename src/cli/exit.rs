use std::process::ExitCode;

use crate::error::ErrorKind;
use crate::report::Summary;

/// How a command that came to its end ended. Those that did not end in an error, whose
/// [`ErrorKind`] has the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every row reached its outcome, none rejected, failed or in doubt.
    Done,
    /// Some rows were rejected, failed or are in doubt, or an undo or a saved plan left something.
    RowsToLookAt,
    /// Stopped early; can be resumed.
    Stopped,
    /// Interrupted by a signal, cleanly; can be resumed.
    Interrupted,
    /// The rows don't balance.
    Bug,
}

impl Exit {
    /// How a run with this summary ended.
    pub fn of(summary: &Summary) -> Self {
        if !summary.counts.balances(summary.rows) {
            Self::Bug
        } else if let Some(stopped) = &summary.stopped {
            if stopped.kind == ErrorKind::Interrupted { Self::Interrupted } else { Self::Stopped }
        } else if summary.counts.needing_attention() > 0 || summary.not_put_back > 0 || left_by_plan(summary) {
            Self::RowsToLookAt
        } else {
            Self::Done
        }
    }

    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::RowsToLookAt => 1,
            Self::Stopped => ErrorKind::Stopped.exit_code(),
            Self::Interrupted => ErrorKind::Interrupted.exit_code(),
            Self::Bug => ErrorKind::Bug.exit_code(),
        }
    }
}

/// Whether a row is not as its plan shows it.
fn left_by_plan(summary: &Summary) -> bool {
    summary.codes.contains_key("plan.changed")
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Counts, Outcome};
    use crate::error::Error;

    fn summary(rows: u64, of: &[(Outcome, u64)]) -> Summary {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        Summary { rows, counts, ..Summary::default() }
    }

    #[test]
    fn the_code_follows_from_the_rows() {
        assert_eq!(Exit::of(&summary(0, &[])).code(), 0);
        assert_eq!(Exit::of(&summary(3, &[(Outcome::Created, 2), (Outcome::Skipped, 1)])).code(), 0);
        for outcome in [Outcome::Rejected, Outcome::Failed, Outcome::InDoubt] {
            assert_eq!(Exit::of(&summary(3, &[(Outcome::Created, 2), (outcome, 1)])).code(), 1);
        }
        let left = Summary { not_put_back: 1, ..summary(2, &[(Outcome::Updated, 2)]) };
        assert_eq!(Exit::of(&left).code(), 1);
        let skipped = |code: &str| {
            let codes = [(code.to_owned(), 1)].into();
            Exit::of(&Summary { codes, ..summary(3, &[(Outcome::Updated, 2), (Outcome::Skipped, 1)]) }).code()
        };
        assert_eq!((skipped("plan.changed"), skipped("plan.shared")), (1, 0), "what the plan shows is as it should be");
        let stopped = Summary { stopped: Some(Error::stopped("refused")), ..summary(1, &[(Outcome::Failed, 1)]) };
        assert_eq!(Exit::of(&stopped).code(), 3);
        let interrupted = Summary { stopped: Some(Error::interrupted("by a signal")), ..stopped };
        assert_eq!(Exit::of(&interrupted).code(), 4);
        assert_eq!(Exit::of(&summary(2, &[(Outcome::Created, 1)])).code(), 70);
    }
}
