//! Tags: added, removed, replaced, read, listed.

use rolo::contact::{Call, Capabilities, RemoteId, TagEdit, TagMode, Target};
use rolo::services::Reply;

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, owned, sorted};

pub fn cases() -> Vec<Case> {
    vec![
        case!("tags", added_tags_are_listed, |can| can.tags_add, adding_is_refused),
        case!("tags", removed_tags_are_gone, |can| can.tags_remove, removing_is_refused),
        case!("tags", replaced_tags_are_all_there_is, |can| can.tags_replace, replacing_is_refused),
        case!("tags", tags_of_a_contact_are_read, |can| can.tags_read, reading_is_refused),
        case!("tags", tags_of_the_account_are_listed, |can| can.tags_defined, listing_is_refused),
        case!("tags", an_import_adds_tags, adds, an_import_that_adds_is_refused),
        case!("tags", an_import_removes_tags, removes, an_import_that_removes_is_refused),
        case!("tags", an_import_replaces_tags, replaces, an_import_that_replaces_is_refused),
    ]
}

/// An import adds where the service adds, or replaces what was read before.
fn adds(can: &Capabilities) -> bool {
    can.tags_add || can.tags_replace
}

fn removes(can: &Capabilities) -> bool {
    can.tags_remove || can.tags_replace
}

fn replaces(can: &Capabilities) -> bool {
    can.tags_replace || (can.tags_add && can.tags_remove)
}

/// The most tags of one call, three at most.
fn some_tags(world: &World) -> Vec<String> {
    let most = world.service.limits().tags_per_add.map_or(3, |limit| limit.value);
    owned(&["vip", "lead", "newsletter"]).into_iter().take(most).collect()
}

async fn edit(world: &World, id: &RemoteId, mode: TagMode, tags: Vec<String>) {
    let target = if mode == TagMode::Add { world.tag_target(1, id) } else { Target::Id(id.clone()) };
    world.done(&Call::EditTags { target, edit: TagEdit { mode, tags } }).await;
}

/// The tags of the first person, in order.
async fn tags(world: &World, id: &RemoteId) -> Vec<String> {
    sorted(world.snapshot(1, id).await.tags.expect("the service tells tags"))
}

async fn added_tags_are_listed(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let mut wanted = tags(&world, &id).await;
    for some in [some_tags(&world), owned(&["later"])] {
        wanted.extend(some.clone());
        edit(&world, &id, TagMode::Add, some).await;
    }
    assert_eq!(tags(&world, &id).await, sorted(wanted.clone()));
    // Once more changes nothing.
    edit(&world, &id, TagMode::Add, owned(&["later"])).await;
    assert_eq!(tags(&world, &id).await, sorted(wanted));
}

async fn removed_tags_are_gone(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = tags(&world, &id).await;
    edit(&world, &id, TagMode::Add, owned(&["vip", "lead", "kept"])).await;
    edit(&world, &id, TagMode::Remove, owned(&["vip", "lead"])).await;
    let mut wanted = before;
    wanted.push("kept".to_owned());
    assert_eq!(tags(&world, &id).await, sorted(wanted));
}

async fn replaced_tags_are_all_there_is(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    edit(&world, &id, TagMode::Replace, owned(&["vip", "lead"])).await;
    assert_eq!(tags(&world, &id).await, ["lead", "vip"]);
    edit(&world, &id, TagMode::Replace, owned(&["lead", "other"])).await;
    assert_eq!(tags(&world, &id).await, ["lead", "other"]);
    edit(&world, &id, TagMode::Replace, Vec::new()).await;
    assert_eq!(tags(&world, &id).await, Vec::<String>::new());
}

async fn tags_of_a_contact_are_read(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let mode = if world.can().tags_add { TagMode::Add } else { TagMode::Replace };
    for tag in ["vip", "lead"] {
        let tags = if mode == TagMode::Add { owned(&[tag]) } else { owned(&["vip", "lead"]) };
        edit(&world, &id, mode, tags).await;
    }
    let Reply::Tags(tags) = world.done(&Call::ReadTags { target: Target::Id(id) }).await else {
        panic!("a read of tags answers tags");
    };
    assert_eq!(sorted(tags), ["lead", "vip"]);
}

/// Tags that contacts carry, or that the account defines: no tag that nobody made.
async fn tags_of_the_account_are_listed(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    if world.can().tags_add {
        edit(&world, &id, TagMode::Add, owned(&["vip"])).await;
    }
    let Reply::Tags(tags) = world.done(&Call::ListTags { cursor: None }).await else {
        panic!("a listing of tags answers tags");
    };
    assert_eq!(tags.iter().any(|tag| tag == "vip"), world.can().tags_add, "{tags:?}");
}

async fn adding_is_refused(stage: Stage) {
    refused(&stage.open().await, TagMode::Add).await;
}

async fn removing_is_refused(stage: Stage) {
    refused(&stage.open().await, TagMode::Remove).await;
}

async fn replacing_is_refused(stage: Stage) {
    refused(&stage.open().await, TagMode::Replace).await;
}

async fn refused(world: &World, mode: TagMode) {
    let id = world.held(1).await;
    let edit = TagEdit { mode, tags: owned(&["vip"]) };
    world.refuses(&Call::EditTags { target: world.tag_target(1, &id), edit });
}

async fn reading_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.refuses(&Call::ReadTags { target: Target::Id(id) });
}

async fn listing_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses(&Call::ListTags { cursor: None });
    assert!(world.sandbox.log().is_empty());
}

async fn import(world: &World, action: &str, cell: &str) {
    let (csv, mapping) = world.table_of(&[1], "Labels", &[cell], &format!("tags = \"{action}\""));
    world.imported(&csv, &mapping).await;
}

/// Twenty-one tags: more calls than one wherever a call has a limit; those that are there stay.
async fn an_import_adds_tags(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    import(&world, "add", "first").await;
    let mut wanted = tags_held(&world, &id);
    assert!(wanted.contains(&"first".to_owned()), "{wanted:?}");
    let many: Vec<String> = (1..=21).map(|n| format!("tag-{n:02}")).collect();
    import(&world, "add", &many.join(";")).await;
    wanted.extend(many);
    assert_eq!(tags_held(&world, &id), sorted(wanted));
}

async fn an_import_removes_tags(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    import(&world, "add", "vip;lead;kept").await;
    import(&world, "remove", "vip;lead;never").await;
    let left = tags_held(&world, &id);
    assert!(left.contains(&"kept".to_owned()) && !left.iter().any(|tag| tag == "vip" || tag == "lead"), "{left:?}");
}

async fn an_import_replaces_tags(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    import(&world, "add", "vip;lead").await;
    import(&world, "replace", "lead;other").await;
    assert_eq!(tags_held(&world, &id), ["lead", "other"]);
}

/// The tags of a contact as the emulator keeps them, in order.
fn tags_held(world: &World, id: &RemoteId) -> Vec<String> {
    let record = world.record(id);
    let list = record.get("tags").or_else(|| record.get("labels")).cloned().unwrap_or_default();
    let name = |tag: &serde_json::Value| tag.as_str().or_else(|| tag["name"].as_str()).unwrap().to_owned();
    sorted(list.as_array().unwrap().iter().map(name).collect())
}

async fn an_import_that_adds_is_refused(stage: Stage) {
    import_refused(stage, "add").await;
}

async fn an_import_that_removes_is_refused(stage: Stage) {
    import_refused(stage, "remove").await;
}

async fn an_import_that_replaces_is_refused(stage: Stage) {
    import_refused(stage, "replace").await;
}

async fn import_refused(stage: Stage, action: &str) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1], "Labels", &["vip"], &format!("tags = \"{action}\""));
    world.refuses_import(&csv, &mapping).await;
    assert!(world.sandbox.log().iter().all(|entry| entry.method == "GET"));
}
