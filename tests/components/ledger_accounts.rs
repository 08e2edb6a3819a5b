//! The names of an account's memory, and claims on people who are about to be made, in every backend.

use rolo::contact::{CallKind, RemoteId};
use rolo::journal::{Answered, CallVerdict, Entry, Intent, Key, KnownContact, RunId, Taken};
use rolo::ledger::{ClaimedRun, LedgerHandle, NewRun, WriteResult};

use crate::backends::{begin, each};
use crate::ledger::new_run;

fn contact(id: &str, key: Key) -> Entry {
    let contact = KnownContact {
        id: RemoteId(id.into()),
        fields: std::collections::BTreeMap::new(),
        tags: None,
        lists: Vec::new(),
        values: None,
        seen_at: 0,
        applied: None,
    };
    Entry::Known { account: "support".into(), contact, keys: vec![key], told: true }
}

#[tokio::test]
async fn an_account_goes_by_other_names_of_which_each_is_one_accounts() {
    each(async |place| {
        let ledger = place.open().await;
        assert_eq!(ledger.account_called("account desk").await.unwrap(), None);
        ledger.call_account("account desk", "here").await.unwrap();
        ledger.call_account("token 1", "here").await.unwrap();
        ledger.call_account("account desk", "there").await.unwrap();
        let ledger = place.open().await;
        assert_eq!(ledger.account_called("account desk").await.unwrap().as_deref(), Some("there"));
        assert_eq!(ledger.account_called("token 1").await.unwrap().as_deref(), Some("here"));
        ledger.uncall_account("here").await.unwrap();
        assert_eq!(ledger.account_called("token 1").await.unwrap(), None);
        assert_eq!(ledger.account_called("account desk").await.unwrap().as_deref(), Some("there"));
    })
    .await;
}

#[tokio::test]
async fn a_renamed_account_keeps_its_memory_and_its_runs() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let key = ledger.key("email", "a@example.com");
        ledger.write(&run, vec![contact("c1", key)]).await.unwrap();
        assert!(ledger.rename_account("support", "here").await.unwrap());
        assert!(!ledger.rename_account("support", "elsewhere").await.unwrap(), "nothing has the name any more");
        assert_eq!(ledger.known("support", &[key]).await.unwrap(), [None]);
        assert_eq!(ledger.known("here", &[key]).await.unwrap()[0].as_ref().unwrap().id.0, "c1");
        let recorded = ledger.run(&run).await.unwrap().unwrap().new;
        assert_eq!((recorded.account.as_str(), recorded.identity.as_str()), ("support", "here"));
        ledger.call_account("account desk", "taken").await.unwrap();
        assert!(!ledger.rename_account("here", "taken").await.unwrap(), "the name is another's");
    })
    .await;
}

#[tokio::test]
async fn some_contacts_of_an_account_are_told_with_their_keys() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let keys: Vec<Key> = (0..5).map(|n| ledger.key("email", &n.to_string())).collect();
        let entries: Vec<Entry> = keys.iter().zip(0..).map(|(key, n)| contact(&format!("c{n}"), *key)).collect();
        ledger.write(&run, entries).await.unwrap();
        let some = ledger.some_known("support", 2).await.unwrap();
        let told: Vec<_> = some.iter().map(|(contact, keys)| (contact.id.0.as_str(), keys.clone())).collect();
        assert_eq!(told, [("c4", vec![keys[4]]), ("c3", vec![keys[3]])]);
        assert_eq!(ledger.some_known("nobody", 2).await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn all_contacts_of_an_account_are_told_page_by_page() {
    each(async |place| {
        let ledger = place.open().await;
        let run = begin(&ledger, &new_run(1)).await;
        let entries = (0..5).map(|n| contact(&format!("c{n}"), ledger.key("email", &n.to_string())));
        ledger.write(&run, entries.collect()).await.unwrap();
        let (mut told, mut after) = (Vec::new(), 0);
        loop {
            let page = ledger.known_page("support", after, 2).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = *last;
            assert!(page.len() <= 2);
            told.extend(page.into_iter().map(|(_, contact)| contact.id.0));
            // Somebody who is written anew in between keeps their place.
            ledger.write(&run, vec![contact("c0", ledger.key("email", "0"))]).await.unwrap();
        }
        assert_eq!(told, ["c0", "c1", "c2", "c3", "c4"]);
        assert!(ledger.known_page("nobody", 0, 2).await.unwrap().is_empty());
    })
    .await;
}

fn create(row: u64, keys: &[Key]) -> Vec<Entry> {
    vec![Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: keys.to_vec() })]
}

fn answered(row: u64, verdict: CallVerdict) -> Vec<Entry> {
    vec![Entry::Answered(Answered {
        row,
        step: 0,
        kind: CallKind::Create,
        attempts: 1,
        http_status: Some(200),
        verdict,
        contact_id: None,
    })]
}

fn holder(written: WriteResult) -> Option<(RunId, u64)> {
    match written {
        WriteResult::Durable => None,
        WriteResult::Taken(taken) => Some((taken.run, taken.row)),
    }
}

/// Two runs that began a while apart.
async fn two_runs(ledger: &LedgerHandle, apart: u64) -> (ClaimedRun, ClaimedRun) {
    let now = rolo::clock::unix_now().as_secs();
    let first = begin(ledger, &NewRun { started: now, ..new_run(1) }).await;
    let second = begin(ledger, &NewRun { started: now + apart, ..new_run(2) }).await;
    (first, second)
}

#[tokio::test]
async fn a_create_that_was_applied_meanwhile_is_looked_for_before_it_is_made_again() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second) = two_runs(&ledger, 0).await;
        let key = ledger.key("email", "a@example.com");
        ledger.write(&first, create(7, &[key])).await.unwrap();
        ledger.write(&first, answered(7, CallVerdict::Done)).await.unwrap();
        // Nobody's create is open, but the second run's look-up may be older than the answer.
        assert_eq!(ledger.open_creates("support", &[key]).await.unwrap(), [None]);
        let WriteResult::Taken(made) = ledger.write(&second, create(0, &[key])).await.unwrap() else {
            panic!("it is taken")
        };
        assert_eq!((&made.run, made.row), (first.id(), 7));
        // It looked again and found nobody: somebody has taken the contact away.
        let again = takes_over(0, key, vec![made]);
        assert_eq!(holder(ledger.write(&second, again).await.unwrap()), None);
        assert_eq!(holder(ledger.write(&first, create(8, &[key])).await.unwrap()), Some((second.id().clone(), 0)));
    })
    .await;
}

fn takes_over(row: u64, key: Key, from: Vec<Taken>) -> Vec<Entry> {
    let mut entries = vec![Entry::TakenOver { account: "support".into(), keys: vec![key], row, from }];
    entries.extend(create(row, &[key]));
    entries
}

#[tokio::test]
async fn of_two_that_look_into_one_create_the_first_takes_it_over_and_the_other_looks_again() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second) = two_runs(&ledger, 0).await;
        let third = begin(&ledger, &new_run(3)).await;
        let key = ledger.key("email", "a@example.com");
        ledger.write(&first, create(7, &[key])).await.unwrap();
        // Both were told of the first run's claim, and neither finds the contact.
        let open = ledger.open_creates("support", &[key]).await.unwrap().remove(0).unwrap();
        let taken = vec![open];
        assert_eq!(holder(ledger.write(&second, takes_over(0, key, taken.clone())).await.unwrap()), None);
        // The second makes the person now: what the third knows is about the first.
        let late = ledger.write(&third, takes_over(5, key, taken.clone())).await.unwrap();
        let WriteResult::Taken(now) = late else { panic!("the person would be made twice") };
        assert_eq!((&now.run, now.row), (second.id(), 0));
        // It looks into that as well, and finds nobody either.
        let both = [taken, vec![now]].concat();
        assert_eq!(holder(ledger.write(&third, takes_over(5, key, both)).await.unwrap()), None);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_began_long_after_has_looked_since() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second) = two_runs(&ledger, 3600).await;
        let key = ledger.key("email", "a@example.com");
        ledger.write(&first, create(7, &[key])).await.unwrap();
        ledger.write(&first, answered(7, CallVerdict::Done)).await.unwrap();
        assert_eq!(holder(ledger.write(&second, create(0, &[key])).await.unwrap()), None);
    })
    .await;
}

#[tokio::test]
async fn a_create_that_was_refused_or_whose_contact_is_gone_keeps_nobody_from_it() {
    each(async |place| {
        let ledger = place.open().await;
        let (first, second) = two_runs(&ledger, 0).await;
        let [refused, gone, unclear] = ["refused", "gone", "unclear"].map(|text| ledger.key("email", text));
        for (row, key, verdict) in
            [(1, refused, CallVerdict::Refused), (2, gone, CallVerdict::Done), (3, unclear, CallVerdict::Unclear)]
        {
            ledger.write(&first, create(row, &[key])).await.unwrap();
            ledger.write(&first, answered(row, verdict)).await.unwrap();
        }
        let away = Entry::Gone { account: "support".into(), id: RemoteId("c1".into()) };
        ledger.write(&first, vec![contact("c1", gone), away]).await.unwrap();
        assert_eq!(holder(ledger.write(&second, create(1, &[refused])).await.unwrap()), None);
        assert_eq!(holder(ledger.write(&second, create(2, &[gone])).await.unwrap()), None);
        assert_eq!(holder(ledger.write(&second, create(3, &[unclear])).await.unwrap()), Some((first.id().clone(), 3)));
        let open = ledger.open_creates("support", &[refused, unclear]).await.unwrap();
        assert_eq!(open[1].as_ref().map(|taken| (taken.run.clone(), taken.row)), Some((first.id().clone(), 3)));
    })
    .await;
}
