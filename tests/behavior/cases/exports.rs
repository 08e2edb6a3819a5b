//! Whole exports.

use rolo::contact::ListAll;

use super::paging::{populate, widest};
use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::World;

pub fn cases() -> Vec<Case> {
    vec![
        case!("export", every_contact_is_a_row, |can| can.list_all != ListAll::No, without_identifiers_is_refused),
        case!("export", contacts_of_a_file_are_looked_up, |can| !can.find_by.is_empty(), by_file_is_refused),
        case!("export", messages_are_read, |can| can.messages, messages_are_refused),
    ]
}

fn rows_of(csv: &str) -> Vec<Vec<String>> {
    // No cell of these exports holds a comma or a line break but in quotation marks.
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

async fn every_contact_is_a_row(stage: Stage) {
    let world = stage.open().await;
    populate(&world, 43).await;
    let filter = widest(world.can());
    let (summary, csv) = world.export(|job| job.filter = filter).await.unwrap();
    let rows = rows_of(&csv);
    assert_eq!((rows.len(), summary.contacts), (world.count(), Some(world.count() as u64)), "{}", world.name());
    for n in [1, 20, 40] {
        let person = world.person(n);
        let row = rows.iter().find(|row| row.contains(&person.email)).expect("a row of the person");
        assert!(row.iter().any(|cell| cell.trim_start_matches('\'') == person.phone), "{row:?}");
    }
}

/// Without a listing an export asks for a file of identifiers.
async fn without_identifiers_is_refused(stage: Stage) {
    stage.open().await.refuses_export(|_| {}).await;
}

async fn contacts_of_a_file_are_looked_up(stage: Stage) {
    let world = stage.open().await;
    for n in [1, 2] {
        world.held(n).await;
    }
    let source = identifiers(&world, &[1, 2, 3]);
    let (summary, csv) = world.export(|job| job.identifiers = Some(source)).await.unwrap();
    let rows = rows_of(&csv);
    assert_eq!(rows.len(), 2, "{summary:?}");
    for n in [1, 2] {
        let phone = world.person(n).phone;
        assert!(rows.iter().any(|row| row.iter().any(|cell| cell.trim_start_matches('\'') == phone)), "{rows:?}");
    }
}

fn identifiers(world: &World, people: &[usize]) -> rolo::jobs::SourceSpec {
    let mut csv = "Phone\n".to_owned();
    for n in people {
        csv.push_str(&world.person(*n).phone);
        csv.push('\n');
    }
    world.source("ids.csv", &csv, "[columns.Phone]\nfield = \"phone\"\n")
}

async fn by_file_is_refused(stage: Stage) {
    let world = stage.open().await;
    let source = identifiers(&world, &[1]);
    world.refuses_export(|job| job.identifiers = Some(source)).await;
}

async fn messages_are_read(stage: Stage) {
    let world = stage.open().await;
    world.held(1).await;
    let source = identifiers(&world, &[1]);
    let (_, csv) = world
        .export(|job| {
            job.messages = true;
            job.identifiers = Some(source);
        })
        .await
        .unwrap();
    assert!(csv.lines().next().unwrap().split(',').any(|name| name == "messages"), "{csv}");
    let read = |path: &str| world.sandbox.log().iter().any(|entry| entry.path.contains(path));
    assert!(read("messages"), "no call reads messages");
}

async fn messages_are_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.refuses(&rolo::contact::Call::ReadMessages { target: rolo::contact::Target::Id(id) });
    world.refuses_export(|job| job.messages = true).await;
}
