//! Everything of one person: their history, and that it can be forgotten.

use super::*;

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

#[tokio::test]
async fn a_forgotten_person_is_in_no_map_of_copies() {
    each(async |place| {
        let ledger = place.open().await;
        let (.., email) = one_person(&ledger).await;
        let copy_of =
            |account: &str, id: &str| AccountNote::CopyOf { account: account.into(), id: RemoteId(id.into()) };
        let theirs = [("support", copy_of("sales", "s-ann"), "c-ann"), ("crm", copy_of("support", "c-ann"), "815")];
        let others = [("support", copy_of("sales", "s-bob"), "c-bob"), ("crm", copy_of("sales", "c-ann"), "816")];
        for (account, note, became) in theirs.iter().chain(&others) {
            ledger.set_notes(account, &[(note.clone(), (*became).to_owned())]).await.unwrap();
        }
        ledger.forget(&email).await.unwrap();
        for (account, note, _) in &theirs {
            assert_eq!(ledger.note(account, note).await.unwrap(), None, "{note:?}");
        }
        for (account, note, became) in &others {
            assert_eq!(ledger.note(account, note).await.unwrap().as_deref(), Some(*became), "{note:?}");
        }
    })
    .await;
}
