//! Due times of jobs in every backend: each fires once, however many workers come to it.

use std::time::Duration;

use rolo::config::{Missed, Schedule};
use rolo::contact::Counts;
use rolo::fleet::{DueRun, Scheduled, Timetable};
use rolo::ledger::{ClaimedRun, Fingerprint, Fired, LedgerHandle, NewRun, RunState};

use crate::backends::{Place, each, worker};
use crate::ledger::new_run;

fn at(text: &str) -> Duration {
    text.parse::<jiff::Timestamp>().unwrap().as_duration().try_into().unwrap()
}

fn nightly(schedule: &str) -> Vec<Scheduled> {
    let schedule = Schedule::parse(schedule, Some("Europe/Berlin"), Missed::Run).unwrap();
    vec![Scheduled { job: "nightly".to_owned(), schedule }]
}

fn run_at(moment: Duration) -> NewRun {
    let fingerprint = Fingerprint(*blake3::hash(&moment.as_secs().to_le_bytes()).as_bytes());
    NewRun { fingerprint, started: moment.as_secs(), ..new_run(1) }
}

/// Ends a run, so that the next due time finds nothing under way.
async fn end(ledger: &LedgerHandle, id: &rolo::journal::RunId, moment: Duration) {
    let claim = ledger.claim_run(&run_at(moment).fingerprint, &worker("work"), Duration::from_secs(9)).await.unwrap();
    let run = ClaimedRun::new(id.clone(), claim);
    ledger.set_state(&run, RunState::Finished, &Counts::default(), Duration::ZERO).await.unwrap();
    ledger.release(run.claim()).await.unwrap();
}

/// Three workers look again and again between two moments; returns when the job was due, as clocks show it, and how
/// many of them fired each time.
async fn fired(place: &Place, schedule: &str, from: &str, to: &str) -> Vec<(String, usize)> {
    let jobs = nightly(schedule);
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push((place.open().await, Timetable::default()));
    }
    let (mut now, to) = (at(from), at(to));
    let mut fired = Vec::new();
    while now <= to {
        let looks = workers.iter_mut().map(|(ledger, timetable)| {
            let jobs = &jobs;
            async move {
                let run_of = async |_: &str| Ok(DueRun { run: Some(run_at(now)), ..DueRun::default() });
                timetable.fire(jobs, now, ledger, run_of).await.unwrap()
            }
        });
        let ticks: Vec<_> = futures_util::future::join_all(looks).await.into_iter().flatten().collect();
        let runs: Vec<_> = ticks
            .iter()
            .filter_map(|tick| match &tick.came {
                Ok(Fired::Run(run)) => Some((run.clone(), tick.due)),
                Ok(_) => None,
                Err(error) => panic!("{error}"),
            })
            .collect();
        if let Some((run, due)) = runs.first() {
            fired.push((jobs[0].schedule.moment(*due), runs.len()));
            end(&workers[0].0, run, now).await;
        }
        now += Duration::from_secs(10 * 60);
    }
    fired
}

fn once(moments: &[&str]) -> Vec<(String, usize)> {
    moments.iter().map(|moment| (format!("{moment} Europe/Berlin"), 1)).collect()
}

#[tokio::test]
async fn over_both_clock_changes_each_due_time_fires_once_with_three_workers() {
    each(async |place| {
        let spring = fired(place, "30 2 * * *", "2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z").await;
        assert_eq!(spring, once(&["2026-03-28 02:30", "2026-03-29 03:00", "2026-03-30 02:30"]));
        let autumn = fired(&place.another(), "30 2 * * *", "2026-10-23T12:00:00Z", "2026-10-26T12:00:00Z").await;
        assert_eq!(autumn, once(&["2026-10-24 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]));
    })
    .await;
}

#[tokio::test]
async fn a_due_time_is_passed_over_while_the_run_before_has_not_ended() {
    each(async |place| {
        let ledger = place.open().await;
        let fire = async |due: u64| ledger.fire("nightly", "0 2 * * *", due, Some(&new_run(1)), None).await.unwrap();
        let Fired::Run(run) = fire(100).await else { panic!("nothing is under way") };
        assert_eq!(fire(100).await, Fired::Before);
        assert_eq!(fire(200).await, Fired::StillAt(run.clone()));
        assert_eq!(ledger.last_fired("nightly", "0 2 * * *").await.unwrap(), Some(200));
        assert_eq!(ledger.last_fired("nightly", "0 3 * * *").await.unwrap(), None, "a schedule that is new");
        let failed = ledger.fire("weekly", "0 2 * * 1", 100, Some(&new_run(2)), Some("nobody said yes")).await.unwrap();
        let Fired::Run(failed) = failed else { panic!("{failed:?}") };
        let failed = ledger.run(&failed).await.unwrap().unwrap();
        assert_eq!((failed.state, failed.told.as_deref()), (RunState::Failed, Some("nobody said yes")));
        assert_eq!(ledger.waiting(9).await.unwrap().len(), 1, "what failed waits for nobody");
    })
    .await;
}

#[tokio::test]
async fn a_due_time_of_new_files_queues_each_once_and_one_without_any_queues_nothing() {
    each(async |place| {
        let (ledger, jobs) = (place.open().await, nightly("0 2 * * *"));
        let (mut one, mut two) = (Timetable::default(), Timetable::default());
        let due = at("2026-11-21T01:00:00Z");
        let files = async |_: &str| {
            let others = vec![run_at(due + Duration::from_secs(1)), run_at(due + Duration::from_secs(2))];
            Ok(DueRun { run: Some(run_at(due)), failed: None, others })
        };
        assert!(one.fire(&jobs, at("2026-11-20T12:00:00Z"), &ledger, files).await.unwrap().is_empty());
        let ticks = one.fire(&jobs, due, &ledger, files).await.unwrap();
        let [tick] = ticks.as_slice() else { panic!("it is due once") };
        let Ok(Fired::Run(run)) = &tick.came else { panic!("it fires") };
        assert_eq!((tick.others.len(), tick.is_idle, ledger.waiting(9).await.unwrap().len()), (2, false, 3));
        assert!(two.fire(&jobs, due, &ledger, files).await.unwrap().is_empty(), "another worker comes later");
        assert_eq!(ledger.waiting(9).await.unwrap().len(), 3);
        end(&ledger, run, due).await;
        let next = due + Duration::from_secs(24 * 3600);
        let ticks = two.fire(&jobs, next, &ledger, async |_: &str| Ok(DueRun::default())).await.unwrap();
        assert!(matches!(ticks.as_slice(), [tick] if tick.is_idle && matches!(tick.came, Ok(Fired::Passed))));
        assert_eq!(ledger.waiting(9).await.unwrap().len(), 2);
        assert_eq!(ledger.last_fired("nightly", &jobs[0].schedule.to_string()).await.unwrap(), Some(next.as_secs()));
    })
    .await;
}
