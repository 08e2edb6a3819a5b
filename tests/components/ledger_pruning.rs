//! What every ledger promises of runs that are pruned, held against each backend.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use rolo::contact::{CallKind, Counts, Identifier, IdentifierKind, Outcome, Position, RemoteId, RowRecord};
use rolo::journal::{Answered, BeforeImage, CallVerdict, Change, Entry, Intent, Key, KnownContact};
use rolo::ledger::{ClaimedRun, LedgerHandle, NeededFor, NewRun, Prune, RunState};

use crate::backends::{begin, each, simulated};
use crate::ledger::new_run;

/// Of one person each: a create, its answer, what was there before, the row and the keys that lead to it.
fn person(ledger: &LedgerHandle, row: u64) -> Vec<Entry> {
    let id = RemoteId(format!("c{row}"));
    let key = key_of(ledger, row);
    let contact = KnownContact {
        id: id.clone(),
        fields: BTreeMap::new(),
        tags: None,
        lists: Vec::new(),
        values: None,
        seen_at: 0,
        applied: None,
    };
    let answered = Answered {
        row,
        step: 0,
        kind: CallKind::Create,
        attempts: 1,
        http_status: Some(200),
        verdict: CallVerdict::Done,
        contact_id: Some(id.clone()),
    };
    let record = RowRecord {
        outcome: Outcome::Created,
        contact_id: Some(id.clone()),
        calls: 1,
        attempts: 1,
        http_status: Some(200),
        errors: Vec::new(),
    };
    vec![
        Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: Vec::new() }),
        Entry::Answered(answered),
        Entry::Before(BeforeImage { row, account: "support".into(), contact_id: id, change: Change::Created }),
        Entry::Known { account: "support".into(), contact, keys: vec![key], told: true },
        Entry::Row { position: Position { index: row, line: row + 2, sheet: 0 }, record, keys: vec![key] },
    ]
}

fn key_of(ledger: &LedgerHandle, row: u64) -> Key {
    ledger.hasher().identifier(&Identifier::new(IdentifierKind::Phone, format!("+44{row:010}")))
}

/// A run of so many rows, which has finished.
async fn finished(ledger: &LedgerHandle, fingerprint: u8, rows: u64) -> ClaimedRun {
    let run = begin(ledger, &new_run(fingerprint)).await;
    for row in 0..rows {
        ledger.write(&run, person(ledger, row)).await.unwrap();
    }
    ledger.write(&run, vec![Entry::Rested { row: rows }]).await.unwrap();
    let mut counts = Counts::default();
    counts[Outcome::Created] = rows;
    counts[Outcome::Unchanged] = 1;
    ledger.set_state(&run, RunState::Finished, &counts, Duration::ZERO).await.unwrap();
    run
}

/// Removes all there is to remove, a few records at a time.
async fn sweep(ledger: &LedgerHandle, at_most: usize) -> u64 {
    let mut records = 0;
    loop {
        let swept = ledger.sweep(at_most).await.unwrap();
        assert!(swept.records <= at_most as u64, "{swept:?} of {at_most}");
        records += swept.records;
        if swept.is_done {
            return records;
        }
    }
}

#[tokio::test]
async fn a_pruned_run_keeps_its_counts_and_nothing_of_its_rows() {
    each(async |place| {
        let ledger = place.open().await;
        let (old, new) = (finished(&ledger, 1, 20).await, finished(&ledger, 2, 5).await);
        assert_eq!(ledger.prune(&old).await.unwrap(), Prune::Pruned);
        let marked = ledger.run(&old).await.unwrap().unwrap();
        assert!(marked.pruned.is_some_and(|at| at > 1_700_000_000), "{:?}", marked.pruned);
        let records = sweep(&ledger, 7).await;
        assert!(records >= 20 * 3, "rows, calls and before-images, at least: {records}");

        let ledger = place.open().await;
        let pruned = ledger.run(&old).await.unwrap().unwrap();
        assert_eq!((pruned.pruned, pruned.state, pruned.counts.total()), (marked.pruned, RunState::Finished, 21));
        assert_eq!(ledger.rows(&old, 0, 100).await.unwrap(), []);
        assert_eq!(ledger.rested(&old).await.unwrap(), 0);
        assert_eq!(ledger.before_images(&old, 0, 100).await.unwrap(), []);
        assert_eq!(ledger.steps(&old, 0).await.unwrap(), []);
        assert_eq!(sweep(&ledger, 7).await, 0, "all of it is gone");

        assert_eq!(ledger.rows(&new, 0, 100).await.unwrap().len(), 5);
        assert_eq!(ledger.before_images(&new, 0, 100).await.unwrap().len(), 5);
        let key = key_of(&ledger, 3);
        let history = ledger.history(&key).await.unwrap();
        assert!(history.iter().all(|event| event.run == *new.id()) && history.len() == 2, "{history:?}");
        for row in [3, 19] {
            let known = ledger.known("support", &[key_of(&ledger, row)]).await.unwrap().remove(0).unwrap();
            assert_eq!(known.id.0, format!("c{row}"), "what is known of contacts is no part of a run");
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_still_needed_is_not_pruned() {
    each(async |place| {
        let ledger = place.open().await;
        let run = finished(&ledger, 1, 1).await;
        let counts = ledger.run(&run).await.unwrap().unwrap().counts;
        let needed = Prune::Needed(NeededFor::Unfinished);
        for state in [RunState::Running, RunState::Stopped, RunState::Interrupted, RunState::PartlyUndone] {
            ledger.set_state(&run, state, &counts, Duration::ZERO).await.unwrap();
            assert_eq!(ledger.prune(&run).await.unwrap(), needed, "{}", state.name());
        }
        let mut doubtful = counts;
        doubtful[Outcome::InDoubt] = 1;
        ledger.set_state(&run, RunState::Finished, &doubtful, Duration::ZERO).await.unwrap();
        assert_eq!(ledger.prune(&run).await.unwrap(), Prune::Needed(NeededFor::InDoubt));

        ledger.set_state(&run, RunState::Finished, &counts, Duration::ZERO).await.unwrap();
        let create = Intent { row: 9, step: 0, kind: CallKind::Create, attempt: 1, creates: vec![key_of(&ledger, 9)] };
        ledger.write(&run, vec![Entry::Intent(create)]).await.unwrap();
        assert_eq!(ledger.prune(&run).await.unwrap(), Prune::Needed(NeededFor::InDoubt), "a create without an answer");

        let second = finished(&ledger, 2, 1).await;
        let identifiers = vec![Identifier::new(IdentifierKind::Phone, "+447911123456")];
        ledger.write(&second, vec![Entry::LookAgain { row: 0, identifiers }]).await.unwrap();
        assert_eq!(ledger.prune(&second).await.unwrap(), Prune::Needed(NeededFor::SecondLook));
        let looked = Entry::LookedAgain { run: second.id().clone(), row: 0, twice: vec![] };
        ledger.write(&run, vec![looked]).await.unwrap();
        ledger.set_state(&second, RunState::Undone, &counts, Duration::ZERO).await.unwrap();
        assert_eq!(ledger.prune(&second).await.unwrap(), Prune::Pruned);
        assert_eq!(ledger.run(&run).await.unwrap().unwrap().pruned, None);
    })
    .await;
}

/// Between any two steps of the removal, whoever else has the ledger open writes and reads: all of it lasts.
#[tokio::test]
async fn a_run_goes_on_while_another_is_removed() {
    each(async |place| {
        let (ledger, other) = (place.open().await, place.open().await);
        let old = finished(&ledger, 1, 60).await;
        let run = begin(&other, &NewRun { started: new_run(2).started + 60, ..new_run(2) }).await;
        assert_eq!(ledger.prune(&old).await.unwrap(), Prune::Pruned);
        let mut rows = 0;
        loop {
            other.write(&run, person(&other, 1000 + rows)).await.unwrap();
            rows += 1;
            if ledger.sweep(10).await.unwrap().is_done {
                break;
            }
            let told = other.history(&key_of(&other, 1000 + rows - 1)).await.unwrap();
            assert_eq!(told.len(), 2, "{told:?}");
        }
        assert!(rows >= 15, "the removal gave way {rows} times");
        assert_eq!(ledger.rows(&run, 0, 1000).await.unwrap().len() as u64, rows);
        assert_eq!(ledger.before_images(&run, 0, 1000).await.unwrap().len() as u64, rows);
        assert_eq!(ledger.rows(&old, 0, 100).await.unwrap(), []);
    })
    .await;
}

/// Whoever was stopped in the middle of the removal left a run that says so; the next finishes it.
#[tokio::test]
async fn a_removal_that_was_cut_off_is_finished_by_the_next() {
    each(async |place| {
        let whole = {
            let another = place.another();
            let ledger = another.open().await;
            let run = finished(&ledger, 1, 30).await;
            ledger.prune(&run).await.unwrap();
            sweep(&ledger, 1000).await
        };
        let ledger = place.open().await;
        let run = finished(&ledger, 1, 30).await;
        ledger.prune(&run).await.unwrap();
        let mut records = 0;
        loop {
            // Each step by a process of its own.
            let swept = place.open().await.sweep(9).await.unwrap();
            records += swept.records;
            if swept.is_done || records + 9 > whole {
                break;
            }
        }
        records += sweep(&place.open().await, 9).await;
        assert_eq!(records, whole);
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whichever runs go, in whichever steps: the others keep every record, and the pruned ones none.
    #[test]
    fn exactly_the_records_of_pruned_runs_go(
        rows in prop::collection::vec(0_u64..12, 1..5),
        pruned in prop::collection::vec(any::<bool>(), 5),
        at_most in 1_usize..40,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ledger = simulated();
            let mut runs = Vec::new();
            for (fingerprint, rows) in (1_u8..).zip(&rows) {
                runs.push(finished(&ledger, fingerprint, *rows).await);
            }
            for run in runs.iter().zip(&pruned).filter_map(|(run, goes)| goes.then_some(run)) {
                assert_eq!(ledger.prune(run).await.unwrap(), Prune::Pruned);
            }
            sweep(&ledger, at_most).await;
            for ((run, rows), goes) in runs.iter().zip(&rows).zip(&pruned) {
                let left = if *goes { 0 } else { *rows };
                assert_eq!(ledger.rows(run, 0, 100).await.unwrap().len() as u64, left);
                assert_eq!(ledger.before_images(run, 0, 100).await.unwrap().len() as u64, left);
                assert_eq!(ledger.rested(run).await.unwrap(), u64::from(!goes));
            }
            for row in 0..12 {
                let told = ledger.history(&key_of(&ledger, row)).await.unwrap().len();
                let kept = rows.iter().zip(&pruned).filter(|(rows, goes)| **rows > row && !**goes).count();
                assert_eq!(told, 2 * kept, "row {row}");
            }
        });
    }
}
