//! A row of whose contact no more is remembered than that the row was applied to it.

use rolo::journal::AsApplied;
use rolo::reconcile::{DriftSample, ObservedContact, Way};

use super::*;

/// A row that always wins, with what is remembered.
fn applied_row(whole: bool) -> Row {
    let mut row = row(None, Vec::new());
    row.contact.fields.retain(|change| change.overwrite == Overwrite::Always);
    let (id, seen_at) = (RemoteId("1".into()), NOW - 86_400);
    let applied = Applied { run: RunId("before".into()), rows: vec![row.digest(&keys())], at: 1 };
    if whole {
        row.known = Some(KnownContact { seen_at, applied: Some(applied), ..remembered(1) });
    } else {
        row.as_applied = Some(AsApplied { id, seen_at, applied });
    }
    row
}

fn resting_rules() -> Arc<Rules> {
    Arc::new(rules(CreateSafety::UniqueConstraint, true, true))
}

#[test]
fn it_rests_as_if_all_was_remembered_and_hands_nothing_on() {
    let ends = [true, false].map(|whole| {
        let mut machine = Reconciliation::new(applied_row(whole), resting_rules());
        assert!(machine.rests_on_memory() && matches!(machine.next(), Next::Claim(id) if id.0 == "1"));
        machine.answered(ReconcileEvent::Claimed { left: None, shared_with: None });
        let Next::Done(record) = machine.next().clone() else { panic!("{:?}", machine.next()) };
        (machine.close(&record), record, machine.into_observed().is_some())
    });
    assert_eq!((&ends[0].0, &ends[0].1), (&ends[1].0, &ends[1].1));
    assert!(matches!(ends[0].0[..], [Entry::Rested { row: 0 }]), "{:?}", ends[0].0);
    assert!(ends[0].2 && !ends[1].2, "a row that comes to the same contact asks the ledger");
}

/// Another row of the file has just changed the contact: what it left is all that counts.
#[test]
fn what_an_earlier_row_left_is_believed_before_it() {
    let mut machine = Reconciliation::new(applied_row(false), resting_rules());
    let left = Some(Box::new(ObservedContact::remembered(remembered(1))));
    machine.answered(ReconcileEvent::Claimed { left, shared_with: Some(2) });
    assert!(!matches!(machine.next(), Next::Done(_)), "its name is another by now: {:?}", machine.next());
}

#[test]
fn one_that_is_looked_at_all_the_same_has_all_that_is_remembered() {
    let rules = resting_rules();
    let mut sample = DriftSample::of(&RunId("run".into()));
    (0..100).for_each(|_| sample.ended(Outcome::Updated));
    let way = sample.way_of(applied_row(false), &rules);
    let Way::Unopened(row) = way else { panic!("{way:?}") };
    assert_eq!(row.as_applied.as_ref().unwrap().id.0, "1");
    let machine = Reconciliation::new(row.opened(applied_row(true).known), rules.clone());
    assert!(!machine.rests_on_memory() && machine.is_looked_at());
    let Way::Known(next) = sample.way_of(applied_row(false), &rules) else { panic!("only one is looked at") };
    assert!(next.rests_on_memory());
}
