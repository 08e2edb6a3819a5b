use std::time::Duration;

use super::claim::{LEASE, Worker};
use super::records::Run;
use crate::error::Error;
use crate::journal::RunId;

/// A run that a worker may take.
#[derive(Clone, Debug)]
pub struct WaitingRun {
    /// The run.
    pub run: Run,
    /// When the next call of its account may leave, in microseconds by the store's clock; 0 if nobody has made one.
    pub slot: u64,
}

/// What came of seeing to a due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fired {
    /// This run was queued, or recorded as failed.
    Run(RunId),
    /// It was passed over, as was wanted.
    Passed,
    /// It was passed over, since this run of the same job has not ended.
    StillAt(RunId),
    /// Somebody had seen to it before.
    Before,
}

/// A process that is known to live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveWorker {
    /// Who it is.
    pub worker: Worker,
    /// Whether it serves the queue, or does only what it was started for.
    pub serves: bool,
    /// How long ago it was last heard of.
    pub heard: Duration,
    /// The runs that it has claimed.
    pub runs: Vec<RunId>,
}

/// A claim that has not run out: whose it is, on which run, and how long it holds still.
pub(super) struct LiveClaim {
    pub(super) holder: Worker,
    pub(super) run: Option<String>,
    pub(super) left: Duration,
}

/// One record a process, of those that serve the queue and of claims.
pub(super) fn live_workers(serving: Vec<(Worker, Duration)>, claims: Vec<LiveClaim>) -> Vec<LiveWorker> {
    let serving =
        serving.into_iter().map(|(worker, heard)| LiveWorker { worker, serves: true, heard, runs: Vec::new() });
    let mut workers: Vec<LiveWorker> = serving.filter(|worker| worker.heard <= LEASE).collect();
    for LiveClaim { holder, run, left } in claims {
        let heard = LEASE.saturating_sub(left);
        let is_same =
            |known: &&mut LiveWorker| (&known.worker.host, known.worker.process) == (&holder.host, holder.process);
        match workers.iter_mut().find(is_same) {
            Some(known) => {
                known.heard = known.heard.min(heard);
                known.worker.since = known.worker.since.min(holder.since);
                known.runs.extend(run.map(RunId));
            }
            None => {
                let runs = run.map(RunId).into_iter().collect();
                workers.push(LiveWorker { worker: holder, serves: false, heard, runs });
            }
        }
    }
    for worker in &mut workers {
        worker.runs.sort_by(|one, other| one.0.cmp(&other.0));
        worker.runs.dedup();
    }
    workers
}

/// A run that was about to begin does not wait any more.
pub(super) fn not_queued(run: &RunId) -> Error {
    Error::usage(format!("run {run} does not wait for a worker any more: somebody else took it, or it was cancelled"))
        .in_run(&run.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_of_once_with_all_its_runs() {
        let process = |process| Worker { host: "here".into(), process, since: 9, doing: "work".into() };
        let claim = |number, run: Option<&str>| LiveClaim {
            holder: process(number),
            run: run.map(str::to_owned),
            left: Duration::from_secs(14),
        };
        let long_ago = (process(3), LEASE + Duration::from_secs(1));
        let workers = live_workers(
            vec![(process(1), Duration::from_secs(3)), long_ago],
            vec![claim(1, Some("b")), claim(1, Some("a")), claim(1, None), claim(2, Some("c"))],
        );
        let told: Vec<_> = workers
            .iter()
            .map(|it| (it.worker.process, it.serves, it.heard.as_secs(), it.runs.iter().map(|run| &*run.0).collect()))
            .collect();
        assert_eq!(told, [(1, true, 1, vec!["a", "b"]), (2, false, 1, vec!["c"])]);
    }
}
