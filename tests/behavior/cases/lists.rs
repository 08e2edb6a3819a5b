//! Lists that contacts are members of.

use rolo::contact::{Call, Edit, RemoteId, Target};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, owned, sorted};

pub fn cases() -> Vec<Case> {
    vec![
        case!("lists", added_to_a_list, |can| can.lists_add, adding_is_refused),
        case!("lists", taken_off_a_list, |can| can.lists_remove, taking_off_is_refused),
        case!("lists", created_on_a_list, |can| can.lists_in_create, not_in_a_create),
        case!("lists", an_import_adds_to_lists, |can| can.lists_add, an_import_that_adds_is_refused),
        case!("lists", an_import_takes_off_lists, |can| can.lists_remove, an_import_that_takes_off_is_refused),
    ]
}

/// The lists of a contact as the emulator keeps them: no answer tells them.
fn lists(world: &World, id: &RemoteId) -> Vec<String> {
    let record = world.record(id);
    let lists = record["lists"].as_array().cloned().unwrap_or_default();
    sorted(lists.iter().map(|list| list.as_str().unwrap().to_owned()).collect())
}

async fn added_to_a_list(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    for list in ["list-1", "list-2", "list-1"] {
        world.done(&Call::AddToList { target: Target::Id(id.clone()), list: list.to_owned() }).await;
    }
    assert_eq!(lists(&world, &id), ["list-1", "list-2"]);
}

async fn adding_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.refuses(&Call::AddToList { target: Target::Id(id), list: "list-1".to_owned() });
}

async fn taken_off_a_list(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    for list in ["list-1", "list-2"] {
        world.done(&Call::AddToList { target: Target::Id(id.clone()), list: list.to_owned() }).await;
    }
    world.done(&Call::RemoveFromList { target: Target::Id(id.clone()), list: "list-1".to_owned() }).await;
    assert_eq!(lists(&world, &id), ["list-2"]);
}

async fn taking_off_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.refuses(&Call::RemoveFromList { target: Target::Id(id), list: "list-1".to_owned() });
}

async fn created_on_a_list(stage: Stage) {
    let world = stage.open().await;
    let person = world.person(1);
    let edit = Edit { fields: world.fields_of(&person), lists: owned(&["list-1", "list-2"]), ..Edit::default() };
    world.done(&Call::Create { identifier: world.identifier_of(&person), edit }).await;
    let id = world.found(&person).await.id;
    assert_eq!(lists(&world, &id), ["list-1", "list-2"]);
}

/// The request is not built; an import with lists adds them after the create where it can.
async fn not_in_a_create(stage: Stage) {
    let world = stage.open().await;
    let person = world.person(1);
    let edit = Edit { fields: world.fields_of(&person), lists: owned(&["list-1"]), ..Edit::default() };
    let call = Call::Create { identifier: world.identifier_of(&person), edit };
    assert!(world.service.request(&call).is_err());
    if world.can().lists_add {
        let (csv, mapping) = world.table_of(&[1], "Lists", &["list-1"], "lists = \"add\"");
        let imported = world.imported(&csv, &mapping).await;
        assert_eq!(lists(&world, imported.rows[0].contact_id.as_ref().unwrap()), ["list-1"]);
    } else {
        assert!(world.sandbox.log().is_empty());
    }
}

async fn an_import_adds_to_lists(stage: Stage) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1, 2], "Lists", &["list-1;list-2", "list-3"], "lists = \"add\"");
    world.held(2).await;
    let imported = world.imported(&csv, &mapping).await;
    let ids: Vec<_> = imported.rows.iter().map(|row| row.contact_id.clone().unwrap()).collect();
    assert_eq!(lists(&world, &ids[0]), ["list-1", "list-2"], "a new contact");
    assert_eq!(lists(&world, &ids[1]), ["list-3"], "one that was there");
}

async fn an_import_that_adds_is_refused(stage: Stage) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1], "Lists", &["list-1"], "lists = \"add\"");
    world.refuses_import(&csv, &mapping).await;
}

async fn an_import_takes_off_lists(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    for list in ["list-1", "list-2"] {
        world.done(&Call::AddToList { target: Target::Id(id.clone()), list: list.to_owned() }).await;
    }
    let (csv, mapping) = world.table_of(&[1], "Lists", &["list-1"], "lists = \"remove\"");
    world.imported(&csv, &mapping).await;
    assert_eq!(lists(&world, &id), ["list-2"]);
}

async fn an_import_that_takes_off_is_refused(stage: Stage) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1], "Lists", &["list-1"], "lists = \"remove\"");
    world.refuses_import(&csv, &mapping).await;
}
