//! What every ledger promises, held against each backend in [`BACKENDS`](crate::backends::BACKENDS).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolo::contact::{CallKind, Counts, Field, Outcome, Position, RemoteId, RowError, RowRecord, Value};
use rolo::journal::{
    AccountNote, Answered, Applied, BeforeImage, CallVerdict, Change, Entry, Intent, Key, KnownContact, KnownValue,
    Memory, RunId,
};
use rolo::ledger::{ClaimedRun, Fingerprint, Ledger, LedgerHandle, NewRun, RunKind, RunState};

use crate::backends::{begin, each};

mod budget;
mod leads;
mod model;
mod people;

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
        ledger.set_took(&id, Duration::from_micros(1_700)).await.unwrap();
        assert_eq!(ledger.run(&id).await.unwrap().unwrap().took, Some(Duration::from_micros(1_700)), "so far");
        ledger.set_took(&id, Duration::from_micros(1_500)).await.unwrap();
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
async fn calls_are_told_by_kind_and_time_whether_their_row_has_ended_or_not() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let other = begin(&ledger, &new_run(2)).await;
        let find = Entry::Answered(answered(0, 0, CallKind::Find, "missing", 404, None));
        let mut create = answered(0, 1, CallKind::Create, "done", 200, Some("c1"));
        create.attempts = 3;
        ledger.write(&run, vec![find.clone(), Entry::Answered(create)]).await.unwrap();
        ledger.write(&run, vec![row(0, record(Outcome::Created, Some("c1")), vec![])]).await.unwrap();
        ledger.write(&run, vec![intent(1, 0, CallKind::Update, 1)]).await.unwrap();
        ledger.write(&other, vec![find]).await.unwrap();

        let calls = place.open().await.calls_over_time(&run).await.unwrap();
        let of = |kind| calls.iter().filter(|calls| calls.kind == kind).map(|calls| calls.calls).sum::<u64>();
        assert_eq!([CallKind::Find, CallKind::Create, CallKind::Update].map(of), [1, 3, 1]);
        assert_eq!(calls.iter().map(|calls| calls.calls).sum::<u64>(), 5, "{calls:?}");
        assert!(calls.is_sorted_by_key(|calls| calls.at), "{calls:?}");
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

/// Whether a ledger opens what is sealed for a row that was applied is its own affair.
#[tokio::test]
async fn a_contact_whose_row_was_applied_need_not_be_told_whole() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let [key, row, other] = ["key", "row", "other"].map(|text| ledger.key("test", text));
        let applied = Applied { run: run.id().clone(), rows: vec![other, row], at: 7 };
        let contact = KnownContact { applied: Some(applied.clone()), ..contact("c1", &[("name", KnownValue::Empty)]) };
        ledger.write(&run, vec![known("support", contact.clone(), vec![key])]).await.unwrap();
        let asked = [(key, Some(row)), (key, Some(key)), (key, None), (row, Some(row))];
        let found = ledger.known_or_applied("support", &asked).await.unwrap();
        match &found[0] {
            Some(Memory::AsApplied(brief)) => assert_eq!((&brief.id, &brief.applied), (&contact.id, &applied)),
            whole => assert_eq!(*whole, Some(Memory::Whole(contact.clone()))),
        }
        let whole = Some(Memory::Whole(contact));
        assert_eq!(found[1..], [whole.clone(), whole, None]);
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
