//! The budget in virtual time, against services that count in every way they do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use rolo::clock::{self, Calendar};
use rolo::contact::{CallKind, Quota};
use rolo::quota::{Budget, BudgetOptions, Slot};
use rolo::services::QuotaHint;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backends::{simulated, simulated_at, sqlite_at};

const WINDOW: Duration = Duration::from_secs(60);
const LIMIT: u32 = 200;
const NO_HINT: QuotaHint = QuotaHint { limit: None, window: None, remaining: None, reset_after: None };

/// How a service counts.
#[derive(Clone, Copy, Debug)]
enum Counting {
    /// Windows that begin at fixed times, this long after the first call.
    Fixed(Duration),
    /// The last 60 s, looked at anew for each call.
    Sliding,
    /// A bucket of so many, refilled steadily.
    Bucket(u32),
}

struct Service {
    counting: Counting,
    limit: u32,
    began: Instant,
    admitted: VecDeque<Instant>,
    window: u64,
    in_window: u32,
    tokens: f64,
    filled: Instant,
    calls: u32,
    refused: u32,
}

impl Service {
    fn new(counting: Counting) -> Self {
        let now = clock::now();
        let tokens = if let Counting::Bucket(size) = counting { f64::from(size) } else { 0.0 };
        Self {
            counting,
            limit: LIMIT,
            began: now,
            admitted: VecDeque::new(),
            window: 0,
            in_window: 0,
            tokens,
            filled: now,
            calls: 0,
            refused: 0,
        }
    }

    fn call(&mut self) -> bool {
        let now = clock::now();
        let admitted = match self.counting {
            Counting::Fixed(offset) => {
                let window = (now + WINDOW).duration_since(self.began + offset).as_secs() / WINDOW.as_secs();
                if window != self.window {
                    (self.window, self.in_window) = (window, 0);
                }
                self.in_window += 1;
                self.in_window <= self.limit
            }
            Counting::Sliding => {
                while self.admitted.front().is_some_and(|then| now - *then >= WINDOW) {
                    self.admitted.pop_front();
                }
                let admitted = self.admitted.len() < self.limit as usize;
                if admitted {
                    self.admitted.push_back(now);
                }
                admitted
            }
            Counting::Bucket(size) => {
                let refill = (now - self.filled).as_secs_f64() * f64::from(self.limit) / WINDOW.as_secs_f64();
                self.tokens = (self.tokens + refill).min(f64::from(size));
                self.filled = now;
                let admitted = self.tokens >= 1.0;
                self.tokens -= if admitted { 1.0 } else { 0.0 };
                admitted
            }
        };
        self.calls += u32::from(admitted);
        self.refused += u32::from(!admitted);
        admitted
    }
}

/// A small generator, so that a run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn options() -> BudgetOptions {
    BudgetOptions::new("key", Quota { calls: LIMIT, per: WINDOW })
}

/// Sixteen workers a budget that call until `end`; each way takes 0 to 200 ms.
async fn call_until(end: Instant, budgets: &[Budget], service: &Arc<Mutex<Service>>, seed: u64) {
    let mut workers = JoinSet::new();
    for n in 0..16 * budgets.len() {
        let (budget, service) = (budgets[n % budgets.len()].clone(), service.clone());
        let mut random = Random(seed ^ (n as u64) << 32);
        workers.spawn(async move {
            loop {
                assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
                let left = clock::now();
                sleep(Duration::from_micros(random.below(200_000))).await;
                let admitted = service.lock().unwrap().call();
                sleep(Duration::from_micros(random.below(200_000))).await;
                budget.took(clock::now() - left);
                budget
                    .answered(CallKind::Find, clock::now(), &NO_HINT, (!admitted).then_some(Duration::from_secs(5)))
                    .await;
            }
        });
    }
    sleep_until(end).await;
    // Cut off wherever they are, as by a kill.
    workers.abort_all();
    while let Some(ended) = workers.join_next().await {
        assert!(ended.unwrap_err().is_cancelled());
    }
}

/// Share of what `windows` windows admit.
fn use_of(service: &Mutex<Service>, windows: u32) -> f64 {
    f64::from(service.lock().unwrap().calls) / f64::from(LIMIT * windows)
}

async fn no_refusal_and_full_use(counting: Counting, windows: u32, seed: u64) {
    let budget = Budget::new(options(), simulated());
    let service = Arc::new(Mutex::new(Service::new(counting)));
    call_until(clock::now() + WINDOW * windows, &[budget], &service, seed).await;
    assert_eq!(service.lock().unwrap().refused, 0, "{counting:?}");
    let used = use_of(&service, windows);
    assert!(used >= 0.99, "{counting:?}: {used}");
}

#[tokio::test(start_paused = true)]
async fn a_fixed_window_is_used_fully_and_never_exceeded() {
    no_refusal_and_full_use(Counting::Fixed(Duration::ZERO), 120, 1).await;
    no_refusal_and_full_use(Counting::Fixed(Duration::from_millis(17_123)), 120, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_sliding_window_is_used_fully_and_never_exceeded() {
    no_refusal_and_full_use(Counting::Sliding, 120, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_used_fully_and_never_emptied() {
    no_refusal_and_full_use(Counting::Bucket(LIMIT), 120, 4).await;
    no_refusal_and_full_use(Counting::Bucket(20), 120, 5).await;
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_one_quota() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let calendar = clock::simulated_calendar();
    let budgets: Vec<_> = (0..2)
        .map(|_| {
            let ledger = simulated_at(&path, &calendar);
            Budget::new(options(), ledger)
        })
        .collect();
    let service = Arc::new(Mutex::new(Service::new(Counting::Sliding)));
    call_until(clock::now() + WINDOW * 10, &budgets, &service, 6).await;
    assert_eq!(service.lock().unwrap().refused, 0);
    assert!(use_of(&service, 10) >= 0.99, "{}", use_of(&service, 10));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_starts_anew_goes_on_where_the_last_one_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let calendar = clock::simulated_calendar();
    let service = Arc::new(Mutex::new(Service::new(Counting::Sliding)));
    let end = clock::now() + WINDOW * 3;
    let mut seed = 0;
    while clock::now() < end {
        seed += 1;
        let ledger = simulated_at(&path, &calendar);
        let budget = Budget::new(options(), ledger);
        call_until(end.min(clock::now() + Duration::from_secs(3)), &[budget], &service, seed).await;
    }
    assert_eq!(service.lock().unwrap().refused, 0);
    assert!(use_of(&service, 3) >= 0.8, "{}", use_of(&service, 3));
}

#[tokio::test(start_paused = true)]
async fn a_lowered_limit_costs_few_refusals_and_then_none() {
    let budget = Budget::new(options(), simulated());
    let service = Arc::new(Mutex::new(Service::new(Counting::Sliding)));
    call_until(clock::now() + WINDOW * 3, std::slice::from_ref(&budget), &service, 7).await;
    service.lock().unwrap().limit = LIMIT / 2;
    // The service says so in its headers, from the first refusal on.
    let hint = QuotaHint { limit: Some(LIMIT / 2), ..NO_HINT };
    let mut refusals = Vec::new();
    let end = clock::now() + WINDOW * 10;
    while clock::now() < end {
        assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
        let admitted = service.lock().unwrap().call();
        budget.answered(CallKind::Find, clock::now(), &hint, (!admitted).then_some(Duration::from_secs(30))).await;
        if !admitted {
            refusals.push(end - clock::now());
        }
    }
    assert!(refusals.len() <= 3, "{refusals:?}");
    assert!(refusals.last().is_none_or(|left| *left > WINDOW * 8), "{refusals:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_service_asks_for_holds_for_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let calendar = clock::simulated_calendar();
    let budget = || {
        let ledger = simulated_at(&path, &calendar);
        Budget::new(options(), ledger)
    };
    let (one, two) = (budget(), budget());
    let began = clock::now();
    one.slot(CallKind::Find).await.unwrap();
    one.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::from_secs(42))).await;
    assert_eq!(two.slot(CallKind::Find).await.unwrap(), Slot::Go);
    let waited = clock::now() - began;
    assert!(waited >= Duration::from_secs(42) && waited < Duration::from_secs(43), "{waited:?}");
    assert_eq!(one.slot(CallKind::Find).await.unwrap(), Slot::Go);
    assert!(clock::now() - began > waited);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_already_is_told_to_wait_longer() {
    let budget = Budget::new(options(), simulated());
    let began = clock::now();
    budget.slot(CallKind::Find).await.unwrap();
    let waiting = tokio::spawn({
        let budget = budget.clone();
        async move { budget.slot(CallKind::Find).await.unwrap() }
    });
    sleep(Duration::from_millis(10)).await;
    budget.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::from_secs(10))).await;
    assert_eq!(waiting.await.unwrap(), Slot::Go);
    assert!(clock::now() - began >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_more_than_a_quarter_of_an_hour_parks_the_run() {
    for unthrottled in [false, true] {
        let ledger = simulated();
        let new = || Budget::new(BudgetOptions { unthrottled, ..options() }, ledger.clone());
        let budget = new();
        budget.slot(CallKind::Find).await.unwrap();
        budget.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::from_secs(10 * 3600))).await;
        let began = clock::now();
        let Slot::Parked(wait) = budget.slot(CallKind::Find).await.unwrap() else { panic!("it must not wait") };
        assert_eq!(wait, Duration::from_secs(10 * 3600));
        assert_eq!(clock::now(), began);
        if !unthrottled {
            assert!(matches!(new().slot(CallKind::Find).await.unwrap(), Slot::Parked(_)), "the next run parks as well");
        }
        sleep(wait).await;
        assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
    }
}

#[tokio::test(start_paused = true)]
async fn an_absurd_wait_does_not_lock_the_account_for_good() {
    let budget = Budget::new(options(), simulated());
    budget.slot(CallKind::Find).await.unwrap();
    budget.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::MAX)).await;
    assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Parked(Duration::from_secs(24 * 3600)));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_waited_for() {
    let budget = Budget::new(options(), simulated());
    let began = clock::now();
    budget.slot(CallKind::Find).await.unwrap();
    let hint = |remaining| QuotaHint {
        remaining: Some(remaining),
        reset_after: Some(Duration::from_secs(20)),
        ..QuotaHint::default()
    };
    budget.answered(CallKind::Find, clock::now(), &hint(1), None).await;
    budget.slot(CallKind::Find).await.unwrap();
    assert!(clock::now() - began < Duration::from_secs(1));
    budget.answered(CallKind::Find, clock::now(), &hint(0), None).await;
    budget.slot(CallKind::Find).await.unwrap();
    assert!(clock::now() - began >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn refusals_that_come_together_are_one_lesson() {
    let budget = Budget::new(options(), simulated());
    for _ in 0..16 {
        budget.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::from_secs(5))).await;
    }
    assert_eq!(budget.period(), Duration::from_micros(304_515));
}

#[tokio::test(start_paused = true)]
async fn without_a_throttle_calls_leave_at_once_but_for_a_wait_that_was_asked_for() {
    let budget = Budget::new(BudgetOptions { unthrottled: true, ..options() }, simulated());
    let began = clock::now();
    for _ in 0..10_000 {
        assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
    }
    assert_eq!(clock::now(), began);
    assert_eq!((budget.period(), budget.estimate(1_000_000)), (Duration::ZERO, Duration::ZERO));
    budget.answered(CallKind::Find, clock::now(), &NO_HINT, Some(Duration::from_secs(3))).await;
    budget.slot(CallKind::Find).await.unwrap();
    assert!(clock::now() - began >= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_plan_knows_how_long_its_calls_take() {
    let budget = Budget::new(options(), simulated());
    assert_eq!(budget.period(), Duration::from_micros(301_500));
    assert_eq!(budget.estimate(1_000_000), Duration::from_secs(301_500));
    assert_eq!(budget.estimate(0), Duration::ZERO);
    assert!(budget.estimate(u64::MAX) > Duration::from_secs(1 << 40));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_fails_stops_the_calls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = simulated_at(&path, &clock::simulated_calendar());
    let budget = Budget::new(options(), ledger);
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE budget").unwrap();
    assert_eq!(budget.slot(CallKind::Find).await.unwrap_err().kind, rolo::error::ErrorKind::Stopped);
}

#[tokio::test]
async fn in_real_time_and_with_a_real_ledger_calls_keep_their_pace() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = sqlite_at(&folder.path().join("ledger.db")).unwrap();
    // 20 calls at (1 s + 0.1 s) / 50 = 22 ms.
    let budget = Budget::new(BudgetOptions::new("key", Quota { calls: 50, per: Duration::from_secs(1) }), ledger);
    let began = clock::now();
    for _ in 0..20 {
        assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
    }
    let took = clock::now() - began;
    // How much of the quota is used is shown in virtual time: here the machine may be busy.
    assert!(took >= Duration::from_millis(19 * 22 - 34), "{took:?}");
}

/// A calendar that can be set, by seconds.
fn set_calendar() -> (Calendar, Arc<AtomicI64>) {
    let (simulated, set) = (clock::simulated_calendar(), Arc::new(AtomicI64::new(0)));
    let by = set.clone();
    let calendar: Calendar = Arc::new(move || {
        let by = by.load(Ordering::SeqCst);
        let distance = Duration::from_secs(by.unsigned_abs());
        if by < 0 { simulated().checked_sub(distance).unwrap() } else { simulated() + distance }
    });
    (calendar, set)
}

/// Moments at which calls left while the calendar is set by so many seconds at some time each.
async fn moments(jumps: &[(Duration, i64)], processes: usize, calls: usize) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (calendar, set) = set_calendar();
    let began = clock::now();
    let left = Arc::new(Mutex::new(Vec::new()));
    let workers: Vec<_> = (0..processes)
        .map(|_| {
            let budget = Budget::new(options(), simulated_at(&path, &calendar));
            let left = left.clone();
            tokio::spawn(async move {
                while left.lock().unwrap().len() < calls {
                    assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
                    left.lock().unwrap().push(clock::now() - began);
                }
            })
        })
        .collect();
    for (after, by) in jumps {
        sleep_until(began + *after).await;
        set.fetch_add(*by, Ordering::SeqCst);
    }
    for worker in workers {
        worker.await.unwrap();
    }
    Arc::into_inner(left).unwrap().into_inner().unwrap()
}

/// No two calls closer than a period less what a call may be late, no gap of more than `gap`.
fn check_steady(moments: &[Duration], gap: Duration) {
    for pair in moments.windows(2) {
        let apart = pair[1].saturating_sub(pair[0]);
        assert!(apart >= Duration::from_millis(201), "early: {pair:?}");
        assert!(apart <= gap, "a dead wait: {pair:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_set_by_an_hour_neither_hurries_nor_stops_the_calls() {
    for by in [3600, -3600, 86_400, -86_400] {
        for processes in [1, 2] {
            let jumps = [(Duration::from_millis(10_100), by), (Duration::from_millis(40_150), -by)];
            check_steady(&moments(&jumps, processes, 300).await, Duration::from_millis(301 * 4));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_set_for_a_moment_lets_no_two_processes_meet() {
    for by in [-1, 1, -14, 14] {
        let jumps = [(Duration::from_millis(3446), by), (Duration::from_millis(3519), -by)];
        check_steady(&moments(&jumps, 2, 100).await, Duration::from_millis(301 * 2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_calendar_does_calls_stay_apart_and_go_on(
        jumps in prop::collection::vec((1_u64..20_000, -100_000_i64..100_000), 0..5),
        processes in 1_usize..3,
    ) {
        let mut at = 0;
        let jumps: Vec<_> = jumps.into_iter().map(|(after, by)| { at += after; (Duration::from_millis(at), by) }).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async { check_steady(&moments(&jumps, processes, 200).await, Duration::from_millis(301 * 4)) });
    }

    #[test]
    fn no_window_of_any_kind_is_ever_exceeded(seed in any::<u64>(), kind in 0..3, offset in 0..60_000_u64) {
        let counting = match kind {
            0 => Counting::Fixed(Duration::from_millis(offset)),
            1 => Counting::Sliding,
            _ => Counting::Bucket(10),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(no_refusal_and_full_use(counting, 5, seed));
    }
}
