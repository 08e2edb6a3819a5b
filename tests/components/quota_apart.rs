//! A service that is said to count each operation by itself, in virtual time: believed by its headers alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolo::clock;
use rolo::contact::{CallKind, Quota};
use rolo::ledger::LedgerHandle;
use rolo::quota::{Budget, BudgetOptions, Slot};
use rolo::services::QuotaHint;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backends::simulated_at;
use crate::virtual_service::Random;

const SECOND: Duration = Duration::from_secs(1);
const QUOTA: Quota = Quota { calls: 5, per: SECOND };
const TWO: [CallKind; 2] = [CallKind::Create, CallKind::AddTags];

/// What the service does and says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Apart,
    Together,
    /// Its headers speak for counting apart, and it counts together.
    Lying,
    /// It says nothing of its quota.
    Silent,
}

struct Service {
    kind: Kind,
    sliding: bool,
    began: Instant,
    admitted: HashMap<Option<CallKind>, VecDeque<Instant>>,
    calls: u32,
    refused: u32,
}

impl Service {
    /// Whether a call is admitted, and what its answer tells.
    fn call(&mut self, operation: CallKind) -> (bool, QuotaHint) {
        let now = clock::now();
        let (began, sliding) = (self.began, self.sliding);
        let counts = |then: &Instant| {
            let window = |at: Instant| (at - began).as_secs();
            if sliding { now - *then < SECOND } else { window(*then) == window(now) }
        };
        let mut used = |of| {
            let calls: &mut VecDeque<Instant> = self.admitted.entry(of).or_default();
            calls.retain(&counts);
            u32::try_from(calls.len()).unwrap()
        };
        let (own, all) = (used(Some(operation)), used(None));
        let counted = if self.kind == Kind::Apart { own } else { all };
        let admits = counted < QUOTA.calls;
        if admits {
            for of in [Some(operation), None] {
                self.admitted.entry(of).or_default().push_back(now);
            }
        }
        self.calls += u32::from(admits);
        self.refused += u32::from(!admits);
        let told = if self.kind == Kind::Lying { own } else { counted };
        let remaining = QUOTA.calls.saturating_sub(told + u32::from(admits));
        let hint = QuotaHint { limit: Some(QUOTA.calls), remaining: Some(remaining), ..QuotaHint::default() };
        (admits, if self.kind == Kind::Silent { QuotaHint::default() } else { hint })
    }
}

/// Rows that each take a call of both operations, one after the other, for ten minutes; calls a second, refusals,
/// and how often it was found out that operations are counted apart.
async fn ten_minutes(kind: Kind, sliding: bool, may_count_apart: bool, processes: usize) -> (f64, u32, u32) {
    let folder = tempfile::tempdir().unwrap();
    let calendar = clock::simulated_calendar();
    let (began, admitted) = (clock::now(), HashMap::new());
    let service = Arc::new(Mutex::new(Service { kind, sliding, began, admitted, calls: 0, refused: 0 }));
    let found = Arc::new(Mutex::new(0));
    let end = clock::now() + SECOND * 600;
    let mut workers = JoinSet::new();
    for process in 0..processes {
        let ledger: LedgerHandle = simulated_at(&folder.path().join("ledger.db"), &calendar);
        let budget = Budget::new(BudgetOptions { may_count_apart, ..BudgetOptions::new("key", QUOTA) }, ledger);
        for worker in 0..6 {
            let (budget, service, found) = (budget.clone(), service.clone(), found.clone());
            let mut random = Random((process * 100 + worker) as u64 + 1);
            workers.spawn(async move {
                for operation in TWO.into_iter().cycle() {
                    loop {
                        assert_eq!(budget.slot(operation).await.unwrap(), Slot::Go);
                        let left = clock::now();
                        sleep(Duration::from_micros(30_000 + random.below(10_000))).await;
                        let (admitted, hint) = service.lock().unwrap().call(operation);
                        sleep(Duration::from_millis(30)).await;
                        budget.took(clock::now() - left);
                        let wait = (!admitted).then_some(SECOND);
                        *found.lock().unwrap() += u32::from(budget.answered(operation, left, &hint, wait).await);
                        if admitted {
                            break;
                        }
                    }
                }
            });
        }
    }
    sleep_until(end).await;
    workers.shutdown().await;
    let service = service.lock().unwrap();
    let found = *found.lock().unwrap();
    (f64::from(service.calls) / 600.0, service.refused, found)
}

#[tokio::test(start_paused = true)]
async fn operations_that_are_counted_apart_are_each_called_as_fast_as_the_limit_allows() {
    for sliding in [true, false] {
        let (a_second, refused, found) = ten_minutes(Kind::Apart, sliding, true, 1).await;
        assert_eq!((refused, found), (0, 1), "{sliding}");
        // 97 in 100 of twice the limit, and of the limit alone in the half minute until that is found out.
        assert!(a_second >= 9.4, "{sliding}: {a_second}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_processes_share_the_lanes_of_each_operation() {
    let (a_second, refused, _) = ten_minutes(Kind::Apart, true, true, 2).await;
    assert!(refused <= 2, "{refused}");
    assert!(a_second >= 4.8, "{a_second}");
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_where_the_headers_show_or_say_nothing_of_it_or_nobody_claims_it() {
    for (kind, may_count_apart) in [(Kind::Together, true), (Kind::Silent, true), (Kind::Apart, false)] {
        for sliding in [true, false] {
            let (a_second, refused, found) = ten_minutes(kind, sliding, may_count_apart, 1).await;
            assert_eq!((refused, found), (0, 0), "{kind:?} {sliding}");
            assert!((4.8..=5.0).contains(&a_second), "{kind:?} {sliding}: {a_second}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_wrong_are_found_out_by_the_first_refusals_and_not_believed_again() {
    for sliding in [true, false] {
        let (a_second, refused, found) = ten_minutes(Kind::Lying, sliding, true, 1).await;
        assert_eq!(found, 1);
        assert!((1..=6).contains(&refused), "{refused}");
        assert!((4.5..=5.0).contains(&a_second), "{a_second}");
    }
}
