//! What all jobs with a run have in common: open the account, begin the run or go on with it, say so, finish.
//!
//! A job without a run has the parts of it that it needs: [`Opened`] and [`super::visit`] to read an account,
//! [`super::job_events`] to say that it starts and what came of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::Context;
use super::account_spec::AccountSpec;
use super::cancelling::Cancelling;
use super::connect::{Connection, connect};
use super::ended::{Ended, Standing};
use super::job_events::{JobEvents, finished};
use super::notices::pass_on_late;
use super::prune::{PrunePlan, prune};
use super::recognize::{Keep, Wanted, recognize, same_place};
use super::run_record::RunRecord;
use super::worked::{WORKED_EVERY, WorkedSoFar};
use crate::alerts::JobWatch;
use crate::clock;
use crate::config::Retention;
use crate::contact::Counts;
use crate::error::{Error, Result};
use crate::journal::RunId;
use crate::ledger::{
    ClaimedRun, Fingerprint, IN_MEMORY, Judgement, LEASE, Lease, LedgerHandle, NewRun, RunKind, RunState, Worker,
};
use crate::reconcile::Keys;
use crate::report::{Event, Note, Remark, Summary, Warning};
use crate::storage::absolute;
use crate::upload::{Allowance, Caller, Notice};

/// Runs that are looked through at the end of one for those that are no longer kept: earlier ones have been
/// pruned by then.
const LOOKED_THROUGH: usize = 10_000;

/// An account that is connected and recognized, and the ledger that remembers it.
pub struct Opened {
    pub ledger: LedgerHandle,
    pub connection: Connection,
    /// To be said: the account points elsewhere than before.
    pub elsewhere: Option<Note>,
    account: String,
    service: &'static str,
    retention: Retention,
    /// From when on it is told how long this execution of the run took.
    pub begun: tokio::time::Instant,
    /// The claim on a run that is to be taken up.
    lease: Option<Lease>,
}

/// A run about to begin, or to be taken up again.
pub struct Beginning<'a, R> {
    pub kind: RunKind,
    pub fingerprint: Fingerprint,
    /// Where its rows come from or, for an export, go to.
    pub file: &'a Path,
    pub record: R,
    /// Take up exactly this run, however it stands.
    pub resumes: Option<&'a RunId>,
    /// That run waits for a worker and has never begun.
    pub is_pending: bool,
}

/// A run that is this process's now.
struct TakenUp {
    run: ClaimedRun,
    is_resumed: bool,
    /// What earlier executions took.
    before: Duration,
}

/// A run under way.
pub struct Frame {
    pub ledger: LedgerHandle,
    pub connection: Connection,
    pub run: ClaimedRun,
    /// An earlier execution of the run was cut off.
    pub is_resumed: bool,
    pub caller: Arc<Caller>,
    pub keys: Keys,
    /// What the caller tells; taken by whoever listens while calls are made.
    pub notices: Option<UnboundedReceiver<Notice>>,
    elsewhere: Option<Note>,
    account: String,
    retention: Retention,
    events: JobEvents,
    worked: WorkedSoFar,
    cancelling: Cancelling,
}

impl Opened {
    /// Opens the ledger, connects the account and finds out which memory is its own.
    ///
    /// # Errors
    /// Those of opening the ledger, of connecting and of recognizing.
    pub async fn account(account: &AccountSpec, keep: Keep, context: &mut Context) -> Result<Self> {
        Self::account_within(account, &Allowance::default(), keep, context).await
    }

    /// The same, with all calls from the first on within an allowance.
    ///
    /// # Errors
    /// Those of [`Self::account`].
    pub async fn account_within(
        account: &AccountSpec,
        allowance: &Allowance,
        keep: Keep,
        context: &mut Context,
    ) -> Result<Self> {
        let mut opened = Self::unrecognized(account, context).await?;
        opened.connection.account.allowance.set(allowance.clone());
        opened.elsewhere = recognize(account, &mut opened.connection, keep, context).await?;
        Ok(opened)
    }

    /// Opens the ledger and connects the account, whose memory is of no use to the job: no call is made.
    ///
    /// # Errors
    /// Those of opening the ledger and of connecting.
    pub async fn unrecognized(account: &AccountSpec, context: &mut Context) -> Result<Self> {
        let begun = clock::now();
        let ledger = context.ledger.open()?;
        let connection = connect(account, &context.state_dir, &ledger).await?;
        if connection.has_new_refresh_token {
            context.tell(Event::Warning(Warning::RefreshTokenChanged));
        }
        let (retention, service) = (account.retention, account.service.name);
        let name = account.name.clone();
        Ok(Self { ledger, connection, elsewhere: None, account: name, service, retention, begun, lease: None })
    }

    /// Claims a run that is to be taken up, before what comes first takes its time: others see that it is worked on.
    ///
    /// # Errors
    /// Of kind `AlreadyRunning` if another process works on it.
    pub async fn claim(&mut self, run: &RunId, kind: RunKind) -> Result<()> {
        if let Some(recorded) = self.ledger.run(run).await? {
            self.lease = Some(self.take(&recorded.new.fingerprint, kind).await?);
        }
        Ok(())
    }

    async fn take(&self, fingerprint: &Fingerprint, kind: RunKind) -> Result<Lease> {
        Lease::take(&self.ledger, fingerprint, &Worker::this_process(kind.name()), LEASE).await
    }

    /// Takes up the run that is meant, or begins one; nobody else works on it from then on.
    ///
    /// # Errors
    /// Of kind `AlreadyRunning` if another process works on it; `Usage` if it was made at another place.
    pub async fn begin<R: RunRecord + Send>(
        mut self,
        beginning: Beginning<'_, R>,
        context: &mut Context,
    ) -> Result<Frame> {
        let Beginning { kind, fingerprint, file, record, resumes, is_pending } = beginning;
        let new = NewRun {
            kind,
            fingerprint,
            account: self.account.clone(),
            identity: self.connection.identity().to_owned(),
            service: self.service.to_owned(),
            file: absolute(file).display().to_string(),
            options: of_job(record.to_json()?, context),
            // What was read and compared before counts, as it does in what the job tells at its end.
            started: clock::unix_now().saturating_sub(clock::now() - self.begun).as_secs(),
        };
        let TakenUp { run, is_resumed, before } = match resumes {
            Some(queued) if is_pending => self.begin_queued(queued, &new).await?,
            _ => self.begin_or_take_up(resumes, new).await?,
        };
        tracing::Span::current().record("run", run.to_string()).record("account", &self.account);
        if let Some(watch) = &context.watch {
            watch.begin();
        }
        let (caller, notices) = self.connection.caller(&run, &context.stop);
        let keys = self.connection.keys(&self.ledger);
        let events = JobEvents::of_run(kind.into(), run.to_string(), self.account.clone(), self.begun).after(before);
        let worked = WorkedSoFar::record(&self.ledger, &run, before, self.begun, WORKED_EVERY);
        let cancelling = Cancelling::watch(&self.ledger, run.id(), &context.stop);
        Ok(Frame {
            worked,
            cancelling,
            run,
            is_resumed,
            caller,
            keys,
            notices: Some(notices),
            ledger: self.ledger,
            connection: self.connection,
            elsewhere: self.elsewhere,
            account: self.account,
            retention: self.retention,
            events,
        })
    }

    async fn begin_or_take_up(&mut self, resumes: Option<&RunId>, mut new: NewRun) -> Result<TakenUp> {
        let recorded = match resumes {
            Some(run) => self.ledger.run(run).await?,
            None => None,
        };
        if let Some(recorded) = recorded {
            same_place(&recorded, &self.connection, Wanted::GoOn)?;
            new.fingerprint = recorded.new.fingerprint;
        }
        let lease = match self.lease.take() {
            Some(lease) => lease,
            None => self.take(&new.fingerprint, new.kind).await?,
        };
        let unfinished = match resumes {
            Some(run) => Some(run.clone()),
            None => self.ledger.unfinished(&new.fingerprint).await?.map(|run| run.id),
        };
        match unfinished {
            Some(id) => self.take_up(&lease, id).await,
            None => {
                let id = self.ledger.begin(lease.claim(), &new).await?;
                Ok(TakenUp { run: lease.run(id), is_resumed: false, before: Duration::ZERO })
            }
        }
    }

    async fn take_up(&self, lease: &Lease, id: RunId) -> Result<TakenUp> {
        let before = self.ledger.run(&id).await?.and_then(|run| run.took).unwrap_or_default();
        let run = lease.run(id);
        self.ledger.take_up(&run).await?;
        Ok(TakenUp { run, is_resumed: true, before })
    }

    /// Begins a run that waited for a worker. If the same was cut off before, that goes on in its place, as it would
    /// if the command were given again.
    async fn begin_queued(&mut self, queued: &RunId, new: &NewRun) -> Result<TakenUp> {
        let waited =
            self.lease.take().ok_or_else(|| Error::bug("a run that waits was not claimed"))?.run(queued.clone());
        let lease = self.take(&new.fingerprint, new.kind).await?;
        let taken = match self.ledger.unfinished(&new.fingerprint).await? {
            Some(other) => {
                let told = format!("the same was cut off before, and goes on as run {}", other.id);
                self.ledger.tell(&waited, &told).await?;
                self.ledger.set_state(&waited, RunState::Joined, &Counts::default(), Duration::ZERO).await?;
                self.take_up(&lease, other.id).await?
            }
            None => {
                self.ledger.begin_queued(waited.claim(), lease.claim(), queued, new).await?;
                TakenUp { run: lease.run(queued.clone()), is_resumed: false, before: Duration::ZERO }
            }
        };
        waited.release().await;
        Ok(taken)
    }
}

impl Frame {
    /// Says that the run begins. `resumed` rows or contacts were done by an earlier execution.
    pub fn tell_start(&self, file: &Path, rows: Option<u64>, resumed: u64, context: &mut Context) {
        self.events.start(file, rows, resumed, context);
        if let Some(elsewhere) = &self.elsewhere {
            context.note(elsewhere.clone());
        }
    }

    /// A summary of nothing yet.
    pub fn summary(&self) -> Summary {
        let in_memory = self.connection.identity().contains(IN_MEMORY);
        Summary { in_memory, ..self.events.summary() }
    }

    /// Counts the calls that were made since this was last asked, and passes on what was warned of.
    pub fn pass_on_notices(&mut self, summary: &mut Summary, context: &mut Context) {
        if let Some(notices) = &mut self.notices {
            pass_on_late(notices, summary, context);
        }
    }

    /// How driving ended where nobody but the caller stops it.
    pub fn ended(&self, context: &Context) -> Ended {
        Ended::of(self.caller.halted(), &context.stop)
    }

    /// Records how the run stands, lets go of the account, and says what came of it.
    ///
    /// # Errors
    /// Of kind `Bug` if a bug stopped it.
    pub async fn finish(self, ended: Ended, mut summary: Summary, context: &mut Context) -> Result<Summary> {
        let service = self.connection.account.service.name();
        let state = ended.about(&self.run, &self.account, service).tell(&mut summary)?;
        let Standing { state, waits } = Standing::of(state, &mut summary, &context.stop, context.served);
        summary.state = Some(state);
        summary.elapsed = self.events.elapsed();
        summary.is_resumed = self.is_resumed;
        drop((self.worked, self.cancelling));
        let told = summary.stopped.as_ref().map(|stopped| stopped.message.clone());
        if let Some(told) = &told {
            self.ledger.tell(&self.run, told).await?;
        }
        match judged(&self.ledger, &self.run, state, &summary, context.watch.as_ref()).await? {
            None => self.ledger.set_state(&self.run, state, &summary.counts, summary.elapsed).await?,
            Some(judged) => {
                self.ledger.conclude(&self.run, state, &summary.counts, summary.elapsed, &judged).await?;
            }
        }
        if let Some(wait) = waits {
            self.ledger.let_wait(&self.run, wait, told.as_deref()).await?;
        }
        self.connection.close().await;
        self.run.release().await;
        summary.remarks.extend(prune_earlier(&self.account, self.retention, &self.ledger, &context.state_dir).await);
        Ok(finished(summary, context))
    }
}

/// How the job of a run stands now that this ends so, if it is of one.
async fn judged(
    ledger: &LedgerHandle,
    run: &RunId,
    state: RunState,
    summary: &Summary,
    watch: Option<&JobWatch>,
) -> Result<Option<Judgement>> {
    let Some(watch) = watch else { return Ok(None) };
    match ledger.run(run).await? {
        Some(run) => watch.after(summary, state, &run, summary.file.as_deref().map(absolute)),
        None => Ok(None),
    }
}

/// The record of a run, with the job of the configuration that it is of.
fn of_job(mut record: serde_json::Value, context: &Context) -> serde_json::Value {
    if let (Some(watch), Some(record)) = (&context.watch, record.as_object_mut()) {
        record.insert("job".to_owned(), watch.job.clone().into());
    }
    record
}

/// Lets go of what is no longer kept of an account's earlier runs. The run has ended by now: where the ledger
/// refuses, that is no failure of it, and the next run does this as well.
async fn prune_earlier(account: &str, retention: Retention, ledger: &LedgerHandle, state_dir: &Path) -> Option<Remark> {
    retention.keep_runs?;
    let kept = |other: &str| if other == account { retention } else { Retention::default() };
    let runs = ledger.runs(LOOKED_THROUGH).await.ok()?;
    let plan = PrunePlan::of(&runs, kept, clock::unix_now().as_secs());
    if plan.runs.is_empty() {
        return None;
    }
    let pruned = prune(plan, ledger, state_dir).await.ok()?;
    (pruned.runs > 0).then_some(Remark::RunsPruned { runs: pruned.runs, records: pruned.records })
}
