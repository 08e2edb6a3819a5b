use std::collections::HashMap;
use std::time::Duration;

use crate::config::{Missed, Schedule};
use crate::error::Result;
use crate::journal::RunId;
use crate::ledger::{Fired, LedgerHandle, NewRun};

/// A due time that no worker came to for so long was missed.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// Due times of one job that are gone through for the latest, where nobody saw to them for a long time.
const GONE_THROUGH: usize = 10_000;

/// How long a worker leaves a job alone of which it can't find out what it is to do.
const AGAIN: Duration = Duration::from_secs(60);

/// A job that is due again and again.
#[derive(Clone, Debug)]
pub struct Scheduled {
    pub job: String,
    pub schedule: Schedule,
}

/// What a job is to do at a due time; one that can't begin says why. Nothing, where it takes new files and there are
/// none.
#[derive(Default)]
pub struct DueRun {
    pub run: Option<NewRun>,
    pub failed: Option<String>,
    /// Further runs, where it takes several files: queued by whoever fires the due time.
    pub others: Vec<NewRun>,
}

/// What came of a due time.
#[derive(Debug)]
pub struct Tick {
    pub job: String,
    pub due: Duration,
    /// The runs of further files.
    pub others: Vec<RunId>,
    /// There was nothing to do.
    pub is_idle: bool,
    /// An error where it could not be found out what is to be done; that is tried again.
    pub came: Result<Fired>,
}

/// The due time that is to be seen to now, and whether it fires; nothing before the next one.
fn outstanding(schedule: &Schedule, last: Duration, now: Duration) -> Option<(Duration, bool)> {
    let mut due = schedule.next(last).filter(|due| *due <= now)?;
    // Of several that were missed one is made up for, the latest.
    for _ in 0..GONE_THROUGH {
        match schedule.next(due).filter(|next| *next <= now) {
            Some(next) => due = next,
            None => break,
        }
    }
    Some((due, schedule.missed == Missed::Run || now.saturating_sub(due) <= GRACE))
}

/// When each job is to be looked at next, as far as this worker knows.
#[derive(Default)]
pub struct Timetable {
    next: HashMap<(String, String), Duration>,
}

impl Timetable {
    /// Sees to the due times that have come by the store's calendar. Each fires once, whichever worker comes first,
    /// since the ledger has one record for each; a schedule that is new begins with its next due time.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn fire(
        &mut self,
        jobs: &[Scheduled],
        now: Duration,
        ledger: &LedgerHandle,
        run_of: impl AsyncFn(&str) -> Result<DueRun>,
    ) -> Result<Vec<Tick>> {
        let mut ticks = Vec::new();
        for Scheduled { job, schedule } in jobs {
            let key = (job.clone(), schedule.to_string());
            if self.next.get(&key).is_some_and(|next| now < *next) {
                continue;
            }
            let Some(last) = ledger.last_fired(job, &key.1).await? else {
                ledger.fire(job, &key.1, now.as_secs(), None, None).await?;
                self.wait(key, schedule, now);
                continue;
            };
            let last = Duration::from_secs(last);
            let Some((due, fires)) = outstanding(schedule, last, now) else {
                self.wait(key, schedule, last);
                continue;
            };
            let made = if fires { run_of(job).await.map(Some) } else { Ok(None) };
            let tick = |came| Tick { job: job.clone(), due, others: Vec::new(), is_idle: false, came };
            let made = match made {
                Ok(made) => made,
                Err(error) => {
                    self.next.insert(key, now + AGAIN);
                    ticks.push(tick(Err(error)));
                    continue;
                }
            };
            self.wait(key.clone(), schedule, due);
            let is_idle = made.as_ref().is_some_and(|made| made.run.is_none());
            let DueRun { run, failed, others: further } = made.unwrap_or_default();
            let came = ledger.fire(job, &key.1, due.as_secs(), run.as_ref(), failed.as_deref()).await?;
            let mut others = Vec::new();
            if matches!(came, Fired::Run(_)) {
                // What a crash leaves here is found by the next due time.
                for other in &further {
                    others.push(ledger.submit(other).await?);
                }
            }
            ticks.push(Tick { others, is_idle, ..tick(Ok(came)) });
        }
        Ok(ticks)
    }

    fn wait(&mut self, key: (String, String), schedule: &Schedule, after: Duration) {
        self.next.insert(key, schedule.next(after).unwrap_or(Duration::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Duration {
        text.parse::<jiff::Timestamp>().unwrap().as_duration().try_into().unwrap()
    }

    fn what(missed: Missed, last: &str, now: &str) -> Option<(String, bool)> {
        let schedule = Schedule::parse("0 2 * * *", Some("UTC"), missed).unwrap();
        outstanding(&schedule, at(last), at(now)).map(|(due, fires)| (schedule.moment(due), fires))
    }

    #[test]
    fn of_the_due_times_that_were_missed_the_latest_is_made_up_for_or_none() {
        let seen = "2026-11-21T02:00:00Z";
        assert_eq!(what(Missed::Run, seen, "2026-11-22T01:59:59Z"), None);
        let due = Some(("2026-11-22 02:00 UTC".to_owned(), true));
        assert_eq!(what(Missed::Skip, seen, "2026-11-22T02:00:00Z"), due);
        assert_eq!(what(Missed::Skip, seen, "2026-11-22T02:05:00Z"), due);
        let late = ("2026-11-24 02:00 UTC".to_owned(), true);
        assert_eq!(what(Missed::Run, seen, "2026-11-24T09:00:00Z"), Some(late.clone()));
        assert_eq!(what(Missed::Skip, seen, "2026-11-24T09:00:00Z"), Some((late.0, false)));
    }
}
