//! What every ledger promises, held against each backend in [`BACKENDS`]. A backend joins with one
//! line there.

use std::collections::BTreeMap;
use std::path::Path;

use rolo::contact::{CallKind, Counts, Field, Outcome, Position, RemoteId, RowError, RowRecord, Value};
use rolo::ledger::{
    Answered, BeforeImage, Change, Entry, Fingerprint, Intent, Key, KnownContact, KnownValue, Ledger, NewRun, RunId,
    RunState, sqlite,
};

type Open = fn(&Path) -> Box<dyn Ledger>;

pub const BACKENDS: &[Open] = &[|folder| Box::new(sqlite::open(&folder.join("ledger.db")).unwrap())];

/// A ledger that can be opened again and again.
pub struct Place {
    folder: tempfile::TempDir,
    open: Open,
}

impl Place {
    pub fn new(open: Open) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), open }
    }

    pub fn open(&self) -> Box<dyn Ledger> {
        (self.open)(self.folder.path())
    }
}

fn each(check: impl Fn(&Place)) {
    for open in BACKENDS {
        check(&Place::new(*open));
    }
}

const STARTED: u64 = 1_795_253_460; // 2026-11-21 09:31:00 UTC
const MICROS: u64 = 1_000_000;

pub fn new_run(fingerprint: u8) -> NewRun {
    NewRun {
        command: "import".into(),
        fingerprint: Fingerprint([fingerprint; 32]),
        account: "support".into(),
        service: "respondio-v1".into(),
        file: "/tmp/contacts.csv".into(),
        options: serde_json::json!({"region": "MY", "limit": null}),
        started: STARTED,
    }
}

fn intent(row: u64, step: u32, kind: CallKind, attempt: u32) -> Entry {
    Entry::Intent(Intent { row, step, kind, attempt, at: (STARTED + 1) * MICROS })
}

fn answered(row: u64, step: u32, kind: CallKind, verdict: &str, status: u16, id: Option<&str>) -> Answered {
    Answered {
        row,
        step,
        kind,
        attempts: 1,
        http_status: Some(status),
        verdict: verdict.into(),
        contact_id: id.map(|id| RemoteId(id.into())),
        at: (STARTED + 2) * MICROS,
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
    }
}

fn known(account: &str, contact: KnownContact, keys: Vec<Key>) -> Entry {
    Entry::Known { account: account.into(), contact, keys }
}

#[test]
fn a_run_begins_running_and_is_found_again() {
    each(|place| {
        let id = place.open().begin(&new_run(1)).unwrap();
        let ledger = place.open();
        assert!(id.0.starts_with("20261121-0931-") && id.0.len() == 17, "{id}");
        let run = ledger.run(&id).unwrap().unwrap();
        assert_eq!((run.id.clone(), run.state, run.ended), (id.clone(), RunState::Running, None));
        assert_eq!(run.counts, Counts::default());
        assert_eq!(run.new.command, "import");
        assert_eq!(run.new.fingerprint, Fingerprint([1; 32]));
        assert_eq!((run.new.account.as_str(), run.new.service.as_str()), ("support", "respondio-v1"));
        assert_eq!((run.new.file.as_str(), run.new.started), ("/tmp/contacts.csv", STARTED));
        assert_eq!(run.new.options, serde_json::json!({"region": "MY", "limit": null}));
        assert_eq!(ledger.unfinished(&Fingerprint([1; 32])).unwrap().unwrap().id, id);
        assert!(ledger.unfinished(&Fingerprint([2; 32])).unwrap().is_none());
        assert!(ledger.run(&RunId("nobody".into())).unwrap().is_none());
    });
}

#[test]
fn runs_are_listed_latest_first_and_their_ids_sort_by_time() {
    each(|place| {
        let mut ledger = place.open();
        let ids: Vec<_> = (0..50).map(|_| ledger.begin(&new_run(1)).unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        let listed: Vec<_> = ledger.runs(3).unwrap().into_iter().map(|run| run.id).collect();
        assert_eq!(listed, [ids[49].clone(), ids[48].clone(), ids[47].clone()]);
        assert_eq!(ledger.unfinished(&Fingerprint([1; 32])).unwrap().unwrap().id, ids[49]);
    });
}

#[test]
fn a_run_that_ended_well_is_not_offered_for_resuming() {
    each(|place| {
        let mut ledger = place.open();
        let id = ledger.begin(&new_run(1)).unwrap();
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
            ledger.set_state(&id, state, &counts).unwrap();
            assert_eq!(ledger.unfinished(&Fingerprint([1; 32])).unwrap().is_some(), resumable, "{}", state.name());
            let run = ledger.run(&id).unwrap().unwrap();
            assert_eq!((run.state, run.counts, run.ended.is_none()), (state, counts, state == RunState::Running));
        }
    });
}

#[test]
fn an_intent_without_an_answer_says_that_nobody_knows() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let found = answered(7, 0, CallKind::Find, "missing", 404, None);
        ledger.write(&run, &[Entry::Answered(found.clone()), intent(7, 1, CallKind::Create, 1)]).unwrap();
        let steps = place.open().steps(&run, 7).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].step, steps[0].kind, steps[0].sent), (0, CallKind::Find, 1));
        assert_eq!(steps[0].answered.as_ref(), Some(&found));
        assert_eq!((steps[1].step, steps[1].kind, steps[1].sent), (1, CallKind::Create, 1));
        assert_eq!(steps[1].answered, None);
        assert_eq!(ledger.open_rows(&run).unwrap(), [7]);

        let created = answered(7, 1, CallKind::Create, "done", 200, Some("c1"));
        ledger.write(&run, &[Entry::Answered(created.clone())]).unwrap();
        assert_eq!(ledger.steps(&run, 7).unwrap()[1].answered, Some(created));
        assert_eq!(ledger.steps(&run, 8).unwrap(), []);
    });
}

#[test]
fn an_answer_says_nothing_about_a_step_that_is_sent_again() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let again = answered(0, 0, CallKind::Create, "again", 429, None);
        ledger.write(&run, &[intent(0, 0, CallKind::Create, 1), Entry::Answered(again)]).unwrap();
        ledger.write(&run, &[intent(0, 0, CallKind::Create, 2)]).unwrap();
        let step = ledger.steps(&run, 0).unwrap().remove(0);
        assert_eq!((step.sent, step.answered), (2, None));
    });
}

#[test]
fn rows_come_back_in_order_and_whole() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let other = ledger.begin(&new_run(2)).unwrap();
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
            ledger.write(&run, &[row(index as u64, records[index].clone(), vec![])]).unwrap();
        }
        ledger.write(&other, &[row(9, records[0].clone(), vec![])]).unwrap();
        let all: Vec<_> = (0..).zip(records).collect();
        assert_eq!(place.open().rows(&run, 0, 100).unwrap(), all);
        assert_eq!(ledger.rows(&run, 1, 1).unwrap(), all[1..2]);
        assert_eq!(ledger.rows(&run, 3, 100).unwrap(), []);
    });
}

#[test]
fn a_row_is_open_from_its_first_step_to_its_record() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let steps: Vec<_> = [5, 3, 4].into_iter().map(|row| intent(row, 0, CallKind::Update, 1)).collect();
        ledger.write(&run, &steps).unwrap();
        assert_eq!(ledger.open_rows(&run).unwrap(), [3, 4, 5]);
        ledger.write(&run, &[row(4, record(Outcome::Updated, None), vec![])]).unwrap();
        ledger.write(&run, &[Entry::Answered(answered(4, 0, CallKind::Update, "done", 200, None))]).unwrap();
        assert_eq!(place.open().open_rows(&run).unwrap(), [3, 5]);
    });
}

#[test]
fn what_is_known_of_a_contact_is_merged() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let [phone, email, name, other] = ["phone", "email", "name", "other"].map(|text| ledger.key("test", text));
        let mut first = contact("c1", &[("phone", KnownValue::Held(phone)), ("custom.α", KnownValue::Empty)]);
        first.tags = Some(vec![name]);
        first.lists = vec![name];
        ledger.write(&run, &[known("support", first.clone(), vec![phone])]).unwrap();
        assert_eq!(ledger.known("support", &[phone, email]).unwrap(), [Some(first.clone()), None]);

        let mut second = contact("c1", &[("custom.α", KnownValue::Held(other)), ("name", KnownValue::Empty)]);
        second.lists = vec![other, name];
        ledger.write(&run, &[known("support", second, vec![email])]).unwrap();
        let mut merged = contact(
            "c1",
            &[("phone", KnownValue::Held(phone)), ("custom.α", KnownValue::Held(other)), ("name", KnownValue::Empty)],
        );
        merged.tags = Some(vec![name]);
        merged.lists = vec![name, other];
        let ledger = place.open();
        let found = ledger.known("support", &[email, other, phone, email]).unwrap();
        assert_eq!(found, [Some(merged.clone()), None, Some(merged.clone()), Some(merged.clone())]);
        assert_eq!(ledger.known_by_id("support", &RemoteId("c1".into())).unwrap(), Some(merged));
    });
}

#[test]
fn known_tags_are_replaced_and_may_be_none() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let [a, b] = ["a", "b"].map(|text| ledger.key("tag", text));
        let tags_after = |ledger: &mut dyn Ledger, tags: Option<Vec<Key>>| {
            let mut contact = contact("c1", &[]);
            contact.tags = tags;
            ledger.write(&run, &[known("support", contact, vec![])]).unwrap();
            ledger.known_by_id("support", &RemoteId("c1".into())).unwrap().unwrap().tags
        };
        assert_eq!(tags_after(ledger.as_mut(), None), None);
        assert_eq!(tags_after(ledger.as_mut(), Some(vec![a, b])), Some(vec![a, b]));
        assert_eq!(tags_after(ledger.as_mut(), Some(vec![b])), Some(vec![b]));
        assert_eq!(tags_after(ledger.as_mut(), None), Some(vec![b]));
        assert_eq!(tags_after(ledger.as_mut(), Some(vec![])), Some(vec![]));
    });
}

#[test]
fn accounts_know_nothing_of_each_other() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let key = ledger.key("email", "a@example.com");
        ledger
            .write(
                &run,
                &[
                    known("support", contact("1", &[]), vec![key]),
                    known("sales", contact("2", &[]), vec![key]),
                    Entry::Gone { account: "support".into(), id: RemoteId("2".into()) },
                    Entry::Gone { account: "nobody".into(), id: RemoteId("2".into()) },
                ],
            )
            .unwrap();
        let id = |account: &str| ledger.known(account, &[key]).unwrap().remove(0).map(|contact| contact.id.0);
        assert_eq!((id("support"), id("sales"), id("nobody")), (Some("1".to_owned()), Some("2".to_owned()), None));
        assert!(ledger.known_by_id("sales", &RemoteId("1".into())).unwrap().is_none());
    });
}

#[test]
fn a_contact_that_is_gone_is_not_known_by_any_key() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|text| ledger.key("email", text));
        let gone = Entry::Gone { account: "support".into(), id: RemoteId("1".into()) };
        // The second contact has taken over the key `b` of the first.
        ledger
            .write(
                &run,
                &[
                    known("support", contact("1", &[]), vec![a, b]),
                    known("support", contact("2", &[]), vec![b, c]),
                    gone.clone(),
                    gone,
                ],
            )
            .unwrap();
        let ids: Vec<_> =
            ledger.known("support", &[a, b, c]).unwrap().into_iter().map(|found| found.map(|c| c.id.0)).collect();
        assert_eq!(ids, [None, Some("2".to_owned()), Some("2".to_owned())]);
        assert!(ledger.known_by_id("support", &RemoteId("1".into())).unwrap().is_none());
    });
}

#[test]
fn before_images_come_back_latest_first_and_in_pages() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
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
            ledger.write(&run, &[Entry::Before(image.clone())]).unwrap();
        }
        let mut backwards = images;
        backwards.reverse();
        assert_eq!(place.open().before_images(&run, 0, 100).unwrap(), backwards);
        assert_eq!(ledger.before_images(&run, 4, 2).unwrap(), backwards[4..6]);
        assert_eq!(ledger.before_images(&run, 9, 2).unwrap(), []);
    });
}

/// Two runs that touch one person: created by phone, later updated by e-mail.
fn one_person(ledger: &mut dyn Ledger) -> (RunId, RunId, Key, Key) {
    let (phone, email) = (ledger.key("phone", "+60121234567"), ledger.key("email", "ann@example.com"));
    let first = ledger.begin(&new_run(1)).unwrap();
    let mut created = answered(0, 1, CallKind::Create, "done", 200, Some("c-ann"));
    created.at = (STARTED + 5) * MICROS;
    let mut before = BeforeImage {
        row: 0,
        account: "support".into(),
        contact_id: RemoteId("c-ann".into()),
        change: Change::Created,
    };
    ledger
        .write(
            &first,
            &[
                Entry::Answered(answered(0, 0, CallKind::Find, "missing", 404, None)),
                intent(0, 1, CallKind::Create, 1),
                Entry::Answered(created),
                Entry::Before(before.clone()),
                known("support", contact("c-ann", &[("phone", KnownValue::Held(phone))]), vec![phone]),
                row(0, record(Outcome::Created, Some("c-ann")), vec![phone]),
                row(1, record(Outcome::Unchanged, Some("c-bob")), vec![ledger.key("email", "bob@example.com")]),
            ],
        )
        .unwrap();
    let second = ledger.begin(&NewRun { started: STARTED + 86_400, ..new_run(1) }).unwrap();
    before.change = Change::TagAdded("vip".into());
    let failed = vec![RowError::of_cell("service.value", 1, "E-mail", "ann@example.com is taken")];
    ledger
        .write(
            &second,
            &[
                known("support", contact("c-ann", &[]), vec![email]),
                Entry::Before(before),
                row(4, RowRecord { errors: failed, ..record(Outcome::Failed, Some("c-ann")) }, vec![email]),
            ],
        )
        .unwrap();
    (first, second, phone, email)
}

#[test]
fn the_history_of_a_person_is_whole_by_whichever_key_one_asks() {
    each(|place| {
        let mut ledger = place.open();
        let (first, second, phone, email) = one_person(ledger.as_mut());
        let expected = [
            (STARTED + 2, &first, 2, "call find: missing (404)", None),
            (STARTED + 5, &first, 2, "call create: done (200)", Some("c-ann")),
            (STARTED + 5, &first, 2, "row: created", Some("c-ann")),
            (STARTED + 86_400, &second, 6, "row: failed (service.value)", Some("c-ann")),
        ];
        for key in [phone, email, ledger.key("id", "c-ann")] {
            let events = ledger.history(&key).unwrap();
            let seen: Vec<_> = events
                .iter()
                .map(|event| {
                    let id = event.contact_id.as_ref().map(|id| id.0.as_str());
                    (event.at, &event.run, event.line, event.what.as_str(), id)
                })
                .collect();
            assert_eq!(seen, expected);
            assert!(events.iter().all(|event| event.account == "support" && event.file == "/tmp/contacts.csv"));
        }
        assert_eq!(ledger.history(&ledger.key("email", "nobody@example.com")).unwrap(), []);
    });
}

#[test]
fn a_contact_of_another_account_with_the_same_id_is_another_person() {
    each(|place| {
        let mut ledger = place.open();
        let (.., phone, _) = one_person(ledger.as_mut());
        let run = ledger.begin(&NewRun { account: "sales".into(), ..new_run(3) }).unwrap();
        ledger.write(&run, &[row(0, record(Outcome::Created, Some("c-ann")), vec![])]).unwrap();
        assert!(ledger.history(&phone).unwrap().iter().all(|event| event.run != run));
    });
}

#[test]
fn a_forgotten_person_leaves_only_the_outcome_of_their_rows() {
    each(|place| {
        let mut ledger = place.open();
        let (first, second, phone, email) = one_person(ledger.as_mut());
        let bob = ledger.key("email", "bob@example.com");
        // Two rows, two calls, two before-images, one contact with two keys, four keys of rows.
        assert_eq!(ledger.forget(&email).unwrap(), 2 + 2 + 2 + 3 + 4);
        for key in [phone, email, ledger.key("id", "c-ann")] {
            assert_eq!(ledger.history(&key).unwrap(), []);
        }
        assert_eq!(ledger.known("support", &[phone, email]).unwrap(), [None, None]);
        assert_eq!(ledger.before_images(&first, 0, 10).unwrap(), []);
        assert_eq!(ledger.before_images(&second, 0, 10).unwrap(), []);
        let rows = ledger.rows(&second, 0, 10).unwrap();
        assert_eq!((rows[0].1.outcome, &rows[0].1.contact_id), (Outcome::Failed, &None));
        assert_eq!(rows[0].1.errors, [RowError::of_cell("service.value", 1, "E-mail", "forgotten")]);
        assert_eq!(ledger.history(&bob).unwrap().len(), 1, "another person stays");
        assert_eq!(ledger.forget(&email).unwrap(), 0);
    });
}

#[test]
fn reserved_moments_are_a_period_apart_for_all_who_share_a_scope() {
    each(|place| {
        let (mut one, mut two) = (place.open(), place.open());
        let now = STARTED * MICROS;
        assert_eq!(one.reserve("key-1", now, 300_000).unwrap(), now);
        assert_eq!(two.reserve("key-1", now, 300_000).unwrap(), now + 300_000);
        assert_eq!(one.reserve("key-1", now + 1, 300_000).unwrap(), now + 600_000);
        assert_eq!(two.reserve("key-2", now, 300_000).unwrap(), now);
        // No credit is saved while nobody calls.
        let later = now + 100 * MICROS;
        assert_eq!(two.reserve("key-1", later, 300_000).unwrap(), later);
        assert_eq!(one.reserve("key-1", later, 300_000).unwrap(), later + 300_000);
    });
}

#[test]
fn a_postponement_holds_for_all_who_share_a_scope() {
    each(|place| {
        let (mut one, mut two) = (place.open(), place.open());
        let now = STARTED * MICROS;
        one.reserve("key", now, 300_000).unwrap();
        one.postpone("key", now + 60 * MICROS).unwrap();
        one.postpone("key", now + 30 * MICROS).unwrap();
        assert_eq!(two.reserve("key", now, 300_000).unwrap(), now + 60 * MICROS);
        assert_eq!(one.reserve("key", now, 300_000).unwrap(), now + 60 * MICROS + 300_000);
    });
}

#[test]
fn a_clock_that_is_set_gives_neither_an_early_moment_nor_a_long_wait() {
    each(|place| {
        let mut ledger = place.open();
        let (now, hour) = (STARTED * MICROS, 3600 * MICROS);
        assert_eq!(ledger.reserve("key", now, 300_000).unwrap(), now);
        let back = now - hour;
        assert_eq!(ledger.reserve("key", back, 300_000).unwrap(), back + 300_000);
        assert_eq!(ledger.reserve("key", back, 300_000).unwrap(), back + 600_000);
        assert_eq!(ledger.reserve("key", now, 300_000).unwrap(), now);
    });
}

#[test]
fn entries_are_written_all_or_none() {
    each(|place| {
        let mut ledger = place.open();
        let run = ledger.begin(&new_run(1)).unwrap();
        let error = ledger.write(&RunId("20261121-0931-zzz".into()), &[intent(0, 0, CallKind::Create, 1)]).unwrap_err();
        assert_eq!(error.kind, rolo::error::ErrorKind::Stopped);
        assert!(ledger.open_rows(&run).unwrap().is_empty());
        ledger.write(&run, &[]).unwrap();
    });
}

#[test]
fn notes_and_listing_times_are_kept_by_account() {
    each(|place| {
        let mut ledger = place.open();
        assert_eq!(ledger.note("support", "cursor").unwrap(), None);
        assert_eq!(ledger.listed_at("support").unwrap(), None);
        ledger.set_note("support", "cursor", Some("a")).unwrap();
        ledger.set_note("support", "cursor", Some("b")).unwrap();
        ledger.set_note("sales", "cursor", Some("c")).unwrap();
        ledger.set_listed_at("support", Some(STARTED)).unwrap();
        let mut again = place.open();
        assert_eq!(again.note("support", "cursor").unwrap().as_deref(), Some("b"));
        assert_eq!((again.listed_at("support").unwrap(), again.listed_at("sales").unwrap()), (Some(STARTED), None));
        again.set_note("support", "cursor", None).unwrap();
        again.set_listed_at("support", None).unwrap();
        assert_eq!(ledger.note("support", "cursor").unwrap(), None);
        assert_eq!(ledger.note("sales", "cursor").unwrap().as_deref(), Some("c"));
        assert_eq!(ledger.listed_at("support").unwrap(), None);
    });
}

#[test]
fn keys_are_the_same_each_time_a_ledger_is_opened_and_differ_between_ledgers() {
    each(|place| {
        let key = place.open().key("email", "ann@example.com");
        assert_eq!(place.open().key("email", "ann@example.com"), key);
        assert_eq!(place.open().hasher().key("email", "ann@example.com"), key);
        let elsewhere = Place::new(place.open);
        assert_ne!(elsewhere.open().key("email", "ann@example.com"), key);
    });
}

mod model {
    //! Generated histories against a ledger of plain maps.

    use proptest::prelude::*;
    use rolo::ledger::StepRecord;

    use super::*;

    #[derive(Default)]
    struct Model {
        rows: BTreeMap<u64, RowRecord>,
        steps: BTreeMap<u64, BTreeMap<u32, StepRecord>>,
        contacts: BTreeMap<String, KnownContact>,
        by_key: BTreeMap<Key, String>,
        before: Vec<BeforeImage>,
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
                    for list in &contact.lists {
                        if !known.lists.contains(list) {
                            known.lists.push(*list);
                        }
                    }
                    self.by_key.extend(keys.iter().map(|key| (*key, contact.id.0.clone())));
                }
                Entry::Gone { id, .. } => {
                    self.contacts.remove(&id.0);
                    self.by_key.retain(|_, known| *known != id.0);
                }
                Entry::Before(image) => self.before.insert(0, image.clone()),
                Entry::Row { position, record, .. } => drop(self.rows.insert(position.index, record.clone())),
            }
        }

        fn check(&self, ledger: &dyn Ledger, run: &RunId) {
            let rows: Vec<_> = self.rows.iter().map(|(index, record)| (*index, record.clone())).collect();
            assert_eq!(ledger.rows(run, 0, 1000).unwrap(), rows);
            let open: Vec<_> = self.steps.keys().copied().filter(|row| !self.rows.contains_key(row)).collect();
            assert_eq!(ledger.open_rows(run).unwrap(), open);
            for row in open {
                let steps: Vec<_> = self.steps[&row].values().cloned().collect();
                assert_eq!(ledger.steps(run, row).unwrap(), steps);
            }
            let known: Vec<_> =
                KEYS.iter().map(|key| self.by_key.get(key).map(|id| self.contacts[id].clone())).collect();
            assert_eq!(ledger.known("support", &KEYS).unwrap(), known);
            for id in IDS {
                let found = ledger.known_by_id("support", &RemoteId(id.into())).unwrap();
                assert_eq!(found.as_ref(), self.contacts.get(id));
            }
            assert_eq!(ledger.before_images(run, 0, 1000).unwrap(), self.before);
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
        (id(), prop::collection::btree_map(name, value, 0..4), prop::option::of(keys()), keys())
            .prop_map(|(id, fields, tags, lists)| KnownContact { id, fields, tags, lists })
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
        let intent = (0..5_u64, 0..3_u32, kind(), 1..9_u32, 0..1_u64 << 50)
            .prop_map(|(row, step, kind, attempt, at)| Entry::Intent(Intent { row, step, kind, attempt, at }));
        let answered = (
            0..5_u64,
            0..3_u32,
            kind(),
            1..9_u32,
            any::<Option<u16>>(),
            "[a-z]{1,8}",
            prop::option::of(id()),
            0..1_u64 << 50,
        )
            .prop_map(|(row, step, kind, attempts, http_status, verdict, contact_id, at)| {
                Entry::Answered(Answered { row, step, kind, attempts, http_status, verdict, contact_id, at })
            });
        let known = (contact(), keys()).prop_map(|(contact, keys)| Entry::Known {
            account: "support".to_owned(),
            contact,
            keys,
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
        prop_oneof![3 => intent, 3 => answered, 4 => known, 1 => gone, 1 => before, 2 => row]
    }

    proptest! {
            #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

            #[test]
            fn any_history_is_remembered_as_a_plain_map_would(
                batches in prop::collection::vec((prop::collection::vec(entry(), 0..12), any::<bool>()), 1..8)
            ) {
                each(|place| {
                    let mut ledger = place.open();
                    let run = ledger.begin(&new_run(1)).unwrap();
                    let mut model = Model::default();
                    for (entries, reopen) in &batches {
                        ledger.write(&run, entries).unwrap();
                        for entry in entries {
     model.apply(entry);
    }
                        if *reopen {
                            ledger = place.open();
                        }
                        model.check(ledger.as_ref(), &run);
                    }
                });
            }
        }
}
