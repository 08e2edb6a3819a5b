//! Nights that end at a time of day, in virtual time and by a simulated calendar.

use std::sync::Arc;
use std::time::Duration;

use rolo::clock::{self, Calendar};
use rolo::contact::Outcome;
use rolo::error::{Error, StopReason};
use rolo::ledger::LedgerHandle;
use rolo::quota::{Budget, BudgetOptions};
use rolo::upload::{Allowance, AllowanceMeter, Brake, Dispatcher, Retry, Until, Work};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::staged::{Setting, Stage, begin, ledger, name_field, person, service, tags};
use crate::throttle::Near;

const SERVICE: &str = "respondio-v1";

struct Nights {
    near: Arc<Near>,
    calendar: Calendar,
    ledger: LedgerHandle,
}

/// What came of one night.
struct Ended {
    outcomes: Vec<Outcome>,
    halt: Option<Error>,
}

impl Nights {
    fn new() -> Self {
        let calendar = clock::simulated_calendar();
        Self { near: Arc::new(Near::new(SERVICE, calendar.clone())), calendar, ledger: ledger() }
    }

    /// Sends these rows until so much time has passed.
    async fn night(&self, rows: std::ops::Range<u64>, time: Duration) -> Ended {
        let service = service(SERVICE, &[]);
        let name_field = name_field(service.as_ref());
        let concurrency = service.limits().concurrency.value;
        let budget = Budget::new(BudgetOptions::new("scope", service.limits().quota.value), self.ledger.clone());
        let until = Until { at: (self.calendar)() + time, words: "06:00".into() };
        let meter = AllowanceMeter::new(Allowance { max_calls: None, until: Some(until) }, self.calendar.clone());
        let stage = Stage::within(
            Setting {
                service,
                transport: self.near.clone(),
                budget,
                run: begin(&self.ledger, SERVICE, 1).await,
                ledger: self.ledger.clone(),
                retry: Retry::new(5),
                search_lag: Duration::ZERO,
            },
            meter,
        );
        let (sender, feed) = mpsc::channel(usize::try_from(rows.end - rows.start).unwrap());
        for row in 0..rows.end - rows.start {
            let mut contact = person(&format!("+1202555{:04}", rows.start + row), name_field, "Ana");
            contact.tags = tags(&["a"], &[], false);
            sender.send(Work::Row(Box::new(stage.row(row, contact)))).await.unwrap();
        }
        drop(sender);
        let driver = stage.driver.clone();
        let dispatcher = Dispatcher { driver, concurrency, brake: Brake::default(), canary: None };
        let mut outcomes = Vec::new();
        let mut finished = |_, record: rolo::contact::RowRecord| {
            outcomes.push(record.outcome);
            Ok(())
        };
        let halt = dispatcher.run(feed, stage.notices, &mut finished, &mut |_| {}).await.halt;
        Ended { outcomes, halt }
    }

    fn left(&self, is: impl Fn(&str) -> bool) -> Vec<Instant> {
        let left = self.near.left.lock().unwrap();
        left.iter().filter(|(_, call)| is(call)).map(|(at, _)| *at).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_leaves_after_the_night_and_every_contact_that_was_begun_is_whole() {
    let nights = Nights::new();
    let ends = clock::now() + Duration::from_secs(120);
    let ended = nights.night(0..400, Duration::from_secs(120)).await;
    assert_eq!(ended.halt.unwrap().reason, Some(StopReason::Until));
    let calls = nights.left(|_| true);
    assert!(calls.iter().all(|at| *at < ends), "a call left after the night");
    // 200 a minute, and the calls that the last contacts might have taken at most.
    assert!(calls.len() > 350, "{} calls", calls.len());
    assert!(ended.outcomes.iter().all(|outcome| *outcome == Outcome::Created), "{:?}", ended.outcomes);
    let tagged = nights.left(|call| call.starts_with("POST") && call.ends_with("/tags")).len();
    let created = nights.left(|call| call.starts_with("POST") && !call.ends_with("/tags")).len();
    assert_eq!((created, tagged), (ended.outcomes.len(), ended.outcomes.len()), "a contact is half done");
}

#[tokio::test(start_paused = true)]
async fn what_fits_into_the_night_is_not_stopped_by_its_end() {
    let ended = Nights::new().night(0..20, Duration::from_secs(120)).await;
    assert!(ended.halt.is_none() && ended.outcomes.len() == 20, "{:?}", ended.halt);
}

#[tokio::test(start_paused = true)]
async fn a_night_that_is_over_begins_nothing() {
    let nights = Nights::new();
    let ended = nights.night(0..20, Duration::ZERO).await;
    assert_eq!(ended.halt.unwrap().reason, Some(StopReason::Until));
    assert_eq!((nights.left(|_| true).len(), ended.outcomes.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_a_wait_beyond_the_night_is_not_called_again() {
    let nights = Nights::new();
    nights.near.refuse_all();
    let ends = clock::now() + Duration::from_secs(10);
    let ended = nights.night(0..20, Duration::from_secs(10)).await;
    assert_eq!(ended.halt.unwrap().reason, Some(StopReason::Until));
    assert!(nights.left(|_| true).iter().all(|at| *at < ends));
}
