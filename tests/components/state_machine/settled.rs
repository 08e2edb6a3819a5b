//! A test for each cell of the table of what settles a create that is unclear, by the machine alone.

use std::sync::Arc;
use std::time::Duration;

use rolo::contact::{Call, CallKind, CreateSafety, Outcome, RemoteId, Value};
use rolo::journal::StepRecord;
use rolo::reconcile::{CallEnd, Next, ReconcileEvent, Reconciliation};
use rolo::services::Reply;

use crate::reconcile::{PHONE, done, held, result, row, rules};

/// A row whose create left before the run was cut off, and was never answered.
fn in_doubt(safety: CreateSafety) -> Reconciliation {
    let lost = StepRecord { step: 0, kind: CallKind::Create, sent: 1, answered: None };
    Reconciliation::new(row(None, vec![lost]), Arc::new(rules(safety, true, true)))
}

/// Answers every look-up with nobody and every wait with the time it wants, until something else comes next.
fn after_nobody_was_found(machine: &mut Reconciliation) -> (u32, Next) {
    let mut lookups = 0;
    for _ in 0..200 {
        match machine.next().clone() {
            Next::Lookup(_) => {
                lookups += 1;
                machine.answered(ReconcileEvent::Looked { contacts: Vec::new(), result: done(Reply::Nothing) });
            }
            Next::Wait { least, .. } => {
                machine.answered(ReconcileEvent::Waited(least.max(Duration::from_millis(250))));
            }
            next => return (lookups, next),
        }
    }
    panic!("it looks for ever");
}

fn is_create(next: &Next) -> bool {
    matches!(next, Next::Write(write) if matches!(write.call, Call::Create { .. }))
}

/// The look-up shows a contact as the create made it: the row counts as created, and nothing is created again.
fn found(safety: CreateSafety) {
    let mut machine = in_doubt(safety);
    let mut created = held("1", PHONE, Some("yes"));
    created.fields.insert(rolo::contact::Field::new("first_name"), Value::Text("Ann".into()));
    created.tags = Some(vec!["vip".into()]);
    for _ in 0..20 {
        match machine.next().clone() {
            Next::Lookup(_) => {
                machine
                    .answered(ReconcileEvent::Looked { contacts: vec![created.clone()], result: done(Reply::Nothing) });
            }
            Next::Claim(_) => {
                machine.answered(ReconcileEvent::Claimed { left: None, shared_with: None });
            }
            Next::Read(_) => {
                machine.answered(ReconcileEvent::Called(done(Reply::Contact(Box::new(created.clone())))));
            }
            Next::Write(write) => {
                assert_ne!(write.call.kind(), CallKind::Create, "it is there, and was created again");
                machine.answered(ReconcileEvent::Called(done(Reply::Nothing)));
            }
            Next::Wait { least, .. } => {
                machine.answered(ReconcileEvent::Waited(least));
            }
            Next::Done(record) => {
                assert_eq!((record.outcome, record.contact_id), (Outcome::Created, Some(RemoteId("1".into()))));
                return;
            }
        }
    }
    panic!("it never ends");
}

mod upsert {
    use super::*;

    #[test]
    fn found_by_a_look_up() {
        found(CreateSafety::Upsert);
    }

    #[test]
    fn not_found() {
        let (_, next) = after_nobody_was_found(&mut in_doubt(CreateSafety::Upsert));
        assert!(is_create(&next), "{next:?}");
    }
}

mod unique_constraint {
    use super::*;

    #[test]
    fn found_by_a_look_up() {
        found(CreateSafety::UniqueConstraint);
    }

    /// A second create is refused, and only then is it known that the first was applied.
    #[test]
    fn not_found() {
        let mut machine = in_doubt(CreateSafety::UniqueConstraint);
        let (_, next) = after_nobody_was_found(&mut machine);
        assert!(is_create(&next), "{next:?}");
        machine.answered(ReconcileEvent::Called(result(CallEnd::Exists {
            message: "is there".into(),
            fields: Vec::new(),
            id: None,
        })));
        let mut lookups = 0;
        while matches!(machine.next(), Next::Lookup(_)) && lookups < 10 {
            lookups += 1;
            machine.answered(ReconcileEvent::Looked { contacts: Vec::new(), result: done(Reply::Nothing) });
        }
        assert!(lookups > 0, "it is looked for");
        assert!(matches!(machine.next(), Next::Wait { .. }), "the search may not have caught up: {:?}", machine.next());
    }
}

mod search_only {
    use super::*;

    #[test]
    fn found_by_a_look_up() {
        found(CreateSafety::SearchOnly);
    }

    #[test]
    fn not_found() {
        let (lookups, next) = after_nobody_was_found(&mut in_doubt(CreateSafety::SearchOnly));
        assert!(lookups > 1, "one look-up may have come before the search caught up");
        assert!(is_create(&next), "{next:?}");
    }
}

mod nothing {
    use super::*;

    #[test]
    fn found_by_a_look_up() {
        found(CreateSafety::Nothing);
    }

    #[test]
    fn not_found() {
        let (_, next) = after_nobody_was_found(&mut in_doubt(CreateSafety::Nothing));
        let Next::Done(record) = next else { panic!("{next:?}") };
        assert_eq!(record.outcome, Outcome::InDoubt);
    }
}

#[test]
fn each_cell_of_the_table_has_its_test() {
    const APPLIED: &str = "it was applied";
    const TESTED: [[&str; 3]; 4] = [
        ["upsert", APPLIED, "sent again: the service finds it itself"],
        [
            "unique constraint",
            APPLIED,
            "sent again: a second is refused, and then looked for until the search has caught up",
        ],
        ["search only", APPLIED, "looked for until the search has surely caught up, then sent again"],
        [
            "nothing",
            APPLIED,
            "`in_doubt`: never sent again by itself, settled first by the next `rolo resume`; exit code 1",
        ],
    ];
    assert_eq!(super::table("## What settles a create that is unclear"), TESTED);
}
