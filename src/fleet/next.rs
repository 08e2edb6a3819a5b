//! What a worker takes next, and what becomes of a run that it could not do: decided here, as plain values.

use std::time::Duration;

use crate::error::{Error, ErrorKind, StopReason};
use crate::ledger::WaitingRun;

/// How long a worker leaves a run alone that it could not do, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// The runs in the order in which they are taken: of accounts that are served already first, then those whose next
/// call may leave first. Runs of one account keep their order.
pub fn in_order(mut waiting: Vec<WaitingRun>, is_served: impl Fn(&WaitingRun) -> bool) -> Vec<WaitingRun> {
    waiting.sort_by_key(|run| (!is_served(run), run.slot));
    waiting
}

/// What becomes of a run that ended in an error, not in a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again after this time: by this worker, or by any that can.
    Again(Duration),
    /// It can't begin, and no worker changes that.
    ForGood,
}

/// Decides it; the run had never begun if `is_pending`, and failed so often before.
pub fn after_failure(error: &Error, is_pending: bool, before: u32) -> Failed {
    let may_pass = matches!(error.reason, Some(StopReason::NotHere | StopReason::SandboxBusy));
    if is_pending && error.kind == ErrorKind::Usage && !may_pass {
        return Failed::ForGood;
    }
    Failed::Again(PAUSE.0.saturating_mul(2_u32.saturating_pow(before)).min(PAUSE.1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contact::Counts;
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun, Run, RunKind, RunState};

    fn waiting(name: &str, account: &str, slot: u64) -> WaitingRun {
        let new = NewRun {
            kind: RunKind::Import,
            fingerprint: Fingerprint([0; 32]),
            account: account.to_owned(),
            identity: account.to_owned(),
            service: "some-service".to_owned(),
            file: "/contacts.csv".to_owned(),
            options: json!({}),
            started: 1_795_253_460,
        };
        let run = Run {
            id: RunId(name.to_owned()),
            new,
            state: RunState::Queued,
            ended: None,
            took: None,
            counts: Counts::default(),
            pruned: None,
            due: None,
            told: None,
        };
        WaitingRun { run, slot }
    }

    #[test]
    fn accounts_that_are_served_come_first_and_then_the_smallest_slot() {
        let runs = vec![
            waiting("late 1", "late", 9),
            waiting("early 1", "early", 2),
            waiting("served 1", "served", 12),
            waiting("late 2", "late", 9),
            waiting("never called", "new", 0),
        ];
        let taken = in_order(runs, |run| run.run.new.account == "served");
        let names: Vec<_> = taken.iter().map(|run| run.run.id.0.as_str()).collect();
        assert_eq!(names, ["served 1", "never called", "early 1", "late 1", "late 2"]);
    }

    #[test]
    fn what_may_pass_is_tried_again_with_growing_pauses_and_what_is_wrong_in_the_run_is_not() {
        let wrong = Error::usage("no column is a phone");
        assert_eq!(after_failure(&wrong, true, 0), Failed::ForGood);
        assert_eq!(after_failure(&wrong, false, 0), Failed::Again(Duration::from_secs(5)), "it has begun");
        let elsewhere = Error::usage("no account is called: support").because(StopReason::NotHere);
        assert_eq!(after_failure(&elsewhere, true, 2), Failed::Again(Duration::from_secs(20)));
        assert_eq!(after_failure(&Error::stopped("gone"), true, 40), Failed::Again(Duration::from_secs(300)));
        assert_eq!(after_failure(&Error::already_running("by another"), true, 0), Failed::Again(PAUSE.0));
    }
}
