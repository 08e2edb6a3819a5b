use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::night_watch::NightWatch;
use super::resume::again_of;
use super::source::SandboxSettings;
use super::work_log::{WorkLog, say};
use super::{CommandContext, Exit, alerting, running, scheduled};
use crate::alerts::AlertFacts;
use crate::clock;
use crate::error::{Error, ErrorKind, Result, StopReason};
use crate::fleet::{self, Crew, DueRun, Failed, Scheduled, Shift, Tick};
use crate::jobs::{self, ExportRecord, ImportRecord, RunRecord as _};
use crate::ledger::{Fired, Judgement, LedgerHandle, Run, RunKind, RunState, Worker};
use crate::metrics::{Counters, Counting, MetricsServer, RunLabels, Setting};
use crate::report::{Reporter, Several, Summary};
use crate::upload::Stop;

const EXAMPLES: &str = "\
Examples:
  rolo work                      serve what is submitted, until a signal comes
  rolo work --once               do what is due now, and end";

/// So often a worker reads its configuration for jobs with a schedule.
const READ_EVERY: Duration = Duration::from_secs(10);

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
    /// Serve /healthz and /metrics there, such as 127.0.0.1:9464.
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

pub fn run(args: &WorkCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let job = running::job_context(context)?;
        let worker = Worker::this_process("work");
        let words = format!("process {} on {} serves the queue; a signal ends it", worker.process, worker.host);
        say(context, &words);
        let ledger = job.ledger.open()?;
        let counters = Arc::new(Counters::new(env!("CARGO_PKG_VERSION"))?);
        let serving = serve_metrics(args.metrics, &counters, &ledger, context).await?;
        let hands = Arc::new(Hands {
            counters,
            context: context.clone(),
            ledger: ledger.clone(),
            worker: worker.clone(),
            worst: Mutex::new(Exit::Done),
            scheduled: Mutex::default(),
        });
        let shift = Shift {
            ledger,
            worker,
            at_most: args.at_most.try_into().unwrap_or(usize::MAX),
            once: args.once,
            stop: job.stop.clone(),
        };
        let watch = NightWatch::begin(&hands.ledger, context);
        let served = fleet::serve(shift, hands.clone()).await;
        watch.end().await;
        if let Some(serving) = serving {
            serving.abort();
        }
        served?;
        // Whoever ends a worker has not ended its runs.
        Ok(if args.once { hands.worst() } else { Exit::Done })
    })
}

/// Answers whoever watches, if it was asked for, until the worker ends.
async fn serve_metrics(
    listen: Option<SocketAddr>,
    counters: &Arc<Counters>,
    ledger: &LedgerHandle,
    context: &CommandContext,
) -> Result<Option<JoinHandle<()>>> {
    let Some(listen) = listen else { return Ok(None) };
    let asked = context.clone();
    let setting: Setting = Arc::new(move || scheduled::watched(&asked));
    let server = MetricsServer::bind(listen, counters.clone(), ledger.clone(), setting).await?;
    say(context, &format!("metrics: http://{}/metrics", server.address()?));
    Ok(Some(tokio::spawn(server.run())))
}

/// Does the runs, each on a thread of its own, as their commands would.
struct Hands {
    context: CommandContext,
    /// How the run ended that ended worst.
    worst: Mutex<Exit>,
    ledger: LedgerHandle,
    worker: Worker,
    counters: Arc<Counters>,
    /// Jobs with a schedule, as the configuration said when it was read last.
    scheduled: Mutex<Option<(Instant, Vec<Scheduled>)>>,
}

impl Hands {
    fn worst(&self) -> Exit {
        *self.worst.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says of a run that a command began and nobody goes on with whose it was, and how to end it.
    async fn say_whose(&self, run: &Run) {
        if run.state != RunState::Running || run.was_queued() {
            return;
        }
        let whose = match self.ledger.last_worker_of(run).await {
            Ok(Some(last)) => format!("process {} on {} ({})", last.process, last.host, last.doing),
            _ => "a process".to_owned(),
        };
        let words = format!(
            "run {} was last worked on by {whose}, which is gone: it goes on here; `rolo cancel {}` ends it for good",
            run.id, run.id
        );
        say(&self.context, &words);
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
        self.say_whose(&run).await;
        let (done, came) = oneshot::channel();
        let context = self.context.clone();
        // A bug in one run ends neither the others nor the worker.
        let name = format!("run {}", run.id);
        let worker = format!("{}/{}", self.worker.host, self.worker.process);
        let span = tracing::info_span!("run", run = %run.id, account = run.new.account, worker);
        let counters = self.counters.clone();
        let work = move || drop(done.send(running::block_on_within(&span, go_on(&run, stop, &counters, &context))));
        let started = std::thread::Builder::new().name(name).spawn(work);
        started.map_err(|error| Error::stopped("a thread for the run could not be started").caused_by(error))?;
        came.await.unwrap_or_else(|_| Err(Error::bug("a run of this worker broke")))
    }

    fn judged(&self, run: &Run, error: &Error) -> Option<Judgement> {
        let watch = alerting::watch_of(run, &self.context.config().ok()?)?;
        watch.failed(error, Some(run.id.clone()), AlertFacts::of_run(run)).ok()
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

    fn scheduled(&self) -> Vec<Scheduled> {
        let mut known = self.scheduled.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        match &*known {
            Some((read, jobs)) if now < *read + READ_EVERY => jobs.clone(),
            _ => {
                let jobs = match self.context.config() {
                    Ok(config) => scheduled::scheduled(&config),
                    Err(error) => {
                        say(&self.context, &format!("the configuration can't be used: {}", error.message));
                        known.take().map(|(_, jobs)| jobs).unwrap_or_default()
                    }
                };
                *known = Some((now, jobs.clone()));
                jobs
            }
        }
    }

    async fn due_run(&self, job: &str) -> Result<DueRun> {
        scheduled::due_run(job, &self.context, &self.ledger).await
    }

    fn ticked(&self, tick: &Tick) {
        let words = match &tick.came {
            Ok(Fired::Run(run)) => {
                let others: String = tick.others.iter().map(|other| format!(", {other}")).collect();
                format!("job {} is due: run {run}{others}", tick.job)
            }
            Ok(Fired::Passed) if tick.is_idle => format!("job {} is due: there is no new file", tick.job),
            Ok(Fired::StillAt(run)) => format!("job {} is due and passed over: run {run} has not ended", tick.job),
            Ok(Fired::Passed) => format!("job {} was due while no worker was there, and is passed over", tick.job),
            Ok(Fired::Before) => return,
            Err(error) => format!("job {} is due and can't be queued: {}", tick.job, error.message),
        };
        say(&self.context, &words);
    }

    fn troubled(&self, error: &Error) {
        self.counters.ledger_failed();
        say(&self.context, &format!("the ledger can't be used, and is tried again: {}", error.message));
    }
}

async fn go_on(run: &Run, stop: Stop, counters: &Arc<Counters>, context: &CommandContext) -> Result<Summary> {
    let labels = RunLabels {
        account: run.new.account.clone(),
        service: run.new.service.clone(),
        job: run.job().unwrap_or_default().to_owned(),
        command: run.new.kind.name().to_owned(),
    };
    let reporters: [Box<dyn Reporter>; 2] =
        [Box::new(WorkLog::new(context)), Box::new(Counting::new(counters, labels))];
    let mut job = jobs::Context {
        state_dir: context.state_dir()?.value,
        ledger: context.ledger()?,
        written_in: None,
        reporter: Box::new(Several(reporters.into())),
        stop,
        served: true,
        watch: alerting::watch_of(run, &context.config()?),
    };
    let ledger = job.ledger.open()?;
    let again = again_of(run, &SandboxSettings::default(), context, &ledger).await;
    drop(ledger);
    // An account, a secret or a file that another worker may have.
    again.map_err(|error| error.because(StopReason::NotHere))?.go_on(&mut job).await
}
