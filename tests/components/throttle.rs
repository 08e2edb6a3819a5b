//! An upload at a service's limit, in virtual time, against the emulator's own window.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rolo::clock::{self, Calendar};
use rolo::contact::{Outcome, Quota};
use rolo::quota::{Budget, BudgetOptions};
use rolo::services::{Answer, Body, Request};
use rolo::transport::{Failure, Transport};
use rolo::upload::{Brake, Dispatcher, Retry, StopLevel, Work};
use rolo_sandbox::{EMULATORS, Emulator, EmulatorOptions, WireRequest};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::staged::{Setting, Stage, begin, ledger, name_field, person, service, tags};
use crate::virtual_service::Random;

/// An emulator without a socket; each way takes 0 to 200 ms.
pub struct Near {
    emulator: Mutex<Box<dyn Emulator>>,
    calendar: Calendar,
    random: Mutex<Random>,
    /// When each call was answered, and with which status.
    answered: Mutex<Vec<(Instant, u16)>>,
    /// When each call left, and for where.
    pub left: Mutex<Vec<(Instant, String)>>,
}

impl Near {
    pub fn new(name: &str, calendar: Calendar) -> Self {
        let (_, make) = EMULATORS.iter().find(|(known, _)| *known == name).unwrap();
        let emulator = Mutex::new(make(EmulatorOptions::default()));
        Self { emulator, calendar, random: Mutex::new(Random(11)), answered: Mutex::default(), left: Mutex::default() }
    }

    fn way(&self) -> Duration {
        Duration::from_millis(self.random.lock().unwrap().below(200))
    }

    /// From now on every call is one too many.
    pub fn refuse_all(&self) {
        self.emulator.lock().unwrap().set_request_limit(0);
    }

    fn count(&self, is: impl Fn(u16) -> bool) -> usize {
        self.answered.lock().unwrap().iter().filter(|(_, status)| is(*status)).count()
    }
}

impl Transport for Near {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Answer, Failure>> {
        async move {
            let basic = base64::engine::general_purpose::STANDARD.encode("sandbox:sandbox");
            let mut met = WireRequest {
                method: request.method.name().to_owned(),
                path: request.path.clone(),
                query: request.query.clone(),
                headers: vec![
                    ("authorization".into(), "Bearer sandbox".into()),
                    ("api_access_token".into(), "sandbox".into()),
                    ("x-basic".into(), basic),
                ],
                body: Vec::new(),
            };
            if let Body::Json(body) = &request.body {
                met.headers.push(("content-type".into(), "application/json".into()));
                met.body = body.to_string().into_bytes();
            }
            self.left.lock().unwrap().push((clock::now(), format!("{} {}", met.method, met.path)));
            sleep(self.way()).await;
            let answer = self.emulator.lock().unwrap().answer(&met, (self.calendar)());
            self.answered.lock().unwrap().push((clock::now(), answer.status));
            sleep(self.way()).await;
            let headers = answer.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            Ok(Answer { status: answer.status, headers, body: answer.body, at: (self.calendar)() })
        }
        .boxed()
    }
}

/// Imports so many new contacts for so long, as the pipeline would; the answers that came.
async fn import(name: &str, rows: u64, time: Duration) -> (Arc<Near>, Vec<Outcome>) {
    import_and(name, rows, time, |_| {}).await
}

async fn import_and(name: &str, rows: u64, time: Duration, midway: impl FnOnce(&Near)) -> (Arc<Near>, Vec<Outcome>) {
    let calendar = clock::simulated_calendar();
    let near = Arc::new(Near::new(name, calendar));
    let service = service(name, &[]);
    let quota: Quota = service.limits().quota.value;
    let concurrency = service.limits().concurrency.value * 4;
    let name_field = name_field(service.as_ref());
    let ledger = ledger();
    let run = begin(&ledger, name, 1).await;
    let options = BudgetOptions::new("scope", quota);
    let stage = Stage::new(Setting {
        service,
        transport: near.clone(),
        budget: Budget::new(options, ledger.clone()),
        ledger,
        run,
        retry: Retry::new(5),
        search_lag: Duration::ZERO,
    });
    let (sender, feed) = mpsc::channel(usize::try_from(rows).unwrap());
    for row in 0..rows {
        let mut contact = person(&format!("+1202555{row:04}"), name_field, "Ana");
        contact.tags = tags(&["a"], &[], false);
        sender.send(Work::Row(Box::new(stage.row(row, contact)))).await.unwrap();
    }
    drop(sender);
    let dispatcher = Dispatcher { driver: stage.driver.clone(), concurrency, brake: Brake::default(), canary: None };
    let mut outcomes = Vec::new();
    {
        let mut finished = |_, record: rolo::contact::RowRecord| {
            outcomes.push(record.outcome);
            Ok(())
        };
        let mut notice = |_| {};
        let stop = stage.caller.stop.clone();
        let clock = async {
            sleep(time / 2).await;
            midway(&near);
            sleep(time / 2).await;
            stop.request(StopLevel::Leave);
        };
        let work = dispatcher.run(feed, stage.notices, &mut finished, &mut notice);
        tokio::pin!(work, clock);
        tokio::select! {
            _ = &mut work => {}
            () = &mut clock => drop(work.await),
        }
    }
    (near, outcomes)
}

#[tokio::test(start_paused = true)]
async fn three_minutes_at_two_hundred_a_minute_use_99_percent_of_it_without_a_refusal() {
    let (near, outcomes) = import("respondio-v1", 700, Duration::from_secs(180)).await;
    let answered = near.count(|status| status < 400);
    assert_eq!(near.count(|status| status == 429), 0);
    assert!(answered >= 594, "{answered} of 600");
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Created) && !outcomes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_use_99_percent_of_it_too_and_every_window_keeps_the_limit() {
    let (near, _) = import("respondio-v1", 1000, Duration::from_secs(600)).await;
    let answered = near.count(|status| status < 400);
    assert_eq!(near.count(|status| status == 429), 0);
    assert!((1980..=2000).contains(&answered), "{answered} of 2000");
    let times: Vec<Instant> = near.answered.lock().unwrap().iter().map(|(at, _)| *at).collect();
    let fullest = times
        .iter()
        .map(|from| times.iter().filter(|at| **at >= *from && **at - *from < Duration::from_secs(60)).count());
    assert!(fullest.max().unwrap() <= 200);
}

#[tokio::test(start_paused = true)]
async fn a_limit_lowered_midway_fails_no_row_and_is_soon_kept_to() {
    let lowered = |near: &Near| near.emulator.lock().unwrap().set_request_limit(100);
    let (near, outcomes) = import_and("respondio-v1", 2000, Duration::from_secs(1200), lowered).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Created), "{outcomes:?}");
    let answered = near.answered.lock().unwrap();
    let began = answered[0].0;
    let refused_late =
        answered.iter().filter(|(at, status)| *status == 429 && *at - began > Duration::from_secs(1020)).count();
    assert_eq!(refused_late, 0, "in the last three minutes");
    let late = answered.iter().filter(|(at, _)| *at - began > Duration::from_secs(1020)).count();
    let refused = answered.iter().filter(|(_, status)| *status == 429).count();
    assert!(refused <= 15, "{refused} refusals, from a service that says neither its limit nor a wait");
    // A pace is never made slower than five times itself: 40 calls a minute.
    assert!(late >= 119, "{late} calls in the last three minutes");
}
