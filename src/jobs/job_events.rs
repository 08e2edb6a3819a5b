use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::Context;
use super::ended::Ended;
use crate::clock;
use crate::error::Result;
use crate::report::{Event, JobKind, Summary};

/// The events that every job has, with a run or without: that it starts, and what came of it.
pub struct JobEvents {
    kind: JobKind,
    run: Option<String>,
    account: Option<String>,
    begun: Instant,
    /// What earlier executions took.
    before: Duration,
}

impl JobEvents {
    /// Of a job that is no run and has no account. Its time runs from now.
    pub fn begin(kind: JobKind) -> Self {
        Self { kind, run: None, account: None, begun: clock::now(), before: Duration::ZERO }
    }

    /// Of a run whose account was opened at `begun`.
    pub fn of_run(kind: JobKind, run: String, account: String, begun: Instant) -> Self {
        Self { kind, run: Some(run), account: Some(account), begun, before: Duration::ZERO }
    }

    /// The same of a run on which earlier executions worked for so long.
    pub fn after(self, before: Duration) -> Self {
        Self { before, ..self }
    }

    /// `rows`, as far as they are known, come or go to `file`; of them `resumed` were done by an earlier execution.
    pub fn start(&self, file: &Path, rows: Option<u64>, resumed: u64, context: &mut Context) {
        context.tell(Event::Started {
            kind: self.kind,
            run: self.run.clone(),
            account: self.account.clone(),
            file: file.display().to_string(),
            rows,
            resumed,
        });
    }

    /// A summary of nothing yet.
    pub fn summary(&self) -> Summary {
        Summary { kind: self.kind, run: self.run.clone(), account: self.account.clone(), ..Summary::default() }
    }

    /// How long the job has taken so far, in all its executions.
    pub fn elapsed(&self) -> Duration {
        self.before + (clock::now() - self.begun)
    }

    /// Says what came of a job that is no run.
    ///
    /// # Errors
    /// Of kind `Bug` if a bug stopped it.
    pub fn finish(&self, ended: Ended, mut summary: Summary, context: &mut Context) -> Result<Summary> {
        ended.tell(&mut summary)?;
        summary.elapsed = self.elapsed();
        Ok(finished(summary, context))
    }
}

/// The last event of a job.
pub fn finished(summary: Summary, context: &mut Context) -> Summary {
    context.tell(Event::Finished(Box::new(summary.clone())));
    summary
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::error::{Error, ErrorKind, StopReason};
    use crate::report::Reporter;
    use crate::upload::Stop;

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<Event>>>);

    impl Reporter for Recorder {
        fn event(&mut self, event: &Event) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    fn recording() -> (Recorder, Context) {
        let recorded = Recorder::default();
        let context = Context {
            state_dir: "/nowhere".into(),
            ledger: crate::ledger::LedgerPlace::in_folder(std::path::Path::new("/nowhere")),
            written_in: None,
            reporter: Box::new(recorded.clone()),
            stop: Stop::default(),
            served: false,
            watch: None,
        };
        (recorded, context)
    }

    #[test]
    fn a_job_without_a_run_tells_its_start_and_why_it_ended() {
        let (recorded, mut context) = recording();
        let events = JobEvents::begin(JobKind::Check);
        events.start(Path::new("a.csv"), Some(3), 0, &mut context);
        let summary = Summary { rows: 3, ..events.summary() };
        let summary = events.finish(Ended::Interrupted, summary, &mut context).unwrap();
        assert_eq!((summary.kind, summary.rows, summary.state), (JobKind::Check, 3, None));
        assert_eq!(summary.stopped.unwrap().reason, Some(StopReason::Signal));
        let recorded = recorded.0.lock().unwrap();
        assert!(matches!(&recorded[0], Event::Started { run: None, account: None, rows: Some(3), .. }), "{recorded:?}");
        assert!(matches!(&recorded[1], Event::Finished(summary) if summary.stopped.is_some()), "{recorded:?}");
        assert_eq!(recorded.len(), 2);
    }

    #[test]
    fn a_bug_is_no_end_that_is_told() {
        let (recorded, mut context) = recording();
        let events = JobEvents::begin(JobKind::Copy);
        let ended = Ended::Stopped(Error::bug("rows out of order"));
        let error = events.finish(ended, events.summary(), &mut context).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Bug);
        assert!(recorded.0.lock().unwrap().is_empty());
    }
}
