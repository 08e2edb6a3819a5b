//! Claims on runs, in every backend: one worker has a run, whoever was believed dead is fenced off.

use std::time::Duration;

use rolo::contact::{CallKind, Counts, Outcome, Position, RemoteId, RowRecord};
use rolo::error::{Error, ErrorKind, StopReason};
use rolo::journal::{AccountNote, Answered, BeforeImage, CallVerdict, Change, Entry, Intent, Key, KnownContact};
use rolo::ledger::{ClaimedRun, Fingerprint, Lease, RunState};

use crate::backends::{begin, each, worker};
use crate::ledger::new_run;

const LONG: Duration = Duration::from_secs(3600);

fn fingerprint() -> Fingerprint {
    Fingerprint([1; 32])
}

fn intent(row: u64) -> Entry {
    Entry::Intent(Intent { row, step: 0, kind: CallKind::Update, attempt: 1, creates: Vec::new() })
}

#[tokio::test]
async fn a_claim_that_lives_is_refused_to_others_in_words_that_tell_whose_it_is() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let claim = one.claim_run(&fingerprint(), &worker("import"), LONG).await.unwrap();
        for other in [&one, &two] {
            let error = other.claim_run(&fingerprint(), &worker("import"), LONG).await.unwrap_err();
            assert_eq!((error.kind, error.kind.exit_code()), (ErrorKind::AlreadyRunning, 5));
            let holder = "process 4711 on elsewhere since 2026-11-21 09:31:00 UTC: import";
            assert_eq!(error.message, format!("this is already being done by {holder}"));
        }
        let other_runs = Fingerprint([2; 32]);
        two.claim_run(&other_runs, &worker("export"), LONG).await.unwrap();
        one.release(&claim).await.unwrap();
        let next = two.claim_run(&fingerprint(), &worker("import"), LONG).await.unwrap();
        assert!(next.fence > claim.fence, "{next:?}");
        // Who has lost a claim can't give back that of another.
        one.release(&claim).await.unwrap();
        assert!(one.claim_run(&fingerprint(), &worker("import"), LONG).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn whoever_works_on_a_run_is_seen_by_others_until_it_ends() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let claim = one.claim_run(&fingerprint(), &worker("import"), LONG).await.unwrap();
        let run = ClaimedRun::new(one.begin(&claim, &new_run(1)).await.unwrap(), claim);
        let seen = async || two.worker_of(&two.run(run.id()).await.unwrap().unwrap()).await.unwrap();
        assert_eq!(seen().await.map(|worker| worker.process), Some(4711));
        one.set_state(&run, RunState::Interrupted, &Counts::default(), Duration::ZERO).await.unwrap();
        // A run that can be taken up is worked on by whoever has claimed it: what comes first may take long.
        assert_eq!(seen().await.map(|worker| worker.process), Some(4711), "it is claimed");
        one.set_state(&run, RunState::Finished, &Counts::default(), Duration::ZERO).await.unwrap();
        assert_eq!(seen().await, None, "it has ended, though its claim is not given back yet");
        one.take_up(&run).await.unwrap();
        assert_eq!(seen().await.map(|worker| worker.process), Some(4711), "it is under way again");
        one.release(run.claim()).await.unwrap();
        assert_eq!(seen().await, None, "it was cut off");
    })
    .await;
}

#[tokio::test]
async fn of_many_who_claim_at_once_one_has_it() {
    each(async |place| {
        let mut claims = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let ledger = place.open().await;
            claims
                .spawn(async move { ledger.claim_run(&fingerprint(), &worker("import"), LONG).await.map(|_| ledger) });
        }
        let claimed = claims.join_all().await;
        assert_eq!(claimed.iter().filter(|claimed| claimed.is_ok()).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_ran_out_is_renewed_as_long_as_nobody_else_has_claimed() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let claim = one.claim_run(&fingerprint(), &worker("import"), Duration::ZERO).await.unwrap();
        one.renew(&claim, LONG).await.unwrap();
        assert!(two.claim_run(&fingerprint(), &worker("import"), LONG).await.is_err(), "it was renewed");
        one.renew(&claim, Duration::ZERO).await.unwrap();
        two.claim_run(&fingerprint(), &worker("import"), LONG).await.unwrap();
        assert_eq!(one.renew(&claim, LONG).await.unwrap_err().reason, Some(StopReason::ClaimLost));
    })
    .await;
}

/// One of each kind of entry.
fn entries(key: Key) -> Vec<Entry> {
    let (account, id) = ("support".to_owned(), RemoteId("c1".to_owned()));
    let contact = KnownContact {
        id: id.clone(),
        fields: std::collections::BTreeMap::new(),
        tags: None,
        lists: Vec::new(),
        values: None,
        seen_at: 0,
        applied: None,
    };
    let answered = Answered {
        row: 1,
        step: 0,
        kind: CallKind::Update,
        attempts: 1,
        http_status: Some(200),
        verdict: CallVerdict::Done,
        contact_id: None,
    };
    let before = BeforeImage { row: 1, account: account.clone(), contact_id: id.clone(), change: Change::Created };
    vec![
        intent(1),
        Entry::Answered(answered),
        Entry::Known { account: account.clone(), contact, keys: vec![key], told: true },
        Entry::Settled { account: account.clone(), keys: vec![key] },
        Entry::TakenOver { account: account.clone(), keys: vec![key], row: 1, from: Vec::new() },
        Entry::Gone { account, id },
        Entry::Before(before),
        Entry::Row {
            position: Position { index: 1, line: 2, sheet: 0 },
            record: RowRecord::unsent(Outcome::Failed, Vec::new()),
            keys: vec![key],
        },
    ]
}

#[tokio::test]
async fn every_write_of_a_run_that_was_taken_over_is_refused_and_leaves_nothing() {
    each(async |place| {
        let (stopped, next) = (place.open().await, place.open().await);
        let run = begin(&stopped, &new_run(1)).await;
        let claim = next.claim_run(&fingerprint(), &worker("resume"), LONG).await.unwrap();
        let resumed = ClaimedRun::new(run.id().clone(), claim);
        next.write(&resumed, vec![intent(7)]).await.unwrap();

        let refused = |what: &str, error: Error| {
            assert_eq!((error.kind, error.reason), (ErrorKind::Stopped, Some(StopReason::ClaimLost)), "{what}");
            assert!(error.message.contains("has taken this run over"), "{what}: {error}");
        };
        let key = stopped.key("email", "ann@example.com");
        for entry in entries(key) {
            let what = format!("{entry:?}");
            // A handle anew for each, so that none is refused only because one before it was.
            let stopped = place.open().await;
            refused(&what, stopped.write(&run, vec![entry]).await.unwrap_err());
        }
        let counts = Counts::default();
        refused("begin", stopped.begin(run.claim(), &new_run(1)).await.unwrap_err());
        refused(
            "state",
            stopped.set_state(&run, RunState::Finished, &counts, Duration::from_micros(1_500)).await.unwrap_err(),
        );
        refused("undone", stopped.set_state_of(&run, run.id(), RunState::Undone, &counts).await.unwrap_err());
        refused("listed", stopped.set_listed_at(&run, "support", Some(1)).await.unwrap_err());
        let note = AccountNote::FieldsOf(run.id().clone());
        refused("note", stopped.set_note(&run, "support", &note, Some("1")).await.unwrap_err());
        refused("renewal", stopped.renew(run.claim(), LONG).await.unwrap_err());

        assert_eq!(next.open_rows(&run).await.unwrap(), [7]);
        assert_eq!(next.rows(&run, 0, 10).await.unwrap(), []);
        assert_eq!(next.known("support", &[key]).await.unwrap(), [None]);
        assert_eq!(next.before_images(&run, 0, 10).await.unwrap(), []);
        assert_eq!(next.open_creates("support", &[key]).await.unwrap(), [None]);
        assert_eq!(next.listed_at("support").await.unwrap(), None);
        assert_eq!(next.note("support", &note).await.unwrap(), None);
        assert_eq!(next.runs(10).await.unwrap().len(), 1);
        assert_eq!(next.run(&run).await.unwrap().unwrap().state, RunState::Running);
        next.write(&resumed, vec![intent(8)]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_nobodys_can_be_read_and_not_written() {
    each(async |place| {
        let ledger = place.open().await;
        let none = ClaimedRun::unclaimed("plan");
        none.check().await.unwrap();
        assert!(ledger.write(&none, vec![intent(1)]).await.is_err());
        assert!(ledger.run(&none).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_renewed_while_it_lives() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        // Its third is far longer than the machine may stall.
        let term = Duration::from_secs(6);
        let lease = Lease::take(&one, &fingerprint(), &worker("import"), term).await.unwrap();
        let id = one.begin(lease.claim(), &new_run(1)).await.unwrap();
        let run = lease.run(id);
        let until = tokio::time::Instant::now() + term * 4 / 3;
        while tokio::time::Instant::now() < until {
            assert!(two.claim_run(&fingerprint(), &worker("import"), term).await.is_err(), "it is renewed");
            tokio::time::sleep(term / 10).await;
        }
        run.check().await.unwrap();
        assert!(run.is_fresh());
        // Once the store has said that another has it, nothing leaves any more, however young the lease is.
        one.release(run.claim()).await.unwrap();
        two.claim_run(&fingerprint(), &worker("resume"), LONG).await.unwrap();
        assert!(run.is_fresh(), "nobody has told it yet");
        assert_eq!(run.confirm().await.unwrap_err().reason, Some(StopReason::ClaimLost));
        assert!(!run.is_fresh());
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_dropped_is_given_back_long_before_its_end() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let lease = Lease::take(&one, &fingerprint(), &worker("import"), LONG).await.unwrap();
        assert!(two.claim_run(&fingerprint(), &worker("import"), LONG).await.is_err());
        drop(lease);
        let latest = tokio::time::Instant::now() + LONG / 30;
        while two.claim_run(&fingerprint(), &worker("import"), LONG).await.is_err() {
            assert!(tokio::time::Instant::now() < latest, "it is not given back");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_another_has_taken_over_is_noticed_before_anything_is_sent() {
    each(async |place| {
        let (stopped, next) = (place.open().await, place.open().await);
        // As after a stop for longer than the lease: by the time the run is asked, nothing is certain.
        let lease = Lease::take(&stopped, &fingerprint(), &worker("import"), Duration::ZERO).await.unwrap();
        let id = stopped.begin(lease.claim(), &new_run(1)).await.unwrap();
        let run = lease.run(id);
        run.check().await.unwrap();
        let _claim = loop {
            // Its renewal keeps the claim for no time at all.
            match next.claim_run(&fingerprint(), &worker("resume"), LONG).await {
                Ok(claim) => break claim,
                Err(error) => assert_eq!(error.kind, ErrorKind::AlreadyRunning),
            }
        };
        assert!(!run.is_fresh());
        assert_eq!(run.check().await.unwrap_err().reason, Some(StopReason::ClaimLost));
        assert_eq!(run.confirm().await.unwrap_err().reason, Some(StopReason::ClaimLost));
    })
    .await;
}
