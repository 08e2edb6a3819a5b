//! How jobs stand, and the outbox of alerts, in every backend.

use std::time::Duration;

use rolo::contact::{Counts, Outcome};
use rolo::error::StopReason;
use rolo::ledger::{ClaimedRun, Fingerprint, JobCondition, Judgement, LedgerHandle, OutboxAlert, RunState, Sending};

use crate::backends::{each, simulated, worker};
use crate::ledger::new_run;

const MINUTE: Duration = Duration::from_secs(60);

fn judged(condition: JobCondition, id: &str) -> Judgement {
    Judgement {
        job: "nightly".into(),
        condition,
        run: None,
        channels: vec!["mail".into(), "ops".into()],
        id: id.into(),
        facts: "{\"account\":\"support\"}".into(),
    }
}

async fn take(ledger: &LedgerHandle, channels: &[&str]) -> Vec<OutboxAlert> {
    let channels: Vec<String> = channels.iter().map(|&name| name.to_owned()).collect();
    ledger.take_alerts(&channels, MINUTE, 100).await.unwrap()
}

/// Ids and channels.
fn named(alerts: &[OutboxAlert]) -> Vec<(&str, &str)> {
    alerts.iter().map(|alert| (alert.id.as_str(), alert.channel.as_str())).collect()
}

#[tokio::test]
async fn each_change_is_told_once_on_each_channel_and_the_same_again_is_not() {
    each(async |place| {
        let ledger = place.open().await;
        for (n, condition) in [
            JobCondition::Well,
            JobCondition::Failed,
            JobCondition::Failed,
            JobCondition::Well,
            JobCondition::Well,
            JobCondition::RowsRejected,
        ]
        .into_iter()
        .enumerate()
        {
            ledger.judge(&judged(condition, &format!("alert_{n}"))).await.unwrap();
        }
        let told = place.open().await.alerts(100).await.unwrap();
        let ids: std::collections::BTreeSet<_> = named(&told).into_iter().collect();
        let of = |id| [(id, "mail"), (id, "ops")];
        assert_eq!(ids, [of("alert_1"), of("alert_3"), of("alert_5")].concat().into_iter().collect());
        let recovery = told.iter().find(|alert| alert.id == "alert_3").unwrap();
        assert_eq!((recovery.condition, recovery.was), (JobCondition::Well, Some(JobCondition::Failed)));
        let jobs = ledger.job_records().await.unwrap();
        assert_eq!((jobs.len(), jobs[0].condition, jobs[0].succeeded.is_some()), (1, JobCondition::RowsRejected, true));
    })
    .await;
}

#[tokio::test]
async fn an_alert_is_taken_by_one_until_its_time_is_over_and_settled_by_whoever_has_it() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        one.judge(&judged(JobCondition::Failed, "alert_1")).await.unwrap();
        assert_eq!(named(&take(&two, &["elsewhere"]).await), [], "whoever lacks the channel leaves it");
        let taken = take(&one, &["ops"]).await;
        assert_eq!(named(&taken), [("alert_1", "ops")]);
        assert_eq!(named(&take(&two, &["ops", "mail"]).await), [("alert_1", "mail")]);
        // Its sender died: another has it once its time is over.
        one.settle_alert(&taken[0], &Sending::Again(0, "gone".into())).await.unwrap();
        let again = take(&two, &["ops"]).await;
        assert_eq!(
            (named(&again), again[0].tries, again[0].told.as_deref()),
            (vec![("alert_1", "ops")], 2, Some("gone"))
        );
        // What the first says now is no more heard.
        one.settle_alert(&taken[0], &Sending::Again(0, "late".into())).await.unwrap();
        assert_eq!(named(&take(&one, &["ops"]).await), []);
        two.settle_alert(&again[0], &Sending::Delivered).await.unwrap();
        let figures = one.figures().await.unwrap();
        assert_eq!(figures.outbox, 1, "that for mail is under way still");
        let alerts = one.alerts(9).await.unwrap();
        let sent = alerts.iter().find(|alert| alert.channel == "ops").unwrap();
        assert!(sent.is_sent && sent.ended.is_some() && sent.told.is_none(), "{sent:?}");
    })
    .await;
}

#[tokio::test]
async fn how_a_run_ended_and_what_is_told_of_it_are_written_together() {
    each(async |place| {
        let ledger = place.open().await;
        let claim = ledger.claim_run(&Fingerprint([1; 32]), &worker("import"), Duration::ZERO).await.unwrap();
        let id = ledger.begin(&claim, &new_run(1)).await.unwrap();
        let lost = ClaimedRun::new(id.clone(), claim);
        let claim = ledger.claim_run(&Fingerprint([1; 32]), &worker("import"), MINUTE).await.unwrap();
        let mut counts = Counts::default();
        counts[Outcome::InDoubt] = 2;
        let ended = Judgement { run: Some(id.clone()), ..judged(JobCondition::RowsFailed, "alert_1") };
        let refused = ledger.conclude(&lost, RunState::Finished, &counts, MINUTE, &ended).await.unwrap_err();
        assert_eq!(refused.reason, Some(StopReason::ClaimLost));
        assert_eq!(ledger.alerts(9).await.unwrap(), [], "whoever lost the run tells nobody");
        let run = ClaimedRun::new(id.clone(), claim);
        ledger.conclude(&run, RunState::Finished, &counts, MINUTE, &ended).await.unwrap();
        let recorded = ledger.run(&id).await.unwrap().unwrap();
        assert_eq!((recorded.state, recorded.counts, recorded.took), (RunState::Finished, counts, Some(MINUTE)));
        assert_eq!(ledger.alerts(9).await.unwrap()[0].run, Some(id));
        let figures = ledger.figures().await.unwrap();
        assert_eq!((figures.runs.len(), figures.runs[0].in_doubt, figures.oldest_queued), (1, 2, None));
    })
    .await;
}

#[tokio::test]
async fn a_run_that_could_not_begin_is_there_and_says_why() {
    each(async |place| {
        let ledger = place.open().await;
        let failed = judged(JobCondition::Failed, "alert_1");
        let id = ledger.record_failed(&new_run(1), "the file is not there", &failed).await.unwrap();
        let run = ledger.run(&id).await.unwrap().unwrap();
        assert_eq!((run.state, run.told.as_deref()), (RunState::Failed, Some("the file is not there")));
        assert!(run.ended.is_some());
        assert_eq!(ledger.alerts(1).await.unwrap()[0].run, Some(id.clone()));
        assert_eq!(ledger.job_records().await.unwrap()[0].run, Some(id));
        assert!(ledger.waiting(9).await.unwrap().is_empty(), "nobody takes it up");
    })
    .await;
}

#[tokio::test]
async fn the_latest_due_time_of_a_job_is_known_with_its_run_and_so_is_who_last_had_a_run() {
    each(async |place| {
        let ledger = place.open().await;
        assert!(ledger.last_fired_run("nightly").await.unwrap().is_none());
        let run = new_run(1);
        for due in [7200, 93_600] {
            ledger.fire("nightly", "0 2 * * *", due, Some(&run), Some("it can't begin")).await.unwrap();
        }
        ledger.fire("other", "0 2 * * *", 93_601, Some(&run), None).await.unwrap();
        ledger.fire("nightly", "0 2 * * *", 180_000, None, None).await.unwrap();
        let last = ledger.last_fired_run("nightly").await.unwrap().unwrap();
        assert_eq!((last.due, last.run.state), (93_600, RunState::Failed), "one that was passed over has no run");
        assert_eq!(ledger.last_worker_of(&last.run).await.unwrap(), None);
        let dead = worker("import");
        ledger.claim_run(&Fingerprint([1; 32]), &dead, Duration::ZERO).await.unwrap();
        assert_eq!(ledger.last_worker_of(&last.run).await.unwrap(), Some(dead));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_could_deliver_within_a_day_is_given_up_and_later_forgotten() {
    let ledger = simulated();
    ledger.judge(&judged(JobCondition::Failed, "alert_1")).await.unwrap();
    let taken = take(&ledger, &["ops"]).await;
    ledger.settle_alert(&taken[0], &Sending::Again(60, "the webhook can't be reached".into())).await.unwrap();
    tokio::time::advance(24 * 60 * MINUTE).await;
    assert_eq!(named(&take(&ledger, &["ops", "mail"]).await), []);
    let alerts = ledger.alerts(9).await.unwrap();
    let told: Vec<_> = alerts.iter().map(|it| (it.channel.as_str(), it.is_sent, it.told.as_deref().unwrap())).collect();
    let nobody = "nobody whose configuration has this channel sent it within a day";
    assert_eq!(told, [("mail", false, nobody), ("ops", false, "the webhook can't be reached")]);
    tokio::time::advance(31 * 24 * 60 * MINUTE).await;
    ledger.judge(&judged(JobCondition::Failed, "alert_2")).await.unwrap();
    assert_eq!(ledger.alerts(9).await.unwrap(), []);
}
