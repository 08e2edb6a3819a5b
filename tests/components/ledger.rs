//! What every ledger promises, held against each backend in [`BACKENDS`](crate::backends::BACKENDS).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolo::contact::{CallKind, Counts, Field, Outcome, Position, RemoteId, RowError, RowRecord, Value};
use rolo::journal::{
    AccountNote, Answered, BeforeImage, CallVerdict, Change, Entry, Intent, Key, KnownContact, KnownValue, RunId,
};
use rolo::ledger::{ClaimedRun, Fingerprint, Ledger, LedgerHandle, NewRun, RunKind, RunState};

use crate::backends::{begin, each};

const STARTED: u64 = 1_795_253_460; // 2026-11-21 09:31:00 UTC

pub fn new_run(fingerprint: u8) -> NewRun {
    NewRun {
        kind: RunKind::Import,
        fingerprint: Fingerprint([fingerprint; 32]),
        account: "support".into(),
        identity: "support".into(),
        service: "respondio-v1".into(),
        file: "/tmp/contacts.csv".into(),
        options: serde_json::json!({"region": "MY", "limit": null}),
        started: STARTED,
    }
}

fn intent(row: u64, step: u32, kind: CallKind, attempt: u32) -> Entry {
    Entry::Intent(Intent { row, step, kind, attempt, creates: Vec::new() })
}

fn answered(row: u64, step: u32, kind: CallKind, verdict: &str, status: u16, id: Option<&str>) -> Answered {
    Answered {
        row,
        step,
        kind,
        attempts: 1,
        http_status: Some(status),
        verdict: CallVerdict::from_name(verdict).unwrap(),
        contact_id: id.map(|id| RemoteId(id.into())),
    }
}

fn record(outcome: Outcome, id: Option<&str>) -> RowRecord {
    RowRecord {
        outcome,
        contact_id: id.map(|id| RemoteId(id.into())),
        calls: 2,
        attempts: 1,
        http_status: Some(200),
        errors: Vec::new(),
    }
}

fn row(index: u64, record: RowRecord, keys: Vec<Key>) -> Entry {
    Entry::Row { position: Position { index, line: index + 2, sheet: 0 }, record, keys }
}

fn contact(id: &str, fields: &[(&str, KnownValue)]) -> KnownContact {
    KnownContact {
        id: RemoteId(id.into()),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        tags: None,
        lists: Vec::new(),
        values: None,
        seen_at: 0,
        applied: None,
    }
}

fn known(account: &str, contact: KnownContact, keys: Vec<Key>) -> Entry {
    Entry::Known { account: account.into(), contact, keys, told: false }
}

#[tokio::test]
async fn a_run_begins_running_and_is_found_again() {
    each(async |place| {
        let id = begin(&place.open().await, &new_run(1)).await.id().clone();
        let ledger = place.open().await;
        assert!(id.0.starts_with("20261121-0931-") && id.0.len() == 17, "{id}");
        let run = ledger.run(&id).await.unwrap().unwrap();
        assert_eq!((run.id.clone(), run.state, run.ended), (id.clone(), RunState::Running, None));
        assert_eq!(run.counts, Counts::default());
        assert_eq!(run.new.kind, RunKind::Import);
        assert_eq!(run.new.fingerprint, Fingerprint([1; 32]));
        assert_eq!((run.new.account.as_str(), run.new.service.as_str()), ("support", "respondio-v1"));
        assert_eq!((run.new.file.as_str(), run.new.started), ("/tmp/contacts.csv", STARTED));
        assert_eq!(run.new.options, serde_json::json!({"region": "MY", "limit": null}));
        assert_eq!(ledger.unfinished(&Fingerprint([1; 32])).await.unwrap().unwrap().id, id);
        assert!(ledger.unfinished(&Fingerprint([2; 32])).await.unwrap().is_none());
        assert!(ledger.run(&RunId("nobody".into())).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn runs_are_listed_latest_first_and_their_ids_sort_by_time() {
    each(async |place| {
        let ledger = place.open().await;
        let mut ids = Vec::new();
        for _ in 0..50 {
            ids.push(begin(&ledger, &new_run(1)).await.id().clone());
        }
        assert!(ids.is_sorted(), "{ids:?}");
        let listed: Vec<_> = ledger.runs(3).await.unwrap().into_iter().map(|run| run.id).collect();
        assert_eq!(listed, [ids[49].clone(), ids[48].clone(), ids[47].clone()]);
        assert_eq!(ledger.unfinished(&Fingerprint([1; 32])).await.unwrap().unwrap().id, ids[49]);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_ended_well_is_not_offered_for_resuming() {
    each(async |place| {
        let ledger = place.open().await;
        let id = begin(&ledger, &new_run(1)).await;
        let mut counts = Counts::default();
        for (n, outcome) in (10..).zip(Outcome::ALL) {
            counts[outcome] = n;
        }
        for (state, resumable) in [
            (RunState::Stopped, true),
            (RunState::Interrupted, true),
            (RunState::Running, true),
            (RunState::Finished, false),
            (RunState::Undone, false),
        ] {
            ledger.set_state(&id, state, &counts, Duration::from_micros(1_500)).await.unwrap();
            assert_eq!(
                ledger.unfinished(&Fingerprint([1; 32])).await.unwrap().is_some(),
                resumable,
                "{}",
                state.name()
            );
            let run = ledger.run(&id).await.unwrap().unwrap();
            assert_eq!((run.state, run.counts, run.ended.is_none()), (state, counts, state == RunState::Running));
            assert_eq!(run.took, Some(Duration::from_micros(1_500)));
        }
        ledger.take_up(&id).await.unwrap();
        let run = ledger.run(&id).await.unwrap().unwrap();
        assert_eq!((run.state, run.ended, run.took), (RunState::Running, None, Some(Duration::from_micros(1_500))));
    })
    .await;
}

#[tokio::test]
async fn an_intent_without_an_answer_says_that_nobody_knows() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let found = answered(7, 0, CallKind::Find, "missing", 404, None);
        ledger.write(&run, vec![Entry::Answered(found.clone()), intent(7, 1, CallKind::Create, 1)]).await.unwrap();
        let steps = place.open().await.steps(&run, 7).await.unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].step, steps[0].kind, steps[0].sent), (0, CallKind::Find, 1));
        assert_eq!(steps[0].answered.as_ref(), Some(&found));
        assert_eq!((steps[1].step, steps[1].kind, steps[1].sent), (1, CallKind::Create, 1));
        assert_eq!(steps[1].answered, None);
        assert_eq!(ledger.open_rows(&run).await.unwrap(), [7]);

        let created = answered(7, 1, CallKind::Create, "done", 200, Some("c1"));
        ledger.write(&run, vec![Entry::Answered(created.clone())]).await.unwrap();
        assert_eq!(ledger.steps(&run, 7).await.unwrap()[1].answered, Some(created));
        assert_eq!(ledger.steps(&run, 8).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_answer_says_nothing_about_a_step_that_is_sent_again() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let again = answered(0, 0, CallKind::Create, "unclear", 500, None);
        ledger.write(&run, vec![intent(0, 0, CallKind::Create, 1), Entry::Answered(again)]).await.unwrap();
        ledger.write(&run, vec![intent(0, 0, CallKind::Create, 2)]).await.unwrap();
        let step = ledger.steps(&run, 0).await.unwrap().remove(0);
        assert_eq!((step.sent, step.answered), (2, None));
    })
    .await;
}

#[tokio::test]
async fn rows_come_back_in_order_and_whole() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let other = begin(&ledger, &new_run(2)).await;
        let mut rejected = RowRecord::unsent(
            Outcome::Rejected,
            vec![
                RowError::of_cell("phone.not_a_number", 3, "Telefone", "`x` | \"é\" 🙂"),
                RowError::of_row("row.too_few_cells", "the row has 2 cells"),
            ],
        );
        rejected.errors[0].column_index = 3;
        let records = [record(Outcome::Created, Some("c1")), rejected, record(Outcome::InDoubt, None)];
        for index in [2, 0, 1] {
            ledger.write(&run, vec![row(index as u64, records[index].clone(), vec![])]).await.unwrap();
        }
        ledger.write(&other, vec![row(9, records[0].clone(), vec![])]).await.unwrap();
        let all: Vec<_> = (0..).zip(records).collect();
        assert_eq!(place.open().await.rows(&run, 0, 100).await.unwrap(), all);
        assert_eq!(ledger.rows(&run, 1, 1).await.unwrap(), all[1..2]);
        assert_eq!(ledger.rows(&run, 3, 100).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_row_is_open_from_its_first_step_to_its_record() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let steps: Vec<_> = [5, 3, 4].into_iter().map(|row| intent(row, 0, CallKind::Update, 1)).collect();
        ledger.write(&run, steps.clone()).await.unwrap();
        assert_eq!(ledger.open_rows(&run).await.unwrap(), [3, 4, 5]);
        ledger.write(&run, vec![row(4, record(Outcome::Updated, None), vec![])]).await.unwrap();
        ledger.write(&run, vec![Entry::Answered(answered(4, 0, CallKind::Update, "done", 200, None))]).await.unwrap();
        assert_eq!(place.open().await.open_rows(&run).await.unwrap(), [3, 5]);
    })
    .await;
}

#[tokio::test]
async fn what_is_known_of_a_contact_is_merged() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let [phone, email, name, other] = ["phone", "email", "name", "other"].map(|text| ledger.key("test", text));
        let mut first = contact("c1", &[("phone", KnownValue::Held(phone)), ("custom.α", KnownValue::Empty)]);
        first.tags = Some(vec![name]);
        first.lists = vec![name];
        ledger.write(&run, vec![known("support", first.clone(), vec![phone])]).await.unwrap();
        assert_eq!(ledger.known("support", &[phone, email]).await.unwrap(), [Some(first.clone()), None]);

        let mut second = contact("c1", &[("custom.α", KnownValue::Held(other)), ("name", KnownValue::Empty)]);
        second.lists = vec![other, name];
        ledger.write(&run, vec![known("support", second, vec![email])]).await.unwrap();
        let mut merged = contact(
            "c1",
            &[("phone", KnownValue::Held(phone)), ("custom.α", KnownValue::Held(other)), ("name", KnownValue::Empty)],
        );
        merged.tags = Some(vec![name]);
        merged.lists = vec![other, name];
        let ledger = place.open().await;
        let found = ledger.known("support", &[email, other, phone, email]).await.unwrap();
        assert_eq!(found, [Some(merged.clone()), None, Some(merged.clone()), Some(merged.clone())]);
        assert_eq!(ledger.known_by_id("support", &RemoteId("c1".into())).await.unwrap(), Some(merged));
    })
    .await;
}

#[tokio::test]
async fn known_tags_are_replaced_and_may_be_none() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let [a, b] = ["a", "b"].map(|text| ledger.key("tag", text));
        let tags_after = async |ledger: &dyn Ledger, tags: Option<Vec<Key>>| {
            let mut contact = contact("c1", &[]);
            contact.tags = tags;
            ledger.write(&run, vec![known("support", contact, vec![])]).await.unwrap();
            ledger.known_by_id("support", &RemoteId("c1".into())).await.unwrap().unwrap().tags
        };
        assert_eq!(tags_after(ledger.as_ref(), None).await, None);
        assert_eq!(tags_after(ledger.as_ref(), Some(vec![a, b])).await, Some(vec![a, b]));
        assert_eq!(tags_after(ledger.as_ref(), Some(vec![b])).await, Some(vec![b]));
        assert_eq!(tags_after(ledger.as_ref(), None).await, Some(vec![b]));
        assert_eq!(tags_after(ledger.as_ref(), Some(vec![])).await, Some(vec![]));
    })
    .await;
}

#[tokio::test]
async fn accounts_know_nothing_of_each_other() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let key = ledger.key("email", "a@example.com");
        ledger
            .write(
                &run,
                vec![
                    known("support", contact("1", &[]), vec![key]),
                    known("sales", contact("2", &[]), vec![key]),
                    Entry::Gone { account: "support".into(), id: RemoteId("2".into()) },
                    Entry::Gone { account: "nobody".into(), id: RemoteId("2".into()) },
                ],
            )
            .await
            .unwrap();
        let id =
            async |account: &str| ledger.known(account, &[key]).await.unwrap().remove(0).map(|contact| contact.id.0);
        assert_eq!(
            (id("support").await, id("sales").await, id("nobody").await),
            (Some("1".to_owned()), Some("2".to_owned()), None)
        );
        assert!(ledger.known_by_id("sales", &RemoteId("1".into())).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_contact_that_is_gone_is_not_known_by_any_key() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let [a, b, c] = ["a", "b", "c"].map(|text| ledger.key("email", text));
        let gone = Entry::Gone { account: "support".into(), id: RemoteId("1".into()) };
        // The second contact has taken over the key `b` of the first.
        ledger
            .write(
                &run,
                vec![
                    known("support", contact("1", &[]), vec![a, b]),
                    known("support", contact("2", &[]), vec![b, c]),
                    gone.clone(),
                    gone,
                ],
            )
            .await
            .unwrap();
        let ids: Vec<_> =
            ledger.known("support", &[a, b, c]).await.unwrap().into_iter().map(|found| found.map(|c| c.id.0)).collect();
        assert_eq!(ids, [None, Some("2".to_owned()), Some("2".to_owned())]);
        assert!(ledger.known_by_id("support", &RemoteId("1".into())).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn before_images_come_back_latest_first_and_in_pages() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let field = |before: Value, after: Value| Change::Field { field: Field::custom("größe"), before, after };
        let changes = [
            Change::Created,
            field(Value::Text("=1+1".into()), Value::Clear),
            field(Value::Number("-12.50".into()), Value::Boolean(true)),
            field(Value::Date("2026-01-31".into()), Value::Timestamp("2026-01-31T12:00:00Z".into())),
            field(Value::Json(serde_json::json!({"a": [1, null]})), Value::Json(serde_json::json!("text"))),
            Change::TagAdded("vip".into()),
            Change::TagRemoved("old".into()),
            Change::ListAdded("news".into()),
            Change::ListRemoved("spam".into()),
        ];
        let images: Vec<_> = (0..)
            .zip(changes)
            .map(|(row, change)| BeforeImage {
                row,
                account: "support".into(),
                contact_id: RemoteId(format!("c{row}")),
                change,
            })
            .collect();
        for image in &images {
            ledger.write(&run, vec![Entry::Before(image.clone())]).await.unwrap();
        }
        let mut backwards = images;
        backwards.reverse();
        assert_eq!(place.open().await.before_images(&run, 0, 100).await.unwrap(), backwards);
        assert_eq!(ledger.before_images(&run, 4, 2).await.unwrap(), backwards[4..6]);
        assert_eq!(ledger.before_images(&run, 9, 2).await.unwrap(), []);
    })
    .await;
}

/// Two runs that touch one person: created by phone, later updated by e-mail.
async fn one_person(ledger: &LedgerHandle) -> (ClaimedRun, ClaimedRun, Key, Key) {
    let (phone, email) = (ledger.key("phone", "+60121234567"), ledger.key("email", "ann@example.com"));
    let first = begin(ledger, &new_run(1)).await;
    let created = answered(0, 1, CallKind::Create, "done", 200, Some("c-ann"));
    let mut before = BeforeImage {
        row: 0,
        account: "support".into(),
        contact_id: RemoteId("c-ann".into()),
        change: Change::Created,
    };
    ledger
        .write(
            &first,
            vec![
                Entry::Answered(answered(0, 0, CallKind::Find, "missing", 404, None)),
                intent(0, 1, CallKind::Create, 1),
                Entry::Answered(created),
                Entry::Before(before.clone()),
                known("support", contact("c-ann", &[("phone", KnownValue::Held(phone))]), vec![phone]),
                row(0, record(Outcome::Created, Some("c-ann")), vec![phone]),
                row(1, record(Outcome::Unchanged, Some("c-bob")), vec![ledger.key("email", "bob@example.com")]),
            ],
        )
        .await
        .unwrap();
    let second =
        begin(ledger, &NewRun { started: rolo::clock::unix_now().as_secs().max(STARTED) + 86_400, ..new_run(1) }).await;
    before.change = Change::TagAdded("vip".into());
    let failed = vec![RowError::of_cell("service.value", 1, "E-mail", "ann@example.com is taken")];
    ledger
        .write(
            &second,
            vec![
                known("support", contact("c-ann", &[]), vec![email]),
                Entry::Before(before),
                row(4, RowRecord { errors: failed, ..record(Outcome::Failed, Some("c-ann")) }, vec![email]),
            ],
        )
        .await
        .unwrap();
    (first, second, phone, email)
}

#[tokio::test]
async fn the_history_of_a_person_is_whole_by_whichever_key_one_asks() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second, phone, email) = one_person(&ledger).await;
        let expected = [
            (first.id(), 2, "call find: missing (404)".to_owned(), None),
            (first.id(), 2, "call create: done (200)".to_owned(), Some("c-ann")),
            (first.id(), 2, "row: created".to_owned(), Some("c-ann")),
            (second.id(), 6, "row: failed (service.value)".to_owned(), Some("c-ann")),
        ];
        for key in [phone, email, ledger.key("id", "c-ann")] {
            let events = ledger.history(&key).await.unwrap();
            let seen: Vec<_> = events
                .iter()
                .map(|event| {
                    let id = event.contact_id.as_ref().map(|id| id.0.as_str());
                    (&event.run, event.line, event.what.to_string(), id)
                })
                .collect();
            assert_eq!(seen, expected);
            assert!(events.iter().all(|event| event.account == "support" && event.file == "/tmp/contacts.csv"));
        }
        assert_eq!(ledger.history(&ledger.key("email", "nobody@example.com")).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_contact_of_another_account_with_the_same_id_is_another_person() {
    each(async |place| {
        let ledger = place.open().await;
        let (.., phone, _) = one_person(&ledger).await;
        let run = begin(&ledger, &NewRun { account: "sales".into(), identity: "sales".into(), ..new_run(3) }).await;
        ledger.write(&run, vec![row(0, record(Outcome::Created, Some("c-ann")), vec![])]).await.unwrap();
        assert!(ledger.history(&phone).await.unwrap().iter().all(|event| event.run != *run));
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_person_leaves_only_the_outcome_of_their_rows() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second, phone, email) = one_person(&ledger).await;
        let bob = ledger.key("email", "bob@example.com");
        // Two rows, two calls, two before-images, one contact with two keys, four keys of rows.
        assert_eq!(ledger.forget(&email).await.unwrap(), 2 + 2 + 2 + 3 + 4);
        for key in [phone, email, ledger.key("id", "c-ann")] {
            assert_eq!(ledger.history(&key).await.unwrap(), []);
        }
        assert_eq!(ledger.known("support", &[phone, email]).await.unwrap(), [None, None]);
        assert_eq!(ledger.before_images(&first, 0, 10).await.unwrap(), []);
        assert_eq!(ledger.before_images(&second, 0, 10).await.unwrap(), []);
        let rows = ledger.rows(&second, 0, 10).await.unwrap();
        assert_eq!((rows[0].1.outcome, &rows[0].1.contact_id), (Outcome::Failed, &None));
        assert_eq!(rows[0].1.errors, [RowError::of_cell("service.value", 1, "E-mail", "forgotten")]);
        assert_eq!(ledger.history(&bob).await.unwrap().len(), 1, "another person stays");
        assert_eq!(ledger.forget(&email).await.unwrap(), 0);
    })
    .await;
}

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

#[tokio::test]
async fn entries_are_written_all_or_none() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let error = ledger
            .write(
                &ClaimedRun::new(RunId("20261121-0931-zzz".into()), run.claim().clone()),
                vec![intent(0, 0, CallKind::Create, 1)],
            )
            .await
            .unwrap_err();
        assert_eq!(error.kind, rolo::error::ErrorKind::Stopped);
        assert!(ledger.open_rows(&run).await.unwrap().is_empty());
        ledger.write(&run, vec![]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn notes_and_listing_times_are_kept_by_account() {
    each(async |place| {
        let ledger = place.open().await;
        let note = AccountNote::FieldsOf(RunId("20261121-0931-k3f".into()));
        assert_eq!(ledger.note("support", &note).await.unwrap(), None);
        assert_eq!(ledger.listed_at("support").await.unwrap(), None);
        let run = begin(&ledger, &new_run(1)).await;
        ledger.set_note(&run, "support", &note, Some("a")).await.unwrap();
        ledger.set_note(&run, "support", &note, Some("b")).await.unwrap();
        ledger.set_note(&run, "sales", &note, Some("c")).await.unwrap();
        ledger.set_listed_at(&run, "support", Some(STARTED)).await.unwrap();
        let again = place.open().await;
        assert_eq!(again.note("support", &note).await.unwrap().as_deref(), Some("b"));
        assert_eq!(
            (again.listed_at("support").await.unwrap(), again.listed_at("sales").await.unwrap()),
            (Some(STARTED), None)
        );
        again.set_note(&run, "support", &note, None).await.unwrap();
        again.set_listed_at(&run, "support", None).await.unwrap();
        assert_eq!(ledger.note("support", &note).await.unwrap(), None);
        assert_eq!(ledger.note("sales", &note).await.unwrap().as_deref(), Some("c"));
        assert_eq!(ledger.listed_at("support").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn keys_are_the_same_each_time_a_ledger_is_opened_and_differ_between_ledgers() {
    each(async |place| {
        let key = place.open().await.key("email", "ann@example.com");
        assert_eq!(place.open().await.key("email", "ann@example.com"), key);
        assert_eq!(place.open().await.hasher().key("email", "ann@example.com"), key);
        assert_ne!(place.another().open().await.key("email", "ann@example.com"), key);
    })
    .await;
}

mod model {
    //! Generated histories against a ledger of plain maps.

    use proptest::prelude::*;
    use rolo::journal::StepRecord;

    use super::*;

    #[derive(Default)]
    struct Model {
        rows: BTreeMap<u64, RowRecord>,
        steps: BTreeMap<u64, BTreeMap<u32, StepRecord>>,
        contacts: BTreeMap<String, KnownContact>,
        by_key: BTreeMap<Key, String>,
        before: Vec<BeforeImage>,
        rested: BTreeSet<u64>,
    }

    impl Model {
        fn apply(&mut self, entry: &Entry) {
            match entry {
                Entry::Intent(intent) => {
                    let steps = self.steps.entry(intent.row).or_default();
                    // Every intent is one more, whatever number it gives itself.
                    let sent = steps.get(&intent.step).map_or(0, |step| step.sent + 1).max(intent.attempt);
                    let step = StepRecord { step: intent.step, kind: intent.kind, sent, answered: None };
                    steps.insert(intent.step, step);
                }
                Entry::Answered(answered) => {
                    let steps = self.steps.entry(answered.row).or_default();
                    let sent = steps.get(&answered.step).map_or(0, |step| step.sent).max(answered.attempts);
                    let step =
                        StepRecord { step: answered.step, kind: answered.kind, sent, answered: Some(answered.clone()) };
                    steps.insert(answered.step, step);
                }
                Entry::Known { contact, keys, .. } => {
                    let known =
                        self.contacts.entry(contact.id.0.clone()).or_insert_with(|| super::contact(&contact.id.0, &[]));
                    known.fields.extend(contact.fields.clone());
                    known.tags = contact.tags.clone().or(known.tags.take());
                    // Whoever writes without having been told knows all the lists; one may be gone.
                    known.lists.clone_from(&contact.lists);
                    self.by_key.extend(keys.iter().map(|key| (*key, contact.id.0.clone())));
                }
                Entry::Rested { row } => drop(self.rested.insert(*row)),
                Entry::Settled { .. }
                | Entry::TakenOver { .. }
                | Entry::LookAgain { .. }
                | Entry::LookedAgain { .. } => {}
                Entry::Gone { id, .. } => {
                    self.contacts.remove(&id.0);
                    self.by_key.retain(|_, known| *known != id.0);
                }
                Entry::Before(image) => self.before.insert(0, image.clone()),
                Entry::Row { position, record, .. } => drop(self.rows.insert(position.index, record.clone())),
            }
        }

        async fn check(&self, ledger: &dyn Ledger, run: &RunId) {
            let rows: Vec<_> = self.rows.iter().map(|(index, record)| (*index, record.clone())).collect();
            assert_eq!(ledger.rows(run, 0, 1000).await.unwrap(), rows);
            let rested = self.rested.iter().filter(|row| !self.rows.contains_key(row)).count();
            assert_eq!(ledger.rested(run).await.unwrap(), rested as u64);
            let open: Vec<_> = self.steps.keys().copied().filter(|row| !self.rows.contains_key(row)).collect();
            assert_eq!(ledger.open_rows(run).await.unwrap(), open);
            for row in open {
                let steps: Vec<_> = self.steps[&row].values().cloned().collect();
                assert_eq!(ledger.steps(run, row).await.unwrap(), steps);
            }
            let known: Vec<_> =
                KEYS.iter().map(|key| self.by_key.get(key).map(|id| self.contacts[id].clone())).collect();
            assert_eq!(ledger.known("support", &KEYS).await.unwrap(), known);
            for id in IDS {
                let found = ledger.known_by_id("support", &RemoteId(id.into())).await.unwrap();
                assert_eq!(found.as_ref(), self.contacts.get(id));
            }
            assert_eq!(ledger.before_images(run, 0, 1000).await.unwrap(), self.before);
        }
    }

    const KEYS: [Key; 4] = [Key([1; 16]), Key([2; 16]), Key([3; 16]), Key([4; 16])];
    const IDS: [&str; 3] = ["1", "2", "3"];
    const FIELDS: [&str; 3] = ["phone", "custom.a", "custom.b"];

    fn keys() -> impl Strategy<Value = Vec<Key>> {
        prop::sample::subsequence(KEYS.to_vec(), 0..=KEYS.len())
    }

    fn id() -> impl Strategy<Value = RemoteId> {
        prop::sample::select(&IDS[..]).prop_map(|id| RemoteId(id.to_owned()))
    }

    fn kind() -> impl Strategy<Value = CallKind> {
        prop::sample::select(&CallKind::ALL[..])
    }

    fn contact() -> impl Strategy<Value = KnownContact> {
        let value = prop_oneof![Just(KnownValue::Empty), prop::sample::select(&KEYS[..]).prop_map(KnownValue::Held)];
        let name = prop::sample::select(&FIELDS[..]).prop_map(str::to_owned);
        (id(), prop::collection::btree_map(name, value, 0..4), prop::option::of(keys()), keys()).prop_map(
            |(id, fields, tags, lists)| KnownContact {
                id,
                fields,
                tags,
                lists,
                values: None,
                seen_at: 0,
                applied: None,
            },
        )
    }

    fn record() -> impl Strategy<Value = RowRecord> {
        let error = (any::<String>(), prop::option::of(0..9_usize)).prop_map(|(text, column)| match column {
            Some(column) => RowError::of_cell("value.too_long", column, &text, text.clone()),
            None => RowError::of_row("identifier.missing", text),
        });
        let outcome = prop::sample::select(&Outcome::ALL[..]);
        (
            outcome,
            prop::option::of(id()),
            any::<u32>(),
            any::<u32>(),
            any::<Option<u16>>(),
            prop::collection::vec(error, 0..3),
        )
            .prop_map(|(outcome, contact_id, calls, attempts, http_status, errors)| RowRecord {
                outcome,
                contact_id,
                calls,
                attempts,
                http_status,
                errors,
            })
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let account = "support".to_owned();
        let intent = (0..5_u64, 0..3_u32, kind(), 1..9_u32).prop_map(|(row, step, kind, attempt)| {
            Entry::Intent(Intent { row, step, kind, attempt, creates: Vec::new() })
        });
        let answered = (
            0..5_u64,
            0..3_u32,
            kind(),
            1..9_u32,
            any::<Option<u16>>(),
            prop::sample::select(&["done", "exists", "missing", "refused", "unclear"][..]),
            prop::option::of(id()),
        )
            .prop_map(|(row, step, kind, attempts, http_status, verdict, contact_id)| {
                let verdict = CallVerdict::from_name(verdict).unwrap();
                Entry::Answered(Answered { row, step, kind, attempts, http_status, verdict, contact_id })
            });
        let known = (contact(), keys()).prop_map(|(contact, keys)| Entry::Known {
            account: "support".to_owned(),
            contact,
            keys,
            told: false,
        });
        let gone = id().prop_map(move |id| Entry::Gone { account: account.clone(), id });
        let before = (0..5_u64, id(), any::<String>()).prop_map(|(row, contact_id, tag)| {
            Entry::Before(BeforeImage { row, account: "support".to_owned(), contact_id, change: Change::TagAdded(tag) })
        });
        let row = (0..5_u64, record(), keys()).prop_map(|(index, record, keys)| Entry::Row {
            position: Position { index, line: index + 2, sheet: 0 },
            record,
            keys,
        });
        let rested = (0..9_u64).prop_map(|row| Entry::Rested { row });
        prop_oneof![4 => rested, 3 => intent, 3 => answered, 4 => known, 1 => gone, 1 => before, 2 => row]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn any_history_is_remembered_as_a_plain_map_would(
            batches in prop::collection::vec((prop::collection::vec(entry(), 0..12), any::<bool>()), 1..8)
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(each(async |place| {
                let mut ledger = place.open().await;
                let run = begin(&ledger, &new_run(1)).await;
                let mut model = Model::default();
                for (entries, reopen) in &batches {
                    ledger.write(&run, entries.clone()).await.unwrap();
                    for entry in entries {
                        model.apply(entry);
                    }
                    if *reopen {
                        ledger = place.open().await;
                    }
                    model.check(ledger.as_ref(), &run).await;
                }
            }));
        }
    }
}
