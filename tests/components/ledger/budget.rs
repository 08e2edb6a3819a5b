//! Moments at which calls may leave, handed out to all who share an account.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// How many whole hours lie between now and the moment that is given next; what the test itself takes
/// counts as nothing.
async fn hours_until_next(ledger: &dyn Ledger, scope: &str) -> i64 {
    let wait = ledger.reserve(scope, HOUR, Duration::ZERO).await.unwrap();
    wait.as_secs().saturating_add(1800).div_euclid(3600)
}

#[tokio::test]
async fn reserved_moments_are_a_period_apart_for_all_who_share_a_scope() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        assert_eq!(hours_until_next(one.as_ref(), "key-1").await, 0);
        assert_eq!(hours_until_next(two.as_ref(), "key-1").await, 1);
        assert_eq!(hours_until_next(one.as_ref(), "key-1").await, 2);
        assert_eq!(hours_until_next(two.as_ref(), "key-2").await, 0);
    })
    .await;
}

#[tokio::test]
async fn of_many_who_ask_at_once_no_two_have_the_same_moment() {
    each(async |place| {
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let ledger = place.open().await;
            asked.spawn(async move { hours_until_next(ledger.as_ref(), "key").await });
        }
        let mut hours = asked.join_all().await;
        hours.sort_unstable();
        assert_eq!(hours, (0..8).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn no_credit_is_saved_while_nobody_calls_but_for_the_lateness_that_is_allowed() {
    each(async |place| {
        let ledger = place.open().await;
        let (period, lateness) = (Duration::from_micros(1), Duration::from_millis(1));
        ledger.reserve("key", period, lateness).await.unwrap();
        tokio::time::sleep(lateness * 20).await;
        let wait = ledger.reserve("key", HOUR, lateness).await.unwrap();
        assert!(wait.is_negative(), "the moment lies in the past by what a call may be late: {wait:?}");
        let next = ledger.reserve("key", HOUR, Duration::ZERO).await.unwrap();
        assert!(next.as_secs() >= 3000, "a period later, however long nobody called: {next:?}");
    })
    .await;
}

#[tokio::test]
async fn a_postponement_holds_for_all_who_share_a_scope_and_a_shorter_one_changes_nothing() {
    each(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        assert_eq!(hours_until_next(one.as_ref(), "key").await, 0);
        one.postpone("key", HOUR * 5).await.unwrap();
        two.postpone("key", HOUR * 2).await.unwrap();
        assert_eq!(hours_until_next(two.as_ref(), "key").await, 5);
        assert_eq!(hours_until_next(one.as_ref(), "key").await, 6);
        assert_eq!(hours_until_next(one.as_ref(), "other").await, 0);
    })
    .await;
}
