//! Contacts that are there already.

use rolo::contact::{Call, CreateSafety, Edit, Outcome};
use rolo::services::Verdict;

use crate::case::{Case, case};
use crate::stage::Stage;

pub fn cases() -> Vec<Case> {
    vec![
        case!("duplicates", a_second_create_is_told, |can| can.create, create_is_refused),
        case!("duplicates", the_same_file_twice_makes_no_second_contact),
        case!("duplicates", two_rows_of_one_person_are_one_contact),
    ]
}

/// What `create_safety` promises of a second create with the same identifier is so.
async fn a_second_create_is_told(stage: Stage) {
    let world = stage.open().await;
    world.held(1).await;
    let again = world.create_call(&world.person(1), Vec::new());
    let verdict = world.call(&again).await;
    match world.can().create_safety.value {
        CreateSafety::UniqueConstraint => {
            assert!(matches!(verdict, Verdict::Exists { .. }), "{}: {verdict:?}", world.name());
            assert_eq!(world.count(), 1);
        }
        CreateSafety::Upsert => assert_eq!(world.count(), 1),
        // Nothing is promised: it may be refused, and it may make a second contact.
        CreateSafety::SearchOnly | CreateSafety::Nothing => {
            let told = matches!(verdict, Verdict::Exists { .. } | Verdict::Refused { .. });
            assert_eq!(world.count(), if told { 1 } else { 2 }, "{}: {verdict:?}", world.name());
        }
    }
}

async fn create_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses(&Call::Create { identifier: None, edit: Edit::default() });
    assert!(world.sandbox.log().is_empty());
}

async fn the_same_file_twice_makes_no_second_contact(stage: Stage) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1, 2, 3], "Note", &["a", "b", "c"], "ignore = true");
    world.imported(&csv, &mapping).await;
    let (count, writes) = (world.count(), world.writes().len());
    let again = world.imported(&csv, &mapping).await;
    assert_eq!(world.count(), count);
    assert_eq!(world.writes().len(), writes, "{}: {:?}", world.name(), &world.writes()[writes..]);
    for row in &again.rows {
        assert_eq!(row.outcome, Outcome::Unchanged, "{row:?}");
    }
}

async fn two_rows_of_one_person_are_one_contact(stage: Stage) {
    let world = stage.open().await;
    world.held(1).await;
    let before = world.count();
    let (csv, mapping) = world.table_of(&[1, 1], "Note", &["a", "b"], "ignore = true");
    let imported = world.import(&csv, &mapping).await.unwrap();
    let outcomes: Vec<_> = imported.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Rejected).count(), 1, "{:?}", imported.rows);
    let rejected = imported.rows.iter().find(|row| row.outcome == Outcome::Rejected).unwrap();
    assert_eq!(rejected.errors[0].code, "duplicate.in_file");
    assert_eq!(world.count(), before);
}
