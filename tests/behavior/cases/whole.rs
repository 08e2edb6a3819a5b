//! Whole imports, and there and back again.

use rolo::contact::{Field, FieldKind, FieldSpec, ListAll, Outcome};
use rolo::jobs::ImportOptions;

use super::paging::widest;
use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{Person, World, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("whole", import_creates_and_updates),
        case!("whole", one_changed_cell_is_one_call),
        case!("whole", a_column_leaves_its_siblings_alone),
        case!("whole", an_export_imported_again_changes_nothing, |can| can.list_all != ListAll::No, no_listing),
        case!("whole", the_sum_of_outcomes_is_the_rows),
    ]
}

const NAMES: &str = "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
                     [columns.First]\nfield = \"first_name\"\n[columns.Last]\nfield = \"last_name\"\n";

fn row(person: &Person, last: &str) -> String {
    format!("{},{},{},{last}\n", person.phone, person.email, person.first)
}

/// The field in which a changed last name arrives, and its value.
fn changed(world: &World, person: &Person, last: &str) -> (Field, rolo::contact::Value) {
    let has_last = world.service.fields().iter().any(|spec| spec.name == "last_name" && spec.update);
    let splits = has_last && !world.service.fields().iter().any(|spec| spec.name == "name" && spec.update);
    if splits {
        (Field::new("last_name"), text(last))
    } else {
        (Field::new("name"), text(&format!("{} {last}", person.first)))
    }
}

/// One contact is there, one is not: an import makes both what the file says.
async fn import_creates_and_updates(stage: Stage) {
    let world = stage.open().await;
    let held = world.held(1).await;
    let before = world.count();
    let (one, two) = (world.person(1), world.person(2));
    let csv = format!("Phone,E-mail,First,Last\n{}{}", row(&one, "Changed"), row(&two, "New"));
    let imported = world.imported(&csv, NAMES).await;
    assert_eq!(imported.rows[0].outcome, Outcome::Updated, "{:?}", imported.rows);
    assert_eq!(imported.rows[0].contact_id.as_ref(), Some(&held));
    let wanted = if world.can().create { Outcome::Created } else { Outcome::Updated };
    assert_eq!(imported.rows[1].outcome, wanted, "{:?}", imported.rows);
    assert_eq!(world.count(), before + usize::from(world.can().create));
    if world.can().find_tells_fields {
        world.holds(1, &held, &[changed(&world, &one, "Changed")]).await;
    }
    let created = imported.rows[1].contact_id.clone().unwrap();
    world.holds(2, &created, &[changed(&world, &two, "New")]).await;
}

async fn one_changed_cell_is_one_call(stage: Stage) {
    let world = stage.open().await;
    let people = [world.person(1), world.person(2), world.person(3)];
    let file = |last: &str| {
        let rows: Vec<_> =
            people.iter().enumerate().map(|(n, person)| row(person, if n == 1 { last } else { "Same" })).collect();
        format!("Phone,E-mail,First,Last\n{}", rows.concat())
    };
    world.imported(&file("Same"), NAMES).await;
    let before = world.writes().len();
    let imported = world.imported(&file("Edited"), NAMES).await;
    let outcomes: Vec<_> = imported.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unchanged, Outcome::Updated, Outcome::Unchanged], "{:?}", imported.rows);
    assert_eq!(world.writes().len(), before + 1, "{:?}", &world.writes()[before..]);
}

/// Two imports, each with one column of a pair; where the service keeps some fields in one object
/// that an update replaces, of such a pair.
async fn a_column_leaves_its_siblings_alone(stage: Stage) {
    let world = stage.open().await;
    let text_of = |spec: &&FieldSpec| spec.update && spec.read && (spec.kind)() == FieldKind::Text;
    let mut specs: Vec<_> = world.service.fields().iter().filter(text_of).collect();
    specs.sort_by_key(|spec| (spec.group.is_none(), spec.name == "language"));
    let pair = [specs[0].name, specs[1].name];
    let id = world.held(1).await;
    let person = world.person(1);
    for name in pair {
        let csv = format!("Phone,E-mail,Column\n{},{},some {name}\n", person.phone, person.email);
        let mapping = format!(
            "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
             [columns.Column]\nfield = \"{name}\"\n"
        );
        let imported = world.imported(&csv, &mapping).await;
        assert_eq!(imported.rows[0].outcome, Outcome::Updated, "{:?}", imported.rows);
        assert_eq!(imported.rows[0].contact_id.as_ref(), Some(&id));
    }
    let wanted: Vec<_> = pair.iter().map(|name| (Field::new(name), text(&format!("some {name}")))).collect();
    world.holds(1, &id, &wanted).await;
}

async fn an_export_imported_again_changes_nothing(stage: Stage) {
    let world = stage.open().await;
    for n in 1..=5 {
        world.held(n).await;
    }
    let filter = widest(world.can());
    let (_, csv) = world.export(|job| job.filter = filter).await.unwrap();
    let before = world.writes().len();
    let mapping = guess(&world, &csv);
    let imported = world.import_with(&csv, &mapping, ImportOptions::default()).await.unwrap();
    assert!(imported.rows.len() >= 5);
    for row in &imported.rows {
        assert_eq!(row.outcome, Outcome::Unchanged, "{}: {row:?}\n{csv}", world.name());
    }
    assert_eq!(world.writes().len(), before, "{:?}", &world.writes()[before..]);
}

/// The mapping that `rolo guess` would write for a file.
fn guess(world: &World, csv: &str) -> String {
    world.source("guessed.csv", csv, "").guess(world.service.as_ref()).unwrap().text
}

/// An export that reads nothing can't be imported again; one by identifiers is another case.
async fn no_listing(stage: Stage) {
    stage.open().await.refuses_export(|_| {}).await;
}

async fn the_sum_of_outcomes_is_the_rows(stage: Stage) {
    let world = stage.open().await;
    let (one, two) = (world.person(1), world.person(2));
    let csv = format!(
        "Phone,E-mail,First,Last\n{}{}12,not-an-address,X,Y\n{}",
        row(&one, "One"),
        row(&two, "Two"),
        row(&one, "Again")
    );
    let imported = world.import(&csv, NAMES).await.unwrap();
    assert_eq!(imported.summary.rows, 4);
    assert!(imported.summary.counts.balances(4), "{:?}", imported.summary.counts);
    assert_eq!(imported.rows.len(), 4);
}
