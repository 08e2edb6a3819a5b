use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::next::{Failed, after_failure, in_order};
use super::schedules::{DueRun, Scheduled, Tick, Timetable};
use crate::clock;
use crate::error::{Error, ErrorKind, Result, StopReason};
use crate::journal::RunId;
use crate::ledger::{
    ClaimKeeper as _, Fingerprint, Judgement, LEASE, Lease, LedgerHandle, Run, RunState, WaitingRun, Worker,
};
use crate::report::Summary;
use crate::upload::{Stop, StopCause, StopLevel};

/// So often it is looked whether something waits. A dead worker's run is taken up that long after its lease.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// So often a worker says that it lives.
const APPEAR_EVERY: Duration = Duration::from_secs(5);

/// Runs that are looked at for those that this worker can take.
const LOOKED_AT: usize = 1000;

/// Whoever does the runs that a worker takes.
#[async_trait]
pub trait Crew: Send + Sync {
    /// Whether a run that waits has never begun.
    fn is_pending(&self, run: &Run) -> bool;

    /// Does a run, as its command would.
    async fn work(&self, run: Run, stop: Stop) -> Result<Summary>;

    /// How the job of a run stands that can't begin; `None` if it is of none.
    fn judged(&self, run: &Run, error: &Error) -> Option<Judgement>;

    /// Is told what came of it.
    fn ended(&self, run: &Run, came: &Result<Summary>, failed: Option<Failed>);

    /// Jobs with a schedule.
    fn scheduled(&self) -> Vec<Scheduled>;

    /// What the job of this name is to do now that it is due.
    async fn due_run(&self, job: &str) -> Result<DueRun>;

    /// Is told what came of a due time.
    fn ticked(&self, tick: &Tick);

    /// Is told that the ledger can't be used now.
    fn troubled(&self, error: &Error);
}

/// How a worker serves.
pub struct Shift {
    pub ledger: LedgerHandle,
    pub worker: Worker,
    /// Runs at once.
    pub at_most: usize,
    /// Ends when nothing is due any more.
    pub once: bool,
    /// Asks it to end: nothing new is begun, and what is under way is handed on.
    pub stop: Stop,
}

/// Serves the runs that wait, until it is asked to end.
///
/// # Errors
/// Those of the ledger, once it stays away.
pub async fn serve(shift: Shift, crew: Arc<dyn Crew>) -> Result<()> {
    let mut serving = Serving {
        running: JoinSet::new(),
        turns: HashMap::new(),
        rested: HashMap::new(),
        orphaned: HashMap::new(),
        appeared: None,
        timetable: Timetable::default(),
        crew,
        shift,
    };
    let served = serving.until_the_end().await;
    serving.give_back_turns().await;
    let left = serving.shift.ledger.leave(&serving.shift.worker).await;
    served.and(left)
}

/// An account, by service and name.
type AccountKey = (String, String);

/// The turn of an account: one run of it at a time, in the whole fleet.
struct Turn {
    lease: Lease,
    /// The run that is under way in it.
    run: Option<Stop>,
}

struct Serving {
    shift: Shift,
    crew: Arc<dyn Crew>,
    running: JoinSet<(Run, Result<Summary>)>,
    turns: HashMap<AccountKey, Turn>,
    /// Runs that this worker could not do: how often, and until when it leaves them alone.
    rested: HashMap<RunId, (u32, Instant)>,
    /// Runs of commands that died, and since when they are seen to wait: a person may go on with them first.
    orphaned: HashMap<RunId, Instant>,
    appeared: Option<(Instant, String)>,
    timetable: Timetable,
}

impl Serving {
    async fn until_the_end(&mut self) -> Result<()> {
        loop {
            let drains = self.shift.stop.is_requested();
            let taken = match self.look(drains).await {
                Ok(taken) => taken,
                // A worker outlives its database: what it does waits for it as well, and nothing is sent meanwhile.
                Err(error) if !drains && !self.shift.once => {
                    self.crew.troubled(&error);
                    tokio::time::sleep(APPEAR_EVERY).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let nothing_left = taken == 0 && self.running.is_empty();
            if nothing_left && (drains || self.shift.once) {
                return Ok(());
            }
            let stop = self.shift.stop.clone();
            let level = if drains { StopLevel::Leave } else { StopLevel::Drain };
            tokio::select! {
                Some(ended) = self.running.join_next() => {
                    let (run, came) = ended.map_err(|error| Error::bug("a run of this worker broke").caused_by(error))?;
                    if let Err(error) = self.ended(&run, came).await {
                        self.crew.troubled(&error);
                    }
                }
                () = stop.reached(level), if stop.level() < level => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&mut self, drains: bool) -> Result<usize> {
        self.appear().await?;
        if drains {
            self.hand_on();
            return Ok(0);
        }
        self.queue_what_is_due().await?;
        self.take().await
    }

    async fn queue_what_is_due(&mut self) -> Result<()> {
        let jobs = self.crew.scheduled();
        if jobs.is_empty() {
            return Ok(());
        }
        let (ledger, crew) = (&self.shift.ledger, self.crew.clone());
        let now = ledger.now().await?;
        for tick in self.timetable.fire(&jobs, now, ledger, async |job: &str| crew.due_run(job).await).await? {
            crew.ticked(&tick);
        }
        Ok(())
    }

    /// Says that this worker lives and what it does, if that is new or long ago.
    async fn appear(&mut self) -> Result<()> {
        let runs = self.running.len();
        let doing = match (self.shift.stop.is_requested(), runs) {
            (true, _) => "ends".to_owned(),
            (false, 0) => "waits for runs".to_owned(),
            (false, _) => format!("works on {runs} of at most {}", self.shift.at_most),
        };
        let now = clock::now();
        if self.appeared.as_ref().is_some_and(|(at, said)| now < *at + APPEAR_EVERY && *said == doing) {
            return Ok(());
        }
        self.shift.worker.doing.clone_from(&doing);
        self.shift.ledger.appear(&self.shift.worker).await?;
        self.appeared = Some((now, doing));
        Ok(())
    }

    /// Takes what waits, as far as there is room for it; returns how many.
    async fn take(&mut self) -> Result<usize> {
        let mut taken = 0;
        if self.running.len() >= self.shift.at_most {
            return Ok(taken);
        }
        let waiting = self.shift.ledger.waiting(LOOKED_AT).await?;
        let now = clock::now();
        self.orphaned.retain(|id, _| waiting.iter().any(|it| it.run.id == *id));
        for WaitingRun { run, .. } in in_order(waiting, |run| self.turns.contains_key(&account_of(&run.run))) {
            if self.running.len() >= self.shift.at_most {
                break;
            }
            let rests = self.rested.get(&run.id).is_some_and(|(_, until)| now < *until);
            if rests || run.new.was_in_memory() {
                continue;
            }
            if run.state == RunState::Running && !run.was_queued() {
                let since = *self.orphaned.entry(run.id.clone()).or_insert(now);
                if now < since + LEASE {
                    // Not yet, but due soon.
                    taken += 1;
                    continue;
                }
            }
            if !self.has_turn(&run).await? {
                continue;
            }
            let stop = Stop::default();
            if let Some(turn) = self.turns.get_mut(&account_of(&run)) {
                turn.run = Some(stop.clone());
            }
            let crew = self.crew.clone();
            self.running.spawn(async move {
                let came = crew.work(run.clone(), stop).await;
                (run, came)
            });
            taken += 1;
        }
        self.give_back_turns().await;
        Ok(taken)
    }

    /// Gives back the turns of accounts that nothing is under way for.
    async fn give_back_turns(&mut self) {
        for (_, turn) in self.turns.extract_if(|_, turn| turn.run.is_none()) {
            turn.lease.give_back().await;
        }
    }

    /// Whether it is the turn of this run's account, and this worker's to use it.
    async fn has_turn(&mut self, run: &Run) -> Result<bool> {
        let account = account_of(run);
        if let Some(turn) = self.turns.get(&account) {
            if turn.run.is_some() {
                return Ok(false);
            }
            let checked = turn.lease.check().await;
            match checked {
                Ok(()) => return Ok(true),
                // This worker was not heard of for so long that another has the turn: it is asked for as by anybody.
                Err(Error { reason: Some(StopReason::ClaimLost), .. }) => drop(self.turns.remove(&account)),
                Err(error) => return Err(error),
            }
        }
        match Lease::take(&self.shift.ledger, &turn_of(&account), &self.shift.worker, LEASE).await {
            Ok(lease) => {
                self.turns.insert(account, Turn { lease, run: None });
                Ok(true)
            }
            Err(error) if error.kind == ErrorKind::AlreadyRunning => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets what is under way stop, so that another worker goes on with it.
    fn hand_on(&self) {
        for stop in self.turns.values().filter_map(|turn| turn.run.as_ref()) {
            stop.request_for(StopCause::HandedOn, self.shift.stop.level());
        }
    }

    /// Lets go of a run that has ended, and sees to one that could not be done.
    async fn ended(&mut self, run: &Run, came: Result<Summary>) -> Result<()> {
        if let Some(turn) = self.turns.get_mut(&account_of(run)) {
            turn.run = None;
        }
        let failed = match &came {
            Ok(_) => {
                self.rested.remove(&run.id);
                None
            }
            Err(error) => Some(self.failed(run, error).await?),
        };
        self.crew.ended(run, &came, failed);
        Ok(())
    }

    async fn failed(&mut self, run: &Run, error: &Error) -> Result<Failed> {
        let before = self.rested.get(&run.id).map_or(0, |(times, _)| *times);
        let failed = after_failure(error, self.crew.is_pending(run), before);
        if let Failed::Again(pause) = failed {
            self.rested.insert(run.id.clone(), (before + 1, clock::now() + pause));
        }
        match self.record_failure(run, error, failed).await {
            // Somebody else has it by now, who knows better.
            Err(error) if error.kind == ErrorKind::AlreadyRunning => Ok(failed),
            Err(error) => Err(error),
            Ok(()) => Ok(failed),
        }
    }

    /// Writes down why a run could not be done, as far as nobody else has it.
    async fn record_failure(&self, run: &Run, error: &Error, failed: Failed) -> Result<()> {
        let ledger = &self.shift.ledger;
        let lease = Lease::take(ledger, &run.new.fingerprint, &self.shift.worker, LEASE).await?;
        let claimed = lease.run(run.id.clone());
        let same = |now: &Run| now.state == run.state && now.new.fingerprint == run.new.fingerprint;
        if ledger.run(&run.id).await?.as_ref().is_some_and(same) {
            ledger.tell(&claimed, &told(error)).await?;
            if failed == Failed::ForGood {
                let took = run.took.unwrap_or_default();
                match self.crew.judged(run, error) {
                    None => ledger.set_state(&claimed, RunState::Failed, &run.counts, took).await?,
                    Some(judged) => ledger.conclude(&claimed, RunState::Failed, &run.counts, took, &judged).await?,
                }
            }
        }
        claimed.release().await;
        Ok(())
    }
}

/// Why, and what to do, in one line.
fn told(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{}: {hint}", error.message),
        None => error.message.clone(),
    }
}

fn account_of(run: &Run) -> AccountKey {
    (run.new.service.clone(), run.new.account.clone())
}

/// Under what the turn of an account is claimed.
fn turn_of((service, account): &AccountKey) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    for part in ["turn of an account 1", service, account] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    Fingerprint(*hasher.finalize().as_bytes())
}
