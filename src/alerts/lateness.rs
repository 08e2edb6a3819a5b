use std::time::Duration;

use super::judging::JobWatch;
use super::message::AlertFacts;
use crate::config::Schedule;
use crate::error::Result;
use crate::ledger::{JobCondition, Judgement, LastFired, RunState};

/// How a job stands whose latest due time was that, by the store's calendar: late if the run of it waits still when its
/// grace is over, or is under way still when the job was due again; failed if the run could not begin. `None` where
/// nothing is to be said.
///
/// # Errors
/// The system gives no random bytes.
pub fn lateness(watch: &JobWatch, schedule: &Schedule, last: &LastFired, now: Duration) -> Result<Option<Judgement>> {
    let run = &last.run;
    let due = Duration::from_secs(last.due);
    let facts = AlertFacts { due: Some(schedule.moment(due)), ..AlertFacts::of_run(run) };
    let (condition, why, next) = match run.state {
        RunState::Queued if now >= due + watch.when.late => {
            let why = run.told.clone().unwrap_or_else(|| "no worker has begun it".to_owned());
            (JobCondition::Late, why, "rolo runs".to_owned())
        }
        RunState::Running if schedule.next(due).is_some_and(|next| now >= next + watch.when.late) => {
            let why = "its run is under way still, and the job was due again since".to_owned();
            (JobCondition::Late, why, format!("rolo show {}", run.id))
        }
        RunState::Failed => {
            let why = run.told.clone().unwrap_or_else(|| "it could not begin".to_owned());
            (JobCondition::Failed, why, format!("rolo show {}", run.id))
        }
        _ => return Ok(None),
    };
    let facts = AlertFacts { why: Some(why), next: Some(next), ..facts };
    watch.judgement(condition, Some(run.id.clone()), &facts).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Missed;
    use crate::contact::Counts;
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun, Run, RunKind};

    fn last(state: RunState) -> LastFired {
        let new = NewRun {
            kind: RunKind::Import,
            fingerprint: Fingerprint([0; 32]),
            account: "support".into(),
            identity: "support".into(),
            service: "some-service".into(),
            file: "/in/contacts.csv".into(),
            options: serde_json::json!({}),
            started: 7200,
        };
        let run = Run {
            id: RunId("20261121-0931-k3f".into()),
            new,
            state,
            ended: None,
            took: None,
            counts: Counts::default(),
            pruned: None,
            due: None,
            told: Some("this worker can't read the file of the run: /in/contacts.csv".into()),
        };
        LastFired { due: 7200, run }
    }

    fn condition(state: RunState, now: u64) -> Option<JobCondition> {
        let schedule = Schedule::parse("0 2 * * *", Some("UTC"), Missed::Run).unwrap();
        let judged = lateness(&JobWatch::unknown("nightly"), &schedule, &last(state), Duration::from_secs(now));
        judged.unwrap().map(|judged| judged.condition)
    }

    #[test]
    fn a_run_that_waits_is_late_when_its_grace_is_over_and_one_under_way_when_it_is_due_again() {
        let (due, half_an_hour, day) = (7200, 1800, 86_400);
        assert_eq!(condition(RunState::Queued, due + half_an_hour - 1), None);
        assert_eq!(condition(RunState::Queued, due + half_an_hour), Some(JobCondition::Late));
        assert_eq!(condition(RunState::Running, due + day), None);
        assert_eq!(condition(RunState::Running, due + day + half_an_hour), Some(JobCondition::Late));
        assert_eq!(condition(RunState::Failed, due), Some(JobCondition::Failed));
        assert_eq!(condition(RunState::Finished, due + 2 * day), None);
    }
}
