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
            Entry::Settled { .. } | Entry::TakenOver { .. } | Entry::LookAgain { .. } | Entry::LookedAgain { .. } => {}
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
        let known: Vec<_> = KEYS.iter().map(|key| self.by_key.get(key).map(|id| self.contacts[id].clone())).collect();
        assert_eq!(ledger.known("support", &KEYS).await.unwrap(), known);
        for id in IDS {
            let found = ledger.known_by_id("support", &RemoteId(id.into())).await.unwrap();
            assert_eq!(found.as_ref(), self.contacts.get(id));
        }
        assert_eq!(ledger.before_images(run, 0, 1000).await.unwrap(), self.before);
    }
}

const KEYS: [Key; 4] = [Key([1; Key::BYTES]), Key([2; Key::BYTES]), Key([3; Key::BYTES]), Key([4; Key::BYTES])];
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
        |(id, fields, tags, lists)| KnownContact { id, fields, tags, lists, values: None, seen_at: 0, applied: None },
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
    let intent = (0..5_u64, 0..3_u32, kind(), 1..9_u32)
        .prop_map(|(row, step, kind, attempt)| Entry::Intent(Intent { row, step, kind, attempt, creates: Vec::new() }));
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
