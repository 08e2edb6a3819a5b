use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::message::AlertFacts;
use crate::config::{Config, Job, NotifyWhen};
use crate::contact::Outcome;
use crate::error::{Error, ErrorKind, Result, StopReason};
use crate::journal::{RunId, hex};
use crate::ledger::{JobCondition, Judgement, Run, RunState};
use crate::report::{JobState, Summary};

/// What is watched of a job of the configuration: whom to tell how it stands, and from when on.
#[derive(Clone, Debug)]
pub struct JobWatch {
    pub job: String,
    /// Names of the channels that are told.
    pub channels: Vec<String>,
    pub when: NotifyWhen,
    /// The run is the first half of the job: that it went well says nothing yet.
    is_first_half: bool,
    begun: Arc<AtomicBool>,
}

impl JobWatch {
    /// As the configuration says of this job.
    pub fn of(job: &Job, config: &Config) -> Self {
        let (channels, when) = (config.told_of(job), job.notify_when);
        Self { job: job.name.clone(), channels, when, is_first_half: false, begun: Arc::default() }
    }

    /// Of a job that the configuration does not have, or no more: nobody is told.
    pub fn unknown(job: &str) -> Self {
        let (channels, when) = (Vec::new(), NotifyWhen::default());
        Self { job: job.to_owned(), channels, when, is_first_half: false, begun: Arc::default() }
    }

    /// The same for the first of two runs that the job is.
    #[must_use]
    pub fn of_first_half(&self) -> Self {
        Self { is_first_half: true, begun: Arc::default(), ..self.clone() }
    }

    /// Its run is recorded by now.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Whether its run was recorded.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// How the job stands now that its run ended so, with its results at this path from wherever one looks; `None`
    /// where that says nothing of it.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn after(
        &self,
        summary: &Summary,
        state: RunState,
        run: &Run,
        results: Option<PathBuf>,
    ) -> Result<Option<Judgement>> {
        let Some(condition) = condition_of(summary, state, &self.when) else { return Ok(None) };
        if self.is_first_half && summary.stopped.is_none() {
            return Ok(None);
        }
        let mut stands = JobState::of_summary(summary);
        // An alert is read elsewhere than where the command was given.
        stands.results = results;
        let next = stands.next_steps().into_iter().find_map(|step| step.command());
        let facts = AlertFacts {
            why: summary.stopped.as_ref().map(|stopped| stopped.message.clone()),
            next,
            ..AlertFacts::of_run(run).with_rows(summary)
        };
        self.judgement(condition, Some(run.id.clone()), &facts).map(Some)
    }

    /// How it stands since a run of it can't begin.
    ///
    /// # Errors
    /// As for [`Self::after`].
    pub fn failed(&self, error: &Error, run: Option<RunId>, facts: AlertFacts) -> Result<Judgement> {
        let facts = AlertFacts { why: Some(error.message.clone()), next: error.hint.clone(), ..facts };
        self.judgement(JobCondition::Failed, run, &facts)
    }

    /// How it stands, with an id of its own.
    ///
    /// # Errors
    /// As for [`Self::after`].
    pub fn judgement(&self, condition: JobCondition, run: Option<RunId>, facts: &AlertFacts) -> Result<Judgement> {
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id)
            .map_err(|error| Error::stopped("the system gives no random bytes").caused_by(error))?;
        Ok(Judgement {
            job: self.job.clone(),
            condition,
            run,
            channels: self.channels.clone(),
            id: format!("alert_{}", hex(&id)),
            facts: facts.to_json()?,
        })
    }
}

/// How a job stands after its run ended so; `None` where somebody ended it on purpose, or it goes on by itself.
fn condition_of(summary: &Summary, state: RunState, when: &NotifyWhen) -> Option<JobCondition> {
    if let RunState::Queued | RunState::Cancelled | RunState::Running | RunState::Joined = state {
        return None;
    }
    if let Some(stopped) = &summary.stopped {
        let used_up = matches!(stopped.reason, Some(StopReason::MaxCalls | StopReason::Until));
        return Some(if used_up || stopped.kind == ErrorKind::Interrupted {
            JobCondition::Unfinished
        } else {
            JobCondition::Failed
        });
    }
    let (counts, rows) = (&summary.counts, summary.rows);
    Some(if when.failed.reached(counts[Outcome::Failed] + counts[Outcome::InDoubt], rows.max(1)) {
        JobCondition::RowsFailed
    } else if when.rejected.reached(counts[Outcome::Rejected], rows) {
        JobCondition::RowsRejected
    } else if summary.drifted > 0 {
        JobCondition::Drift
    } else {
        JobCondition::Well
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Counts;

    fn condition(state: RunState, stopped: Option<Error>, of: &[(Outcome, u64)]) -> Option<JobCondition> {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        let summary = Summary { rows: counts.total(), counts, stopped, ..Summary::default() };
        condition_of(&summary, state, &NotifyWhen::default())
    }

    #[test]
    fn how_a_job_stands_follows_from_how_its_run_ended() {
        use JobCondition::{Failed, RowsFailed, RowsRejected, Unfinished, Well};
        let done = (Outcome::Created, 95);
        let finished = |of: &[(Outcome, u64)]| condition(RunState::Finished, None, of).unwrap();
        assert_eq!(finished(&[]), Well);
        assert_eq!(finished(&[done, (Outcome::Rejected, 4)]), Well, "less than is told of");
        assert_eq!(finished(&[done, (Outcome::Rejected, 5)]), RowsRejected);
        assert_eq!(finished(&[done, (Outcome::Rejected, 5), (Outcome::Failed, 1)]), RowsFailed);
        assert_eq!(finished(&[done, (Outcome::InDoubt, 1)]), RowsFailed);
        let stopped = |reason| condition(RunState::Stopped, Some(Error::stopped("it stopped").because(reason)), &[]);
        for guard in [StopReason::Threshold, StopReason::FewRows, StopReason::Unauthorized, StopReason::FirstRows] {
            assert_eq!(stopped(guard), Some(Failed), "{guard:?}");
        }
        assert_eq!(stopped(StopReason::Until), Some(Unfinished));
        let signal = condition(RunState::Interrupted, Some(Error::interrupted("by a signal")), &[]);
        assert_eq!(signal, Some(Unfinished));
        for nobodys in [RunState::Queued, RunState::Cancelled] {
            assert_eq!(condition(nobodys, Some(Error::stopped("gone")), &[]), None);
        }
    }

    #[test]
    fn drift_is_told_where_nothing_is_worse() {
        let summary = Summary { rows: 9, drifted: 2, ..Summary::default() };
        assert_eq!(condition_of(&summary, RunState::Finished, &NotifyWhen::default()), Some(JobCondition::Drift));
    }
}
