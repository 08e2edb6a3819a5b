//! Checks of the checks: a build with a safeguard left out is caught by the proof that guards it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rolo::crash::Safeguard;

use crate::generated::{RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, Rehearsal};
use crate::together::{keeps_the_pace, two_imports};

const SHAPE: Shape = Shape { custom: 0, ..RESPONDIO_V1 };

/// Dies when the last answer has come: of twelve look-ups and twelve creates it is always that of a create.
const LAST_ANSWER: &str = "after_answer:24";

fn people() -> Rehearsal {
    let rows: String = (0..12).map(|n| format!("Person {n},Doe,+447400{n:06},,\n")).collect();
    Rehearsal::new(SHAPE, &format!("{}{rows}", SHAPE.header()))
}

/// How a proof fails, if it does.
fn caught(proof: impl FnOnce()) -> Option<String> {
    let failure = catch_unwind(AssertUnwindSafe(proof)).err()?;
    Some(failure.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_build_that_writes_no_intents_is_caught_by_the_count_of_intents() {
    let mut rehearsal = people();
    rehearsal.disabled = Some(Safeguard::Intent.disabled_by());
    rehearsal.import().env("ROLO_CRASH", LAST_ANSWER).output().unwrap();
    let told = caught(|| rehearsal.check_intents()).expect("no intent was missed");
    assert!(told.contains("requests were carried out, and only"), "{told}");
}

#[test]
fn a_build_that_settles_nothing_is_caught_by_contacts_that_are_there_twice() {
    let base = people();
    let peace = Peace::of(&base);
    let mut rehearsal = base.copy();
    rehearsal.import().env("ROLO_CRASH", LAST_ANSWER).output().unwrap();
    rehearsal.check_intents();
    rehearsal.disabled = Some(Safeguard::Settle.disabled_by());
    rehearsal.import().output().unwrap();
    let told = caught(|| rehearsal.check_same(&peace, "disabled")).expect("nothing was there twice");
    assert!(told.contains("disabled"), "{told}");
    assert!(rehearsal.contacts().len() > peace.contacts.len());
}

#[test]
fn a_build_that_bursts_is_caught_by_the_pace_of_two_imports() {
    // A machine that is busy enough is as slow as the pace.
    let bursts = || !keeps_the_pace(&two_imports(Some(Safeguard::Pace.disabled_by())));
    assert!((0..6).any(|_| bursts()));
}
