//! A create whose answer tells no id: the look-up that learns it can wait for those of other rows.

use super::*;

fn looked(contacts: Vec<Snapshot>) -> ReconcileEvent {
    ReconcileEvent::Looked { contacts, result: done(Reply::Nothing) }
}

/// A row without tags, up to where its create was answered.
fn created() -> Reconciliation {
    let mut row = row(None, Vec::new());
    row.contact.tags.add.clear();
    let mut machine = Reconciliation::new(row, Arc::new(rules(CreateSafety::UniqueConstraint, false, true)));
    assert!(matches!(machine.next(), Next::Lookup(_)) && !machine.is_learning_id(), "it is not made yet");
    machine.answered(looked(Vec::new()));
    assert!(matches!(machine.next(), Next::Write(_)), "{:?}", machine.next());
    machine.answered(ReconcileEvent::Called(done(Reply::Nothing)));
    machine
}

#[test]
fn the_id_of_a_new_contact_is_learned_by_a_look_up_for_many() {
    let mut machine = created();
    assert!(machine.is_learning_id(), "{:?}", machine.next());
    machine.answered(looked(vec![held("7", "+447400000009", None), held("8", PHONE, None)]));
    let Next::Done(record) = machine.next() else { panic!("{:?}", machine.next()) };
    assert_eq!((record.outcome, record.contact_id.as_ref().unwrap().0.as_str()), (Outcome::Created, "8"));
}

#[test]
fn whom_a_look_up_for_many_does_not_show_is_looked_up_alone() {
    let mut machine = created();
    machine.answered(looked(vec![held("7", "+447400000009", None)]));
    let Next::Wait { least, .. } = *machine.next() else { panic!("{:?}", machine.next()) };
    machine.answered(ReconcileEvent::Waited(least));
    assert!(matches!(machine.next(), Next::Lookup(_)) && !machine.is_learning_id(), "{:?}", machine.next());
    machine.answered(looked(vec![held("8", PHONE, None)]));
    assert!(matches!(machine.next(), Next::Done(record) if record.outcome == Outcome::Created));
}
