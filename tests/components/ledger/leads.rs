//! From an identifier to rows and to who made the contact, however the store keeps them.

use rolo::ledger::WriteResult;

use super::*;

fn create(row: u64, keys: &[Key]) -> Entry {
    Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: keys.to_vec() })
}

/// A contact that a row created, with all that is written of it.
fn created(ledger: &LedgerHandle, row_at: u64, id: &str, keys: &[Key]) -> Vec<Entry> {
    let all: Vec<Key> = keys.iter().copied().chain([ledger.key("id", id)]).collect();
    vec![
        create(row_at, keys),
        Entry::Answered(answered(row_at, 0, CallKind::Create, "done", 201, Some(id))),
        known("support", contact(id, &[]), all),
        Entry::Answered(answered(row_at, 1, CallKind::AddTags, "done", 200, Some(id))),
        row(row_at, record(Outcome::Created, Some(id)), keys.to_vec()),
    ]
}

async fn told(ledger: &LedgerHandle, key: Key) -> Vec<String> {
    ledger.history(&key).await.unwrap().iter().map(|event| format!("{} {}", event.line, event.what)).collect()
}

#[tokio::test]
async fn a_key_that_moves_to_another_contact_leads_to_the_rows_it_led_to() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let (phone, email) = (ledger.key("phone", "+60121234567"), ledger.key("email", "ann@example.com"));
        ledger.write(&run, created(&ledger, 0, "c-ann", &[phone, email])).await.unwrap();
        let whole = ["2 call create: done (201)", "2 call add tags: done (200)", "2 row: created"];
        let keys = [phone, email, ledger.key("id", "c-ann")];
        for key in keys {
            assert_eq!(told(&ledger, key).await, whole);
        }
        ledger.write(&run, vec![known("support", contact("c-bob", &[]), vec![phone])]).await.unwrap();
        for key in keys {
            assert_eq!(told(&ledger, key).await, whole, "moved");
        }
        let gone = |id: &str| Entry::Gone { account: "support".into(), id: RemoteId(id.into()) };
        ledger.write(&run, vec![gone("c-bob"), gone("c-ann")]).await.unwrap();
        assert_eq!(ledger.known("support", &keys).await.unwrap(), [None, None, None]);
        for key in keys {
            assert_eq!(told(&ledger, key).await, whole, "gone");
        }
        let ledger = place.open().await;
        assert!(ledger.forget(&email).await.unwrap() > 0);
        for key in keys {
            assert_eq!(told(&ledger, key).await, [""; 0], "forgotten");
        }
    })
    .await;
}

/// The row that made a contact stands beside its keys before it has ended: whoever ends first leads there as well.
#[tokio::test]
async fn a_row_that_was_cut_off_after_its_create_hides_no_other() {
    each(async |place| {
        let ledger = place.open().await;
        // The other began before the create, whatever the day is.
        let early = NewRun { started: 0, ..new_run(2) };
        let (first, second) = (begin(&ledger, &new_run(1)).await, begin(&ledger, &early).await);
        let phone = ledger.key("phone", "+60121234567");
        let keys = [phone, ledger.key("id", "c-ann")];
        let mut entries = created(&ledger, 0, "c-ann", &[phone]);
        let end = entries.pop().unwrap();
        entries.truncate(3);
        ledger.write(&first, entries).await.unwrap();
        for key in keys {
            assert_eq!(told(&ledger, key).await, [""; 0], "it has not ended");
        }
        ledger.write(&second, vec![row(3, record(Outcome::Updated, Some("c-ann")), vec![phone])]).await.unwrap();
        for key in keys {
            assert_eq!(told(&ledger, key).await, ["5 row: updated"]);
        }
        let ledger = place.open().await;
        ledger.write(&first, vec![end]).await.unwrap();
        for key in keys {
            let mut told = told(&ledger, key).await;
            told.sort();
            assert_eq!(told, ["2 call create: done (201)", "2 row: created", "5 row: updated"]);
        }
        let taken = Entry::Intent(Intent { row: 7, step: 0, kind: CallKind::Create, attempt: 1, creates: vec![phone] });
        let taken = ledger.write(&second, vec![taken]).await.unwrap();
        assert!(matches!(&taken, WriteResult::Taken(taken) if taken.run == *first.id() && taken.row == 0), "{taken:?}");
    })
    .await;
}

#[tokio::test]
async fn a_second_row_of_the_same_contact_is_found_by_the_same_keys() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let phone = ledger.key("phone", "+60121234567");
        ledger.write(&run, created(&ledger, 0, "c-ann", &[phone])).await.unwrap();
        ledger.write(&run, vec![row(3, record(Outcome::Updated, Some("c-ann")), vec![phone])]).await.unwrap();
        // Somebody else's row that only names the phone.
        ledger.write(&run, vec![row(4, record(Outcome::Failed, Some("c-bob")), vec![phone])]).await.unwrap();
        let mut told = told(&ledger, phone).await;
        told.retain(|told| told.contains("row"));
        told.sort();
        assert_eq!(told, ["2 row: created", "5 row: updated", "6 row: failed"]);
    })
    .await;
}

#[tokio::test]
async fn a_call_after_the_end_of_its_row_goes_on_behind_those_before() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let phone = ledger.key("phone", "+60121234567");
        ledger.write(&run, created(&ledger, 0, "c-ann", &[phone])).await.unwrap();
        ledger.write(&run, vec![intent(0, 1, CallKind::AddTags, 1)]).await.unwrap();
        let steps = ledger.steps(&run, 0).await.unwrap();
        let seen: Vec<_> =
            steps.iter().map(|step| (step.step, step.kind, step.sent, step.answered.is_some())).collect();
        assert_eq!(seen, [(0, CallKind::Create, 1, true), (1, CallKind::AddTags, 2, false)]);
        let answer = steps[0].answered.clone().unwrap();
        assert_eq!(answer, answered(0, 0, CallKind::Create, "done", 201, Some("c-ann")));
        assert_eq!(ledger.open_rows(&run).await.unwrap(), [0_u64; 0]);
        // It ends anew, and another time in doubt.
        ledger.write(&run, vec![row(0, record(Outcome::InDoubt, None), vec![phone])]).await.unwrap();
        assert_eq!(ledger.steps(&run, 0).await.unwrap(), steps);
        let done = Entry::Answered(answered(0, 1, CallKind::AddTags, "done", 200, None));
        ledger.write(&run, vec![done, row(0, record(Outcome::Created, Some("c-ann")), vec![phone])]).await.unwrap();
        let steps = ledger.steps(&run, 0).await.unwrap();
        let answer = steps[1].answered.clone().unwrap();
        assert_eq!((steps[1].sent, answer.contact_id, answer.verdict), (2, None, CallVerdict::Done));
    })
    .await;
}

#[tokio::test]
async fn who_made_a_contact_is_known_after_its_row_has_ended() {
    each(async |place| {
        let ledger = place.open().await;
        let first = begin(&ledger, &new_run(1)).await;
        let (phone, email) = (ledger.key("phone", "+60121234567"), ledger.key("email", "ann@example.com"));
        // It looked before the other made the contact.
        let second = begin(&ledger, &NewRun { started: 1, ..new_run(2) }).await;
        ledger.write(&first, created(&ledger, 7, "c-ann", &[phone, email])).await.unwrap();
        let taken = async |keys: &[Key]| match ledger.write(&second, vec![create(0, keys)]).await.unwrap() {
            WriteResult::Taken(taken) => Some((taken.run, taken.row, taken.is_made)),
            WriteResult::Durable => None,
        };
        let made = Some((first.id().clone(), 7, true));
        assert_eq!(taken(&[email]).await, made);
        assert_eq!(ledger.open_creates("support", &[phone, email]).await.unwrap(), [None, None]);
        // Whoever the key leads to by now, who made it stays known.
        ledger.write(&first, vec![known("support", contact("c-bob", &[]), vec![phone])]).await.unwrap();
        assert_eq!(taken(&[phone]).await, made);
        let gone = Entry::Gone { account: "support".into(), id: RemoteId("c-ann".into()) };
        ledger.write(&first, vec![gone]).await.unwrap();
        assert_eq!(taken(&[email]).await, None, "nobody has made who is gone");
        assert_eq!(ledger.open_creates("support", &[email]).await.unwrap()[0].as_ref().unwrap().run, *second.id());
    })
    .await;
}
