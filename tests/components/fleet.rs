//! Workers in virtual time: the real serving of the queue, with runs that only take their slots and their time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use rolo::clock;
use rolo::contact::{CallKind, Counts, Quota};
use rolo::error::{Error, Result};
use rolo::fleet::{Crew, DueRun, Failed, Scheduled, Shift, Tick, serve};
use rolo::journal::RunId;
use rolo::ledger::{
    ClaimKeeper as _, Fingerprint, Judgement, LEASE, Lease, LedgerHandle, NewRun, Run, RunState, Worker, budget_scope,
};
use rolo::quota::{Budget, BudgetOptions, Slot, period, usual_margin};
use rolo::report::Summary;
use rolo::upload::{Stop, StopCause, StopLevel};
use tokio::time::{Instant, sleep};

use crate::backends::{simulated, simulated_at};
use crate::ledger::new_run;

/// What a night is made of.
#[derive(Clone, Copy)]
struct Night {
    accounts: u64,
    /// Calls of each account's run.
    calls: u64,
    quota: Quota,
    workers: u32,
    at_most: usize,
}

/// When each run's calls left.
type Sent = Arc<Mutex<Vec<(String, Instant)>>>;

/// Runs of so many calls, each at the pace of its account.
struct Paced {
    ledger: LedgerHandle,
    worker: Worker,
    night: Night,
    sent: Sent,
}

#[async_trait]
impl Crew for Paced {
    fn is_pending(&self, _: &Run) -> bool {
        false
    }

    async fn work(&self, run: Run, _: Stop) -> Result<Summary> {
        let lease = Lease::take(&self.ledger, &run.new.fingerprint, &self.worker, LEASE).await?;
        let claimed = lease.run(run.id.clone());
        let scope = budget_scope(&run.new.service, &run.new.account);
        let budget = Budget::new(BudgetOptions::new(scope, self.night.quota), self.ledger.clone());
        for _ in 0..self.night.calls {
            assert_eq!(budget.slot(CallKind::Find).await?, Slot::Go);
            self.sent.lock().unwrap().push((run.new.account.clone(), clock::now()));
        }
        self.ledger.set_state(&claimed, RunState::Finished, &Counts::default(), Duration::ZERO).await?;
        lease.give_back().await;
        Ok(Summary::default())
    }

    fn ended(&self, run: &Run, came: &Result<Summary>, _: Option<Failed>) {
        assert!(came.is_ok(), "{}: {came:?}", run.id);
    }

    fn judged(&self, _: &Run, _: &Error) -> Option<Judgement> {
        None
    }

    fn scheduled(&self) -> Vec<Scheduled> {
        Vec::new()
    }

    async fn due_run(&self, job: &str) -> Result<DueRun> {
        unreachable!("{job} has no schedule")
    }

    fn ticked(&self, _: &Tick) {}

    fn troubled(&self, error: &Error) {
        panic!("{error}");
    }
}

fn worker(process: u32) -> Worker {
    Worker { host: "here".into(), process, since: 0, doing: "work".into() }
}

/// A run of an account, under a fingerprint of its own.
fn run_of(account: u64) -> NewRun {
    let mut fingerprint = new_run(1).fingerprint;
    fingerprint.0[..8].copy_from_slice(&account.to_le_bytes());
    NewRun { account: format!("a{account}"), identity: format!("a{account}"), fingerprint, ..new_run(1) }
}

fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// How long a night takes in which each account has one run, and how near to its limit each account was driven.
struct Came {
    took: Duration,
    shares: Vec<f64>,
}

async fn pass(night: Night) -> Came {
    let ledger = simulated();
    for account in 0..night.accounts {
        ledger.submit(&run_of(account)).await.unwrap();
    }
    let (began, sent) = (clock::now(), Sent::default());
    let workers = (0..night.workers).map(|process| {
        let (ledger, worker, sent) = (ledger.clone(), worker(process), sent.clone());
        let crew = Arc::new(Paced { ledger: ledger.clone(), worker: worker.clone(), night, sent });
        let shift = Shift { ledger, worker, at_most: night.at_most, once: true, stop: Stop::default() };
        serve(shift, crew)
    });
    join_all(workers).await.into_iter().for_each(|served| served.unwrap());
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len() as u64, night.accounts * night.calls, "each run was done once");
    let last = sent.iter().map(|(_, at)| *at).max().unwrap();
    let mut of_account: std::collections::BTreeMap<&str, Vec<Instant>> = std::collections::BTreeMap::new();
    for (account, at) in &*sent {
        of_account.entry(account).or_default().push(*at);
    }
    let limit = f64::from(night.quota.calls) / night.quota.per.as_secs_f64();
    let shares = of_account.values().map(|times| {
        let took = (times[times.len() - 1] - times[0]).as_secs_f64();
        f64::from(u32::try_from(times.len() - 1).unwrap()) / took / limit
    });
    Came { took: last - began, shares: shares.collect() }
}

/// What `docs/fleet.md` reckons with: accounts at 200 calls a minute, as many at once as workers take.
fn reckoned(night: Night) -> Duration {
    let at_once = u64::from(night.workers) * night.at_most as u64;
    let each = period(night.quota, usual_margin(night.quota.per)) * u32::try_from(night.calls).unwrap();
    each * u32::try_from(night.accounts.div_ceil(at_once)).unwrap()
}

#[test]
fn a_night_takes_as_long_as_is_reckoned_and_every_account_is_driven_at_its_limit() {
    // `ROLO_NIGHT_ACCOUNTS=10000` is the largest that the page reckons.
    let large = std::env::var("ROLO_NIGHT_ACCOUNTS").ok().map(|text| text.parse().unwrap());
    let quota = Quota { calls: 200, per: Duration::from_secs(60) };
    let small = [
        Night { accounts: 10, calls: 60, quota, workers: 2, at_most: 8 },
        Night { accounts: 300, calls: 20, quota, workers: 8, at_most: 38 },
        Night { accounts: 60, calls: 20, quota, workers: 2, at_most: 8 },
    ];
    let large = large.map(|accounts| Night { accounts, calls: 60, quota, workers: 40, at_most: 250 });
    for night in small.into_iter().chain(large) {
        let came = in_virtual_time(pass(night));
        let (took, reckoned) = (came.took.as_secs_f64(), reckoned(night).as_secs_f64());
        let slowest = came.shares.iter().copied().fold(f64::MAX, f64::min);
        let fastest = came.shares.iter().copied().fold(0.0, f64::max);
        println!(
            "{} accounts of {} calls, {} workers of {}: {took:.1} s, reckoned {reckoned:.1} s, shares {slowest:.4} to {fastest:.4}",
            night.accounts, night.calls, night.workers, night.at_most
        );
        assert!(slowest >= 0.98 && fastest / slowest <= 1.02, "{slowest} to {fastest}");
        // Between two runs of a worker it looks for the next.
        assert!(took >= reckoned * 0.9 && took <= reckoned * 1.1 + 5.0, "{took} s instead of {reckoned} s");
    }
}

/// One run that ends when it is told.
struct Told {
    begun: AtomicUsize,
    goes_on: tokio::sync::Notify,
}

#[async_trait]
impl Crew for Told {
    fn is_pending(&self, _: &Run) -> bool {
        false
    }

    async fn work(&self, _: Run, stop: Stop) -> Result<Summary> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        tokio::select! {
            () = self.goes_on.notified() => {}
            () = stop.requested() => {}
        }
        Ok(Summary::default())
    }

    fn ended(&self, _: &Run, _: &Result<Summary>, _: Option<Failed>) {}

    fn judged(&self, _: &Run, _: &Error) -> Option<Judgement> {
        None
    }

    fn scheduled(&self) -> Vec<Scheduled> {
        Vec::new()
    }

    async fn due_run(&self, job: &str) -> Result<DueRun> {
        unreachable!("{job} has no schedule")
    }

    fn ticked(&self, _: &Tick) {}

    fn troubled(&self, error: &Error) {
        panic!("{error}");
    }
}

#[test]
fn a_worker_that_has_lost_an_accounts_turn_takes_no_further_run_of_it() {
    in_virtual_time(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = simulated_at(&path, &clock::simulated_calendar());
        let ids: Vec<RunId> = [ledger.submit(&run_of(1)).await.unwrap(), {
            let mut second = run_of(1);
            second.fingerprint.0[31] = 9;
            ledger.submit(&second).await.unwrap()
        }]
        .into();
        let crew = Arc::new(Told { begun: AtomicUsize::new(0), goes_on: tokio::sync::Notify::new() });
        let stop = Stop::default();
        let shift = Shift { ledger: ledger.clone(), worker: worker(1), at_most: 8, once: false, stop: stop.clone() };
        let serving = serve(shift, crew.clone());
        let begun = async |runs: usize, within: u64| {
            let until = clock::now() + Duration::from_secs(within);
            while crew.begun.load(Ordering::SeqCst) < runs && clock::now() < until {
                sleep(Duration::from_millis(100)).await;
            }
            crew.begun.load(Ordering::SeqCst)
        };
        let losing = async {
            assert_eq!(begun(1, 5).await, 1);
            // As after a stop for longer than the lease: another has the turn by now.
            let db = rusqlite::Connection::open(&path).unwrap();
            let turn = db.query_row("SELECT fingerprint FROM claim", [], |row| row.get(0)).unwrap();
            db.execute("UPDATE claim SET lease_until = 0", []).unwrap();
            let other = simulated_at(&path, &clock::simulated_calendar());
            let taken = other.claim_run(&Fingerprint(turn), &worker(2), Duration::from_secs(3600)).await.unwrap();
            sleep(Duration::from_secs(20)).await;
            db.execute("UPDATE run SET state = 'finished' WHERE name = ?1", [&ids[0].0]).unwrap();
            crew.goes_on.notify_one();
            assert_eq!(begun(2, 60).await, 1, "the turn is another's");
            other.release(&taken).await.unwrap();
            assert_eq!(begun(2, 60).await, 2, "the other has gone");
            stop.request_for(StopCause::Signal, StopLevel::Drain);
        };
        let (served, ()) = tokio::join!(serving, losing);
        served.unwrap();
    });
}
