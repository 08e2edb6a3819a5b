//! How much of a short window is used where jitter is small, in virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolo::clock;
use rolo::contact::{CallKind, Quota};
use rolo::quota::{Budget, BudgetOptions, Slot};
use rolo::services::QuotaHint;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backends::simulated_at;
use crate::virtual_service::Random;

const SECOND: Duration = Duration::from_secs(1);
const TEN_MINUTES: Duration = Duration::from_secs(600);
/// The least that is kept for calls that leave late, as a part of a window.
const LATENESS: f64 = 0.004;

/// How a service counts its calls of a window.
#[derive(Clone, Copy, Debug)]
enum Counting {
    /// Windows that begin at fixed times, this long after the first call.
    Fixed(Duration),
    Sliding,
    /// A bucket of as many as the limit, refilled steadily.
    Bucket,
}

struct Service {
    counting: Counting,
    quota: Quota,
    began: Instant,
    admitted: VecDeque<Instant>,
    tokens: f64,
    filled: Instant,
    calls: u32,
    refused: u32,
}

impl Service {
    fn new(counting: Counting, quota: Quota) -> Arc<Mutex<Self>> {
        let (began, tokens) = (clock::now(), f64::from(quota.calls));
        let (admitted, calls, refused) = (VecDeque::new(), 0, 0);
        Arc::new(Mutex::new(Self { counting, quota, began, admitted, tokens, filled: began, calls, refused }))
    }

    fn call(&mut self) {
        let (now, per) = (clock::now(), self.quota.per);
        let window = |at: Instant, offset| (at + per).duration_since(self.began + offset).as_nanos() / per.as_nanos();
        let counts = |then: &Instant| match self.counting {
            Counting::Fixed(offset) => window(*then, offset) == window(now, offset),
            _ => now - *then < per,
        };
        let is_admitted = if let Counting::Bucket = self.counting {
            let rate = f64::from(self.quota.calls) / per.as_secs_f64();
            self.tokens = (self.tokens + (now - self.filled).as_secs_f64() * rate).min(f64::from(self.quota.calls));
            self.filled = now;
            self.tokens >= 1.0
        } else {
            let old = self.admitted.iter().take_while(|then| !counts(then)).count();
            self.admitted.drain(..old);
            self.admitted.len() < self.quota.calls as usize
        };
        if is_admitted {
            self.tokens -= 1.0;
            self.admitted.push_back(now);
        }
        self.calls += u32::from(is_admitted);
        self.refused += u32::from(!is_admitted);
    }
}

/// So many processes call for ten minutes after some time of `learning`; a call takes up to `jitter` longer than
/// others to get there. How much of what the service admits was used.
async fn use_of(counting: Counting, quota: Quota, jitter: Duration, processes: usize, learning: Duration) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let calendar = clock::simulated_calendar();
    let service = Service::new(counting, quota);
    let end = clock::now() + learning + TEN_MINUTES;
    let mut workers = JoinSet::new();
    for process in 0..processes {
        let ledger = simulated_at(&folder.path().join("ledger.db"), &calendar);
        let budget = Budget::new(BudgetOptions::new("key", quota), ledger);
        for worker in 0..4 {
            let (budget, service) = (budget.clone(), service.clone());
            let mut random = Random((process * 100 + worker) as u64 + 1);
            workers.spawn(async move {
                loop {
                    assert_eq!(budget.slot(CallKind::Find).await.unwrap(), Slot::Go);
                    let left = clock::now();
                    let micros = u64::try_from(jitter.as_micros()).unwrap();
                    sleep(Duration::from_millis(30) + Duration::from_micros(random.below(micros + 1))).await;
                    service.lock().unwrap().call();
                    sleep(Duration::from_millis(30)).await;
                    budget.took(clock::now() - left);
                    budget.answered(CallKind::Find, clock::now(), &QuotaHint::default(), None).await;
                }
            });
        }
    }
    sleep(learning).await;
    let before = service.lock().unwrap().calls;
    sleep_until(end).await;
    workers.shutdown().await;
    let service = service.lock().unwrap();
    assert_eq!(service.refused, 0, "{counting:?}, {jitter:?}, {processes} processes");
    let admits = f64::from(quota.calls) * TEN_MINUTES.as_secs_f64() / quota.per.as_secs_f64();
    f64::from(service.calls - before) / admits
}

fn countings() -> [Counting; 4] {
    let offset = Duration::from_millis(317);
    [Counting::Fixed(Duration::ZERO), Counting::Fixed(offset), Counting::Sliding, Counting::Bucket]
}

#[tokio::test(start_paused = true)]
async fn five_a_second_are_used_to_97_in_100_with_20_ms_of_jitter_and_never_exceeded() {
    let quota = Quota { calls: 5, per: SECOND };
    for counting in countings() {
        for processes in [1, 2] {
            let used = use_of(counting, quota, Duration::from_millis(20), processes, Duration::ZERO).await;
            assert!(used >= 0.97, "{counting:?}, {processes} processes: {used}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_used_is_what_jitter_and_lateness_leave() {
    for (calls, per, jitter) in [(5, 1, 0), (5, 1, 10), (5, 1, 60), (20, 1, 20), (10, 2, 30), (50, 10, 40)] {
        let quota = Quota { calls, per: Duration::from_secs(per) };
        let jitter = Duration::from_millis(jitter);
        let window = quota.per.as_secs_f64();
        let leaves = window / (window + jitter.as_secs_f64() + LATENESS * window);
        for counting in countings() {
            let used = use_of(counting, quota, jitter, 1, SECOND * 60).await;
            assert!(used >= 0.995 * leaves, "{quota:?}, {jitter:?}, {counting:?}: {used} of {leaves}");
        }
    }
}
