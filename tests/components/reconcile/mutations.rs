//! A mistake planted in the machine is found by the exploration, one for each invariant that it holds.
//! The fifth, of rows that are cut off, has its own beside it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rolo::contact::{Call, Field, Outcome, RemoteId, Target, Value};
use rolo::reconcile::{Next, Reconciliation};

use super::{Path, explore_all};

/// What a machine does wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    NeverEnds,
    CreatesUnseen,
    WritesToAnybody,
    SendsConsentUnread,
    SaysUnchanged,
    WritesTwice,
    LooksTwice,
}

/// What a machine with the mutation says comes next.
pub fn shown(mutation: Option<Mutation>, machine: &Reconciliation, path: &Path) -> Next {
    let mut next = machine.next().clone();
    match (mutation, &mut next) {
        (Some(Mutation::NeverEnds), Next::Done(_)) => {
            return Next::Wait { least: Duration::ZERO, times: 1 };
        }
        (Some(Mutation::CreatesUnseen), Next::Lookup(_)) if path.lost_create && path.writes == 1 => {
            if let Some(create) = &path.create {
                return Next::Write(create.clone());
            }
        }
        (Some(Mutation::WritesToAnybody), Next::Write(write)) => {
            if let Call::Update { target, .. } = &mut write.call {
                *target = Target::Id(RemoteId("9".into()));
            }
        }
        (Some(Mutation::SendsConsentUnread), Next::Write(write)) => {
            if let Call::Update { edit, .. } = &mut write.call {
                edit.fields.push((Field::custom("opt_in"), Value::Text("yes".into())));
            }
        }
        (Some(Mutation::SaysUnchanged), Next::Done(record)) if record.outcome == Outcome::Updated => {
            record.outcome = Outcome::Unchanged;
        }
        _ => {}
    }
    next
}

/// Whether the machine with the mutation takes no notice of what came of a call, and makes it again.
pub fn is_unheard(mutation: Option<Mutation>, next: &Next, path: &Path) -> bool {
    match next {
        Next::Write(_) => mutation == Some(Mutation::WritesTwice) && path.writes == 1,
        Next::Lookup(_) | Next::Read(_) => mutation == Some(Mutation::LooksTwice) && path.looks == 1,
        _ => false,
    }
}

/// What the exploration says of a machine with the mutation.
fn found(mutation: Mutation) -> String {
    let explored = catch_unwind(AssertUnwindSafe(|| explore_all(Some(mutation))));
    let Err(panic) = explored else { panic!("nobody noticed that it {mutation:?}") };
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_machine_that_never_ends_is_found() {
    assert!(found(Mutation::NeverEnds).starts_with("it never ends"));
}

#[test]
fn a_create_after_one_that_nobody_looked_for_is_found() {
    assert!(found(Mutation::CreatesUnseen).starts_with("a create follows a create that nobody looked for"));
}

#[test]
fn a_write_to_an_id_that_nothing_tied_to_the_row_is_found() {
    assert!(found(Mutation::WritesToAnybody).starts_with("9 was not tied to the row"));
}

#[test]
fn a_value_under_if_empty_that_is_sent_unread_is_found() {
    assert!(found(Mutation::SendsConsentUnread).starts_with("if_empty is sent over what was not read"));
}

#[test]
fn an_update_that_is_said_to_be_none_is_found() {
    assert!(found(Mutation::SaysUnchanged).starts_with("something changed"));
}

#[test]
fn a_look_that_is_made_twice_is_found() {
    let found = found(Mutation::LooksTwice);
    assert!(found.contains(" looks where "), "{found}");
}

#[test]
fn a_write_that_is_made_twice_is_found() {
    let found = found(Mutation::WritesTwice);
    assert!(found.contains(" writes where "), "{found}");
}
