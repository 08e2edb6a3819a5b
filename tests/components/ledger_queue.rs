//! Runs that wait for a worker, in every backend.

use std::time::Duration;

use rolo::contact::Counts;
use rolo::error::{ErrorKind, StopReason};
use rolo::journal::RunId;
use rolo::ledger::{Claim, ClaimedRun, Fingerprint, LedgerHandle, NewRun, RunState};

use crate::backends::{Place, each, worker};
use crate::ledger::new_run;

const LONG: Duration = Duration::from_secs(3600);

async fn submitted(ledger: &LedgerHandle, number: u8) -> RunId {
    ledger.submit(&new_run(number)).await.unwrap()
}

async fn claimed(ledger: &LedgerHandle, number: u8, lease: Duration) -> Claim {
    ledger.claim_run(&Fingerprint([number; 32]), &worker("work"), lease).await.unwrap()
}

async fn waiting(place: &Place) -> Vec<RunId> {
    place.open().await.waiting(100).await.unwrap().into_iter().map(|run| run.run.id).collect()
}

#[tokio::test]
async fn a_run_waits_until_somebody_claims_it_and_again_when_the_claim_runs_out() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second) = (submitted(&ledger, 1).await, submitted(&ledger, 2).await);
        assert_eq!(waiting(place).await, [first.clone(), second.clone()], "in the order in which they came");
        let claim = claimed(&ledger, 1, LONG).await;
        assert_eq!(waiting(place).await, std::slice::from_ref(&second));
        let begun = NewRun { fingerprint: Fingerprint([3; 32]), ..new_run(3) };
        let own = claimed(&ledger, 3, LONG).await;
        ledger.begin_queued(&claim, &own, &first, &begun).await.unwrap();
        ledger.release(&claim).await.unwrap();
        let run = ledger.run(&first).await.unwrap().unwrap();
        assert_eq!((run.state, run.new.fingerprint), (RunState::Running, Fingerprint([3; 32])));
        assert_eq!(waiting(place).await, std::slice::from_ref(&second), "it is under way");
        ledger.renew(&own, Duration::ZERO).await.unwrap();
        assert_eq!(waiting(place).await, [first.clone(), second], "whoever had it is dead");
        // Ended runs wait for nobody.
        let own = claimed(&ledger, 3, LONG).await;
        let run = ClaimedRun::new(first.clone(), own);
        ledger.set_state(&run, RunState::Finished, &Counts::default(), Duration::ZERO).await.unwrap();
        ledger.release(run.claim()).await.unwrap();
        assert!(!waiting(place).await.contains(&first));
    })
    .await;
}

#[tokio::test]
async fn nobody_begins_a_queued_run_twice_or_under_a_claim_that_was_lost() {
    each(async |place| {
        let ledger = place.open().await;
        let id = submitted(&ledger, 1).await;
        let lost = claimed(&ledger, 1, Duration::ZERO).await;
        let claim = claimed(&ledger, 1, LONG).await;
        let (begun, own) = (new_run(2), claimed(&ledger, 2, LONG).await);
        let error = ledger.begin_queued(&lost, &own, &id, &begun).await.unwrap_err();
        assert_eq!(error.reason, Some(StopReason::ClaimLost));
        ledger.begin_queued(&claim, &own, &id, &begun).await.unwrap();
        let error = ledger.begin_queued(&claim, &own, &id, &begun).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.message.contains("does not wait for a worker any more"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_waits_for_a_time_is_not_due_before_and_says_why() {
    each(async |place| {
        let ledger = place.open().await;
        let id = submitted(&ledger, 1).await;
        let run = ClaimedRun::new(id.clone(), claimed(&ledger, 1, LONG).await);
        ledger.let_wait(&run, LONG, Some("the service is gone")).await.unwrap();
        ledger.release(run.claim()).await.unwrap();
        assert_eq!(waiting(place).await, []);
        let shown = ledger.run(&id).await.unwrap().unwrap();
        assert!(shown.due.is_some() && shown.told.as_deref() == Some("the service is gone"), "{shown:?}");
        let run = ClaimedRun::new(id.clone(), claimed(&ledger, 1, LONG).await);
        ledger.let_wait(&run, Duration::ZERO, None).await.unwrap();
        ledger.release(run.claim()).await.unwrap();
        assert_eq!(waiting(place).await, std::slice::from_ref(&id));
        let lost = ClaimedRun::new(id.clone(), run.claim().clone());
        claimed(&ledger, 1, LONG).await;
        for refused in [ledger.let_wait(&lost, LONG, None).await, ledger.tell(&lost, "too late").await] {
            assert_eq!(refused.unwrap_err().reason, Some(StopReason::ClaimLost));
        }
    })
    .await;
}

#[tokio::test]
async fn that_a_run_is_to_end_is_known_to_whoever_works_on_it() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let (id, other) = (submitted(&one, 1).await, submitted(&one, 2).await);
        assert!(!two.is_cancelled(&id).await.unwrap());
        one.ask_to_cancel(&id).await.unwrap();
        assert!(two.is_cancelled(&id).await.unwrap() && !two.is_cancelled(&other).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_account_with_many_runs_hides_no_other() {
    each(async |place| {
        let ledger = place.open().await;
        let many = [submitted(&ledger, 1).await, submitted(&ledger, 2).await, submitted(&ledger, 3).await];
        let other = NewRun { account: "another".into(), ..new_run(4) };
        let other = ledger.submit(&other).await.unwrap();
        let waiting = async |at_most| -> Vec<RunId> {
            ledger.waiting(at_most).await.unwrap().into_iter().map(|run| run.run.id).collect()
        };
        assert_eq!(waiting(2).await, [many[0].clone(), other.clone()]);
        assert_eq!(waiting(9).await, [many[0].clone(), other.clone(), many[1].clone(), many[2].clone()]);
        let claim = claimed(&ledger, 1, LONG).await;
        let rest = waiting(2).await;
        assert!(rest.contains(&many[1]) && rest.contains(&other), "its first is under way: {rest:?}");
        ledger.release(&claim).await.unwrap();
        claimed(&ledger, 4, LONG).await;
        assert_eq!(waiting(9).await, many);
    })
    .await;
}

#[tokio::test]
async fn the_next_call_of_an_account_says_which_run_comes_first() {
    each(async |place| {
        let ledger = place.open().await;
        submitted(&ledger, 1).await;
        assert_eq!(ledger.waiting(9).await.unwrap()[0].slot, 0, "nobody has called it");
        ledger.reserve("respondio-v1/support", Duration::from_secs(1), Duration::ZERO).await.unwrap();
        assert!(ledger.waiting(9).await.unwrap()[0].slot > 0);
    })
    .await;
}

#[tokio::test]
async fn whoever_serves_or_has_claimed_is_listed_until_they_leave() {
    each(async |place| {
        let ledger = place.open().await;
        let serving = worker("waits for runs");
        ledger.appear(&serving).await.unwrap();
        let id = submitted(&ledger, 1).await;
        let claim = claimed(&ledger, 1, Duration::from_secs(14)).await;
        let workers = place.open().await.workers().await.unwrap();
        assert_eq!(workers.len(), 1, "{workers:?}");
        assert!(workers[0].serves && workers[0].runs == [id] && workers[0].worker == serving, "{workers:?}");
        ledger.leave(&serving).await.unwrap();
        let workers = ledger.workers().await.unwrap();
        assert!(workers.len() == 1 && !workers[0].serves, "it still has a claim: {workers:?}");
        ledger.release(&claim).await.unwrap();
        assert_eq!(ledger.workers().await.unwrap(), []);
    })
    .await;
}
