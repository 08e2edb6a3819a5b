use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::resume::Again;
use super::source::SandboxSettings;
use super::work_log::{WorkLog, say};
use super::{CommandContext, Exit, running};
use crate::error::{Error, ErrorKind, Result, StopReason};
use crate::fleet::{self, Crew, Failed, Shift};
use crate::jobs::{self, ExportRecord, ImportRecord, RunRecord as _};
use crate::ledger::{Run, RunKind, RunState, Worker};
use crate::report::Summary;
use crate::upload::Stop;

const EXAMPLES: &str = "\
Examples:
  rolo work                      serve what is submitted, until a signal comes
  rolo work --once               do what is due now, and end";

/// Serve the runs that wait in the ledger, and those whose worker died. Any number may, on any number of machines.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct WorkCommand {
    /// End when nothing is due any more.
    #[arg(long)]
    once: bool,
    /// Work on at most this many runs at once, each of another account.
    #[arg(long, value_name = "RUNS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    at_most: u32,
}

pub fn run(args: &WorkCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let job = running::job_context(context)?;
        let worker = Worker::this_process("work");
        let words = format!("process {} on {} serves the queue; a signal ends it", worker.process, worker.host);
        say(context, &words);
        let hands = Arc::new(Hands { context: context.clone(), worst: Mutex::new(Exit::Done) });
        let shift = Shift {
            ledger: job.ledger.open()?,
            worker,
            at_most: args.at_most.try_into().unwrap_or(usize::MAX),
            once: args.once,
            stop: job.stop.clone(),
        };
        fleet::serve(shift, hands.clone()).await?;
        // Whoever ends a worker has not ended its runs.
        Ok(if args.once { hands.worst() } else { Exit::Done })
    })
}

/// Does the runs, each on a thread of its own, as their commands would.
struct Hands {
    context: CommandContext,
    /// How the run ended that ended worst.
    worst: Mutex<Exit>,
}

impl Hands {
    fn worst(&self) -> Exit {
        *self.worst.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Crew for Hands {
    fn is_pending(&self, run: &Run) -> bool {
        let queued = match run.new.kind {
            RunKind::Import => ImportRecord::of(run).ok().and_then(|record| record.queued),
            RunKind::Export => ExportRecord::of(run).ok().and_then(|record| record.queued),
            RunKind::Retry | RunKind::Undo => None,
        };
        run.state == RunState::Queued && queued.is_some_and(|queued| queued.is_pending)
    }

    async fn work(&self, run: Run, stop: Stop) -> Result<Summary> {
        let (done, came) = oneshot::channel();
        let context = self.context.clone();
        // A bug in one run ends neither the others nor the worker.
        let name = format!("run {}", run.id);
        let work = move || drop(done.send(running::block_on(go_on(&run, stop, &context))));
        let started = std::thread::Builder::new().name(name).spawn(work);
        started.map_err(|error| Error::stopped("a thread for the run could not be started").caused_by(error))?;
        came.await.unwrap_or_else(|_| Err(Error::bug("a run of this worker broke")))
    }

    fn ended(&self, run: &Run, came: &Result<Summary>, failed: Option<Failed>) {
        let exit = match came {
            Ok(summary) => Exit::of(summary),
            Err(error) if error.kind == ErrorKind::Bug => Exit::Bug,
            Err(_) => Exit::Stopped,
        };
        if let Err(error) = came {
            let then = match failed {
                Some(Failed::ForGood) => "it is not tried again".to_owned(),
                Some(Failed::Again(pause)) => format!("tried again in {} s", pause.as_secs()),
                None => String::new(),
            };
            let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            say(&self.context, &format!("run {}: {}{hint}; {then}", run.id, error.message));
        }
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.code() > worst.code() {
            *worst = exit;
        }
    }

    fn troubled(&self, error: &Error) {
        say(&self.context, &format!("the ledger can't be used, and is tried again: {}", error.message));
    }
}

async fn go_on(run: &Run, stop: Stop, context: &CommandContext) -> Result<Summary> {
    let mut job = jobs::Context {
        state_dir: context.state_dir()?.value,
        ledger: context.ledger()?,
        written_in: None,
        reporter: Box::new(WorkLog::new(context)),
        stop,
        served: true,
    };
    let ledger = job.ledger.open()?;
    let again = Again::of(run, &SandboxSettings::default(), context, &ledger).await;
    drop(ledger);
    // An account, a secret or a file that another worker may have.
    again.map_err(|error| error.because(StopReason::NotHere))?.go_on(&mut job).await
}
