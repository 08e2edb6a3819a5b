//! A create that somebody else has begun, or has just made, when this row is about to make it.

use super::*;

/// How long the row looks for the contact in all, and how often, until it creates it itself.
fn looked_for(machine: &mut Reconciliation) -> (Duration, usize) {
    let (mut waited, mut looks) = (Duration::ZERO, 0);
    loop {
        let event = match machine.next() {
            Next::Wait { least, .. } => {
                waited += *least;
                ReconcileEvent::Waited(*least)
            }
            Next::Lookup(_) => {
                looks += 1;
                ReconcileEvent::Looked { contacts: Vec::new(), result: done(Reply::Nothing) }
            }
            Next::Write(write) => {
                assert_eq!(write.call.kind(), CallKind::Create);
                return (waited, looks);
            }
            other => panic!("{other:?}"),
        };
        machine.answered(event);
    }
}

/// The same of a row whose create met another's.
fn after(safety: CreateSafety, taken: Taken) -> (Duration, usize) {
    let mut machine = Reconciliation::new(row(None, Vec::new()), Arc::new(rules(safety, true, true)));
    assert_eq!(looked_for(&mut machine), (Duration::ZERO, 1), "it is new");
    machine.answered(ReconcileEvent::Called(result(CallEnd::Taken(taken))));
    looked_for(&mut machine)
}

#[test]
fn another_runs_create_is_looked_for_while_its_request_may_be_under_way() {
    for safety in [CreateSafety::UniqueConstraint, CreateSafety::SearchOnly] {
        let (waited, looks) = after(safety, taken(NOW, false));
        assert!(waited >= Duration::from_secs(35) && looks > 1, "{waited:?} {looks}");
        let (waited, _) = after(safety, taken(NOW - 20, false));
        assert!((15..20).contains(&waited.as_secs()), "the age of its intent counts: {waited:?}");
    }
}

#[test]
fn a_contact_that_another_run_made_and_that_is_gone_is_looked_for_no_longer_than_a_search_lags() {
    assert_eq!(after(CreateSafety::UniqueConstraint, taken(NOW, true)), (Duration::ZERO, 1));
    let (waited, looks) = after(CreateSafety::SearchOnly, taken(NOW, true));
    assert!((2..3).contains(&waited.as_secs()) && looks > 1, "{waited:?} {looks}");
}
